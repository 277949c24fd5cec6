"""Begins a session anew: no branch of it is shown any more."""

from __future__ import annotations

from typing import Any

from thai_chat.domain.errors import ReplyRunning, SessionNotFound, ThaiChatError
from thai_chat.domain.messages import Session
from thai_chat.domain.writes import ResetSession
from thai_chat.history.postgres.sql.parameters import filled, run
from thai_chat.history.postgres.sql.rows import SESSION_SQL, STALE, session_of
from thai_chat.history.postgres.sql.statements import BEGIN, PATIENCE

# Replies grow beside the newest message alone. A session that is locked gets no other before the transaction ends.
_RUNNING = f"""
SELECT FROM chat_sessions s WHERE s.session_id = %(session_id)s FOR UPDATE;
SELECT EXISTS (
    SELECT FROM chat_messages newest JOIN chat_messages m
        ON m.session_id = newest.session_id AND m.parent_id = newest.parent_id
    WHERE newest.session_id = s.session_id AND newest.message_order = s.message_count
        AND m.status = 'streaming' AND m.checkpointed_at > clock_timestamp() - {STALE})
FROM chat_sessions s WHERE s.session_id = %(session_id)s AND s.user_id = %(user_id)s"""
_RESET = f"""
UPDATE chat_sessions s SET leaf_id = nullif(s.leaf_id, %(leaf_id)s),
    has_branches = s.has_branches OR coalesce(s.leaf_id = %(leaf_id)s, false)
WHERE s.session_id = %(session_id)s AND s.user_id = %(user_id)s RETURNING {SESSION_SQL}"""


def reset_alone(cursor: Any, write: ResetSession) -> Session | ThaiChatError:
    """Reset the session unless a reply grows in it."""
    cursor.execute(BEGIN)
    cursor.execute(_RUNNING, _fields(write))
    row = cursor.fetchone()
    outcome = ReplyRunning() if row and row[0] else reset(cursor, write)
    cursor.execute("COMMIT")
    return outcome


def reset(cursor: Any, write: ResetSession) -> Session | ThaiChatError:
    """Return the session as stored, or why there is none."""
    rows = run(cursor, filled(cursor, _RESET, _fields(write)), PATIENCE).rows
    return session_of(rows[0]) if rows else SessionNotFound()


def _fields(write: ResetSession) -> dict[str, object]:
    return {"session_id": write.session_id, "user_id": write.user_id, "leaf_id": write.leaf_id}
