"""The statements that write, and how values get into them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, assert_never
from uuid import UUID

from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import STALE_AFTER
from thai_chat.domain.parts import Part
from thai_chat.domain.writes import (
    BeginReply,
    BeginTurn,
    Checkpoint,
    FinishReply,
    PurgeSession,
    UpdateSession,
)
from thai_chat.history.checks import json_text, parts_text
from thai_chat.history.postgres.sql.parameters import Filled, Filling, TextList, TextParameter, filled
from thai_chat.history.postgres.sql.rows import MESSAGE_SQL, SESSION_FIELDS, SESSION_SQL, message_sql
from thai_chat.history.turns import distinct

Fields = Mapping[str, object]

# A client that vanishes must leave nothing behind: no open transaction that holds a session's lock, and no statement
# that waits for somebody else's lock and would be carried out long after it was given up.
PATIENCE = {"lock_timeout": "1500ms"}
BEGIN = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '5s'; SET LOCAL lock_timeout = '1500ms'"

# The function is made by a migration, which says what it does: there it costs one round trip and no planning.
_BEGIN_TURN = f"""
SELECT turn.outcome, turn.parent_id, {", ".join(f"(turn.session).{name}" for name in SESSION_FIELDS)}
FROM chat_begin_turn(%(session_id)s, %(user_id)s, %(session_name)s, %(question_id)s, %(question)s, %(reply_id)s,
    %(content)s, %(backend)s, %(model)s, %(at)s, %(idempotency_key)s, %(parent_id)s, %(is_first)s, %(metadata)s,
    %(replay)s, %(stale_after)s, %(parts)s, %(beside)s) turn"""

_FINISH = """
UPDATE chat_messages m SET content = w.content, status = w.status, backend = w.backend, model = w.model,
    prompt_tokens = w.prompt_tokens::int, completion_tokens = w.completion_tokens::int,
    first_token_ms = w.first_token_ms::int, latency_ms = w.latency_ms::int,
    reasoning_tokens = w.reasoning_tokens::int, cost_usd = w.cost_usd::numeric,
    metadata = m.metadata || w.metadata::jsonb, parts = w.parts::jsonb, checkpointed_at = NULL
FROM (VALUES {}) AS w (message_id, session_id, content, status, backend, model, prompt_tokens, completion_tokens,
    first_token_ms, latency_ms, reasoning_tokens, cost_usd, metadata, parts)
WHERE m.message_id = w.message_id AND m.session_id = w.session_id AND m.checkpointed_at IS NOT NULL RETURNING """
_FINISHED = """(%(reply_id)s, %(session_id)s, %(content)s, %(status)s, %(backend)s, %(model)s, %(prompt_tokens)s,
    %(completion_tokens)s, %(first_token_ms)s, %(latency_ms)s, %(reasoning_tokens)s, %(cost_usd)s,
    %(metadata)s, %(parts)s)"""

_CHECKPOINT = """
UPDATE chat_messages m SET content = w.content, metadata = m.metadata || w.metadata::jsonb, parts = w.parts::jsonb,
    backend = coalesce(w.backend, m.backend), model = coalesce(w.model, m.model),
    checkpointed_at = least(w.alive_at, clock_timestamp())
FROM (VALUES {}) AS w (message_id, session_id, content, backend, model, metadata, parts, alive_at)
WHERE m.message_id = w.message_id AND m.session_id = w.session_id AND m.checkpointed_at IS NOT NULL
    AND m.status = ANY (%s)"""
_CHECKPOINTED = """(%(reply_id)s, %(session_id)s, %(content)s, %(backend)s, %(model)s, %(metadata)s,
    %(parts)s, %(alive_at)s::timestamptz)"""

_UPDATE_SESSION = f"""
UPDATE chat_sessions s SET session_name = coalesce(%(session_name)s, session_name),
    backend = coalesce(%(backend)s, backend), model = coalesce(%(model)s, model),
    pinned_at = CASE WHEN %(pinned)s THEN coalesce(pinned_at, %(at)s) WHEN %(pinned)s IS NULL THEN pinned_at END,
    archived_at = CASE WHEN %(archived)s THEN coalesce(archived_at, %(at)s)
        WHEN %(archived)s IS NULL THEN archived_at END,
    deleted_at = CASE WHEN %(deleted)s THEN coalesce(deleted_at, %(at)s) WHEN %(deleted)s IS NULL THEN deleted_at END,
    is_active = coalesce(NOT %(deleted)s, is_active), leaf_id = coalesce(%(leaf_id)s, leaf_id),
    options = coalesce(%(options)s::jsonb, options), tags = coalesce(%(tags)s::text[], tags),
    folder = CASE WHEN %(folder)s::text IS NULL THEN folder ELSE nullif(%(folder)s::text, '') END,
    metadata = CASE WHEN %(metadata)s::jsonb IS NOT NULL THEN %(metadata)s::jsonb
        WHEN %(dept_id)s::text IS NULL THEN metadata WHEN %(dept_id)s::text = '' THEN metadata - 'dept_id'
        ELSE metadata || jsonb_build_object('dept_id', %(dept_id)s::text) END
WHERE session_id = %(session_id)s AND user_id = %(user_id)s RETURNING {SESSION_SQL}"""

LOCK_SESSION = f"""
SELECT {SESSION_SQL} FROM chat_sessions s WHERE session_id = %s AND user_id = %s FOR UPDATE"""

_PURGE_SESSION = """
DELETE FROM chat_sessions WHERE session_id = %(session_id)s AND user_id = %(user_id)s
    AND (deleted_at IS NOT NULL OR NOT %(only_trash)s)"""

# Keys are on questions, and on replies that were asked for again.
EARLIER = f"""
SELECT {SESSION_SQL}, known.message_id, {message_sql("question")}, {message_sql("reply")} FROM chat_messages known
JOIN chat_sessions s ON s.session_id = known.session_id AND s.user_id = %(user_id)s
JOIN LATERAL (
    SELECT known.message_id WHERE known.role = 'assistant'
    UNION ALL (
        SELECT r.message_id FROM chat_messages r WHERE known.role = 'user' AND r.parent_id = known.message_id
            AND r.role = 'assistant' ORDER BY r.message_order LIMIT 1)
) first ON true
JOIN chat_messages reply ON reply.message_id = first.message_id
JOIN chat_messages question ON question.message_id = reply.parent_id
WHERE known.session_id = %(session_id)s
    AND (known.message_id = %(own_id)s OR known.idempotency_key = %(idempotency_key)s)
ORDER BY known.message_order LIMIT 1"""


def begin(cursor: Any, writes: Iterable[BeginTurn | BeginReply], *, replay: bool) -> Filled:
    """Return the statement that begins turns and replies.

    It gives an outcome, the parent and SESSION_FIELDS for each, in order, one after the other.
    """
    filling = Filling(cursor)
    turns = [filling.filled(_BEGIN_TURN, {**_begin_fields(write), "replay": replay}) for write in writes]
    return Filled(b" UNION ALL ".join(turns), filling.texts)


def _begin_fields(write: BeginTurn | BeginReply) -> Fields:
    """Return the fields of a begin; without a question it is one more reply to a stored one."""
    own: Fields
    match write:
        case BeginTurn():
            own = {
                "session_name": TextParameter(write.session_name),
                "question": TextParameter(write.question),
                "content": "",
                "parent_id": write.parent_id,
                "is_first": write.is_first,
                "parts": _parts(write.parts),
                "beside": False,
            }
        case BeginReply():
            own = {
                "session_name": None,
                "question": None,
                "content": TextParameter(write.content),
                "parent_id": None,
                "is_first": False,
                "parts": None,
                "beside": write.beside,
            }
        case _:
            assert_never(write)
    return {
        **own,
        "session_id": write.session_id,
        "user_id": write.user_id,
        "question_id": write.question_id,
        "reply_id": write.reply_id,
        "backend": write.choice.backend,
        "model": write.choice.model,
        "at": write.at,
        "idempotency_key": write.idempotency_key,
        "metadata": TextParameter(json_text(write.metadata)),
        "stale_after": STALE_AFTER,
    }


def checkpoints(cursor: Any, writes: Sequence[Checkpoint], *, replay: bool) -> Filled:
    """Return the statement that stores checkpoints.

    In a replay a reply may have been settled by the turn after it before its own text comes.
    """
    rows = (
        {
            "reply_id": write.reply_id,
            "session_id": write.session_id,
            "content": TextParameter(write.content),
            "backend": write.choice and write.choice.backend,
            "model": write.choice and write.choice.model,
            "metadata": TextParameter(json_text(write.metadata)),
            "parts": _parts(write.parts),
            # The database's clock alone counts: a sign of life "from the end of time" is cut down to now.
            "alive_at": write.at if replay else "infinity",
        }
        for write in writes
    )
    statuses = ["streaming", "interrupted"] if replay else ["streaming"]
    return _with_rows(cursor, _CHECKPOINT, (statuses,), _CHECKPOINTED, rows)


def finish_replies(cursor: Any, writes: Iterable[FinishReply]) -> Filled:
    """Return the statement that finishes replies; it gives the MESSAGE_FIELDS of those that it finished, in no
    order."""
    rows = (
        {
            "reply_id": write.reply_id,
            "session_id": write.session_id,
            "content": TextParameter(write.content),
            "status": write.status.value,
            "backend": write.choice.backend,
            "model": write.choice.model,
            "prompt_tokens": write.figures.prompt_tokens,
            "completion_tokens": write.figures.completion_tokens,
            "first_token_ms": write.figures.first_token_ms,
            "latency_ms": write.figures.latency_ms,
            "reasoning_tokens": write.figures.reasoning_tokens,
            "cost_usd": write.figures.cost_usd,
            "metadata": TextParameter(json_text(write.metadata)),
            "parts": _parts(write.parts),
        }
        for write in writes
    )
    return _with_rows(cursor, _FINISH + MESSAGE_SQL, (), _FINISHED, rows)


def update_session(
    cursor: Any, write: UpdateSession, leaf_id: UUID | None, metadata: JsonObject | None = None
) -> Filled:
    """Return the statement that updates a session; it gives SESSION_FIELDS, or nothing.

    `leaf_id` is the newest end of the branch that the write names, `metadata` all of it where the write merges some.
    """
    fields: Fields = {
        "session_id": write.session_id,
        "user_id": write.user_id,
        "at": write.at,
        "session_name": None if write.session_name is None else TextParameter(write.session_name),
        "backend": write.choice and write.choice.backend,
        "model": write.choice and write.choice.model,
        "pinned": write.pinned,
        "archived": write.archived,
        "deleted": write.deleted,
        "leaf_id": leaf_id,
        "options": None if write.options is None else TextParameter(json_text(write.options)),
        "tags": None if write.tags is None else TextList(distinct(write.tags)),
        "folder": None if write.folder is None else TextParameter(write.folder),
        "dept_id": None if write.dept_id is None else TextParameter(write.dept_id),
        "metadata": None if metadata is None else TextParameter(json_text(metadata)),
    }
    return filled(cursor, _UPDATE_SESSION, fields)


def purge_session(cursor: Any, write: PurgeSession) -> Filled:
    fields = {"session_id": write.session_id, "user_id": write.user_id, "only_trash": write.only_trash}
    return filled(cursor, _PURGE_SESSION, fields)


def _parts(parts: Sequence[Part]) -> TextParameter | None:
    text = parts_text(parts)
    return None if text is None else TextParameter(text)


def _with_rows(cursor: Any, statement: str, values: Sequence[object], row: str, rows: Iterable[Fields]) -> Filled:
    """Return `statement` with `row` filled in for each of `rows` in place of its braces; there must be at least one."""
    before, after = statement.split("{}")
    filling = Filling(cursor)
    listed = b", ".join([filling.filled(row, fields) for fields in rows])
    return Filled(before.encode() + listed + filling.filled(after, values or None), filling.texts)
