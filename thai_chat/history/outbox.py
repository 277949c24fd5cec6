"""The writes that wait for PostgreSQL, in order: in memory, and in a journal that outlives the process."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import orjson

from thai_chat.domain.errors import HistoryRefused, JournalUnavailable, ThaiChatError
from thai_chat.domain.messages import Checkpoint, FinishReply, UpdateSession, Write
from thai_chat.history.journal import Entry, Journal, RefusedWrites
from thai_chat.history.records import decode, encode

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_BATCH_BYTES = 4_000_000


@dataclass(slots=True, eq=False)
class _Waiting:
    write: Write | None
    """None when a later one made it needless."""
    record: bytes
    end: int | None = None
    """Offset behind it in the journal; None while it is in memory only."""
    stored: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """The writes to store next. Hand it back to `Outbox.done`, whole."""

    writes: Sequence[Write]
    journal: Journal | None = None
    """An adopted one; None for writes of this process."""
    entries: Sequence[_Waiting | Entry] = ()
    unreadable: Sequence[bytes] = field(default=())


class Outbox:
    """First the writes that processes before this one left, then this one's own."""

    def __init__(self, folder: Path) -> None:
        """`folder` gets a `journal` folder when a write has to wait, and a `refused` one when one is refused."""
        self._folder = folder / "journal"
        self._refused = RefusedWrites(folder / "refused")
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._adopted: deque[Journal] = deque()
        self._journal: Journal | None = None
        self._queue: deque[_Waiting] = deque()
        self._unsaved: list[_Waiting] = []
        self._growing: dict[UUID, _Waiting] = {}
        self._turns: Counter[UUID] = Counter()
        self._saving: asyncio.Task[None] | None = None
        self.works = True
        """False while the disk takes no writes."""
        self.refused = 0

    async def adopt(self) -> None:
        """Takes over what dead processes left. May be called again, for those that have died since."""

        def read() -> tuple[list[Journal], list[Write | None], int]:
            journals = Journal.adopt(self._folder)
            found = [_readable(entry) for journal in journals for entry in journal.entries(journal.position)]
            return journals, found, self._refused.count()

        journals, found, self.refused = await self._on_disk(read)
        self._adopted.extend(journals)
        self._count(found, 1)
        if found:
            logger.info("%d writes of an earlier process wait to be stored", len(found))

    @property
    def is_empty(self) -> bool:
        return not self._adopted and not self._queue

    @property
    def waiting_turns(self) -> int:
        return len(self._turns)

    async def add(self, write: Write) -> None:
        """Returns when the write is on the disk, or, `works` being False then, in memory only.

        The write counts from the moment of the call, also when the caller is cancelled. Raises HistoryRefused for what
        can't be written down.
        """
        waiting = _Waiting(write, encode(write))
        self._supersede(write, waiting)
        self._queue.append(waiting)
        self._unsaved.append(waiting)
        self._count((write,), 1)
        while not waiting.stored and waiting in self._unsaved:
            if self._saving is None:
                self._saving = asyncio.create_task(self._save(), name="journal")
            saving = self._saving
            await asyncio.wait((saving,))
            if not self.works and waiting.end is None and saving is not self._saving:
                return

    async def take(self, limit: int) -> Batch | None:
        """At most `limit` writes, the oldest; None when nothing waits."""
        while self._adopted:
            batch = await self._on_disk(lambda: _read(self._adopted[0], limit))
            if batch:
                return batch
            await self._on_disk(self._adopted.popleft().remove)
        if not self._queue:
            return None
        entries = _bounded(islice(self._queue, limit), lambda waiting: waiting.record)
        return Batch([waiting.write for waiting in entries if waiting.write], entries=entries)

    async def done(self, batch: Batch, refused: Sequence[tuple[Write, ThaiChatError]]) -> None:
        """The batch is stored, but for `refused`, which are set aside."""
        lines = [_refusal(encode(write), error) for write, error in refused]
        lines += [_refusal(record, HistoryRefused("unreadable")) for record in batch.unreadable]
        if lines:
            self.refused += len(lines)
            await self._on_disk(lambda: self._refused.append(lines))
        if batch.journal:
            last = batch.entries[-1]
            if isinstance(last, Entry):
                await self._on_disk(lambda: batch.journal and batch.journal.stored(last.end))
            self._count(batch.writes, -1)
        else:
            await self._drop([waiting for waiting in batch.entries if isinstance(waiting, _Waiting)])

    async def close(self) -> None:
        """What waits stays in the journal for the next process. Safe to call twice."""
        if self._saving:
            await asyncio.wait((self._saving,))
        for journal in (*self._adopted, self._journal):
            if journal:
                await asyncio.to_thread(journal.close)
        self._adopted.clear()
        self._journal = None
        self._disk.shutdown()
