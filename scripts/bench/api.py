"""`./manage.sh bench api`: what a program waits for, at fixed rates, with a million messages in the database.

The load is an open loop: a request begins at its time, however slow those before it are, and its time counts from then.
The corpus is that of `bench search`; its largest user's sessions are the caller's while this runs. Then 200 followers
read one reply to its end; ideal is the time that the model server takes for its tokens.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import aiohttp
import psycopg2
from psycopg2.extras import register_uuid

from scripts.bench.clients import Timing, events_of, post_v1, upstream
from scripts.bench.processes import Server, model_server, running
from scripts.bench.search import LARGEST
from scripts.bench.search import Server as Corpus
from thai_chat.domain.people import LOCAL

MODEL = "thai-large"
TOKENS, DELAY_MS = 400, 10.0
_OWNED = ("chat_sessions", "chat_session_search", "chat_message_search")
_SESSIONS = """
SELECT session_id, message_count FROM chat_sessions WHERE user_id = %s AND message_count >= %s
ORDER BY message_count LIMIT 200"""

Call = Callable[[int], Awaitable[int]]
"""Makes the request of a number, and returns the bytes of its answer."""


@dataclass(slots=True)
class Load:
    """The outcome of requests."""

    times_s: list[float] = field(default_factory=list)
    failures: int = 0
    bytes: int = 0

    def __str__(self) -> str:
        if not self.times_s:
            return f"{self.failures} failed"
        by_hundreds = (
            statistics.quantiles(self.times_s, n=100, method="inclusive")
            if len(self.times_s) > 1
            else self.times_s * 99
        )
        p50, p95, p99 = (1000 * by_hundreds[at - 1] for at in (50, 95, 99))
        longest = 1000 * max(self.times_s)
        size_kb = self.bytes / len(self.times_s) / 1000
        return f"{p50:8.1f} {p95:8.1f} {p99:8.1f} {longest:8.1f} {size_kb:9.1f} {self.failures:7}"


async def at_rate(call: Call, *, rate: float, seconds: float) -> Load:
    """Make requests at a rate, whether or not those before them have been answered."""
    load = Load()
    began_s = time.perf_counter()

    async def one(number: int, due_s: float) -> None:
        try:
            size = await call(number)
            load.bytes += size
            load.times_s.append(time.perf_counter() - due_s)
        except (aiohttp.ClientError, TimeoutError):
            load.failures += 1

    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            due_s = began_s + number / rate
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            group.create_task(one(number, due_s))
    return load


async def at_once(call: Call, count: int) -> Load:
    """Make requests at the same moment."""
    return await at_rate(call, rate=1e6, seconds=count / 1e6)


class Client:
    """A program that reads the caller's sessions."""

    def __init__(self, http: aiohttp.ClientSession, address: str, sessions: Sequence[tuple[UUID, int]]) -> None:
        self._http = http
        self._address = address
        self._all = [session_id for session_id, _ in sessions]
        self._long = {least: [one for one, count in sessions if count >= least] for least in (100, 1000)}

    async def get(self, path: str) -> int:
        async with self._http.get(f"{self._address}{path}") as response:
            response.raise_for_status()
            return len(await response.read())

    async def sessions(self, number: int) -> int:
        return await self.get("/api/sessions")

    async def session(self, number: int) -> int:
        return await self.get(f"/api/sessions/{self._all[number % len(self._all)]}")

    async def window(self, number: int) -> int:
        long = self._long[100]
        return await self.get(f"/api/sessions/{long[number % len(long)]}/messages?limit=100")

    async def whole_history(self, number: int) -> int:
        long = self._long[1000]
        return await self.get(f"/chat/history/{long[number % len(long)]}?limit=1000")


async def reads(client: Client, options: argparse.Namespace) -> None:
    print(f"\n{'':<40}{'p50, ms':>8}{'p95':>9}{'p99':>9}{'longest':>9}{'kB':>10}{'failed':>8}")
    short = (("list", client.sessions), ("session", client.session), ("history of 100", client.window))
    steps = [(name, call, rate) for rate in options.rates for name, call in short]
    for name, call, rate in [*steps, ("history of 1,000", client.whole_history, 20)]:
        await at_rate(call, rate=rate, seconds=2)
        for _ in range(options.rounds):
            load = await at_rate(call, rate=rate, seconds=options.seconds)
            print(f"{f'{name}, {rate}/s':<38}{load}", flush=True)
    for _ in range(options.rounds):
        print(f"{'history of 1,000, 50 at once':<38}{await at_once(client.whole_history, 50)}", flush=True)


async def follow(http: aiohttp.ClientSession, address: str, count: int) -> None:
    """Have many followers read one reply, and print when the last of them had all of it."""
    began_s = time.perf_counter()
    body = {"query": "เล่าเรื่องยาว", "backend": "vllm", "model": MODEL, "temporary": True}
    session_id = uuid4()
    url = f"{address}/api/sessions/{session_id}"
    async with http.post(f"{url}/messages", json=body, headers={"Prefer": "respond-async"}) as response:
        response.raise_for_status()

    async def one() -> float:
        async with http.get(f"{url}/events") as response:
            async for name, _ in events_of(response):
                if name == "completed":
                    return time.perf_counter() - began_s
        raise RuntimeError("a follower's stream ended without a last event")

    ended = await asyncio.gather(*(one() for _ in range(count)))
    ideal_s = TOKENS * DELAY_MS / 1000
    print(
        f"{count} followers of one reply: the last had it after {max(ended) / ideal_s:.3f} of ideal, "
        f"the first after {min(ended) / ideal_s:.3f}"
    )


async def door(http: aiohttp.ClientSession, server: Server, model: str, *, turns: int, at_once: int) -> None:
    """Compare OpenAI's door with the model server itself, in turns; then count the CPU of many streams at once."""
    direct: list[Timing] = []
    through: list[Timing] = []
    for _ in range(turns + 1):
        direct.append(await upstream(http, model, MODEL))
        through.append(await post_v1(http, server.address, MODEL))
    before_s = server.threads_cpu_s()
    await asyncio.gather(*(post_v1(http, server.address, MODEL) for _ in range(at_once)))
    cpu_ms = 1000 * (server.threads_cpu_s() - before_s) / at_once / TOKENS
    first = [1000 * statistics.median(one.first_token_s for one in some[1:]) for some in (direct, through)]
    print(
        f"/v1/chat/completions: first token after {first[1]:.1f} ms, the model server's after {first[0]:.1f}; "
        f"{cpu_ms:.3f} ms of CPU a token, {at_once} at once"
    )


@contextmanager
def owned(address: str) -> Iterator[Sequence[tuple[UUID, int]]]:
    """Make the largest user's sessions the caller's, and yield them with their numbers of messages."""
    with closing(psycopg2.connect(address)) as connection:
        register_uuid(None, connection)
        _move(connection, LARGEST, LOCAL.user_id)
        try:
            with connection, connection.cursor() as cursor:
                found: list[tuple[UUID, int]] = []
                for least in (1, 100, 1000):
                    cursor.execute(_SESSIONS, (LOCAL.user_id, least))
                    found += cursor.fetchall()
            yield found
        finally:
            _move(connection, LOCAL.user_id, LARGEST)


def _move(connection: psycopg2.extensions.connection, owner: str, to: str) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE chat_sessions DISABLE TRIGGER USER")
        for table in _OWNED:
            cursor.execute(f"UPDATE {table} SET user_id = %s WHERE user_id = %s", (to, owner))
        cursor.execute("ALTER TABLE chat_sessions ENABLE TRIGGER USER")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.autocommit = False


async def run(server: Server, model: str, sessions: Sequence[tuple[UUID, int]], options: argparse.Namespace) -> None:
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http:
        await reads(Client(http, server.address, sessions), options)
        await door(http, server, model, turns=10, at_once=20)
        await follow(http, server.address, options.followers)
    print(f"memory of the page: {server.memory_mb():.0f} MB")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--largest", type=int, help="of them, those of the caller; else a twentieth")
    parser.add_argument("--seasons", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=10, help="of each rate")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rates", type=int, nargs="+", default=[200], help="requests a second of all but the longest")
    parser.add_argument("--followers", type=int, default=200)
    parser.add_argument("--port", type=int, default=7896)
    parser.add_argument("--address", help="measure this database, which the corpus is put into when it is empty")
    parser.add_argument("--warm", action="store_true", default=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    with (
        Corpus(options).loaded() as address,
        owned(address) as sessions,
        model_server("--tokens", str(TOKENS), "--delay-ms", str(DELAY_MS), f"--model={MODEL}") as model,
        tempfile.TemporaryDirectory(prefix="thai-chat-bench-") as folder,
        running(
            options.port,
            {"DATABASE_URL": address, "VLLM_BASE_URL": model, "DATA_DIR": str(Path(folder) / "data")},
        ) as server,
    ):
        asyncio.run(run(server, model, sessions, options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
