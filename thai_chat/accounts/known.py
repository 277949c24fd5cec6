"""Values that were read a short while ago, so that requests need not wait for the storage."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from thai_chat.domain.errors import HistoryError

Value = TypeVar("Value")

FRESH_S = 10.0
"""Another process's change is seen after it."""


class Known(Generic[Value]):
    """One value that is read anew when it is older than FRESH_S, and goes on serving in an outage."""

    def __init__(
        self, read: Callable[[], Awaitable[Value]], at_first: Value, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take what reads the value, and the value before it was ever read."""
        self._read = read
        self._clock = clock
        self._value = at_first
        self._read_at: float | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def is_fresh(self) -> bool:
        return self._read_at is not None and self._clock() - self._read_at < FRESH_S

    def now(self) -> Value:
        """Return the value as it is known, and have it read in the background when it is old."""
        if not self.is_fresh and self._reading is None:
            self._reading = asyncio.create_task(self._read_quietly(), name="read what requests need")
        return self._value

    async def once_read(self) -> Value:
        """Return the value as `now` does, and wait where it was never read. Raises HistoryUnavailable where it can't be
        read."""
        return await self.read() if self._read_at is None else self.now()

    async def read(self) -> Value:
        """Read the value anew."""
        self._value = await self._read()
        self._read_at = self._clock()
        return self._value

    async def close(self) -> None:
        """End what is read in the background. Safe to call twice."""
        if self._reading:
            self._reading.cancel()
            await asyncio.wait({self._reading})

    async def _read_quietly(self) -> None:
        try:
            await self.read()
        except HistoryError:
            self._read_at = self._clock() if self._read_at is not None else None
        finally:
            self._reading = None
