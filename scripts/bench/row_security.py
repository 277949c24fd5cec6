"""`./manage.sh bench row_security --messages 1000000`: what the second wall in PostgreSQL costs.

Each call is made behind the wall and without it, one right after the other and in turns first, so that both meet the
same noise; the last columns are of the differences within these pairs. The corpus is that of `bench search`.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import psycopg2
import uvloop
from psycopg2.extras import register_uuid

from scripts.bench import search_load
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
    size_of,
    stored,
)
from scripts.bench.search_queries import Queries
from tests.histories import PostgresStores
from thai_chat.domain.reads import ReadMessages, SessionFilter
from thai_chat.history.postgres import upkeep
from thai_chat.history.postgres.connections import Database


class Pairs:
    """Two stores over one database, one of them without the wall."""

    def __init__(self, address: str) -> None:
        without = Database(address)
        without._role = {}
        self._stores = (PostgresStores(Database(address)), PostgresStores(without))

    async def measure(self, name: str, calls: Sequence[Call]) -> None:
        behind: list[float] = []
        without: list[float] = []
        for store in self._stores:
            await calls[0](store)
        for number, call in enumerate(calls):
            for place in (0, 1) if number % 2 else (1, 0):
                began = time.perf_counter()
                await call(self._stores[place])
                (behind, without)[place].append(1000 * (time.perf_counter() - began))
        more = sorted(one - other for one, other in zip(behind, without, strict=True))
        print(f"{name:<36}{_median(without):>9.2f}{_median(behind):>9.2f}", end="")
        print(f"{_median(more):>+9.3f}{more[len(more) // 4]:>+9.3f}{more[3 * len(more) // 4]:>+9.3f}", flush=True)

    async def close(self) -> None:
        for store in self._stores:
            await store.close()


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
    many = options.rounds
    pairs = Pairs(address)
    try:
        print(f"\n{'median, ms':<36}{'without':>9}{'behind':>9}{'more':>9}{'25 %':>9}{'75 %':>9}")
        await pairs.measure("sessions: first page", [sessions()] * many)
        await pairs.measure("sessions: with a tag", [sessions(SessionFilter(tag="งาน"))] * many)
        for length, session_id in sorted(long.items()):
            await pairs.measure(f"a window of 20 of {length}", [window(session_id, 20)] * many)
            await pairs.measure(f"open a session of {length}", [opened(session_id)] * many)
        await pairs.measure("store a turn", [stored(contents)] * many)
        await pairs.measure("statistics of the largest user", [count] * max(9, many // 20))
        for scope, owners in (("a user", users), ("the largest user", [LARGEST])):
            for kind, texts in Queries(contents).by_kind(options.queries).items():
                calls = [search(owners[number % len(owners)], text) for number, text in enumerate(texts)]
                await pairs.measure(f"{scope}: {kind}", calls * 3)
    finally:
        await pairs.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--largest", type=int, help="of them, those of the user who has most; else a twentieth")
    parser.add_argument("--seasons", type=int, default=400_000, help="more, of one person whose words come and go")
    parser.add_argument("--queries", type=int, default=40, help="of each kind")
    parser.add_argument("--rounds", type=int, default=400, help="of each list and opening")
    parser.add_argument("--address", help="measure this database, which the corpus is put into when it is empty")
    parser.add_argument("--warm", action="store_true", default=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    server = Server(options)
    try:
        address = server.start()
        upkeep.migrate(address)
        if not search_load.is_loaded(address, size_of(options)):
            search_load.load(address, size_of(options), print)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(address, options))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
