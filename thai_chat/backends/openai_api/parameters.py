"""The refusals that servers were seen to give, remembered for each model, so that the next request is right at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

_MOST = 1000
"""Refused values can be made up without end by a client of ours: the oldest are forgotten then."""


class Learned:
    """Lives as long as its backend: a restart asks anew, as servers and accounts change."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._refused: dict[tuple[str, Hashable], float] = {}
        """The moments until which each refusal is believed."""

    def refuses(self, model: str, what: Hashable) -> bool:
        return self._clock() < self._refused.get((model, what), 0.0)

    def refuse(self, model: str, what: Hashable, *, for_s: float = float("inf")) -> None:
        self._refused.pop((model, what), None)
        self._refused[model, what] = self._clock() + for_s
        if len(self._refused) > _MOST:
            del self._refused[next(iter(self._refused))]
