"""The answers of PostgreSQL to each kind of read."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Connection, select

from thai_chat.domain.errors import MessageNotFound, SessionNotFound
from thai_chat.domain.messages import Message, Session
from thai_chat.domain.reads import (
    Answer,
    Read,
    ReadBranchCounts,
    ReadDeleted,
    ReadIsKeyKnown,
    ReadLabels,
    ReadMessage,
    ReadMessages,
    ReadOwner,
    ReadSession,
    ReadSessionCount,
    ReadSessions,
    ReadVersions,
    ReadWindow,
)
from thai_chat.history.postgres.sql import listing, windows
from thai_chat.history.postgres.sql.rows import MESSAGE_COLUMNS, SESSION_SQL, message_of, session_of
from thai_chat.history.postgres.sql.tables import chat_messages, chat_sessions

_SESSION = f"SELECT {SESSION_SQL} FROM chat_sessions s WHERE s.session_id = %s AND s.user_id = %s"


def answer(connection: Connection, read: Read[Answer]) -> Answer:
    """Return the answer. Raises as the read says."""
    found: object
    match read:
        case ReadSession():
            found = _session(connection, read)
        case ReadOwner():
            found = _owner(connection, read)
        case ReadSessions():
            found = listing.sessions(connection, read)
        case ReadSessionCount() | ReadLabels():
            found = listing.counted(connection, read)
        case ReadMessages() | ReadBranchCounts() | ReadVersions():
            found = windows.answer(connection, read)
        case ReadWindow():
            found = _session(connection, read.session), windows.messages(connection, read.messages)
        case ReadIsKeyKnown():
            found = _is_key_known(connection, read)
        case ReadDeleted():
            found = windows.deleted(connection, read)
        case ReadMessage():
            found = _message(connection, read)
        case _:
            raise TypeError(f"there is no statement for {type(read).__name__}")
    return cast("Answer", found)


def _session(connection: Connection, read: ReadSession) -> Session:
    # Straight from the driver, as it is read again and again: SQLAlchemy would cost as much as the query.
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        cursor.execute(_SESSION, (read.session_id, read.user_id))
        row = cursor.fetchone()
    if row is None:
        raise SessionNotFound()
    return session_of(row)


def _owner(connection: Connection, read: ReadOwner) -> str:
    query = select(chat_sessions.c.user_id).where(chat_sessions.c.session_id == read.session_id)
    owner = connection.execute(query).scalar()
    if owner is None:
        raise SessionNotFound()
    return str(owner)


def _is_key_known(connection: Connection, read: ReadIsKeyKnown) -> bool:
    query = (
        select(chat_messages.c.message_id)
        .join(chat_sessions, chat_sessions.c.session_id == chat_messages.c.session_id)
        .where(
            chat_messages.c.session_id == read.session_id,
            chat_messages.c.idempotency_key == read.idempotency_key,
            chat_sessions.c.user_id == read.user_id,
        )
    )
    return connection.execute(query).first() is not None


def _message(connection: Connection, read: ReadMessage) -> Message:
    query = (
        select(*MESSAGE_COLUMNS)
        .join(chat_sessions, chat_sessions.c.session_id == chat_messages.c.session_id)
        .where(chat_messages.c.message_id == read.message_id, chat_sessions.c.user_id == read.user_id)
    )
    row = connection.execute(query).first()
    if row is None:
        raise MessageNotFound()
    return message_of(row)
