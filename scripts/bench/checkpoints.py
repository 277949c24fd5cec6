"""`./manage.sh bench checkpoints`: what checkpointing costs of a reply's CPU, found in two ways.

Two pages of the same program run over one PostgreSQL, one as it is and one that never checkpoints. Both are given the
same replies at the same time, and the CPU time of the two processes, as the kernel counts it, is compared over all
rounds. A third page is as it is too: how far it lies from the first is what this can't tell apart. Beside it stands
what the checkpoints of a reply cost when they are made here, with nothing else in the process.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import aiohttp

from scripts.bench.clients import page_turn
from scripts.bench.processes import Server, model_server, running
from tests.histories import OpenStores
from tests.history_writes import begin, grow
from tests.postgres_servers import installations, serving
from tests.standins.script import thai_tokens
from thai_chat.chat.replies.checkpoints import CHECKPOINT_EVERY_S
from thai_chat.domain.writes import Checkpoints

TOKENS, DELAY_MS = 200, 20
CALLS = 50
AS_IT_IS = ("-m", "thai_chat")
# There is no setting for it, because nobody should want it.
WITHOUT = (
    "-c",
    "import sys, thai_chat.chat.replies.checkpoints as checkpoints; checkpoints.CHECKPOINT_EVERY_S = 1e9\n"
    "from thai_chat.__main__ import main; sys.exit(main())",
)
PAGES = {"with": AS_IT_IS, "without": WITHOUT, "with, again": AS_IT_IS}


async def one_round(servers: Sequence[Server], streams: int) -> list[float]:
    """Return the seconds of CPU that each page used for its replies, which all ran at the same time."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=120)) as http:
        before = [server.threads_cpu_s() for server in servers]
        turns = [page_turn(http, server.address, "standin") for _ in range(streams) for server in servers]
        await asyncio.gather(*turns)
        return [server.threads_cpu_s() - earlier for server, earlier in zip(servers, before, strict=True)]


async def counted(address: str, streams: int) -> float:
    """Return the seconds of CPU that all checkpoints of one reply take, made for so many replies together, as the page
    does."""
    with tempfile.TemporaryDirectory(prefix="thai-chat-bench-") as folder:
        history = OpenStores(address, Path(folder))
        await history.start()
        replies = [begin("bench") for _ in range(streams)]
        for write in replies:
            await history.write(write)
        texts = ["".join(thai_tokens(number)) for number in range(0, TOKENS, TOKENS // CALLS)]
        began = time.process_time()
        for text in texts:
            await history.write(Checkpoints([grow(write, text) for write in replies]))
        spent = time.process_time() - began
        await history.close()
    return spent / len(texts) / streams * TOKENS * DELAY_MS / 1000 / CHECKPOINT_EVERY_S


async def table(servers: Sequence[Server], address: str, options: argparse.Namespace) -> None:
    print(f"{'':>8}{'compared: CPU s a reply':>38}{'':>11}{'counted':>17}")
    print(f"{'streams':>8}{'with':>21}{'without':>9}{'share':>8}{'two alike':>11}{'CPU s':>9}{'share':>8}")
    for streams in (int(count) for count in options.streams.split(",")):
        await one_round(servers, streams)
        rounds = [await one_round(servers, streams) for _ in range(options.rounds)]
        on, off, again = (sum(column) / streams / len(rounds) for column in zip(*rounds, strict=True))
        with_, alone = (on + again) / 2, await counted(address, streams)
        compared = f"{1 - off / with_:>8.1%}{(on - again) / with_:>11.1%}"
        print(f"{streams:>8}{with_:>21.4f}{off:>9.4f}{compared}{alone:>9.4f}{alone / with_:>8.1%}", flush=True)


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
        asyncio.run(table(servers, database, options))


if __name__ == "__main__":
    main()
