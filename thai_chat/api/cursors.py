"""Cursors of lists that are ordered by time: where a page ended, as a text that clients give back unread."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from thai_chat.domain.errors import InvalidCursor


def cursor_of(at: datetime, row_id: UUID) -> str:
    return f"{at.isoformat()}~{row_id}"


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Return the time and the id of the last row of a page. Raises InvalidCursor."""
    at, _, row_id = cursor.partition("~")
    try:
        found = datetime.fromisoformat(at), UUID(row_id)
    except ValueError as exc:
        raise InvalidCursor from exc
    if found[0].tzinfo is None:
        raise InvalidCursor
    return found
