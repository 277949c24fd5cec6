"""`./manage.sh bench search --messages 1000000`: how fast things are found, listed and opened when there is much.

The corpus is made once and kept under `data/bench` with its own embedded PostgreSQL. Times are those of the history's
methods, threads and rows included; cold is after a restart of the server, its files gone from the system's cache. In
the same run: plain ILIKE over the messages, and the limit, which is one row by its key.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg2
import uvloop
from psycopg2.extras import register_uuid
from uuid_utils.compat import uuid7

from scripts.bench import search_load, seasons
from scripts.bench.corpus import LONG_SESSIONS, ROOT, Size
from scripts.bench.search_queries import Queries
from tests.histories import PostgresStores
from thai_chat.domain.messages import Choice, Status
from thai_chat.domain.reads import ReadMessage, ReadMessages, ReadSession, ReadSessions, SessionCursor, SessionFilter
from thai_chat.domain.searching import SearchQuery, terms_of
from thai_chat.domain.statistics import Period
from thai_chat.domain.writes import BeginTurn, FinishReply
from thai_chat.embedded.postgres import EmbeddedPostgres
from thai_chat.history.postgres import upkeep
from thai_chat.history.postgres.connections import Database

LARGEST = "user-00000"
WRITER = "bench-writer"
PAGE = 20
_SAMPLE = """
SELECT m.content, s.user_id, m.message_id FROM chat_messages m TABLESAMPLE SYSTEM (%s) REPEATABLE (1)
JOIN chat_sessions s USING (session_id)"""
_LENGTHS = """
SELECT DISTINCT ON (message_count) message_count, session_id FROM chat_sessions
WHERE user_id = %s AND message_count = ANY (%s) ORDER BY message_count"""
_LIKE = """
SELECT m.message_id FROM chat_messages m JOIN chat_sessions s USING (session_id)
WHERE m.content ILIKE %s AND (%s IS NULL OR s.user_id = %s) ORDER BY m.created_at DESC LIMIT 20"""
_SIZES = """
SELECT pg_total_relation_size('chat_messages'), pg_table_size('chat_messages'),
    pg_total_relation_size('chat_message_search') + pg_total_relation_size('chat_session_search')"""

Call = Callable[[PostgresStores], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    calls: Sequence[Call]
    goal_ms: int | None = None
    cold: bool = True


class Server:
    """The embedded one of a folder, or one that is there already, which can't be made cold."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._size = size_of(options)
        self._folder = ROOT / "data" / "bench" / f"search-{size_of(options)}"
        self._embedded = None if options.address else EmbeddedPostgres(self._folder, progress=print)
        self.address: str = options.address or ""
        self.can_cool = self._embedded is not None and not options.warm

    @contextmanager
    def loaded(self) -> Iterator[str]:
        """Run it with the corpus in it, which takes long the first time, and yield its address."""
        try:
            address = self.start()
            upkeep.migrate(address)
            if not search_load.is_loaded(address, self._size):
                search_load.load(address, self._size, print)
            yield address
        finally:
            self.stop()

    def start(self) -> str:
        if self._embedded:
            self._folder.mkdir(parents=True, exist_ok=True)
            self.address = self._embedded.start()
        return self.address

    def stop(self) -> None:
        if self._embedded:
            self._embedded.stop()

    def cool(self) -> None:
        self.stop()
        for path in (self._folder / "postgres").resolve().rglob("*"):
            if path.is_file():
                with path.open("rb") as file:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        self.start()


class Bench:
    def __init__(self, server: Server, options: argparse.Namespace) -> None:
        self._server = server
        self._options = options
        sample = self._ask(_SAMPLE, 100 * min(1, 6000 / options.messages))
        self._contents = [content for content, _, _ in sample]
        self._users = [user_id for _, user_id, _ in sample][:: max(1, len(sample) // options.queries)]
        self._messages = [(message_id, user_id) for _, user_id, message_id in sample[:200]]
        self._long = dict(self._ask(_LENGTHS, LARGEST, list(LONG_SESSIONS)))

    async def run(self) -> None:
        self._print_sizes()
        print(f"\n{'':<40}{'warm, ms':^26}{'cold, ms':^26}")
        print(f"{'':<40}{'p50':>8}{'p95':>9}{'max':>9}{'p50':>8}{'p95':>9}{'max':>9}   to reach")
        queries = Queries(self._contents).by_kind(self._options.queries)
        scopes: tuple[tuple[str, Sequence[str | None], int], ...] = (
            ("a user", self._users, 50),
            ("the largest user", [LARGEST], 50),
            ("everybody", [None], 250),
        )
        for scope, owners, goal_ms in scopes:
            of_all: list[Call] = []
            for kind, texts in queries.items():
                calls = [search(owners[number % len(owners)], text) for number, text in enumerate(texts)]
                of_all += calls
                await self._measure(Row(f"{scope}: {kind}", calls, goal_ms))
            await self._measure(Row(f"{scope}: all of these", of_all, goal_ms, cold=False))
        for kind, texts in seasons.QUERIES.items() if self._options.seasons else ():
            await self._measure(Row(kind, [search(seasons.USER, text) for text in texts], 100))
        for row in await self._others(queries["Thai word"][:5]):
            await self._measure(row)
        await self._measure_stores()

    async def _others(self, words: Sequence[str]) -> list[Row]:
        rows = [Row(f"open a session of {n} messages", [opened(id_)] * 20, 30) for n, id_ in sorted(self._long.items())]
        return [
            Row("sessions: first page", [sessions()] * 20, 10),
            Row("sessions: page 100", [sessions(before=await self._page_100())] * 20, 10),
            Row("sessions: with a tag", [sessions(SessionFilter(tag="งาน"))] * 20, 10),
            Row("sessions: by a part of the name", [sessions(SessionFilter(name_contains=word)) for word in words], 10),
            *rows,
            Row("statistics of the largest user", [count] * 5, 150),
            Row("ILIKE, the largest user", [self._like(LARGEST, word) for word in words], cold=False),
            Row("ILIKE, everybody", [self._like(None, word) for word in words], cold=False),
            Row("limit: a message by its key", [by_key(*message) for message in self._messages]),
        ]

    async def _page_100(self) -> SessionCursor:
        """Return where page 99 of 20 ended, or the list where it is shorter."""
        at = self._ask(
            "SELECT updated_at, session_id FROM (SELECT * FROM chat_sessions WHERE user_id = %s"
            " ORDER BY updated_at DESC, session_id DESC LIMIT %s) s ORDER BY updated_at, session_id LIMIT 1",
            LARGEST,
            99 * PAGE,
        )[0]
        return SessionCursor(at=at[0], session_id=at[1])

    async def _measure(self, row: Row) -> None:
        warm = await self._times(row.calls, rounds=2)
        cold = ""
        if row.cold and self._server.can_cool:
            self._server.cool()
            cold = _figures(await self._times(row.calls[: self._options.cold_queries], rounds=1))
        goal = f"p95 {row.goal_ms}" if row.goal_ms else ""
        print(f"{row.name:<40}{_figures(warm)}{cold or 26 * ' '}   {goal}", flush=True)

    async def _times(self, calls: Sequence[Call], *, rounds: int) -> list[float]:
        """Return the milliseconds of each call of the last round."""
        history = PostgresStores(Database(self._server.address))
        try:
            await history.ping()
            for _ in range(rounds):
                times = [await _time(history, call) for call in calls]
            return times
        finally:
            await history.close()

    async def _measure_stores(self) -> None:
        """Measure what a turn costs more because it is noted for the index, in turns so that both meet the same
        noise."""
        times: dict[str, list[float]] = {"ENABLE": [], "DISABLE": []}
        for _ in range(10):
            for how in times:
                self._do(*(f"ALTER TABLE {t} {how} TRIGGER USER" for t in ("chat_messages", "chat_sessions")))
                times[how] += (await self._times([stored(self._contents)] * 30, rounds=1))[5:]
        self._do(
            *(f"ALTER TABLE {t} ENABLE TRIGGER USER" for t in ("chat_messages", "chat_sessions")),
            f"DELETE FROM chat_sessions WHERE user_id = '{WRITER}'",
            "TRUNCATE chat_search_queue",
        )
        for how, name in (("ENABLE", "store a turn, noted for the index"), ("DISABLE", "store a turn, not noted")):
            print(f"{name:<40}{_figures(times[how])}")

    def _do(self, *statements: str) -> None:
        with closing(psycopg2.connect(self._server.address)) as connection, connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def _like(self, user_id: str | None, text: str) -> Call:
        async def call(history: PostgresStores) -> object:
            return self._ask(_LIKE, f"%{text}%", user_id, user_id)

        return call

    def _print_sizes(self) -> None:
        messages, table, search = self._ask(_SIZES)[0]
        count = self._options.messages
        print(f"{count:,} messages: {messages / 1e6:,.0f} MB with their indexes, {table / 1e6:,.0f} without")
        print(f"search adds {search / 1e6:,.0f} MB: {search / messages:.2f} and {search / table:.2f} times as much")

    def _ask(self, statement: str, *values: object) -> list[Any]:
        with closing(psycopg2.connect(self._server.address)) as connection, connection.cursor() as cursor:
            register_uuid(None, connection)
            cursor.execute(statement, values)
            return cursor.fetchall()


def search(user_id: str | None, text: str) -> Call:
    query = SearchQuery(user_id=user_id, terms=terms_of(text), limit=PAGE)
    return lambda history: history.search.messages(query)


def sessions(filter: SessionFilter | None = None, before: SessionCursor | None = None) -> Call:
    return lambda history: history.read(
        ReadSessions(LARGEST, limit=PAGE, before=before, filter=filter or SessionFilter())
    )


def opened(session_id: UUID) -> Call:
    async def call(history: PostgresStores) -> object:
        await history.read(ReadSession(session_id, LARGEST))
        return await history.read(ReadMessages(session_id, LARGEST, limit=31))

    return call


def by_key(message_id: UUID, user_id: str) -> Call:
    return lambda history: history.read(ReadMessage(message_id, user_id))


def stored(contents: Sequence[str]) -> Call:
    """Return a call that stores a question and its reply, in a session of their own."""

    async def call(history: PostgresStores) -> object:
        at, choice = datetime.now(UTC), Choice("vllm", "typhoon-8b")
        question, reply = contents[at.microsecond % len(contents)], contents[-1 - at.microsecond % len(contents)]
        begin = BeginTurn(
            session_id=uuid7(),
            user_id=WRITER,
            session_name=question[:50],
            question_id=uuid7(),
            question=question,
            reply_id=uuid7(),
            choice=choice,
            at=at,
        )
        await history.write(begin)
        ids = {"session_id": begin.session_id, "reply_id": begin.reply_id}
        return await history.write(FinishReply(**ids, content=reply, status=Status.COMPLETE, choice=choice, at=at))

    return call


async def count(history: PostgresStores) -> object:
    return await history.statistics.statistics(LARGEST, Period(timezone=ZoneInfo("Asia/Bangkok")))


async def _time(history: PostgresStores, call: Call) -> float:
    began = time.perf_counter()
    await call(history)
    return 1000 * (time.perf_counter() - began)


def _figures(times: Sequence[float]) -> str:
    ranked = sorted(times)
    p50, p95 = (ranked[min(len(ranked) - 1, int(share * len(ranked)))] for share in (0.5, 0.95))
    return f"{p50:>8.1f}{p95:>9.1f}{ranked[-1]:>9.1f}"


def size_of(options: argparse.Namespace) -> Size:
    return Size(options.messages, options.largest or options.messages // 20, options.seasons)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--largest", type=int, help="of them, those of the user who has most; else a twentieth")
    parser.add_argument("--seasons", type=int, default=400_000, help="more, of one person whose words come and go")
    parser.add_argument("--queries", type=int, default=40, help="of each kind")
    parser.add_argument("--cold-queries", type=int, default=8, help="of each kind, after one restart")
    parser.add_argument("--warm", action="store_true", help="leave the cold figures out")
    parser.add_argument("--address", help="measure this database, which the corpus is put into when it is empty")
    parser.add_argument("--prepare", action="store_true", help="make the corpus and measure nothing")
    options = parser.parse_args()
    server = Server(options)
    with server.loaded():
        if options.prepare:
            return
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the page has it
            runner.run(Bench(server, options).run())


if __name__ == "__main__":
    main()
