"""Counts views of links behind the answers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from thai_chat.domain.errors import HistoryError
from thai_chat.domain.ports.shares import ShareStore


class Views:
    """Writes one statement at a time; what is viewed meanwhile waits for the next. Views of an outage are not counted.

    It holds a number for each link that was viewed since the last statement.
    """

    def __init__(self, store: ShareStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._waiting: Counter[UUID] = Counter()
        self._writing: asyncio.Task[None] | None = None

    def add(self, share_id: UUID) -> None:
        self._waiting[share_id] += 1
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def close(self) -> None:
        """Return when all views are written."""
        if self._writing:
            await asyncio.wait((self._writing,))

    async def _write(self) -> None:
        while self._waiting:
            views, self._waiting = self._waiting, Counter()
            try:
                await self._store.count_views(views, self._clock())
            except HistoryError:
                return
