"""Which sessions a list shows, and what labels they have: the same as `postgres/sql/listing.py` asks of PostgreSQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from thai_chat.domain.facts import dept_of
from thai_chat.domain.labels import Labels
from thai_chat.domain.messages import Session
from thai_chat.domain.reads import ReadSessions, SessionFilter, SessionOrder, Shelf


def newness(session: Session, order: SessionOrder = SessionOrder.UPDATED) -> tuple[datetime, UUID]:
    return session.created_at if order is SessionOrder.CREATED else session.updated_at, session.session_id


def shelf_of(session: Session) -> Shelf:
    if session.deleted_at:
        return Shelf.TRASH
    return Shelf.ARCHIVED if session.archived_at else Shelf.CURRENT


def page(sessions: Iterable[Session], read: ReadSessions) -> list[Session]:
    """Return the page that is meant, newest first."""
    before = (read.before.at, read.before.session_id) if read.before else None
    found = (one for one in sessions if is_listed(one, read.filter))
    below = [one for one in found if before is None or newness(one, read.order) < before]
    below.sort(key=lambda one: newness(one, read.order), reverse=True)
    return below[read.offset : read.offset + read.limit]


def is_listed(session: Session, wanted: SessionFilter) -> bool:
    """Return whether a list has the session: the same as `query` asks of PostgreSQL."""
    return (
        shelf_of(session) is wanted.shelf
        and wanted.pinned in (None, session.pinned_at is not None)
        and (wanted.tag is None or wanted.tag in session.tags)
        and wanted.folder in (None, session.folder)
        and wanted.dept_id in (None, dept_of(session.metadata))
        and wanted.name_contains.lower() in session.session_name.lower()
    )


def count_labels(sessions: Iterable[Session], shelf: Shelf) -> Labels:
    """Return the labels on the shelf: the same as `labels` asks of PostgreSQL."""
    there = [session for session in sessions if shelf_of(session) is shelf]
    folders = Counter(session.folder for session in there if session.folder)
    tags = Counter(tag for session in there for tag in session.tags)
    return Labels.counted(folders=folders.items(), tags=tags.items())
