"""The statements that write, and how values get into them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from thai_chat.domain.messages import STALE_AFTER, BeginTurn, Checkpoint, FinishReply, UpdateSession
from thai_chat.history.records import json_text
from thai_chat.history.rows import MESSAGE_SQL, SESSION_FIELDS, SESSION_SQL, message_sql

Fields = Mapping[str, object]

# A client that vanishes must leave nothing behind: no open transaction that holds a session's lock, and no statement
# that waits for somebody else's lock and would be carried out long after it was given up.
PATIENCE = b"SET LOCAL lock_timeout = '1500ms'; "
BEGIN = b"BEGIN; SET LOCAL idle_in_transaction_session_timeout = '5s'; " + PATIENCE

# The function is made by the first migration, which says what it does: there it costs one round trip and no planning.
_BEGIN_TURN = f"""
SELECT turn.outcome, turn.parent_id, {", ".join(f"(turn.session).{name}" for name in SESSION_FIELDS)}
FROM chat_begin_turn(%(session_id)s, %(user_id)s, %(session_name)s, %(question_id)s, %(question)s, %(reply_id)s,
    %(backend)s, %(model)s, %(at)s, %(idempotency_key)s, %(parent_id)s, %(metadata)s, %(replay)s,
    %(stale_after)s) turn"""

_FINISH = """
UPDATE chat_messages m SET content = w.content, status = w.status, backend = w.backend, model = w.model,
    prompt_tokens = w.prompt_tokens::int, completion_tokens = w.completion_tokens::int,
    first_token_ms = w.first_token_ms::int, latency_ms = w.latency_ms::int,
    metadata = m.metadata || w.metadata::jsonb, checkpointed_at = NULL
FROM (VALUES {}) AS w (message_id, session_id, content, status, backend, model, prompt_tokens, completion_tokens,
    first_token_ms, latency_ms, metadata)
WHERE m.message_id = w.message_id AND m.session_id = w.session_id AND m.checkpointed_at IS NOT NULL RETURNING """
_FINISHED = """(%(reply_id)s, %(session_id)s, %(content)s, %(status)s, %(backend)s, %(model)s, %(prompt_tokens)s,
    %(completion_tokens)s, %(first_token_ms)s, %(latency_ms)s, %(metadata)s)"""

_CHECKPOINT = """
UPDATE chat_messages m SET content = w.content, metadata = m.metadata || w.metadata::jsonb,
    checkpointed_at = least(w.alive_at, clock_timestamp())
FROM (VALUES {}) AS w (message_id, session_id, content, metadata, alive_at)
WHERE m.message_id = w.message_id AND m.session_id = w.session_id AND m.checkpointed_at IS NOT NULL
    AND m.status = ANY (%s); """
_CHECKPOINTED = "(%(reply_id)s, %(session_id)s, %(content)s, %(metadata)s, %(alive_at)s::timestamptz)"

_UPDATE_SESSION = f"""
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


def begin_turns(cursor: Any, writes: Iterable[BeginTurn], *, replay: bool) -> bytes:
    """Gives an outcome, the question's parent and SESSION_FIELDS for each, in order, one after the other."""
    turns = (
        cursor.mogrify(
            _BEGIN_TURN,
            {
                "session_id": write.session_id,
                "user_id": write.user_id,
                "session_name": write.session_name,
                "question_id": write.question_id,
                "question": write.question,
                "reply_id": write.reply_id,
                "backend": write.choice.backend,
                "model": write.choice.model,
                "at": write.at,
                "idempotency_key": write.idempotency_key,
                "parent_id": write.parent_id,
                "metadata": json_text(write.metadata),
                "replay": replay,
                "stale_after": STALE_AFTER,
            },
        )
        for write in writes
    )
    return (b"" if replay else PATIENCE) + b" UNION ALL ".join(turns)


def checkpoints(cursor: Any, writes: Sequence[Checkpoint], *, replay: bool) -> bytes:
    """In a replay a reply may have been settled by the turn after it before its own text comes."""
    rows = (
        {
            "reply_id": write.reply_id,
            "session_id": write.session_id,
            "content": write.content,
            "metadata": json_text(write.metadata),
            # The database's clock alone counts: a sign of life "from the end of time" is cut down to now.
            "alive_at": write.at if replay else "infinity",
        }
        for write in writes
    )
    statuses = ["streaming", "interrupted"] if replay else ["streaming"]
    return _with_rows(cursor, _CHECKPOINT, (statuses,), _CHECKPOINTED, rows)


def finish_replies(cursor: Any, writes: Iterable[FinishReply]) -> bytes:
    """Gives MESSAGE_FIELDS of those that were finished by it, in no order."""
    rows = (
        {
            "reply_id": write.reply_id,
            "session_id": write.session_id,
            "content": write.content,
            "status": write.status.value,
            "backend": write.choice.backend,
            "model": write.choice.model,
            "prompt_tokens": write.figures.prompt_tokens,
            "completion_tokens": write.figures.completion_tokens,
            "first_token_ms": write.figures.first_token_ms,
            "latency_ms": write.figures.latency_ms,
            "metadata": json_text(write.metadata),
        }
        for write in writes
    )
    return PATIENCE + _with_rows(cursor, _FINISH + MESSAGE_SQL, (), _FINISHED, rows)


def update_session(cursor: Any, write: UpdateSession) -> bytes:
    """Gives SESSION_FIELDS, or nothing."""
    fields: Fields = {
        "session_id": write.session_id,
        "user_id": write.user_id,
        "at": write.at,
        "session_name": write.session_name,
        "backend": write.choice and write.choice.backend,
        "model": write.choice and write.choice.model,
        "pinned": write.pinned,
        "archived": write.archived,
        "deleted": write.deleted,
        "leaf_id": write.leaf_id,
    }
    return PATIENCE + bytes(cursor.mogrify(_UPDATE_SESSION, fields))


def _with_rows(cursor: Any, statement: str, values: Sequence[object], row: str, rows: Iterable[Fields]) -> bytes:
    """`statement` with `row` filled in for each of `rows` in place of its braces; there must be at least one."""
    before, after = statement.split("{}")
    listed = b", ".join(cursor.mogrify(row, fields) for fields in rows)
    return before.encode() + listed + bytes(cursor.mogrify(after, values or None))
