"""Finds what was said: reads what people type, orders and shows what the history found, and guesses what was meant."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from thai_chat.chat.search import keyboard, ranking
from thai_chat.chat.search.ranking import Rank
from thai_chat.chat.search.snippets import Snippet, snippet_of
from thai_chat.chat.text import require_storable
from thai_chat.domain.errors import InvalidCursor
from thai_chat.domain.messages import Message, Role, Session
from thai_chat.domain.people import Person
from thai_chat.domain.ports.search import MessageSearch
from thai_chat.domain.searching import (
    NO_FILTERS,
    NamePage,
    SearchCursor,
    SearchFilters,
    SearchHit,
    SearchPage,
    SearchQuery,
    Term,
    terms_of,
)

RANKED = 200
"""The newest hits are ranked among each other; what is older follows behind them by time."""
_NAME_CHARS = 255
_JUST_LATER = timedelta(microseconds=1)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Order(StrEnum):
    NEWEST = "newest"
    RELEVANCE = "relevance"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    person: Person | None
    """None looks through the messages of everybody."""
    text: str
    limit: int
    filters: SearchFilters = NO_FILTERS
    order: Order = Order.NEWEST
    cursor: str | None = None
    """The `next` of the page before; None for the first page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageResult:
    hit: SearchHit
    snippet: Snippet


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionResult:
    session: Session
    name: Snippet
    """The whole name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResults:
    messages: Sequence[MessageResult] = ()
    sessions: Sequence[SessionResult] = ()
    """The sessions whose names were found; only on the first page, or where only sessions were asked for."""
    next: str | None = None
    suggestion: str | None = None
    """The same keys in the other keyboard layout, when that was probably meant."""
    unindexed: int = 0
    """Messages and names that can't be found yet, since they are still being indexed."""
    is_memory: bool = False
    """True when PostgreSQL is away and only what memory holds was looked through."""


class Searches:
    """Every search takes the owner."""

    def __init__(self, search: MessageSearch) -> None:
        self._search = search

    @property
    def unindexed(self) -> int:
        """How many messages and names can't be found yet, as it was counted some seconds ago at the latest."""
        return self._search.unindexed

    async def messages(self, wanted: SearchRequest) -> SearchResults:
        """Return messages, and on the first page also sessions by their names, as far as the filters let those be
        meant.

        Nothing to look for finds nothing. Raises UnreadableText, InvalidCursor and HistoryError.
        """
        query = _query(wanted)
        if query is None:
            return SearchResults()
        is_first = wanted.cursor is None
        in_order = self._ranked if wanted.order is Order.RELEVANCE else self._newest
        names_of = self._names(query) if is_first else _no_names()
        (page, next_), names = await asyncio.gather(in_order(wanted, query), names_of)
        suggestion = await self._suggestion(wanted, query, page) if is_first and not names.sessions else None
        messages, sessions = await asyncio.to_thread(_shown, query, page.hits, names.sessions)
        return SearchResults(
            messages=messages,
            sessions=sessions,
            next=next_,
            suggestion=suggestion,
            unindexed=max(page.unindexed, names.unindexed),
            is_memory=page.is_memory,
        )

    async def sessions(self, wanted: SearchRequest) -> SearchResults:
        """Return sessions by their names alone, in pages."""
        query = _query(wanted)
        if query is None:
            return SearchResults()
        names = await self._search.names(replace(query, after=_read(wanted.cursor)))
        _, sessions = _shown(query, (), names.sessions)
        next_ = _written(names.next)
        return SearchResults(sessions=sessions, next=next_, unindexed=names.unindexed, is_memory=names.is_memory)

    async def _newest(self, wanted: SearchRequest, query: SearchQuery) -> tuple[SearchPage, str | None]:
        page = await self._search.messages(replace(query, after=_read(wanted.cursor)))
        return page, _written(page.next)

    async def _ranked(self, wanted: SearchRequest, query: SearchQuery) -> tuple[SearchPage, str | None]:
        """Rank the same hits again for every page: from the newest one of the first page to where its pool ended.

        A page goes on behind the rank of the last hit, so that what is deleted or said meanwhile moves nothing.
        """
        if wanted.cursor and not wanted.cursor.startswith("ranked~"):
            return await self._newest(wanted, query)
        newest, behind, end = _read_ranked(wanted.cursor) if wanted.cursor else (None, None, None)
        limits = [moment for moment in (query.filters.until, newest and newest + _JUST_LATER) if moment]
        filters = replace(query.filters, until=min(limits, default=None))
        pool = await self._search.messages(replace(query, filters=filters, limit=RANKED))
        if newest is None:
            newest, end = max((hit.message.created_at for hit in pool.hits), default=_NEVER), pool.next
        hits = [hit for hit in pool.hits if end is None or _place(hit) >= (end.is_literal, end.created_at, end.id)]
        ranked = await asyncio.to_thread(ranking.ranked, hits, query.terms)
        left = [pair for pair in ranked if behind is None or pair[0] < behind]
        shown = left[: query.limit]
        next_ = _written_ranked(newest, shown[-1][0], end) if len(left) > len(shown) else _written(end)
        return replace(pool, hits=[hit for _, hit in shown]), next_

    async def _names(self, query: SearchQuery) -> NamePage:
        filters = query.filters
        if filters.role or filters.backend or filters.model or filters.session_id:
            return await _no_names()
        return await self._search.names(query)

    async def _suggestion(self, wanted: SearchRequest, query: SearchQuery, page: SearchPage) -> str | None:
        """Return the text in the other layout only when it makes sense: it is found, or it is words where what was
        typed is none."""
        other = keyboard.in_other_layout(wanted.text)
        if other is None or (page.hits and not keyboard.makes_no_sense(wanted.text)):
            return None
        if await asyncio.to_thread(keyboard.is_probably, other):
            return other
        meant = replace(query, terms=terms_of(other), limit=1)
        is_found = bool(meant.terms) and bool((await self._search.messages(meant)).hits)
        return other if is_found and not page.hits else None


async def _no_names() -> NamePage:
    return NamePage(sessions=())


def _query(wanted: SearchRequest) -> SearchQuery | None:
    require_storable(wanted.text)
    for name in (wanted.filters.backend, wanted.filters.model):
        require_storable(name or "")
    terms = terms_of(wanted.text)
    if not terms:
        return None
    return SearchQuery(
        user_id=wanted.person.user_id if wanted.person else None,
        terms=terms,
        limit=wanted.limit,
        filters=wanted.filters,
    )


def _shown(
    query: SearchQuery, hits: Sequence[SearchHit], sessions: Sequence[Session]
) -> tuple[list[MessageResult], list[SessionResult]]:
    messages = [MessageResult(hit=hit, snippet=_snippet(hit.message, query.terms)) for hit in hits]
    names = [
        SessionResult(session=session, name=snippet_of(session.session_name, query.terms, length=_NAME_CHARS))
        for session in sessions
    ]
    return messages, names


def _snippet(message: Message, terms: Sequence[Term]) -> Snippet:
    """Return the snippet of a message. A question is shown as it was typed; what models answer is Markdown."""
    return snippet_of(message.content, terms, is_markdown=message.role is Role.ASSISTANT)


def _written(cursor: SearchCursor | None) -> str | None:
    if cursor is None:
        return None
    return f"{'literal' if cursor.is_literal else 'form'}~{cursor.created_at.astimezone(UTC).isoformat()}~{cursor.id}"


def _read(cursor: str | None) -> SearchCursor | None:
    if cursor is None:
        return None
    kind, _, rest = cursor.partition("~")
    at, _, id_ = rest.partition("~")
    try:
        if kind not in ("literal", "form"):
            raise InvalidCursor
        return SearchCursor(created_at=_moment(at), id=UUID(id_), is_literal=kind == "literal")
    except ValueError as exc:
        raise InvalidCursor from exc


def _moment(text: str) -> datetime:
    """Return the time that `text` is. Raises ValueError for no time, and InvalidCursor where it is none in every time
    zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not 1 < moment.year < MAXYEAR:
        raise InvalidCursor
    return moment


def _place(hit: SearchHit) -> tuple[bool, datetime, UUID]:
    return hit.is_literal, hit.message.created_at, hit.message.message_id


def _written_ranked(newest: datetime, last: Rank, end: SearchCursor | None) -> str:
    moments = [moment.astimezone(UTC).isoformat() for moment in (newest, last.created_at)]
    return "~".join(
        ("ranked", moments[0], str(int(last.is_literal)), repr(last.score), moments[1], str(last.message_id))
        + ((_written(end) or "",) if end else ())
    )


def _read_ranked(cursor: str) -> tuple[datetime, Rank, SearchCursor | None]:
    """Return when the newest of the ranked hits was said, the rank of the last one so far, and where they end."""
    _, newest, is_literal, score, at, id_, end = (*cursor.split("~", 6), *[""] * 6)[:7]
    try:
        moments = [_moment(text) for text in (newest, at)]
        if is_literal not in ("0", "1"):
            raise InvalidCursor
        last = Rank(is_literal == "1", float(score), moments[1], UUID(id_))
    except ValueError as exc:
        raise InvalidCursor from exc
    return moments[0], last, _read(end or None)
