"""Which sessions a list shows, and what labels they have: the same as `postgres/sql/listing.py` asks of PostgreSQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from thai_chat.domain.labels import Labels
from thai_chat.domain.messages import Session
from thai_chat.domain.reads import SessionCursor, SessionFilter, Shelf


def newness(session: Session) -> tuple[datetime, UUID]:
    return session.updated_at, session.session_id


def shelf_of(session: Session) -> Shelf:
    if session.deleted_at:
        return Shelf.TRASH
    return Shelf.ARCHIVED if session.archived_at else Shelf.CURRENT


def is_listed(session: Session, wanted: SessionFilter, before: SessionCursor | None) -> bool:
    """Return whether the list shows the session: the same as `query` asks of PostgreSQL."""
    return (
        shelf_of(session) is wanted.shelf
        and wanted.pinned in (None, session.pinned_at is not None)
        and (wanted.tag is None or wanted.tag in session.tags)
        and wanted.folder in (None, session.folder)
        and wanted.name_contains.lower() in session.session_name.lower()
        and (before is None or newness(session) < (before.updated_at, before.session_id))
    )


def count_labels(sessions: Iterable[Session], shelf: Shelf) -> Labels:
    """Return the labels on the shelf: the same as `labels` asks of PostgreSQL."""
    there = [session for session in sessions if shelf_of(session) is shelf]
    folders = Counter(session.folder for session in there if session.folder)
    tags = Counter(tag for session in there for tag in session.tags)
    return Labels.counted(folders=folders.items(), tags=tags.items())
