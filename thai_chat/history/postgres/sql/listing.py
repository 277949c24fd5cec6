"""Which sessions a list shows, and where it goes on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Integer, Select, String, func, literal_column, select, text, tuple_
from sqlalchemy.dialects.postgresql import array

from thai_chat.domain.labels import Labels
from thai_chat.domain.messages import Session
from thai_chat.domain.reads import (
    ReadLabels,
    ReadSessionCount,
    ReadSessions,
    SessionFilter,
    SessionOrder,
    Shelf,
)
from thai_chat.history.postgres.sql.rows import SESSION_COLUMNS, session_of
from thai_chat.history.postgres.sql.tables import DEPT, MARKED, SHELF, chat_sessions


def sessions(connection: Connection, read: ReadSessions) -> list[Session]:
    """Return the sessions that are meant, newest first."""
    return [session_of(row) for row in connection.execute(query(read)).all()]


def counted(connection: Connection, read: ReadSessionCount | ReadLabels) -> int | Labels:
    return labels(connection, read) if isinstance(read, ReadLabels) else _count(connection, read)


def _count(connection: Connection, read: ReadSessionCount) -> int:
    found = _filtered(select(func.count()).select_from(chat_sessions), read.user_id, read.filter)
    return int(connection.execute(found).scalar_one())


def query(read: ReadSessions) -> Select[Any]:
    """Return a query of SESSION_COLUMNS, newest first."""
    columns, before = chat_sessions.c, read.before
    at = columns.created_at if read.order is SessionOrder.CREATED else columns.updated_at
    found = _filtered(select(*SESSION_COLUMNS), read.user_id, read.filter)
    if before:
        found = found.where(tuple_(at, columns.session_id) < tuple_(before.at, before.session_id))
    found = found.order_by(at.desc(), columns.session_id.desc()).limit(read.limit)
    return found.offset(read.offset) if read.offset else found


def _filtered(found: Select[Any], user_id: str, wanted: SessionFilter) -> Select[Any]:
    """Return the query with the filter's conditions, which are those of the indexes, word for word."""
    columns = chat_sessions.c
    shelf = literal_column(f"({SHELF})", Integer)
    found = found.where(columns.user_id == user_id, shelf == list(Shelf).index(wanted.shelf))
    if wanted.pinned is not None:
        found = found.where(columns.pinned_at.is_not(None) if wanted.pinned else columns.pinned_at.is_(None))
    if wanted.tag is not None:
        found = found.where(text(f"({MARKED})"), columns.tags.contains(array([wanted.tag])))
    if wanted.folder is not None:
        found = found.where(text(f"({MARKED})"), columns.folder == wanted.folder)
    if wanted.name_contains:
        # The server takes twice as long over ILIKE.
        name, part = func.lower(columns.session_name), func.lower(wanted.name_contains)
        found = found.where(func.strpos(name, part) > 0)
    if wanted.dept_id is not None:
        found = found.where(literal_column(f"({DEPT})", String) == wanted.dept_id)
    return found


def labels(connection: Connection, read: ReadLabels) -> Labels:
    """Return the labels of the sessions on the shelf."""
    columns = chat_sessions.c
    mine = (
        columns.user_id == read.user_id,
        literal_column(f"({SHELF})", Integer) == list(Shelf).index(read.shelf),
        text(f"({MARKED})"),
    )
    folders = select(columns.folder, func.count()).where(*mine, columns.folder.is_not(None)).group_by(columns.folder)
    used = select(func.unnest(columns.tags).label("tag")).where(*mine).subquery()
    tags = select(used.c.tag, func.count()).group_by(used.c.tag)
    return Labels.counted(
        folders=[(name, sessions) for name, sessions in connection.execute(folders)],
        tags=[(name, sessions) for name, sessions in connection.execute(tags)],
    )
