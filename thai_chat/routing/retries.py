"""The remedies for a failure of a model server: another try, another server, another model; and how long to wait."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from thai_chat.domain.backend_errors import (
    BackendDenied,
    BackendError,
    BackendFailed,
    BackendGarbled,
    BackendLoading,
    BackendTimeout,
    BackendUnreachable,
    ContextOverflow,
    EmptyReply,
    EngineDead,
    ModelNotFound,
    ModelTooLarge,
    NoBackend,
    NoChatTemplate,
    NotOffered,
    QuotaExceeded,
    RateLimited,
    ReplyCut,
    UnsupportedParameter,
)
from thai_chat.domain.relay_errors import RelayRefused

STRIKES_TO_OPEN = 5
"""Failures in a row after which a server is left alone for a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    again: bool = False
    """The same server may well answer a moment later."""
    other_server: bool = False
    """Another server of the same backend may answer."""
    same_backend: bool = False
    """The failure is about this model: another one of the same backend may answer."""
    other_model: bool = True
    """The question may go to another backend, where the user allows it."""
    strikes: int = 0
    """How much it counts against the server; 0 says nothing of its health."""


_PASSING = Remedy(again=True, other_server=True, strikes=1)
_REFUSED = Remedy(same_backend=True)
_ASKED_WRONGLY = Remedy(other_model=False)
_NOT_NOW = frozenset({408, 409, 425})
"""The codes that look like a refusal and only say that it was the wrong moment."""

REMEDIES: Mapping[type[BackendError], Remedy] = {
    BackendError: Remedy(),
    BackendUnreachable: _PASSING,
    # It was waited for long enough, and others would wait as long again: one is enough to leave the server alone.
    BackendTimeout: Remedy(other_server=True, strikes=STRIKES_TO_OPEN),
    BackendLoading: Remedy(again=True, other_server=True),
    EngineDead: Remedy(other_server=True, strikes=STRIKES_TO_OPEN),
    RateLimited: _PASSING,
    QuotaExceeded: Remedy(other_server=True, strikes=STRIKES_TO_OPEN),
    BackendFailed: _PASSING,
    ModelTooLarge: _REFUSED,
    BackendGarbled: _PASSING,
    ReplyCut: _PASSING,
    EmptyReply: _REFUSED,
    BackendDenied: _REFUSED,
    NoChatTemplate: _REFUSED,
    ModelNotFound: Remedy(other_server=True, same_backend=True),
    # The same request would be wrong elsewhere too, or would silently mean something else there.
    ContextOverflow: _ASKED_WRONGLY,
    UnsupportedParameter: _ASKED_WRONGLY,
    NoBackend: _ASKED_WRONGLY,
    NotOffered: _ASKED_WRONGLY,
    RelayRefused: _ASKED_WRONGLY,
}
"""The remedies by class; a class that is not named is treated as its base."""


def remedy_for(error: BackendError) -> Remedy:
    status = int(error.params.get("status", 500))
    if isinstance(error, BackendFailed) and 300 <= status < 500 and status not in _NOT_NOW:
        return _REFUSED  # it will say the same again
    return next(REMEDIES[kind] for kind in type(error).__mro__ if kind in REMEDIES)


def retry_after_s(error: BackendError) -> float | None:
    """Return the wait that the server asked for; None when it did not say."""
    given = error.params.get("retry_after_s")
    return float(given) if isinstance(given, int | float) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """When the same question is put again to those who failed it. Time is passed in, for tests."""

    rounds: int = 3
    """How often each server is asked at most."""
    first_pause_s: float = 0.5
    longest_pause_s: float = 4.0
    longest_retry_after_s: float = 10.0
    """A server that asks for more patience is not waited for."""
    in_all_s: float = 20.0
    """No further try begins later than this after the first one began."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random

    def pause_s(self, errors: Sequence[BackendError], *, rounds: int, elapsed_s: float) -> float | None:
        """Return how long to wait after the `rounds`-th round, whose failures are given; None when it is enough.

        Exponential with full jitter, so that many who failed together do not come back together.
        """
        waits = [retry_after_s(error) or 0.0 for error in errors if remedy_for(error).again]
        # One server that wants to be left alone for long says nothing of the others.
        bearable = [wait for wait in waits if wait <= self.longest_retry_after_s]
        if not bearable or rounds >= self.rounds:
            return None
        asked_for = max(bearable)
        pause = asked_for + self.chance() * min(self.longest_pause_s, self.first_pause_s * 2.0 ** (rounds - 1))
        return pause if elapsed_s + pause <= self.in_all_s else None


def whole_seconds(pause_s: float) -> int:
    """Return the pause as people are told: never less than it takes."""
    return math.ceil(pause_s)
