"""Which sessions a list shows, and where a page of it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCursor:
    """Where a page of sessions ended: the next one starts below it, newest first."""

    updated_at: datetime
    session_id: UUID


class Shelf(StrEnum):
    """Where a session is kept; in one place only. What is in the trash is nowhere else."""

    CURRENT = "current"
    ARCHIVED = "archived"
    TRASH = "trash"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilter:
    """Which sessions a list shows: those that meet all of it."""

    name_contains: str = ""
    """Ignores case."""
    shelf: Shelf = Shelf.CURRENT
    pinned: bool | None = None
    tag: str | None = None
    folder: str | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        return self.name_contains, self.tag or "", self.folder or ""


CURRENT_SESSIONS = SessionFilter()
