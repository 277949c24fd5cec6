"""`./manage.sh bench routing`: what router and backend cost beside bare aiohttp that reads the same stream; `router` by
the events of a reply, `relay` by the objects that go through to a program.

The model server is a process of its own. `CPU` is user and system time of this process for a token, from the wire to
the event; `first` is the time to the first token, `ratio` the whole beside the time that the tokens are paced to. Limit
and router take turns, several runs of each; medians, since a neighbour's burst on a shared machine is no property of
ours.
`spread` streams begin evenly one after the other, and again as soon as they have ended, as those of so many people do;
all the others run meanwhile.
The first token of one stream alone is measured by many short replies: of their times the fastest tenth is nearest to
what it takes on a machine that does nothing else. `of 41` is the router with as long a history as is sent by default.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

import aiohttp
import uvloop

from scripts.bench.clients import upstream
from scripts.bench.processes import model_server
from thai_chat.backends.registry import KINDS
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.events import TextDelta
from thai_chat.domain.messages import Choice, Role
from thai_chat.domain.ports.backend import PromptMessage
from thai_chat.domain.ports.relay import RelayCall, RelayKind
from thai_chat.routing.router import ModelPrompt, Router

CHOICE = Choice("vllm", "standin")
ASKED = {"messages": [{"role": "user", "content": "สวัสดีครับ " * 10}], "stream_options": {"include_usage": True}}
HEADING = f"{'path':<8}{'streams':>8}{'ms/token':>9}{'first ms':>10}{'+limit':>8}{'ratio':>7}{'CPU ms/token':>14}"
LONG = 41
"""Messages of a long prompt: what is sent at most, unless MAX_HISTORY_MESSAGES says more."""
Read = Callable[[], Awaitable["Stream"]]


@dataclass(frozen=True, slots=True)
class Stream:
    first_s: float
    total_s: float


@dataclass(frozen=True, slots=True)
class Run:
    first_ms: float
    total_s: float
    cpu_ms: float
    """For a token."""


async def read_routed(router: Router, messages: int = 1) -> Stream:
    async def prompt(choice: Choice, context_window: int | None) -> ModelPrompt:
        return ModelPrompt((PromptMessage(Role.USER, "สวัสดีครับ " * 10),) * messages)

    began, first = time.perf_counter(), 0.0
    async with aclosing(router.stream(CHOICE, prompt)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                first = first or time.perf_counter() - began
    return Stream(first, time.perf_counter() - began)


async def read_relayed(router: Router) -> Stream:
    """Read what a program has asked for, as it passes."""
    began, first = time.perf_counter(), 0.0
    answer = router.relay(CHOICE, RelayCall(kind=RelayKind.CHAT, body=ASKED, stream=True))
    try:
        await answer.begin()
        async with aclosing(answer.rest()) as chunks:
            async for _ in chunks:
                first = first or time.perf_counter() - began
    finally:
        await answer.close()
    return Stream(first, time.perf_counter() - began)


async def read_bare(http: aiohttp.ClientSession, base_url: str) -> Stream:
    timing = await upstream(http, base_url, CHOICE.model)
    return Stream(timing.first_token_s, timing.total_s)


async def measure(read: Read, *, streams: int, tokens: int) -> Run:
    """Measure streams that all begin in the same instant."""
    cpu_s = time.process_time()
    found = await asyncio.gather(*(read() for _ in range(streams)))
    cpu_s = time.process_time() - cpu_s
    return Run(
        statistics.median(stream.first_s for stream in found) * 1000,
        statistics.median(stream.total_s for stream in found),
        cpu_s * 1000 / (streams * tokens),
    )


async def measure_spread(read: Read, *, streams: int, length_s: float, rounds: int) -> Sequence[float]:
    """Return the milliseconds to the first token of each stream that begins while all others run."""

    async def follow(number: int) -> list[Stream]:
        await asyncio.sleep(number * length_s / streams)
        found = [await read() for _ in range(rounds)]
        return found[1:]  # in the first round not all of them are there

    followed = await asyncio.gather(*(follow(number) for number in range(streams)))
    return [stream.first_s * 1000 for found in followed for stream in found]


async def first_token(read: Read) -> list[Stream]:
    return [await read() for _ in range(10)]


async def first_tokens(base_url: str, repeats: int) -> None:
    router = Router([VLLMBackend(base_url)], kinds=KINDS)
    await router.start()
    try:
        async with aiohttp.ClientSession() as http:
            paths: dict[str, Read] = {
                "limit": lambda: read_bare(http, base_url),
                "router": lambda: read_routed(router),
                "relay": lambda: read_relayed(router),
                f"of {LONG}": lambda: read_routed(router, LONG),
            }
            times: dict[str, list[float]] = {name: [] for name in paths}
            cpu_s = dict.fromkeys(paths, 0.0)
            for turn in range(repeats // 10 + 1):
                for name, read in paths.items():
                    began_s = time.process_time()
                    found = await first_token(read)
                    if turn:  # the first ten warm up
                        cpu_s[name] += time.process_time() - began_s
                        times[name] += [stream.first_s * 1000 for stream in found]
    finally:
        await router.close()
    print(f"\n{'path':<8}{'first ms, median':>18}{'fastest tenth':>15}{'CPU ms/request':>16}")
    for name, found_ms in times.items():
        tenth = statistics.quantiles(found_ms, n=10)[0]
        print(f"{name:<8}{statistics.median(found_ms):>18.2f}{tenth:>15.2f}{cpu_s[name] * 1000 / len(found_ms):>16.2f}")


def median(runs: Sequence[Run]) -> Run:
    return Run(
        statistics.median(run.first_ms for run in runs),
        statistics.median(run.total_s for run in runs),
        statistics.median(run.cpu_ms for run in runs),
    )


async def table(base_url: str, delay_ms: int, options: argparse.Namespace) -> None:
    router = Router([VLLMBackend(base_url)], kinds=KINDS)
    await router.start()
    connector = aiohttp.TCPConnector(limit=0)
    try:
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=120)) as http:
            paths: dict[str, Read] = {
                "limit": lambda: read_bare(http, base_url),
                "router": lambda: read_routed(router),
                "relay": lambda: read_relayed(router),
            }
            for read in paths.values():
                await measure(read, streams=10, tokens=options.tokens)
            for streams in (int(count) for count in options.streams.split(",")):
                runs: dict[str, list[Run]] = {name: [] for name in paths}
                for _ in range(options.runs):
                    for name, read in paths.items():
                        runs[name].append(await measure(read, streams=streams, tokens=options.tokens))
                limit = median(runs["limit"])
                for name in paths:
                    print(_row(name, streams, delay_ms, median(runs[name]), limit, options.tokens), flush=True)
            if delay_ms:
                await spread(paths, options.tokens * delay_ms / 1000, options)
    finally:
        await router.close()


async def spread(paths: dict[str, Read], length_s: float, options: argparse.Namespace) -> None:
    print(f"\n{'path':<8}{'streams':>8}{'first ms, median':>18}{'p95':>8}{'+limit, median':>16}  (spread)")
    for streams in (int(count) for count in options.streams.split(",")):
        limit = None
        for name, read in paths.items():
            found = await measure_spread(read, streams=streams, length_s=length_s, rounds=options.runs)
            middle, p95 = statistics.median(found), statistics.quantiles(found, n=20)[-1]
            limit = middle if limit is None else limit
            print(f"{name:<8}{streams:>8}{middle:>18.2f}{p95:>8.2f}{middle - limit:>16.2f}", flush=True)


def _row(name: str, streams: int, delay_ms: int, run: Run, limit: Run, tokens: int) -> str:
    ideal_s = max(tokens * delay_ms / 1000, limit.total_s)
    return (
        f"{name:<8}{streams:>8}{delay_ms:>9}{run.first_ms:>10.2f}{run.first_ms - limit.first_ms:>8.2f}"
        f"{run.total_s / ideal_s:>7.2f}{run.cpu_ms:>14.4f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", default="1,100,200", help="streams at once, comma-separated")
    parser.add_argument("--delays", default="20,0", help="ms a token, comma-separated")
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=300, help="short replies for the first token")
    options = parser.parse_args()
    print(HEADING)
    for delay_ms in (int(delay) for delay in options.delays.split(",")):
        with (
            model_server("--tokens", str(options.tokens), "--delay-ms", str(delay_ms)) as base_url,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(table(base_url, delay_ms, options))
    with (
        model_server("--tokens", "3", "--delay-ms", "0") as base_url,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(first_tokens(base_url, options.repeats))


if __name__ == "__main__":
    main()
