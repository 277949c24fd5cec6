"""Growing texts that PostgreSQL has not answered for: on the disk, should the process die before it does."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from thai_chat.domain.errors import JournalUnavailable
from thai_chat.domain.writes import Checkpoint
from thai_chat.history.outage.journal import Journal
from thai_chat.history.outage.records import encode

logger = logging.getLogger(__name__)

PATIENCE_S = 0.2


class HedgedCheckpoints:
    """One statement at a time. While it is not answered the texts that come wait here, of each reply the last, and go
    into a journal of their own, which the next process would replay and which is gone when all are stored."""

    def __init__(
        self,
        store: Callable[[Sequence[Checkpoint]], Awaitable[None]],
        *,
        folder: Path,
        disk: Executor,
        generation: Callable[[], UUID],
    ) -> None:
        """Take the store. `disk` has one thread, in which alone the journal is touched; `generation` says which the
        texts are for."""
        self._store = store
        self._folder = folder
        self._disk = disk
        self._generation = generation
        self._pending: dict[UUID, Checkpoint] = {}
        self._flight: asyncio.Task[None] | None = None
        self._began_s = 0.0
        self._is_kept = False
        self._journal: Journal | None = None

    async def submit(self, writes: Sequence[Checkpoint]) -> None:
        """Return when they are stored; long before that, if that lasts, they are on the disk. Raises as `store`."""
        for write in writes:
            before = self._pending.get(write.reply_id)
            metadata = {**before.metadata, **write.metadata} if before else write.metadata
            self._pending[write.reply_id] = replace(write, metadata=metadata)
        if self._flight is None:
            self._began_s = time.monotonic()
            self._flight = asyncio.create_task(self._fly(), name="checkpoints under way")
            self._flight.add_done_callback(self._landed)
        flight = self._flight
        left_s = max(0.0, self._began_s + PATIENCE_S - time.monotonic())
        if not (await asyncio.wait((flight,), timeout=left_s))[0]:
            self._is_kept = True
            await asyncio.get_running_loop().run_in_executor(self._disk, self._keep, writes)
        # Not cancelled with the caller: others wait for it as well.
        await asyncio.shield(flight)

    async def close(self) -> None:
        """Wait for what is under way, which has its own deadline."""
        if self._flight:
            await asyncio.wait((self._flight,))

    async def _fly(self) -> None:
        while self._pending:
            writes, self._pending = list(self._pending.values()), {}
            await self._store(writes)

    def _landed(self, flight: asyncio.Task[None]) -> None:
        self._flight = None
        if self._is_kept:
            self._is_kept = False
            self._disk.submit(self._let_go)
        if not flight.cancelled():
            flight.exception()  # read here, for nobody may be left to read it

    def _keep(self, writes: Sequence[Checkpoint]) -> None:
        try:
            self._journal = self._journal or Journal.create(self._folder, self._generation())
            self._journal.append([encode(write) for write in writes])
        except JournalUnavailable as error:
            logger.debug("%s; PostgreSQL hangs and the disk does not help", error)

    def _let_go(self) -> None:
        if self._journal:
            self._journal.remove()
            self._journal = None
