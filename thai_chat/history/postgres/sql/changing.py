"""Changes of sessions, and their deletion for good; a session of another version than the expected one stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from thai_chat.domain.addition_errors import MetadataTooLarge
from thai_chat.domain.errors import MessageNotFound, SessionNotFound, ThaiChatError
from thai_chat.domain.messages import Session
from thai_chat.domain.repeating_errors import ChangedMeanwhile
from thai_chat.domain.versions import require_version
from thai_chat.domain.writes import (
    PurgeSession,
    ResetSession,
    UpdateSession,
)
from thai_chat.history.postgres.sql import resets, statements, windows
from thai_chat.history.postgres.sql.parameters import run
from thai_chat.history.postgres.sql.rows import session_of
from thai_chat.history.turns import changed_metadata

Result = TypeVar("Result")


def change_alone(cursor: Any, write: UpdateSession | ResetSession) -> Session | ThaiChatError:
    if isinstance(write, ResetSession):
        return resets.reset_alone(cursor, write)
    is_several = write.leaf_id is not None or write.metadata is not None
    return _as_expected(cursor, write, lambda: _update(cursor, write), is_several=is_several)


def change(cursor: Any, write: UpdateSession | ResetSession) -> Session | ThaiChatError:
    return resets.reset(cursor, write) if isinstance(write, ResetSession) else _update(cursor, write)


def purge_alone(cursor: Any, write: PurgeSession) -> bool | ThaiChatError:
    """Return True when the session was deleted by this."""
    return _as_expected(cursor, write, lambda: bool(purge(cursor, write, statements.PATIENCE)))


def purge(cursor: Any, write: PurgeSession, settings: Mapping[str, str]) -> int:
    """Return how many sessions were deleted."""
    return run(cursor, statements.purge_session(cursor, write), settings).number


def _update(cursor: Any, write: UpdateSession) -> Session | ThaiChatError:
    """Change the session; to be called in a transaction when the write names a branch or metadata."""
    leaf_id = metadata = None
    if write.metadata is not None:
        session = _locked(cursor, write)
        if session is None:
            return SessionNotFound()
        try:
            metadata = changed_metadata(session, write)
        except MetadataTooLarge as too_large:
            return too_large
    if write.leaf_id:
        leaf_id = windows.newest_below(cursor, write.session_id, write.leaf_id)
    if leaf_id or write.leaf_id is None:
        rows = run(cursor, statements.update_session(cursor, write, leaf_id, metadata), statements.PATIENCE).rows
        return session_of(rows[0]) if rows else SessionNotFound()
    query = "SELECT FROM chat_sessions WHERE session_id = %s AND user_id = %s"
    cursor.execute(query, (write.session_id, write.user_id))
    return MessageNotFound() if cursor.fetchone() is not None else SessionNotFound()


def _as_expected(
    cursor: Any, write: UpdateSession | PurgeSession, act: Callable[[], Result], *, is_several: bool = False
) -> Result | ThaiChatError:
    """Change the session if it has an expected version, with nothing in between; in a transaction, where it is a matter
    of several statements."""
    if write.expected is None and not is_several:
        return act()
    cursor.execute(statements.BEGIN)
    outcome = _unexpected(cursor, write) or act()
    cursor.execute("COMMIT")
    return outcome


def _unexpected(cursor: Any, write: UpdateSession | PurgeSession) -> ThaiChatError | None:
    """Lock the session and return why it can't be changed."""
    if write.expected is None:
        return None
    session = _locked(cursor, write)
    if session is None and isinstance(write, UpdateSession):
        return SessionNotFound()
    try:
        require_version(session, write.expected)
    except ChangedMeanwhile as changed:
        return changed
    return None


def _locked(cursor: Any, write: UpdateSession | PurgeSession) -> Session | None:
    """Return the session, which nobody else changes before the transaction ends."""
    cursor.execute(statements.LOCK_SESSION, (write.session_id, write.user_id))
    row = cursor.fetchone()
    return session_of(row) if row else None
