"""Puts a corpus into a database as the application would have, its search index included, only faster."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

import psycopg2

from scripts.bench.corpus import Corpus, Line, SessionPlan, Size
from scripts.bench.seasons import Seasons
from thai_chat.domain.spelling import fold
from thai_chat.history.postgres.search.keys import packed

_BATCH = 20_000
_TABLES = {
    "chat_sessions": "session_id, user_id, session_name, backend, model, created_at, updated_at, message_count, tags",
    "chat_session_search": "session_id, user_id, created_at, version, search_text",
    "chat_messages": "message_id, session_id, parent_id, role, content, message_order, status, backend, model,"
    " created_at, prompt_tokens, completion_tokens, first_token_ms, latency_ms, metadata",
    "chat_message_search": "message_id, user_id, role, backend, model, created_at, version, search_text",
}
_INDEXES = "SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'chat_%_search' AND indexname NOT LIKE '%_pkey'"
_LEAVES = """
UPDATE chat_sessions s SET leaf_id = m.message_id FROM chat_messages m
WHERE m.session_id = s.session_id AND m.message_order = s.message_count"""


def is_loaded(address: str, size: Size) -> bool:
    """Tell whether `load` has been through with the database."""
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regclass('chat_message_search'))")
        return bool(cursor.fetchone()[0] == _mark(size))


def load(address: str, size: Size, progress: Callable[[str], None]) -> None:
    """Load the corpus into a database with the schema; what an earlier attempt left is thrown away."""
    parts = (Corpus(size), Seasons(size.seasons))
    with closing(psycopg2.connect(address)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE chat_sessions, chat_search_queue CASCADE")
        for table in ("chat_sessions", "chat_messages"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(_INDEXES)
        indexes = [definition for (definition,) in cursor.fetchall()]
        for definition in indexes:
            cursor.execute(f"DROP INDEX {definition.split()[2]}")
        for part in parts:
            _copy_sessions(cursor, part.sessions)
            _copy_messages(cursor, part.lines(), progress)
        for definition in indexes:
            progress(f"building {definition.split()[2]}")
            cursor.execute(f"SET LOCAL maintenance_work_mem = '2GB'; {definition}")
            if "gin" in definition:
                cursor.execute(f"ALTER INDEX {definition.split()[2]} ALTER COLUMN 1 SET STATISTICS 0")
        cursor.execute(_LEAVES)
        for table in ("chat_sessions", "chat_messages"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("COMMENT ON TABLE chat_message_search IS %s", (_mark(size),))
    with closing(psycopg2.connect(address)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _mark(size: Size) -> str:
    return f"bench corpus 3 of {size} messages"


def _copy_sessions(cursor: Any, sessions: Sequence[SessionPlan]) -> None:
    for start in range(0, len(sessions), _BATCH):
        plans = sessions[start : start + _BATCH]
        _copy(cursor, "chat_sessions", [_session_row(plan) for plan in plans])
        names = [(p.session_id, p.user_id, p.starts_at, 0, packed(fold(p.name))) for p in plans]
        _copy(cursor, "chat_session_search", names)


def _session_row(plan: SessionPlan) -> tuple[object, ...]:
    tags = "{งาน}" if plan.session_id.int % 50 == 0 else "{}"
    at = plan.starts_at
    return (plan.session_id, plan.user_id, plan.name, plan.backend, plan.model, at, at, plan.messages, tags)


def _copy_messages(cursor: Any, lines: Iterable[Line], progress: Callable[[str], None]) -> None:
    batch: list[Line] = []
    figures = random.Random(1)
    for number, line in enumerate(lines, 1):
        batch.append(line)
        if len(batch) == _BATCH:
            _copy_batch(cursor, batch, figures)
            batch = []
            if number % (5 * _BATCH) == 0:
                progress(f"{number} messages written")
    _copy_batch(cursor, batch, figures)


def _copy_batch(cursor: Any, lines: Sequence[Line], figures: random.Random) -> None:
    _copy(cursor, "chat_messages", [_message_row(line, figures) for line in lines])
    _copy(cursor, "chat_message_search", [_search_row(line) for line in lines])


def _message_row(line: Line, figures: random.Random) -> tuple[object, ...]:
    plan, first_ms, tokens = line.plan, figures.randint(60, 900), len(line.content) // 2
    common = (line.message_id, plan.session_id, line.parent_id)
    if line.is_question:
        return (*common, "user", line.content, line.order, "complete", None, None, line.at, *4 * (None,), "{}")
    used = {"messages_sent": 6, "messages_left_out": max(0, line.order - 8), "estimated_tokens": 900 + tokens}
    metadata = json.dumps({"finish_reason": "stop", "context_used": {**used, "context_window": 8192}})
    answered = (900 + tokens, tokens, first_ms, first_ms + 20 * tokens)
    return (
        *common,
        "assistant",
        line.content,
        line.order,
        "complete",
        plan.backend,
        plan.model,
        line.at,
        *answered,
        metadata,
    )


def _search_row(line: Line) -> tuple[object, ...]:
    plan, text = line.plan, packed(fold(line.content))
    who = ("user", None, None) if line.is_question else ("assistant", plan.backend, plan.model)
    return (line.message_id, plan.user_id, *who, line.at, 0, text)


def _copy(cursor: Any, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    text = "".join("\t".join(map(_field, row)) + "\n" for row in rows)
    cursor.copy_expert(f"COPY {table} ({_TABLES[table]}) FROM STDIN", io.StringIO(text))


def _field(value: object) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).replace("\\", r"\\").replace("\t", r"\t").replace("\n", r"\n").replace("\r", r"\r")
