"""Makes sessions without messages, and adds messages that no model answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from thai_chat.domain.errors import ReplyRunning, SessionNotFound, ThaiChatError
from thai_chat.domain.messages import STALE_AFTER, AddedMessage, Session
from thai_chat.domain.writes import AddMessage, CreateSession
from thai_chat.history.checks import json_text
from thai_chat.history.postgres.sql.parameters import TextParameter, filled, run
from thai_chat.history.postgres.sql.rows import MESSAGE_SQL, SESSION_SQL, message_of, session_of
from thai_chat.history.postgres.sql.statements import BEGIN, PATIENCE

_CREATE = f"""
INSERT INTO chat_sessions AS s (session_id, user_id, session_name, backend, model, created_at, updated_at, options,
    metadata)
VALUES (%(session_id)s, %(user_id)s, %(session_name)s, %(backend)s, %(model)s, %(at)s, %(at)s, %(options)s::jsonb,
    %(metadata)s::jsonb)
ON CONFLICT (session_id) DO NOTHING RETURNING {SESSION_SQL}"""
_SESSION = f"SELECT {SESSION_SQL} FROM chat_sessions s WHERE s.session_id = %(session_id)s AND s.user_id = %(user_id)s"
_KNOWN = f"""
SELECT {MESSAGE_SQL} FROM chat_messages m WHERE m.session_id = %(session_id)s
    AND (m.message_id = %(message_id)s OR m.idempotency_key = %(idempotency_key)s) ORDER BY m.message_order LIMIT 1"""
# The newest message and, where it is a reply, those beside it: as the function that begins turns looks at them.
_STREAMING = """
SELECT m.message_id, m.checkpointed_at > clock_timestamp() - %(stale_after)s FROM chat_messages newest
JOIN chat_messages m ON m.message_id = newest.message_id
    OR (newest.role = 'assistant' AND m.parent_id = newest.parent_id)
WHERE newest.session_id = %(session_id)s AND newest.message_order = %(newest_order)s AND m.status = 'streaming'"""
_SETTLE = "UPDATE chat_messages SET status = 'interrupted' WHERE message_id = ANY (%s::uuid[])"
_ORDER = "SELECT message_order FROM chat_messages WHERE message_id = %s AND session_id = %s"
_ADD = f"""
INSERT INTO chat_messages AS m (message_id, session_id, parent_id, role, content, message_order, status, created_at,
    metadata, idempotency_key, parent_order)
VALUES (%(message_id)s, %(session_id)s, %(parent_id)s, %(role)s, %(content)s, %(message_order)s, 'complete', %(at)s,
    %(metadata)s::jsonb, %(idempotency_key)s, %(parent_order)s)
RETURNING {MESSAGE_SQL}"""
_GROW = f"""
UPDATE chat_sessions s SET leaf_id = %(message_id)s, message_count = %(message_order)s,
    updated_at = greatest(s.updated_at, %(at)s), has_branches = s.has_branches OR %(parent_order)s::int IS NOT NULL,
    is_active = true, deleted_at = NULL
WHERE s.session_id = %(session_id)s RETURNING {SESSION_SQL}"""


def create(cursor: Any, write: CreateSession) -> Session | ThaiChatError:
    """Return the session, also where it was there already; SessionNotFound where another person has its id."""
    fields = {
        "session_id": write.session_id,
        "user_id": write.user_id,
        "session_name": TextParameter(write.session_name),
        "backend": write.choice.backend,
        "model": write.choice.model,
        "at": write.at,
        "options": TextParameter(json_text(write.options)),
        "metadata": TextParameter(json_text(write.metadata)),
    }
    rows = run(cursor, filled(cursor, _CREATE, fields), PATIENCE).rows
    if not rows:
        cursor.execute(_SESSION, {"session_id": write.session_id, "user_id": write.user_id})
        rows = cursor.fetchall()
    return session_of(rows[0]) if rows else SessionNotFound()


def add_alone(cursor: Any, write: CreateSession | AddMessage) -> Session | AddedMessage | ThaiChatError:
    if isinstance(write, CreateSession):
        return create(cursor, write)
    cursor.execute(BEGIN)
    outcome = add(cursor, write, replay=False)
    cursor.execute("COMMIT")
    return outcome


def add(cursor: Any, write: AddMessage, *, replay: bool) -> AddedMessage | ThaiChatError:
    """Add the message in the transaction that is open. In a replay a reply that still grows does not stop it."""
    ids: Mapping[str, object] = {
        "session_id": write.session_id,
        "user_id": write.user_id,
        "message_id": write.message_id,
        "idempotency_key": write.idempotency_key,
    }
    cursor.execute(f"{_SESSION} FOR UPDATE", ids)
    row = cursor.fetchone()
    if row is None:
        return SessionNotFound()
    session = session_of(row)
    cursor.execute(_KNOWN, ids)
    if known := cursor.fetchone():
        message = message_of(known)
        return AddedMessage(session=session, message=message, repeated=message.message_id != write.message_id)
    cursor.execute(_STREAMING, {**ids, "newest_order": session.message_count, "stale_after": STALE_AFTER})
    streaming: Sequence[tuple[UUID, bool]] = cursor.fetchall()
    if any(lives for _, lives in streaming) and not replay:
        return ReplyRunning()
    if streaming:
        cursor.execute(_SETTLE, ([message_id for message_id, _ in streaming],))
    fields: Mapping[str, object] = {
        **ids,
        "parent_id": session.leaf_id,
        "role": write.role.value,
        "content": TextParameter(write.content),
        "message_order": session.message_count + 1,
        "at": write.at,
        "metadata": TextParameter(json_text(write.metadata)),
        "parent_order": _parent_order(cursor, session),
    }
    message = message_of(run(cursor, filled(cursor, _ADD, fields), PATIENCE).rows[0])
    grown = session_of(run(cursor, filled(cursor, _GROW, fields), PATIENCE).rows[0])
    return AddedMessage(session=grown, message=message)


def _parent_order(cursor: Any, session: Session) -> int | None:
    """Return the place of the session's leaf, where that is not its newest message."""
    if session.leaf_id is None:
        return None if session.message_count == 0 else 0
    cursor.execute(_ORDER, (session.leaf_id, session.session_id))
    row = cursor.fetchone()
    order = row[0] if row else 0
    return None if order == session.message_count else order
