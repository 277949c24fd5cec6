"""Which sessions a list shows, and where it goes on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Integer, Select, func, literal_column, select, text, tuple_
from sqlalchemy.dialects.postgresql import array

from thai_chat.domain.labels import Labels
from thai_chat.domain.messages import Session
from thai_chat.domain.reads import ReadLabels, ReadSessions, Shelf
from thai_chat.history.postgres.sql.rows import SESSION_COLUMNS, session_of
from thai_chat.history.postgres.sql.tables import MARKED, SHELF, chat_sessions


def sessions(connection: Connection, read: ReadSessions) -> list[Session]:
    """Return the sessions that are meant, newest first."""
    return [session_of(row) for row in connection.execute(query(read)).all()]


def query(read: ReadSessions) -> Select[Any]:
    """Return a query of SESSION_COLUMNS, newest first. Its conditions are those of the indexes, word for word."""
    wanted, before = read.filter, read.before
    columns = chat_sessions.c
    shelf = literal_column(f"({SHELF})", Integer)
    found = select(*SESSION_COLUMNS).where(columns.user_id == read.user_id, shelf == list(Shelf).index(wanted.shelf))
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
    if before:
        found = found.where(
            tuple_(columns.updated_at, columns.session_id) < tuple_(before.updated_at, before.session_id)
        )
    return found.order_by(columns.updated_at.desc(), columns.session_id.desc()).limit(read.limit)


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
