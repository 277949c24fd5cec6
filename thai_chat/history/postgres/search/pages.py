"""Finds messages and names of sessions in PostgreSQL: all that contain what is looked for, newest first.

Where they stand is the server's own work: behind row-level security the index of keys could not be used. What stands
there is read behind it, and nothing of a place where the person sees nothing is told.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from thai_chat.domain.messages import Message, Session
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
from thai_chat.domain.spelling import fold_part
from thai_chat.history.postgres.search import indexing
from thai_chat.history.postgres.search.keys import packed
from thai_chat.history.postgres.search.places import PlaceSearch
from thai_chat.history.postgres.search.statements import MESSAGES, NAMES, Place
from thai_chat.history.postgres.sql.parameters import TextParameter, filled, run
from thai_chat.history.postgres.sql.requests import servers_own
from thai_chat.history.postgres.sql.rows import (
    MESSAGE_FIELDS,
    MESSAGE_SQL,
    NO_PARTS,
    SESSION_SQL,
    message_of,
    session_of,
)

_PENDING = 50
"""Notes of the queue that a search indexes itself; a longer queue is left to the background."""
_PAGE_BYTES, _SHARE_CHARS = 32_000_000, 160_000
"""The size of a page's texts above which only so many characters of each are read."""

_SHORT = "CASE WHEN octet_length(m.content) <= %(share)s THEN m.content END AS content"
_MESSAGES = f"""
SELECT {MESSAGE_SQL.replace("m.content", _SHORT).replace("m.parts", NO_PARTS)}, {SESSION_SQL}
FROM chat_messages m JOIN chat_sessions s ON s.session_id = m.session_id
WHERE m.message_id = ANY (%(found)s::uuid[]) AND m.deleted_at IS NULL"""
_LONG = """
SELECT m.message_id, CASE WHEN sum(least(octet_length(m.content), %(most)s)) OVER () > %(page)s
THEN left(m.content, %(share)s) ELSE {part} END
FROM chat_messages m WHERE m.message_id = ANY (%(found)s::uuid[]) AND m.deleted_at IS NULL"""
# The place in the folded text is nearly that in the text itself: what is read around it has room for the difference.
_AROUND = f"""substr(m.content, greatest(1, (
SELECT strpos(e.search_text, %(text)s) FROM {MESSAGES.table} e WHERE e.message_id = m.message_id
) - %(share)s / 2), %(share)s)"""
_BEGINNING = "left(m.content, %(most)s)"
_CONTENT = MESSAGE_FIELDS.index("content")
_SESSIONS = f"SELECT {SESSION_SQL} FROM chat_sessions s WHERE s.session_id = ANY (%s::uuid[])"


def search_messages(connection: Connection, query: SearchQuery) -> SearchPage:
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        with servers_own(cursor):
            unindexed = _catch_up(connection)
            places = PlaceSearch(cursor, MESSAGES, query).page()
        found = [message_id for (_, message_id), _ in places]
        read = _messages(cursor, found, query)
    hits = [
        SearchHit(message=read[message_id][0], session=read[message_id][1], is_literal=is_literal)
        for (_, message_id), is_literal in places
        if message_id in read
    ]
    return SearchPage(hits=hits[: query.limit], next=_next(places, read, query.limit), unindexed=unindexed)


def _messages(cursor: Any, found: Sequence[UUID], query: SearchQuery) -> dict[UUID, tuple[Message, Session]]:
    """Return the messages found, with their sessions.

    Long texts are read around a hit; where that does not show all terms, from the beginning.
    """
    cursor.execute(_MESSAGES, {"found": found, "share": _SHARE_CHARS})
    rows = cursor.fetchall()
    long = [row[0] for row in rows if row[_CONTENT] is None]
    texts = _long_texts(cursor, long, query) if long else {}
    read: dict[UUID, tuple[Message, Session]] = {}
    for row in rows:
        content = texts.get(row[0]) if row[_CONTENT] is None else row[_CONTENT]
        if content is not None:  # else it was deleted meanwhile
            message = message_of((*row[:_CONTENT], content, *row[_CONTENT + 1 :]))
            read[message.message_id] = message, session_of(row[len(MESSAGE_FIELDS) :])
    return read


def _long_texts(cursor: Any, found: Sequence[UUID], query: SearchQuery) -> dict[UUID, str]:
    text = packed(max((term.text for term in query.terms), key=len))
    texts = _parts(cursor, found, _AROUND, text)
    unshown = [id_ for id_, part in texts.items() if not _shows(part, query)]
    return texts | _parts(cursor, unshown, _BEGINNING) if unshown else texts


def _parts(cursor: Any, found: Sequence[UUID], part: str, text: str = "") -> dict[UUID, str]:
    values = {
        "found": found,
        "most": SEARCHED_CHARS,
        "page": _PAGE_BYTES,
        "share": _SHARE_CHARS,
        "text": TextParameter(text),
    }
    return dict(run(cursor, filled(cursor, _LONG.format(part=part), values)).rows)


def _shows(text: str, query: SearchQuery) -> bool:
    return has_literally(query.terms, text.lower()) or has_in_any_form(query.terms, fold_part(text))


def search_names(connection: Connection, query: SearchQuery) -> NamePage:
    given = query.filters
    filters = SearchFilters(since=given.since, until=given.until, pinned=given.pinned)
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        with servers_own(cursor):
            unindexed = _catch_up(connection)
            places = PlaceSearch(cursor, NAMES, replace(query, filters=filters)).page()
        cursor.execute(_SESSIONS, ([session_id for (_, session_id), _ in places],))
        rows: dict[UUID, Session] = {row[0]: session_of(row) for row in cursor.fetchall()}
    sessions = [rows[session_id] for (_, session_id), _ in places if session_id in rows]
    return NamePage(sessions=sessions[: query.limit], next=_next(places, rows, query.limit), unindexed=unindexed)


def _catch_up(connection: Connection) -> int:
    """Index what was written just now, so that it is found. Return how much more than that is not indexed yet."""
    is_noted, is_old = indexing.what_is_left(connection)
    if is_noted:
        if indexing.index_noted(connection, limit=_PENDING):
            return max(1, indexing.unindexed(connection))
        is_noted, is_old = indexing.what_is_left(connection)
    if is_noted:  # somebody else is at it
        is_noted = indexing.index_noted(connection, limit=_PENDING, waits=True)
    return max(1, indexing.unindexed(connection)) if is_noted or is_old else 0


def _next(places: Sequence[tuple[Place, bool]], seen: Container[UUID], limit: int) -> SearchCursor | None:
    last = next((place for place in reversed(places[:limit]) if place[0][1] in seen), None)
    if len(places) <= limit or last is None:
        return None
    (at, id_), is_literal = last
    return SearchCursor(created_at=at, id=id_, is_literal=is_literal)
