"""The use of replies: counted at once in memory, stored in the background, added up by person and key."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from thai_chat.accounts.known import FRESH_S
from thai_chat.domain.errors import HistoryError, HistoryRefused, HistoryUnavailable, trace_of
from thai_chat.domain.ports.quotas import QuotaStore
from thai_chat.domain.quotas import UsageBatch, Used, UsedBy

logger = logging.getLogger(__name__)

RETRY_S = 1.0
_MOST_PEOPLE = 10_000


class UsageLedger:
    """Belongs to one event loop. In an outage uses wait in memory; each is added to the stored sums once."""

    def __init__(self, store: QuotaStore, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._waiting: dict[UsedBy, Used] = {}
        self._batch: UsageBatch | None = None
        """It is being stored, or could not be so far."""
        self._stored: OrderedDict[str, tuple[float, dict[UsedBy, Used]]] = OrderedDict()
        """The stored uses of a person since the beginning of a month, and when they were read."""
        self._lock = asyncio.Lock()
        """Held while the stored sums are read or added to: what is read has a batch, or has it not."""
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="store what was used")

    async def close(self) -> None:
        """Store what waits, as far as that works now. Safe to call twice."""
        if self._task:
            async with self._lock:  # an attempt under way is let end
                self._task.cancel()
            await asyncio.wait({self._task})
        await self.store()
        if self._batch:
            logger.warning("what replies have used could not be stored: %d sums", len(self._batch.uses))

    def add(self, by: UsedBy, used: Used) -> None:
        """Count a use; it is stored soon."""
        self._waiting[by] = self._waiting.get(by, Used()) + used
        self._wake.set()

    async def since(self, user_id: str, first: date) -> Mapping[UsedBy, Used]:
        """Return what a person has used from the first day of a month on, by key and day.

        In an outage it is what is known here.
        """
        read_at, known = self._stored.get(user_id, (None, {}))
        if read_at is None or self._clock() - read_at >= FRESH_S:
            known = await self._read(user_id, first, known)
        found = {by: used for by, used in known.items() if by.day >= first}
        for by, used in self._unstored():
            if by.user_id == user_id:
                found[by] = found.get(by, Used()) + used
        return found

    async def store(self) -> None:
        """Store what waits; in an outage it goes on waiting."""
        async with self._lock:
            while self._batch or self._waiting:
                if self._batch is None:
                    self._batch, self._waiting = UsageBatch(self._waiting), {}
                try:
                    await self._store.add(self._batch)
                except HistoryRefused as exc:
                    logger.error("what replies have used was refused", extra=trace_of(exc))
                except HistoryError:
                    return
                else:
                    self._note_stored(self._batch)
                self._batch = None

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.store()
            except Exception as error:  # noqa: BLE001 - the edge of a background task: nobody else would see it
                logger.error("what replies have used waits: %s", type(error).__name__, extra=trace_of(error))
            if self._batch:
                await asyncio.sleep(RETRY_S)
                self._wake.set()

    async def _read(self, user_id: str, first: date, known: dict[UsedBy, Used]) -> dict[UsedBy, Used]:
        async with self._lock:
            try:
                known = dict(await self._store.used_since(user_id, first))
            except HistoryUnavailable:
                return known
            self._stored[user_id] = (self._clock(), known)
            self._stored.move_to_end(user_id)
            while len(self._stored) > _MOST_PEOPLE:
                self._stored.popitem(last=False)
            return known

    def _unstored(self) -> Iterator[tuple[UsedBy, Used]]:
        if self._batch:
            yield from self._batch.uses.items()
        yield from self._waiting.items()

    def _note_stored(self, batch: UsageBatch) -> None:
        for by, used in batch.uses.items():
            if by.user_id in self._stored:
                _, known = self._stored[by.user_id]
                known[by] = known.get(by, Used()) + used
