"""`./manage.sh bench chat`: what the page and `POST /chat` cost beside the model server read straight.

Every row names its limit, measured in the same run by the same client. Times are medians over the streams of a run,
CPU is the page process alone (database and model server are other processes).
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from scripts.bench.clients import Timing, page_turn, post_chat, upstream
from scripts.bench.processes import Server, model_server, page

Turn = Callable[[aiohttp.ClientSession, str, str], Awaitable[Timing]]
TOKENS = 200
PATHS: dict[str, Turn] = {"page": page_turn, "POST /chat": post_chat}


@dataclass(frozen=True, slots=True)
class Row:
    path: str
    streams: int
    delay_ms: int
    first_ms: float
    total_s: float
    longest_s: float
    cpu_s: float | None

    def text(self, limit: Row) -> str:
        ideal_s = max(TOKENS * self.delay_ms / 1000, limit.total_s)
        cpu = "" if self.cpu_s is None else f"{self.cpu_s:7.3f}"
        return (
            f"{self.path:<11}{self.streams:>8}{self.delay_ms:>9}{self.first_ms:>10.1f}"
            f"{self.first_ms - limit.first_ms:>9.1f}{self.total_s:>9.2f}{self.longest_s:>9.2f}"
            f"{self.total_s / ideal_s:>7.2f}{cpu:>9}"
        )


HEADING = (
    f"{'path':<11}{'streams':>8}{'ms/token':>9}{'first ms':>10}{'+limit':>9}{'total s':>9}{'longest':>9}{'ratio':>7}"
    f"{'CPU s':>9}"
)


async def measure(name: str, turn: Turn, address: str, *, streams: int, delay_ms: int, server: Server | None) -> Row:
    """Measure streams that all start at the same instant. The model server's own model name sets the pace."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=120)) as http:
        before = server.cpu_s() if server else 0.0
        timings = await asyncio.gather(*(turn(http, address, "standin") for _ in range(streams)))
        cpu_s = (server.cpu_s() - before) / streams if server else None
    return Row(
        name,
        streams,
        delay_ms,
        statistics.median(t.first_token_s for t in timings) * 1000,
        statistics.median(t.total_s for t in timings),
        max(t.total_s for t in timings),
        cpu_s,
    )


async def best_of(runs: int, once: Callable[[], Awaitable[Row]]) -> Row:
    """Return the run with the median first token: a neighbour's burst on a shared machine is no property of ours."""
    rows = [await once() for _ in range(runs)]
    return sorted(rows, key=lambda row: row.total_s)[len(rows) // 2]


async def table(server: Server, model_address: str, delay_ms: int, counts: list[int], runs: int) -> None:
    for streams in counts:
        repeats = max(runs, 15) if streams == 1 and delay_ms == 0 else runs

        async def limit_once(streams: int = streams) -> Row:
            return await measure("limit", upstream, model_address, streams=streams, delay_ms=delay_ms, server=None)

        limit = await best_of(repeats, limit_once)
        print(limit.text(limit), flush=True)
        for name, turn in PATHS.items():

            async def once(name: str = name, turn: Turn = turn, streams: int = streams) -> Row:
                return await measure(name, turn, server.address, streams=streams, delay_ms=delay_ms, server=server)

            print((await best_of(repeats, once)).text(limit), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", default="1,10,50,100", help="streams at once, comma-separated")
    parser.add_argument("--delays", default="20,0", help="ms a token, comma-separated")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--port", type=int, default=7899)
    options = parser.parse_args()
    counts = [int(count) for count in options.streams.split(",")]
    for delay_ms in (int(delay) for delay in options.delays.split(",")):
        with (
            model_server("--tokens", str(TOKENS), "--delay-ms", str(delay_ms)) as model_address,
            page(options.port, VLLM_BASE_URL=model_address) as server,
        ):
            print(f"\npage process: {server.memory_mb():.0f} MB at rest, first answer after {server.started_s:.1f} s")
            print(f"{TOKENS} tokens at {delay_ms} ms; `+limit` is the first token's delay over the limit's\n{HEADING}")
            asyncio.run(warm_up(server))
            asyncio.run(table(server, model_address, delay_ms, counts, options.runs))
            print(f"page process: {server.memory_mb():.0f} MB at the end")


async def warm_up(server: Server) -> None:
    async with aiohttp.ClientSession() as http:
        for turn in PATHS.values():
            await turn(http, server.address, "standin")


if __name__ == "__main__":
    main()
