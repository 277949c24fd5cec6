"""`./manage.sh bench opening`: a window of a long session in a large table, with and without branches.

The limit is the plain query for the last messages by `message_order`, with psycopg2 on one connection in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from typing import TypeAlias
from uuid import UUID

import psycopg2
import uvloop
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import register_uuid

from tests.histories import PostgresStores
from tests.postgres_servers import PostgresServer, installations, serving
from thai_chat.domain.reads import ReadMessages, ReadSessions, ReadVersions
from thai_chat.history.postgres import schema
from thai_chat.history.postgres.connections import Database

Call: TypeAlias = Callable[[], Awaitable[object]]

LENGTH = 1_000
WINDOW = 50
PLAIN = """
SELECT message_id, session_id, parent_id, role, content, message_order, status, backend, model, created_at,
    prompt_tokens, completion_tokens, first_token_ms, latency_ms, metadata
FROM chat_messages WHERE session_id = %s ORDER BY message_order DESC LIMIT %s"""
# Session n belongs to user n; its messages have ids that follow from n and their order.
SESSIONS = """
INSERT INTO chat_sessions (session_id, user_id, session_name, backend, model, message_count, leaf_id)
SELECT md5('s' || n)::uuid, n, 'n', 'b', 'm', %s, md5(n || '/' || %s)::uuid FROM generate_series(1, %s) n"""
MESSAGES = """
INSERT INTO chat_messages (message_id, session_id, parent_id, role, content, message_order, status)
SELECT md5(n || '/' || o)::uuid, md5('s' || n)::uuid, CASE WHEN o > 1 THEN md5(n || '/' || (o - 1))::uuid END,
    CASE o % 2 WHEN 1 THEN 'user' ELSE 'assistant' END, repeat('น้ำท่วมกรุงเทพฯ ทุกปีเพราะอะไร why? ', 9), o, 'complete'
FROM generate_series(1, {length}) o, generate_series({first}, {last}) n"""
# Every `distance` messages a fork, below the third message before it: an edited question each time.
FORKS = """
UPDATE chat_messages SET parent_order = message_order - 3, parent_id = md5('{n}/' || (message_order - 3))::uuid
WHERE session_id = md5('s{n}')::uuid AND message_order % {distance} = 5 AND message_order > 3"""


def fill(postgres: PostgresServer, name: str, messages: int) -> dict[str, int]:
    """Fill the tables, and return the user of the session with each shape."""
    sessions = max(4, messages // LENGTH)
    postgres.query(SESSIONS, LENGTH, LENGTH, sessions, database=name)
    # In the order of arrival, as sessions that grow side by side would lie.
    for first in range(1, sessions + 1, 100):
        last = min(first + 99, sessions)
        postgres.query(MESSAGES.format(length=LENGTH, first=first, last=last), database=name)
    shapes = {"no branches": 1}
    for user, distance in enumerate((1_000, 100, 10), 2):
        postgres.query(FORKS.format(n=user, distance=distance), database=name)
        postgres.query("UPDATE chat_sessions SET has_branches = true WHERE user_id = %s", str(user), database=name)
        shapes[f"{LENGTH // distance} edited questions"] = user
    postgres.query("VACUUM ANALYZE", database=name)
    return shapes


async def milliseconds(calls: Mapping[str, Call], runs: int) -> dict[str, float]:
    """Return medians; the calls take turns, so that other work on the machine meets them all."""
    taken: dict[str, list[float]] = {what: [] for what in calls}
    for _ in range(runs):
        for what, call in calls.items():
            began = time.perf_counter()
            await call()
            taken[what].append(1000 * (time.perf_counter() - began))
    return {what: statistics.median(times) for what, times in taken.items()}


async def measure(options: argparse.Namespace) -> None:
    with serving(next(iter(installations().values())), shared_buffers="128MB") as postgres:
        name = postgres.new_database()
        database = Database(postgres.address(name))
        schema.migrate(database.engine)
        shapes = fill(postgres, name, options.messages)
        history = PostgresStores(database)
        with closing(psycopg2.connect(postgres.address(name))) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            register_uuid(None, connection)
            for shape, user in shapes.items():
                await show(history, cursor, shape, user=str(user), runs=options.runs)
        await history.close()


async def show(history: PostgresStores, cursor: Cursor, shape: str, *, user: str, runs: int) -> None:
    session_id: UUID = (await history.read(ReadSessions(user, limit=1)))[0].session_id
    shown = [message.message_id for message in await history.read(ReadMessages(session_id, user, limit=WINDOW))]

    async def plain() -> None:
        cursor.execute(PLAIN, (session_id, WINDOW))
        cursor.fetchall()

    calls: dict[str, Call] = {
        "plain query": plain,
        "last window": lambda: history.read(ReadMessages(session_id, user, limit=WINDOW)),
        "a window in the middle": lambda: history.read(
            ReadMessages(session_id, user, limit=WINDOW, after_order=LENGTH // 2)
        ),
        "siblings of the window": lambda: history.read(ReadVersions(session_id, user, shown)),
    }
    taken = await milliseconds(calls, runs)
    for what, time_ms in taken.items():
        print(f"{shape:24}{what:26}{time_ms:8.2f} ms{time_ms / taken['plain query']:8.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=200)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the page has it
        runner.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
