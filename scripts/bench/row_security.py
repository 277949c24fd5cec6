"""`./manage.sh bench row_security --messages 1000000`: what the second wall in PostgreSQL costs.

Calls are made behind the wall and without it, a round of each in turns, so that both meet the same noise. Times are
medians of all calls. The processor's time is that of this process and of the server's for a call, in a round that met
little noise (one in ten met less). The corpus is that of `bench search`.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import uvloop
from psycopg2.extras import register_uuid

from scripts.bench.corpus import LONG_SESSIONS
from scripts.bench.search import (
    _LENGTHS,
    _SAMPLE,
    LARGEST,
    Call,
    Server,
    count,
    opened,
    search,
    sessions,
    stored,
)
from scripts.bench.search_queries import Queries
from tests.histories import PostgresStores
from thai_chat.domain.reads import ReadMessages, SessionFilter
from thai_chat.history.postgres.connections import Database


class Pairs:
    """Two stores over one database, one of them without the wall."""

    def __init__(self, address: str) -> None:
        without = Database(address)
        without._role = {}
        self._watch = psycopg2.connect(address)
        self._watch.autocommit = True
        self._stores = (PostgresStores(Database(address)), PostgresStores(without))

    async def measure(self, name: str, calls: Sequence[Call], *, rounds: int) -> None:
        times: tuple[list[float], list[float]] = ([], [])
        work: tuple[list[float], list[float]] = ([], [])
        for store in self._stores:
            for call in calls:
                await call(store)
        for number in range(rounds):
            for place in (0, 1) if number % 2 else (1, 0):
                before = self._worked_us()
                for call in calls:
                    began = time.perf_counter()
                    await call(self._stores[place])
                    times[place].append(1000 * (time.perf_counter() - began))
                work[place].append((self._worked_us() - before) / len(calls))
        least = [sorted(one)[len(one) // 10] for one in work]
        print(f"{name:<36}{_median(times[1]):>9.2f}{_median(times[0]):>9.2f}", end="")
        print(f"{least[1]:>10.0f}{least[0]:>9.0f}{least[0] - least[1]:>+9.0f}", flush=True)

    def _worked_us(self) -> float:
        """Return the processor's time that this process and the server's for this database have had."""
        with self._watch.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            pids = [pid for (pid,) in cursor.fetchall()]
        served = sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids)
        return (served + time.process_time_ns()) / 1000

    async def close(self) -> None:
        for store in self._stores:
            await store.close()
        self._watch.close()


def window(session_id: Any, limit: int) -> Call:
    return lambda history: history.read(ReadMessages(session_id, LARGEST, limit=limit))


def _median(times: Sequence[float]) -> float:
    return sorted(times)[len(times) // 2]


async def run(address: str, options: argparse.Namespace) -> None:
    def ask(statement: str, *values: object) -> list[Any]:
        with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
            register_uuid(None, connection)
            cursor.execute(statement, values)
            return cursor.fetchall()

    sample = ask(_SAMPLE, 100 * min(1, 6000 / options.messages))
    contents = [content for content, _, _ in sample]
    users = [user_id for _, user_id, _ in sample][:: max(1, len(sample) // options.queries)]
    long = dict(ask(_LENGTHS, LARGEST, list(LONG_SESSIONS)))
    pairs = Pairs(address)
    rounds = options.rounds
    try:
        print(f"\n{'':<36}{'median, ms':^18}{'processor, us':^28}")
        print(f"{'':<36}{'without':>9}{'behind':>9}{'without':>10}{'behind':>9}{'more':>9}")
        await pairs.measure("sessions: first page", [sessions()] * 20, rounds=rounds)
        await pairs.measure("sessions: with a tag", [sessions(SessionFilter(tag="งาน"))] * 20, rounds=rounds)
        for length, session_id in sorted(long.items()):
            await pairs.measure(f"a window of 20 of {length}", [window(session_id, 20)] * 20, rounds=rounds)
            await pairs.measure(f"open a session of {length}", [opened(session_id)] * 20, rounds=rounds)
        await pairs.measure("store a turn", [stored(contents)] * 20, rounds=rounds)
        await pairs.measure("statistics of the largest user", [count] * 2, rounds=rounds)
        for scope, owners in (("a user", users), ("the largest user", [LARGEST])):
            for kind, texts in Queries(contents).by_kind(options.queries).items():
                calls = [search(owners[number % len(owners)], text) for number, text in enumerate(texts)]
                await pairs.measure(f"{scope}: {kind}", calls, rounds=max(3, rounds // 3))
    finally:
        await pairs.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--largest", type=int, help="of them, those of the user who has most; else a twentieth")
    parser.add_argument("--seasons", type=int, default=400_000, help="more, of one person whose words come and go")
    parser.add_argument("--queries", type=int, default=40, help="of each kind")
    parser.add_argument("--rounds", type=int, default=30, help="of each list and opening; of searches a third")
    parser.add_argument("--address", help="measure this database, which the corpus is put into when it is empty")
    parser.add_argument("--warm", action="store_true", default=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    with Server(options).loaded() as address, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(address, options))


if __name__ == "__main__":
    main()
