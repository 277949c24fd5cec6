"""Requests a minute: a sliding window of two counters for each person, key or address."""

from __future__ import annotations

import time
from collections.abc import Callable

WINDOW_S = 60.0
_MOST = 100_000
"""Keys that are counted in a window; of more, the earliest are forgotten."""


class SlidingWindow:
    """Counts in memory, in constant time. A request of the minute before counts less the longer ago it is."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._number = 0
        self._counts: dict[str, int] = {}
        self._earlier: dict[str, int] = {}

    def hit(self, key: str, limit: float) -> float:
        """Count a request and return 0; or return after how many seconds the next is taken, and count nothing."""
        passed_s = self._turn()
        now, before = self._counts.get(key, 0), self._earlier.get(key, 0)
        if now + before * (1 - passed_s / WINDOW_S) < limit:
            self._counts[key] = now + 1
            if len(self._counts) > _MOST:
                del self._counts[next(iter(self._counts))]
            return 0.0
        if now < limit:
            return max(0.001, WINDOW_S * (1 - (limit - now) / before) - passed_s)
        return WINDOW_S - passed_s + WINDOW_S * max(0.0, 1 - limit / max(now, 1))

    def used(self, key: str) -> int:
        """Return how many requests count now."""
        passed_s = self._turn()
        return int(self._counts.get(key, 0) + self._earlier.get(key, 0) * (1 - passed_s / WINDOW_S))

    def _turn(self) -> float:
        """Begin a new window where it is time, and return how many seconds have passed of it."""
        now = self._clock()
        number = int(now // WINDOW_S)
        if number != self._number:
            self._earlier = self._counts if number == self._number + 1 else {}
            self._counts, self._number = {}, number
        return now - number * WINDOW_S
