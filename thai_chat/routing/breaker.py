"""Leaves one model of one server alone for a while after failures in a row, then lets one request try."""

from __future__ import annotations

import time
from collections.abc import Callable

from thai_chat.domain.backend_errors import (
    BackendBusy,
    BackendError,
    BackendTimeout,
    BackendUnreachable,
    EngineDead,
    RateLimited,
)
from thai_chat.domain.ports.backend import BackendState
from thai_chat.routing.retries import STRIKES_TO_OPEN, remedy_for, retry_after_s

FIRST_PAUSE_S = 10.0
LONGEST_PAUSE_S = 60.0
QUOTA_S = 30.0
"""How long a server that gave no Retry-After counts as refusing."""
LONGEST_QUOTA_S = 600.0
SLOW_AFTER_S = 20.0
"""A first word that took longer makes a model count as slow."""
SLOW_FOR_S = 60.0


class Breaker:
    """Closed, it lets everybody through. Open, nobody. After its pause it is half open: one at a time may try."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, patience_s: float = 10.0) -> None:
        """Begin closed. A server that asks for more patience (Retry-After) than `patience_s` is left alone at once."""
        self._clock = clock
        self._patience_s = patience_s
        self._strikes = 0
        self._pause_s = FIRST_PAUSE_S
        self._open_until: float | None = None
        self._is_probed = False
        self._trouble = BackendState.UP
        self._trouble_until = 0.0
        self._last_error: BackendError | None = None

    @property
    def lets_through(self) -> bool:
        return self._open_until is None or (not self._is_probed and self._clock() >= self._open_until)

    @property
    def state(self) -> BackendState:
        """UP as soon as nothing speaks against it: also when the pause is over, as nobody knows better then."""
        return self._trouble if self._clock() < self._trouble_until else BackendState.UP

    @property
    def is_idle(self) -> bool:
        """True when forgetting it changes nothing."""
        return self._strikes == 0 and self._open_until is None and self.state is BackendState.UP

    @property
    def error_code(self) -> str | None:
        """The code of the failure that counted last."""
        return self._last_error.code if self._last_error else None

    def refusal(self) -> BackendError:
        """Return what is raised instead of asking: the last failure, once more."""
        last = self._last_error or BackendUnreachable()
        return type(last)(f"not asked: {last}", **last.params)

    def enter(self) -> bool:
        """Note that a request was let through; True makes it the one that tries, and its end must be told here."""
        if self._open_until is None:
            return False
        self._is_probed = True
        return True

    def leave(self, *, is_probe: bool) -> None:
        """Note a request that ended without a word on the server's health: stopped, or refused for what was in it."""
        if is_probe:
            self._is_probed = False

    def first_word(self, waited_s: float | None) -> None:
        """Note the first word. `waited_s` is None when the model was being loaded meanwhile: that says nothing of how
        fast it answers.

        Failures before it are forgiven only by `whole_reply`: a server may die of every answer.
        """
        self._open_until, self._is_probed = None, False
        is_slow = waited_s is not None and waited_s > SLOW_AFTER_S
        self._show(BackendState.SLOW, self._clock() + SLOW_FOR_S if is_slow else 0.0)

    def whole_reply(self) -> None:
        self._strikes, self._pause_s, self._last_error = 0, FIRST_PAUSE_S, None

    def failed(self, error: BackendError, *, is_probe: bool) -> None:
        self.leave(is_probe=is_probe)
        now, asked_for = self._clock(), retry_after_s(error)
        if isinstance(error, BackendTimeout | BackendBusy):
            self._show(BackendState.SLOW, now + SLOW_FOR_S)
        elif isinstance(error, RateLimited):
            self._show(BackendState.QUOTA, now + (QUOTA_S if asked_for is None else min(asked_for, LONGEST_QUOTA_S)))
        strikes, is_soon = remedy_for(error).strikes, asked_for is not None and asked_for <= self._patience_s
        if strikes == 0 or (is_soon and isinstance(error, RateLimited)):
            return  # it is not the server's health, or the server itself says that it can again soon
        self._last_error = error
        self._strikes += strikes
        if asked_for is not None and not is_soon:
            self._open_until = now + min(asked_for, LONGEST_QUOTA_S)
        elif is_probe or (self._open_until is None and self._strikes >= STRIKES_TO_OPEN):
            self._open_until = now + self._pause_s
            self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)
        else:
            return
        if not isinstance(error, RateLimited | BackendTimeout):
            self._show(BackendState.DOWN, self._open_until)

    def server_came_back(self) -> None:
        """Let the next request try at once: the server could not be reached and now lists its models again."""
        if self._open_until is not None and type(self._last_error) in (BackendUnreachable, EngineDead):
            self._open_until = self._trouble_until = self._clock()

    def _show(self, trouble: BackendState, until: float) -> None:
        self._trouble, self._trouble_until = trouble, until
