"""The statements that search: pieces that are put together for what is asked, and the order in which they are tried."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from thai_chat.domain.searching import SearchFilters, SearchQuery, Term
from thai_chat.history.postgres.search.keys import keys_of, packed, time_keys
from thai_chat.history.postgres.sql.parameters import Settings, TextParameter

Place = tuple[datetime, UUID]
"""Where a text stands in the order of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Which of the two tables is searched; `e` is a row of it."""

    table: str
    id: str
    keys: str
    """The expression of the keys, word for word as the index has it."""
    session: str
    """The session that `e` belongs to, as `s`."""


MESSAGES = Table(
    table="chat_message_search",
    id="message_id",
    keys="chat_search_keys(e.user_id, e.role, e.backend, e.model, e.created_at, e.search_text)",
    session="chat_messages m JOIN chat_sessions s ON s.session_id = m.session_id "
    "WHERE m.message_id = e.message_id AND m.deleted_at IS NULL",
)
NAMES = Table(
    table="chat_session_search",
    id="session_id",
    keys="chat_search_keys(e.user_id, NULL, NULL, NULL, e.created_at, e.search_text)",
    session="chat_sessions s WHERE s.session_id = e.session_id",
)

# A plan that is made for this kind of query only; to compile one would take longer than to carry it out.
_UNCOMPILED = {"jit": "off"}
_PLAN = {**_UNCOMPILED, "enable_seqscan": "off", "work_mem": "16MB"}

_BEHIND = """
SELECT e.created_at, e.{id} FROM {table} e WHERE {bounds}
ORDER BY e.created_at DESC, e.{id} DESC OFFSET %(count)s LIMIT 1"""

_NEWEST = """
SELECT e.created_at, e.{id} FROM {table} e WHERE {bounds} AND {fits} AND {session}
ORDER BY e.created_at DESC, e.{id} DESC LIMIT %(limit)s"""

# The bounds are no conditions of the inner query: there is one way to carry it out, by the index of keys. The sessions
# are asked for in the order of the page, and only until it is full.
_BY_KEYS = """
WITH candidates AS MATERIALIZED (
    SELECT e.created_at, e.{id}, {bounds} AS is_within, {fits} AS fits FROM {table} e WHERE {keys} LIMIT %(enough)s)
SELECT seen.*, found.* FROM (SELECT count(*), count(*) FILTER (WHERE fits) FROM candidates) seen LEFT JOIN (
    SELECT e.created_at, e.{id} FROM (
        SELECT c.created_at, c.{id} FROM candidates c WHERE c.is_within AND c.fits
        ORDER BY c.created_at DESC, c.{id} DESC OFFSET 0) e
    WHERE {session} ORDER BY e.created_at DESC, e.{id} DESC LIMIT %(limit)s) found ON true"""

_IN_SESSIONS = """
SELECT e.created_at, e.message_id FROM chat_sessions s JOIN chat_messages m ON m.session_id = s.session_id
JOIN chat_message_search e ON e.message_id = m.message_id
WHERE {sessions} AND {bounds} AND {fits} AND {session} ORDER BY e.created_at DESC, e.message_id DESC LIMIT %(limit)s"""


class Planned(NamedTuple):
    sql: str
    settings: Settings
    """That it is to be carried out with."""


class Search:
    """One query over one table, as pieces of SQL and the values that they name."""

    def __init__(self, kind: Table, query: SearchQuery, *, literally: bool) -> None:
        """Search what has every term as it was typed, if `literally`; else what has only other forms of some."""
        self._kind = kind
        self._query = query
        self.values: dict[str, object] = {"user_id": query.user_id}
        self._texts = self._literal_texts() if literally else self._other_forms()
        keys = keys_of([_alternatives(term, literally=literally) for term in query.terms])
        self._any_of = keys.any_of
        self.values["grams"] = list(keys.all_of)

    def behind(self, before: Place | None, count: int) -> Planned:
        """Return the query for the place of the text that `count` others are newer than, if there is one."""
        return Planned(self._filled(_BEHIND, bounds=self._bounds(before=before), count=count), {})

    def newest(self, before: Place | None, after: Place | None, limit: int) -> Planned:
        """Return the query for what fits between two places, found by looking through all of it."""
        return Planned(self._filled(_NEWEST, bounds=self._bounds(before=before, after=after), limit=limit), _PLAN)

    def by_keys(
        self, before: Place | None, limit: int, *, enough: int | None, times: tuple[int, int] | None
    ) -> Planned:
        """Return the query for what fits before a place, found by the keys: of at most `enough` candidates, in these
        steps of time."""
        conditions = [f"{self._kind.keys} @> ({self._traits()} || %(grams)s::int[])"]
        sets = [*self._any_of] if times is None else [*self._any_of, time_keys(*times)]
        for number, one_of in enumerate(sets):
            self.values[f"set_{number}"] = list(one_of)
            conditions.append(f"{self._kind.keys} && %(set_{number})s::int[]")
        keys, bounds = " AND ".join(conditions), self._bounds(before=before)
        return Planned(self._filled(_BY_KEYS, bounds=bounds, keys=keys, enough=enough, limit=limit), _PLAN)

    def in_sessions(self, before: Place | None, limit: int) -> Planned:
        """Return the query for what fits in the sessions that the filters name, found by looking through all of
        them."""
        filters = self._query.filters
        sessions = "s.pinned_at IS NOT NULL" if filters.session_id is None else "s.session_id = %(session_id)s"
        owner = "" if self._query.user_id is None else " AND s.user_id = %(user_id)s"
        bounds = self._bounds(before=before)
        sql = self._filled(_IN_SESSIONS, sessions=sessions + owner, bounds=bounds, limit=limit)
        return Planned(sql, _UNCOMPILED)

    def _filled(self, statement: str, *, bounds: str, limit: int = 0, keys: str = "", **more: object) -> str:
        sessions = str(more.pop("sessions", ""))
        self.values.update(more, limit=limit)
        kind = self._kind
        return statement.format(
            id=kind.id,
            table=kind.table,
            bounds=bounds,
            fits=self._fits(),
            session=self._session(),
            keys=keys,
            sessions=sessions,
        )

    def _bounds(self, *, before: Place | None = None, after: Place | None = None) -> str:
        """Return the conditions of owner and time, by which the btrees are ordered."""
        filters, row = self._query.filters, f"(e.created_at, e.{self._kind.id})"
        conditions = ["true"]
        if self._query.user_id is not None:
            conditions.append("e.user_id = %(user_id)s")
        for name, place, sign in (("before", before, "<"), ("after", after, ">=")):
            if place:
                self.values[f"{name}_at"], self.values[f"{name}_id"] = place
                conditions.append(f"{row} {sign} (%({name}_at)s, %({name}_id)s)")
        for name, moment, sign in (("since", filters.since, ">="), ("until", filters.until, "<")):
            if moment:
                self.values[name] = moment
                conditions.append(f"e.created_at {sign} %({name})s")
        return " AND ".join(conditions)

    def _fits(self) -> str:
        traits = _traits(self._query.filters)
        self.values.update(traits)
        return " AND ".join([*(f"e.{name} = %({name})s" for name in traits), self._texts])

    def _session(self) -> str:
        """Return the condition of the session. It is asked behind the text, which costs less."""
        filters = self._query.filters
        conditions = ["s.deleted_at IS NULL"]
        if filters.pinned is not None:
            conditions.append(f"s.pinned_at IS {'NOT ' if filters.pinned else ''}NULL")
        if filters.session_id is not None:
            conditions.append("s.session_id = %(session_id)s")
            self.values["session_id"] = filters.session_id
        if filters.rating is not None:
            conditions.append("m.rating = %(rating)s")
            self.values["rating"] = filters.rating
        return f"(SELECT {_all(conditions)} FROM {self._kind.session})"

    def _traits(self) -> str:
        """Return the keys of the owner and of what the filters name."""
        named = dict(_traits(self._query.filters))
        if self._query.user_id is not None:
            named["user"] = self._query.user_id
        self.values.update({f"trait_{name}": f"{name} {value}" for name, value in named.items()})
        keys = (f"((hashtext(%(trait_{name})s) & 1073741823) - 2147483648)::int" for name in named)
        return f"ARRAY[{', '.join(keys)}]::int[]"

    def _literal_texts(self) -> str:
        for number, term in enumerate(self._query.terms):
            self.values[f"text_{number}"] = TextParameter(packed(term.text))
        return _all(f"strpos(e.search_text, %(text_{number})s) > 0" for number in range(len(self._query.terms)))

    def _other_forms(self) -> str:
        """Return the condition of texts with other forms only. That not all terms are literal comes first: it needs one
        look at the text."""
        literal = self._literal_texts()
        conditions = [f"NOT ({literal})"]
        for number, term in enumerate(self._query.terms):
            ways = [] if len(self._query.terms) == 1 else [f"strpos(e.search_text, %(text_{number})s) > 0"]
            if term.forms:
                self.values[f"forms_{number}"] = TextParameter(term.form_pattern)
                for place, stem in enumerate(term.stems):
                    self.values[f"stem_{number}_{place}"] = TextParameter(stem)
                names = (f"%(stem_{number}_{place})s" for place in range(len(term.stems)))
                stems = " OR ".join(f"strpos(e.search_text, {name}) > 0" for name in names)
                ways.append(f"({stems}) AND e.search_text ~ %(forms_{number})s")
            conditions.append(f"({' OR '.join(ways)})")
        return _all(conditions)


def _alternatives(term: Term, *, literally: bool) -> list[str]:
    """Return strings of which a text has one that has the term."""
    return [packed(term.text)] if literally or not term.forms else [packed(stem) for stem in term.stems]


def _traits(filters: SearchFilters) -> dict[str, str]:
    values = {"role": filters.role and filters.role.value, "backend": filters.backend, "model": filters.model}
    return {name: value for name, value in values.items() if value is not None}


def _all(conditions: Iterable[str]) -> str:
    return " AND ".join(conditions)
