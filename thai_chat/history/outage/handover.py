"""The short time in which who asks is held back, so that the last write that waits is the last."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LONGEST_S = 1.0
"""Who asks is held back for so long at the most."""
_PAUSE_S = (1.0, 60.0)
"""The pause after the first handover that took too long, and the longest; each is twice the one before."""


class Handover:
    """Where many write while the last is stored, that would never be the last.

    With a server that is too slow for that, the pauses grow in which nobody is held back.
    """

    def __init__(self) -> None:
        self._held: asyncio.Future[None] | None = None
        """Done when nobody is held back any more."""
        self._due_at_s = 0.0
        self._pause_s = _PAUSE_S[0]

    @property
    def is_on(self) -> bool:
        """Return whether who asks is to `wait`."""
        return self._held is not None

    async def wait(self) -> None:
        """Return when the handover is over, or takes too long; then it is over for all."""
        held = self._held
        if held and not (await asyncio.wait((held,), timeout=_LONGEST_S))[0]:
            self._give_up(held)

    @contextmanager
    def hold(self) -> Iterator[Callable[[], bool]]:
        """Hold back who asks, unless an earlier handover took too long a short time ago.

        Give what tells when that ends: the handover took too long, or the next one is due.
        """
        if time.monotonic() < self._due_at_s:
            yield lambda: time.monotonic() >= self._due_at_s
            return
        held = self._held = asyncio.get_running_loop().create_future()
        try:
            yield held.done
        finally:
            self._let_go(held)

    def reset(self) -> None:
        """Note that the server serves: the next outage begins anew."""
        self._due_at_s, self._pause_s = 0.0, _PAUSE_S[0]

    def _give_up(self, held: asyncio.Future[None]) -> None:
        if not held.done():
            self._let_go(held)
            self._due_at_s = time.monotonic() + self._pause_s
            self._pause_s = min(2 * self._pause_s, _PAUSE_S[1])

    def _let_go(self, held: asyncio.Future[None]) -> None:
        if not held.done():
            held.set_result(None)
            self._held = None
