"""Finds messages and names of sessions in PostgreSQL: all that contain what is looked for, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from thai_chat.domain.messages import Session
from thai_chat.domain.searching import (
    SEARCHED_CHARS,
    NamePage,
    SearchCursor,
    SearchFilters,
    SearchHit,
    SearchPage,
    SearchQuery,
)
from thai_chat.history import indexing
from thai_chat.history.parameters import filled, run
from thai_chat.history.rows import MESSAGE_FIELDS, MESSAGE_SQL, SESSION_SQL, message_of, session_of
from thai_chat.history.search_keys import fine_step
from thai_chat.history.search_statements import MESSAGES, NAMES, Kind, Place, Planned, Search

_NEWEST = 2_000
"""Texts that are looked through one by one before the index of keys is asked: what is common is found among them."""
_ENOUGH = 3_000
"""More candidates of one owner are not looked at all together, but in steps of time; those of everybody never are."""
_WIDENING = 4
_PENDING = 50
"""Notes of the queue that a search indexes itself; a longer queue is left to the background."""
_PAGE_BYTES, _SHARE_CHARS = 32_000_000, 160_000
"""Where the texts of a page are more than that, only so much of each is read."""

_CONTENT = """left(m.content, CASE WHEN sum(least(octet_length(m.content), %(most)s)) OVER () > %(page)s
THEN %(share)s ELSE %(most)s END) AS content"""
_MESSAGES = f"""
SELECT {MESSAGE_SQL.replace("m.content", _CONTENT)}, {SESSION_SQL}
FROM chat_messages m JOIN chat_sessions s ON s.session_id = m.session_id
WHERE m.message_id = ANY (%(found)s::uuid[])"""
_SESSIONS = f"SELECT {SESSION_SQL} FROM chat_sessions s WHERE s.session_id = ANY (%s::uuid[])"


def find_messages(connection: Connection, query: SearchQuery) -> SearchPage:
    is_current = _catch_up(connection)
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        places = _Finder(cursor, MESSAGES, query).page()
        found = [message_id for (_, message_id), _ in places]
        chars = {"most": SEARCHED_CHARS, "page": _PAGE_BYTES, "share": _SHARE_CHARS}
        cursor.execute(_MESSAGES, {"found": found, **chars})
        rows = {row[0]: row for row in cursor.fetchall()}
    hits = [
        SearchHit(
            message=message_of(rows[message_id][: len(MESSAGE_FIELDS)]),
            session=session_of(rows[message_id][len(MESSAGE_FIELDS) :]),
            is_literal=is_literal,
        )
        for (_, message_id), is_literal in places
        if message_id in rows
    ]
    return SearchPage(hits=hits[: query.limit], next=_next(places, query.limit), is_complete=is_current)


def find_names(connection: Connection, query: SearchQuery) -> NamePage:
    given = query.filters
    filters = SearchFilters(since=given.since, until=given.until, pinned=given.pinned)
    is_current = _catch_up(connection)
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        places = _Finder(cursor, NAMES, replace(query, filters=filters)).page()
        cursor.execute(_SESSIONS, ([session_id for (_, session_id), _ in places],))
        rows: dict[UUID, Session] = {row[0]: session_of(row) for row in cursor.fetchall()}
    sessions = [rows[session_id] for (_, session_id), _ in places if session_id in rows]
    return NamePage(sessions=sessions[: query.limit], next=_next(places, query.limit), is_complete=is_current)


class _Finder:
    """Carries one query out, in the cheapest of the ways that find everything."""

    def __init__(self, cursor: Any, kind: Kind, query: SearchQuery) -> None:
        self._cursor = cursor
        self._kind = kind
        self._query = query

    def page(self) -> list[tuple[Place, bool]]:
        """Places of what was found, and whether literally; one more than the limit when there is more."""
        after, wanted = self._query.after, self._query.limit + 1
        found: list[tuple[Place, bool]] = []
        for literally in (True, False):
            if literally and after and not after.is_literal:
                continue
            if len(found) < wanted and (literally or any(term.forms for term in self._query.terms)):
                before = (after.created_at, after.id) if after and after.is_literal is literally else None
                search = Search(self._kind, self._query, literally=literally)
                found += ((place, literally) for place in self._find(search, before, wanted - len(found)))
        return found

    def _find(self, search: Search, before: Place | None, limit: int) -> list[Place]:
        filters = self._query.filters
        if self._kind is MESSAGES and (filters.session_id or filters.pinned):
            return self._places(search.in_sessions(before, limit), search)
        behind = self._places(search.behind(before, _NEWEST), search)
        found = self._places(search.newest(before, behind[0] if behind else None, limit), search)
        if behind and len(found) < limit:
            found += self._find_by_keys(search, behind[0], limit - len(found))
        return found

    def _find_by_keys(self, search: Search, before: Place, limit: int) -> list[Place]:
        if self._query.user_id is not None:
            candidates, found = self._by_keys(search, before, limit, enough=_ENOUGH + 1)
            if candidates <= _ENOUGH:
                return found
        return self._find_in_steps(search, before, limit)

    def _find_in_steps(self, search: Search, before: Place, limit: int) -> list[Place]:
        """Bounds the work: no more candidates are looked at than there are in the steps that fill the page."""
        oldest = fine_step(self._places(search.oldest(), search)[0][0])
        newest, width = fine_step(before[0]), 1
        found: list[Place] = []
        while newest >= oldest and len(found) < limit:
            start = max(oldest, newest - width + 1)
            found += self._by_keys(search, before, limit - len(found), times=(start, newest))[1]
            newest, width = start - 1, width * _WIDENING
        return found

    def _by_keys(
        self,
        search: Search,
        before: Place,
        limit: int,
        *,
        enough: int | None = None,
        times: tuple[int, int] | None = None,
    ) -> tuple[int, list[Place]]:
        rows = self._rows(search.by_keys(before, limit, enough=enough, times=times), search)
        return rows[0][0], [(at, id_) for _, at, id_ in rows if id_]

    def _places(self, planned: Planned, search: Search) -> list[Place]:
        return [(at, id_) for at, id_ in self._rows(planned, search)]

    def _rows(self, planned: Planned, search: Search) -> list[tuple[Any, ...]]:
        return run(self._cursor, filled(self._cursor, planned.sql, search.values), planned.settings).rows


def _catch_up(connection: Connection) -> bool:
    """Indexes what was written just now, so that it is found; False while there is more than that to be indexed."""
    is_noted, is_old = indexing.what_is_left(connection)
    if is_noted:
        if indexing.index_noted(connection, limit=_PENDING):
            return False
        is_noted, is_old = indexing.what_is_left(connection)
    if is_noted:  # somebody else is at it
        is_noted = indexing.index_noted(connection, limit=_PENDING, waits=True)
    return not is_noted and not is_old


def _next(places: Sequence[tuple[Place, bool]], limit: int) -> SearchCursor | None:
    if len(places) <= limit:
        return None
    (at, id_), is_literal = places[limit - 1]
    return SearchCursor(created_at=at, id=id_, is_literal=is_literal)
