"""Searches what memory holds, as PostgreSQL would: the same texts in the same order, looked through one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from thai_chat.domain.facts import rated
from thai_chat.domain.messages import Message, Session, Status
from thai_chat.domain.searching import (
    SEARCHED_CHARS,
    NamePage,
    SearchCursor,
    SearchFilters,
    SearchHit,
    SearchPage,
    SearchQuery,
    has_in_any_form,
    has_literally,
)
from thai_chat.domain.spelling import fold
from thai_chat.history.checks import check_query
from thai_chat.history.memory.sessions import HeldSessions

Item = TypeVar("Item")
Key = tuple[datetime, UUID]


class MemorySearch:
    """A `MessageSearch` over what is held."""

    unindexed = 0

    def __init__(self, held: HeldSessions) -> None:
        self._held = held

    async def messages(self, query: SearchQuery) -> SearchPage:
        check_query(query)
        shown = [
            (one.session, one.shown(message))
            for one in self._held.of(query.user_id)
            for message in one.messages.values()
        ]
        return await asyncio.to_thread(_search_messages, shown, query)

    async def names(self, query: SearchQuery) -> NamePage:
        check_query(query)
        sessions = [one.session for one in self._held.of(query.user_id)]
        return await asyncio.to_thread(_search_names, sessions, query)


def _search_messages(held: Iterable[tuple[Session, Message]], query: SearchQuery) -> SearchPage:
    """Return a page of messages as they are shown; those that still grow are left out."""
    fitting = [
        (session, message)
        for session, message in held
        if _is_meant(session, message.created_at, query.filters)
        and query.filters.session_id in (None, session.session_id)
        and message.status is not Status.STREAMING
        and message.deleted_at is None
        and _is_said_so(message, query.filters)
    ]
    found = _found(fitting, query, lambda item: item[1].content, lambda item: (item[1].created_at, item[1].message_id))
    hits = [SearchHit(message=message, session=session, is_literal=literal) for (session, message), literal in found]
    cursors = [_cursor(hit.message.created_at, hit.message.message_id, hit.is_literal) for hit in hits]
    return SearchPage(hits=hits[: query.limit], next=_next(cursors, query.limit), is_memory=True)


def _search_names(sessions: Iterable[Session], query: SearchQuery) -> NamePage:
    fitting = [session for session in sessions if _is_meant(session, session.created_at, query.filters)]
    found = _found(
        fitting, query, lambda session: session.session_name, lambda session: (session.created_at, session.session_id)
    )
    cursors = [_cursor(session.created_at, session.session_id, literal) for session, literal in found]
    named = [session for session, _ in found]
    return NamePage(sessions=named[: query.limit], next=_next(cursors, query.limit), is_memory=True)


def _is_meant(session: Session, at: datetime, filters: SearchFilters) -> bool:
    return (
        session.deleted_at is None
        and filters.pinned in (None, session.pinned_at is not None)
        and (filters.since is None or at >= filters.since)
        and (filters.until is None or at < filters.until)
    )


def _is_said_so(message: Message, filters: SearchFilters) -> bool:
    return (
        filters.role in (None, message.role)
        and filters.backend in (None, message.backend)
        and filters.model in (None, message.model)
        and (filters.rating is None or filters.rating == rated(message))
    )


def _found(
    items: Sequence[Item], query: SearchQuery, text_of: Callable[[Item], str], key_of: Callable[[Item], Key]
) -> list[tuple[Item, bool]]:
    """Return the items behind the cursor, literal ones first, newest first: one more than the limit if there is."""
    newest = sorted(items, key=key_of, reverse=True)
    judged = [(item, _judged(text_of(item), query)) for item in newest]
    literal = ((item, True) for item, is_literal in judged if is_literal)
    other = ((item, False) for item, is_literal in judged if is_literal is False)
    after = query.after
    behind = (
        (item, is_literal)
        for found in (literal, other)
        for item, is_literal in found
        if after is None
        or (after.is_literal and not is_literal)
        or (after.is_literal is is_literal and key_of(item) < (after.created_at, after.id))
    )
    return list(_first(behind, query.limit + 1))


def _judged(text: str, query: SearchQuery) -> bool | None:
    """Return whether all terms are in the text literally, else whether in any form (False) or not (None)."""
    folded = fold(text[:SEARCHED_CHARS])
    if has_literally(query.terms, folded):
        return True
    return False if has_in_any_form(query.terms, folded) else None


def _first(items: Iterator[tuple[Item, bool]], count: int) -> Iterator[tuple[Item, bool]]:
    return (item for item, _ in zip(items, range(count), strict=False))


def _cursor(at: datetime, id_: UUID, is_literal: bool) -> SearchCursor:
    return SearchCursor(created_at=at, id=id_, is_literal=is_literal)


def _next(cursors: Sequence[SearchCursor], limit: int) -> SearchCursor | None:
    return cursors[limit - 1] if len(cursors) > limit else None
