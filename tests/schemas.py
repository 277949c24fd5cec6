"""A schema under test: its versions, its tables, and a session with branches to be carried over."""

from __future__ import annotations

from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from tests.histories import PostgresStores
from tests.history_writes import whole_reply, whole_turn
from tests.postgres_servers import PostgresServer
from thai_chat import migrations
from thai_chat.domain.messages import Turn
from thai_chat.history.postgres import schema

TABLES = {"chat_sessions", "chat_messages", "message_contexts"}
SCRIPTS = ScriptDirectory(str(Path(migrations.__file__).parent))
BEGUN_BEFORE = """
SELECT outcome, (session).message_count FROM chat_begin_turn(gen_random_uuid(), 'u', 'n', gen_random_uuid(),
    'q', gen_random_uuid(), '', 'b', 'm', now(), NULL, NULL, true, '{}', false, interval '10 s')"""
"""A turn as an instance of the version before begins it."""
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]


def tables(postgres: PostgresServer, name: str) -> set[object]:
    rows = postgres.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database=name)
    return {row[0] for row in rows} - {"alembic_version"}


def version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return schema.current(connection)


async def branched(history: PostgresStores, user: str) -> Turn:
    """Store a session of nine messages with an edited first question, another edited one, and a second reply."""
    first = await whole_turn(history, user)
    session_id = first.session.session_id
    second = await whole_turn(history, user, session_id)
    await whole_turn(history, user, session_id, is_first=True)
    await whole_turn(history, user, session_id, parent_id=first.reply.message_id)
    await whole_reply(history, second)
    return first
