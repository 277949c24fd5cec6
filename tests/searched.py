"""Databases for tests of the search: messages written past the history, and their index made."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg2
from psycopg2.extras import execute_values, register_uuid
from uuid_utils.compat import uuid7

from tests.histories import PostgresStores
from tests.postgres_servers import PostgresServer
from thai_chat.domain.searching import SearchQuery
from thai_chat.history.postgres import schema
from thai_chat.history.postgres.connections import Database

_MESSAGES = """
INSERT INTO chat_messages (message_id, session_id, role, content, message_order, status, backend, model, created_at)
VALUES %s"""
_SESSION = """
INSERT INTO chat_sessions (session_id, user_id, session_name, backend, model, message_count)
VALUES (%s, %s, '-', 'vllm', 'typhoon', %s)"""
DATES = datetime(2024, 1, 1, tzinfo=UTC)


def said(address: str, user_id: str, contents: list[str], moments: Sequence[datetime] | None = None) -> dict[UUID, str]:
    """Write the contents as messages of one session, at `moments` or over two years, past the history; return them by
    id."""
    session_id = uuid7()
    step = timedelta(days=730) / max(1, len(contents))
    rows = []
    for number, content in enumerate(contents):
        role, model = (("user", None), ("assistant", "typhoon" if number % 4 == 1 else "llama"))[number % 2]
        backend = None if model is None else "vllm"
        at = moments[number] if moments else DATES + number * step
        rows.append((uuid7(), session_id, role, content, number + 1, "complete", backend, model, at))
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        register_uuid(None, connection)
        cursor.execute(_SESSION, (session_id, user_id, len(rows)))
        execute_values(cursor, _MESSAGES, rows, page_size=500)
    return {row[0]: row[3] for row in rows}


async def index_everything(history: PostgresStores) -> None:
    while await history.index.index_noted(500) or await history.index.index_old(500):
        pass


async def all_found(history: PostgresStores, wanted: SearchQuery) -> list[UUID]:
    found: list[UUID] = []
    while True:
        page = await history.search.messages(wanted)
        found += [hit.message.message_id for hit in page.hits]
        if page.next is None:
            return found
        wanted = replace(wanted, after=page.next)


def migrated(server: PostgresServer, revision: str = schema.HEAD) -> str:
    address = server.address(server.new_database())
    database = Database(address)
    schema.migrate(database.engine, revision)
    database.engine.dispose()
    return address
