"""`./manage.sh bench checkpoints`: what checkpointing costs of a reply's CPU.

Two pages of the same program run over one PostgreSQL, one as it is and one that never checkpoints. Both are given the
same replies at the same time, and the CPU time of the two processes, as the kernel counts it, is compared; the median
over the rounds is printed. A third page is as it is too: how far it lies from the first is what this can't tell apart.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import aiohttp

from scripts.bench.clients import page_turn
from scripts.bench.processes import Server, model_server, running
from tests.postgres_servers import installations, serving

TOKENS, DELAY_MS = 200, 20
AS_IT_IS = ("-m", "thai_chat")
# There is no setting for it, because nobody should want it.
WITHOUT = (
    "-c",
    "import sys, thai_chat.chat.live as live; live.CHECKPOINT_EVERY_S = 1e9\n"
    "from thai_chat.__main__ import main; sys.exit(main())",
)
PAGES = {"with": AS_IT_IS, "without": WITHOUT, "with, again": AS_IT_IS}


async def one_round(servers: Sequence[Server], streams: int) -> list[float]:
    """Seconds of CPU that each page used for its replies, which all ran at the same time."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=120)) as http:
        before = [server.threads_cpu_s() for server in servers]
        turns = [page_turn(http, server.address, "standin") for _ in range(streams) for server in servers]
        await asyncio.gather(*turns)
        return [server.threads_cpu_s() - earlier for server, earlier in zip(servers, before, strict=True)]


async def table(servers: Sequence[Server], options: argparse.Namespace) -> None:
    print(f"{'streams':>8}{'CPU s a reply, with':>21}{'without':>9}{'share':>8}{'two alike differ by':>21}")
    for streams in (int(count) for count in options.streams.split(",")):
        await one_round(servers, streams)
        rounds = [await one_round(servers, streams) for _ in range(options.rounds)]
        with_, without, _ = (statistics.median(column) / streams for column in zip(*rounds, strict=True))
        share = statistics.median(1 - off / ((on + again) / 2) for on, off, again in rounds)
        noise = statistics.median((on - again) / ((on + again) / 2) for on, _, again in rounds)
        print(f"{streams:>8}{with_:>21.4f}{without:>9.4f}{share:>8.1%}{noise:>21.1%}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", default="1,30", help="replies of each page at once, comma-separated")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--port", type=int, default=7890, help="the first of three")
    options = parser.parse_args()
    with ExitStack() as stack:
        model = stack.enter_context(model_server("--tokens", str(TOKENS), "--delay-ms", str(DELAY_MS)))
        postgres = stack.enter_context(serving(next(iter(installations().values())), fsync="on"))
        database = postgres.address(postgres.new_database())
        servers = []
        for number, program in enumerate(PAGES.values()):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="thai-chat-bench-")))
            settings = {"DATA_DIR": str(folder), "DATABASE_URL": database, "VLLM_BASE_URL": model}
            servers.append(stack.enter_context(running(options.port + number, settings, program)))
        asyncio.run(table(servers, options))


if __name__ == "__main__":
    main()
