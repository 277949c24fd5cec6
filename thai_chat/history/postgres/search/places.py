"""Where the texts stand that a query finds: the newest page of them, in the cheapest of the ways that miss none.

The newest texts are looked through one by one, which finds what is common. The index of keys leads to what is rare,
wherever it is. What was common once, and is not now, is met by going back in time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from thai_chat.domain.searching import SearchQuery
from thai_chat.history.postgres.search.keys import fine_step, first_of
from thai_chat.history.postgres.search.statements import MESSAGES, Place, Planned, Search, Table
from thai_chat.history.postgres.sql.parameters import filled, run

_NEWEST = 2_000
"""Texts that are looked through before the index of keys is asked."""
_ENOUGH = 3_000
"""The most candidates of one owner that are looked at all together, not in steps of time; those of everybody never
are."""
_FEW = 1_000
"""The most candidates of a step of time; more are too many when what is sought is common in it."""
_MORE = 4_000
"""Texts that are looked through each time that a step is too large."""
_WIDENING = 4


class PlaceSearch:
    """Carries one query out."""

    def __init__(self, cursor: Any, kind: Table, query: SearchQuery) -> None:
        self._cursor = cursor
        self._kind = kind
        self._query = query

    def page(self) -> list[tuple[Place, bool]]:
        """Return the places of what was found, and whether literally; one more than the limit when there is more."""
        after, wanted = self._query.after, self._query.limit + 1
        found: list[tuple[Place, bool]] = []
        for literally in (True, False):
            if literally and after and not after.is_literal:
                continue
            if len(found) < wanted and (literally or any(term.forms for term in self._query.terms)):
                before = (after.created_at, after.id) if after and after.is_literal is literally else None
                search = _Searching(self._cursor, Search(self._kind, self._query, literally=literally))
                found += ((place, literally) for place in self._find(search, before, wanted - len(found)))
        return found

    def _find(self, search: _Searching, before: Place | None, limit: int) -> list[Place]:
        filters = self._query.filters
        if self._kind is MESSAGES and (filters.session_id or filters.pinned):
            return search.in_sessions(before, limit)
        end = search.behind(before, _NEWEST)
        found = search.newest(before, end, limit)
        if end and len(found) < limit:
            found += self._find_by_keys(search, end, limit - len(found))
        return found

    def _find_by_keys(self, search: _Searching, before: Place, limit: int) -> list[Place]:
        if self._query.user_id is None:
            return _Back(search, before, limit).places()
        seen = search.by_keys(before, limit, enough=_ENOUGH + 1)
        if seen.candidates <= _ENOUGH:
            return seen.places
        return _Back(search, before, limit, oldest=seen.oldest_of(limit)).places()


class _Seen(NamedTuple):
    """The candidates and hits that the index of keys led to."""

    candidates: int
    """All candidates that there are, or as many as were to be looked at."""
    hits: int
    """The hits among the candidates, on this page and on others."""
    places: list[Place]
    """The places of the newest of these hits, as many as the page has room for."""

    @property
    def is_common(self) -> bool:
        """Whether most of what has the keys has the text too."""
        return self.hits > self.candidates // 2

    def oldest_of(self, limit: int) -> int:
        """Return the step of time that `limit` hits are not older than; 0 when there are not so many."""
        return fine_step(self.places[-1][0]) if len(self.places) == limit else 0


class _Searching:
    """Runs the statements of a search."""

    def __init__(self, cursor: Any, search: Search) -> None:
        self._cursor = cursor
        self._search = search

    def in_sessions(self, before: Place | None, limit: int) -> list[Place]:
        return self._places(self._search.in_sessions(before, limit))

    def behind(self, before: Place | None, count: int) -> Place | None:
        return next(iter(self._places(self._search.behind(before, count))), None)

    def newest(self, before: Place | None, end: Place | None, limit: int) -> list[Place]:
        return self._places(self._search.newest(before, end, limit))

    def by_keys(
        self, before: Place, limit: int, *, enough: int | None = None, times: tuple[int, int] | None = None
    ) -> _Seen:
        rows = self._rows(self._search.by_keys(before, limit, enough=enough, times=times))
        return _Seen(rows[0][0], rows[0][1], [(at, id_) for _, _, at, id_ in rows if id_])

    def _places(self, planned: Planned) -> list[Place]:
        return [(at, id_) for at, id_ in self._rows(planned)]

    def _rows(self, planned: Planned) -> list[tuple[Any, ...]]:
        return run(self._cursor, filled(self._cursor, planned.sql, self._search.values), planned.settings).rows


class _Back:
    """Goes back in time until a page is full, a step of few candidates at once."""

    def __init__(self, search: _Searching, before: Place, limit: int, *, oldest: int = 0) -> None:
        """Prepare a page of `limit` places behind `before`, which does not go beyond the step of time `oldest`."""
        self._search = search
        self._before = before
        self._limit = limit
        self._oldest = oldest
        self._newest = fine_step(before[0])
        self._width = 1
        self._crowded = oldest
        """The step from which on the text that is sought is common; 0 where nobody knows."""
        self._is_empty = False
        """Nothing has the keys in the step before."""
        self._found: list[Place] = []

    def places(self) -> list[Place]:
        while self._wanted and self._newest >= self._oldest:
            self._step()
            self._pass_over_silence()
        return self._found

    @property
    def _wanted(self) -> int:
        return self._limit - len(self._found)

    def _step(self) -> None:
        start = max(self._oldest, self._newest - self._width + 1)
        if start == self._newest == self._oldest == self._crowded:
            self._look_through(start)
            return
        times = (start, self._newest)
        seen = self._search.by_keys(self._before, self._wanted, enough=_FEW + 1, times=times)
        self._is_empty = not seen.candidates
        if seen.candidates <= _FEW:
            self._take(seen.places, first_of(start))
            self._width *= _WIDENING
        elif not seen.is_common:
            self._take(self._search.by_keys(self._before, self._wanted, times=times).places, first_of(start))
            self._width *= _WIDENING
        else:
            self._oldest = max(self._oldest, seen.oldest_of(self._wanted))
            self._look_through(start)

    def _look_through(self, start: int) -> None:
        """Look through one step, or the newest of a larger one, which is halved."""
        end = first_of(start)
        if start < self._newest:
            end = max(end, self._search.behind(self._before, _MORE) or end)
            self._crowded, self._width = start, (self._newest - start + 1) // 2
        self._take(self._search.newest(self._before, end, self._wanted), end)

    def _take(self, places: list[Place], end: Place) -> None:
        self._found += places
        self._before = end

    def _pass_over_silence(self) -> None:
        """Go on to the step of the next older text."""
        last = self._search.behind(self._before, 0) if self._wanted else None
        step = fine_step(last[0]) if last else -1
        if step < fine_step(self._before[0]) - 1 and not self._is_empty:
            self._width = 1
        self._newest = step
        if step >= self._crowded > 0:
            self._width = min(self._width, max(1, (step - self._crowded + 1) // 2))
