"""The statements that write, and how values get into them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from thai_chat.domain.messages import BeginTurn, Checkpoint, FinishReply, Message, Session
from thai_chat.history.records import json_text
from thai_chat.history.rows import SESSION_SQL, STALE, message_sql

Fields = Mapping[str, object]

# A sign of life "from the end of time" is cut down to now by the database, whose clock alone counts.
_NOW = "infinity"

# A client that vanishes must leave nothing behind: no open transaction that holds a session's lock, and no statement
# that waits for somebody else's lock and would be carried out long after it was given up.
PATIENCE = b"SET LOCAL lock_timeout = '1500ms'; "
BEGIN = b"BEGIN; SET LOCAL idle_in_transaction_session_timeout = '5s'; " + PATIENCE

LOCK = f"""
SELECT {SESSION_SQL}, s.has_branches, last.message_id, last.status, last.checkpointed_at < clock_timestamp() - {STALE}
FROM chat_sessions s
LEFT JOIN chat_messages last ON last.session_id = s.session_id AND last.message_order = s.message_count
WHERE s.session_id IN %s ORDER BY s.session_id FOR UPDATE OF s"""

NEW_SESSIONS = """
INSERT INTO chat_sessions (session_id, user_id, session_name, backend, model, created_at, updated_at)
VALUES {} ON CONFLICT (session_id) DO NOTHING; """
NEW_SESSION = "(%(session_id)s, %(user_id)s, %(session_name)s, %(backend)s, %(model)s, %(at)s, %(at)s)"

NEW_MESSAGES = """
INSERT INTO chat_messages (message_id, session_id, parent_id, role, content, message_order, status, backend, model,
    created_at, prompt_tokens, completion_tokens, first_token_ms, latency_ms, metadata, checkpointed_at,
    idempotency_key)
VALUES {}; """
NEW_MESSAGE = """(%(message_id)s, %(session_id)s, %(parent_id)s, %(role)s, %(content)s, %(message_order)s, %(status)s,
    %(backend)s, %(model)s, %(created_at)s, %(prompt_tokens)s, %(completion_tokens)s, %(first_token_ms)s,
    %(latency_ms)s, %(metadata)s,
    CASE WHEN %(growing)s THEN least(%(alive_at)s::timestamptz, clock_timestamp()) END, %(idempotency_key)s)"""

SETTLE = "UPDATE chat_messages SET status = 'interrupted' WHERE message_id IN %s AND status = 'streaming'; "

SESSIONS = """
UPDATE chat_sessions s SET leaf_id = w.leaf_id, message_count = w.message_count, updated_at = w.updated_at,
    backend = w.backend, model = w.model, has_branches = w.has_branches
FROM (VALUES {}) AS w (session_id, leaf_id, message_count, updated_at, backend, model, has_branches)
WHERE s.session_id = w.session_id; """
SESSION = "(%(session_id)s, %(leaf_id)s, %(message_count)s, %(updated_at)s, %(backend)s, %(model)s, %(has_branches)s)"

FINISH = """
UPDATE chat_messages m SET content = w.content, status = w.status, backend = w.backend, model = w.model,
    prompt_tokens = w.prompt_tokens::int, completion_tokens = w.completion_tokens::int,
    first_token_ms = w.first_token_ms::int, latency_ms = w.latency_ms::int,
    metadata = m.metadata || w.metadata::jsonb, checkpointed_at = NULL
FROM (VALUES {}) AS w (message_id, session_id, content, status, backend, model, prompt_tokens, completion_tokens,
    first_token_ms, latency_ms, metadata)
WHERE m.message_id = w.message_id AND m.session_id = w.session_id AND m.checkpointed_at IS NOT NULL RETURNING """
FINISHED = """(%(reply_id)s, %(session_id)s, %(content)s, %(status)s, %(backend)s, %(model)s, %(prompt_tokens)s,
    %(completion_tokens)s, %(first_token_ms)s, %(latency_ms)s, %(metadata)s)"""

CHECKPOINT = """
UPDATE chat_messages m SET content = w.content, metadata = m.metadata || w.metadata::jsonb,
    checkpointed_at = least(w.alive_at, clock_timestamp())
FROM (VALUES {}) AS w (message_id, session_id, content, metadata, alive_at)
WHERE m.message_id = w.message_id AND m.session_id = w.session_id AND m.status = 'streaming'; """
CHECKPOINTED = "(%(reply_id)s, %(session_id)s, %(content)s, %(metadata)s, %(alive_at)s::timestamptz)"

UPDATE_SESSION = f"""
UPDATE chat_sessions s SET session_name = coalesce(%(session_name)s, session_name),
    backend = coalesce(%(backend)s, backend), model = coalesce(%(model)s, model),
    pinned_at = CASE WHEN %(pinned)s THEN coalesce(pinned_at, %(at)s) WHEN %(pinned)s IS NULL THEN pinned_at END,
    archived_at = CASE WHEN %(archived)s THEN coalesce(archived_at, %(at)s)
        WHEN %(archived)s IS NULL THEN archived_at END,
    deleted_at = CASE WHEN %(deleted)s THEN coalesce(deleted_at, %(at)s) WHEN %(deleted)s IS NULL THEN deleted_at END,
    is_active = coalesce(NOT %(deleted)s, is_active), leaf_id = coalesce(%(leaf_id)s, leaf_id)
WHERE session_id = %(session_id)s AND user_id = %(user_id)s AND (%(leaf_id)s IS NULL OR EXISTS (
    SELECT FROM chat_messages m WHERE m.message_id = %(leaf_id)s AND m.session_id = %(session_id)s))
RETURNING {SESSION_SQL}"""

EARLIER = f"""
SELECT {SESSION_SQL}, {message_sql("question")}, {message_sql("reply")} FROM chat_messages question
JOIN chat_sessions s ON s.session_id = question.session_id AND s.user_id = %(user_id)s
JOIN chat_messages reply ON reply.parent_id = question.message_id AND reply.role = 'assistant'
WHERE question.session_id = %(session_id)s
    AND (question.message_id = %(question_id)s OR question.idempotency_key = %(idempotency_key)s)
ORDER BY question.message_order, reply.message_order LIMIT 1"""


def values(cursor: Any, statement: str, template: str, rows: Iterable[Fields]) -> bytes:
    """`statement` with one `template` for each of `rows` in place of its braces; there must be at least one."""
    before, after = statement.split("{}")
    return before.encode() + b", ".join(cursor.mogrify(template, row) for row in rows) + after.encode()


def checkpoints(cursor: Any, writes: Sequence[Checkpoint], *, replay: bool) -> bytes:
    return values(
        cursor,
        CHECKPOINT,
        CHECKPOINTED,
        (
            {
                "reply_id": write.reply_id,
                "session_id": write.session_id,
                "content": write.content,
                "metadata": json_text(write.metadata),
                "alive_at": write.at if replay else _NOW,
            }
            for write in writes
        ),
    )


def session_fields(write: BeginTurn) -> Fields:
    return {
        "session_id": write.session_id,
        "user_id": write.user_id,
        "session_name": write.session_name,
        "backend": write.choice.backend,
        "model": write.choice.model,
        "at": write.at,
    }


def place_fields(session: Session, *, has_branches: bool) -> Fields:
    return {
        "session_id": session.session_id,
        "leaf_id": session.leaf_id,
        "message_count": session.message_count,
        "updated_at": session.updated_at,
        "backend": session.backend,
        "model": session.model,
        "has_branches": has_branches,
    }


def message_fields(message: Message, *, alive_at: datetime | None, idempotency_key: str | None, replay: bool) -> Fields:
    return {
        "message_id": message.message_id,
        "session_id": message.session_id,
        "parent_id": message.parent_id,
        "role": message.role.value,
        "content": message.content,
        "message_order": message.message_order,
        "status": message.status.value,
        "backend": message.backend,
        "model": message.model,
        "created_at": message.created_at,
        **asdict(message.figures),
        "metadata": json_text(message.metadata),
        "growing": alive_at is not None,
        "alive_at": alive_at if replay else _NOW,
        "idempotency_key": idempotency_key,
    }


def finish_fields(write: FinishReply) -> Fields:
    return {
        "reply_id": write.reply_id,
        "session_id": write.session_id,
        "content": write.content,
        "status": write.status.value,
        "backend": write.choice.backend,
        "model": write.choice.model,
        **asdict(write.figures),
        "metadata": json_text(write.metadata),
    }
