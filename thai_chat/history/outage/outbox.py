"""The writes that wait for PostgreSQL, in order: in memory, and in a journal that outlives the process."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from thai_chat.domain.errors import JournalUnavailable, ThaiChatError
from thai_chat.domain.writes import Checkpoint, FinishReply, SingleWrite
from thai_chat.history.outage.adopted import AdoptedJournals, Counted
from thai_chat.history.outage.generation import UNKNOWN, LastGeneration
from thai_chat.history.outage.hedge import HedgedCheckpoints
from thai_chat.history.outage.journal import Journal
from thai_chat.history.outage.records import encode
from thai_chat.history.outage.refused import RefusedWrites, refusal
from thai_chat.history.outage.waiting import OF_TURNS, Batch, Waiting, bounded

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_RETRY_S = 1.0


class Outbox:
    """First the writes that processes before this one left, then this one's own."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it gets a `journal` folder when a write has to wait, and a `refused` one when one is
        refused."""
        self._folder = folder / "journal"
        self._set_aside = RefusedWrites(folder / "refused")
        self._generation = LastGeneration(folder / "generation")
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._is_closed = False
        self._adopted = AdoptedJournals(self._folder)
        self._journal: Journal | None = None
        self._queue: deque[Waiting] = deque()
        self._unsaved: list[Waiting] = []
        self._growing: dict[UUID, Waiting] = {}
        self._turns: Counter[UUID] = Counter()
        self._sessions: Counter[UUID] = Counter()
        self._saving: asyncio.Task[None] | None = None
        self.works = True
        """False while the disk takes no writes."""
        self._retry_at = 0.0
        self.refused = 0

    def hedged(self, store: Callable[[Sequence[Checkpoint]], Awaitable[None]]) -> HedgedCheckpoints:
        """Return checkpoints that come to the disk, too, while `store` lasts. Close them before this."""
        return HedgedCheckpoints(store, folder=self._folder, disk=self._disk, generation=lambda: self._generation.value)

    async def adopt(self) -> None:
        """Take over what dead processes left. May be called again, for those that have died since."""

        def read() -> tuple[Counted, int]:
            if self._generation.value == UNKNOWN:
                self._generation.read()
            return self._adopted.adopt(), self._set_aside.count()

        found, self.refused = await self._on_disk(read)
        self._turns.update(found.turns)
        if found.writes:
            logger.info("%d writes of an earlier process wait to be stored", found.writes)

    async def serve(self, generation: UUID) -> int:
        """Leave on the disk what waits for other generations than the one of the database that answers.

        Return how many writes that is.
        """
        left = await self._on_disk(lambda: self._adopted.leave_others(generation))
        self._forget(left)
        own = 0
        if self._generation.value not in (generation, UNKNOWN):
            own = await self._leave_own()
        await self._on_disk(lambda: self._generation.note(generation))
        return left.writes + own

    async def _leave_own(self) -> int:
        """Leave what waits of this process: the database was restored while it could not be reached."""
        while self._saving:
            await asyncio.wait((self._saving,))
        left = len(self._queue)
        if lost := sum(waiting.journal is None for waiting in self._queue):
            logger.error("%d writes are lost: the disk would not take them, and they are for other chats", lost)
        if self._journal:
            self._journal.close()
            self._journal = None
        for held in (self._queue, self._unsaved, self._growing, self._turns, self._sessions):
            held.clear()
        return left

    @property
    def waiting_turns(self) -> int:
        return len(self._turns)

    @property
    def waiting_writes(self) -> int:
        return self._adopted.writes + len(self._queue)

    def holds(self, session_id: UUID) -> bool:
        """Return whether a write of this process to the session waits."""
        return session_id in self._sessions

    async def add(self, *writes: SingleWrite) -> None:
        """Return when the writes are on the disk, or, `works` being False then, in memory only.

        They count from the moment of the call, also when the caller is cancelled. Raises HistoryRefused, with none of
        them added, for what can't be written down.
        """
        loop = asyncio.get_running_loop()
        added = [Waiting(write.session_id, encode(write), write, loop.create_future()) for write in writes]
        for write, waiting in zip(writes, added, strict=True):
            self._supersede(write, waiting)
            self._queue.append(waiting)
            self._sessions[write.session_id] += 1
        self._unsaved += added
        self._count(writes, 1)
        if self._saving is None:
            self._saving = asyncio.create_task(self._save(), name="journal")
        for waiting in added:
            await waiting.settled

    async def take(self, limit: int) -> Batch | None:
        """Return at most `limit` writes, the oldest; None when nothing waits."""
        if self._adopted.has_any:
            batch, lost = await self._on_disk(lambda: self._adopted.take(limit))
            self._forget(lost)
            if batch:
                return batch
        if not self._queue:
            return None
        taken = bounded(islice(self._queue, limit), lambda waiting: len(waiting.record))
        return Batch(writes=[waiting.write for waiting in taken if waiting.write], waiting=taken)

    async def done(self, batch: Batch, refused: Sequence[tuple[SingleWrite, ThaiChatError]]) -> None:
        """Let go of the batch, which is stored, but for `refused`, which are set aside."""
        lines = [refusal(encode(write), error.code) for write, error in refused]
        lines += [refusal(record, "unreadable") for record in batch.unreadable]
        if lines:
            self.refused += len(lines)
            await self._on_disk(lambda: self._set_aside.append(lines))
        if batch.adopted:
            await self._on_disk(lambda: self._adopted.done(batch))
            self._count(batch.writes, -1)
        else:
            await self._drop(batch.waiting)

    async def forget_person(self, user_id: str) -> None:
        """Delete what PostgreSQL refused of somebody who is gone for good. What waits is stored before anybody is."""
        self.refused = await self._on_disk(lambda: self._set_aside.forget_person(user_id))

    async def close(self) -> None:
        """Close the journals; what waits stays there for the next process. Safe to call twice."""
        if self._saving:
            await asyncio.wait((self._saving,))
        if self._is_closed:
            return
        self._is_closed = True
        needed = [waiting for waiting in self._queue if waiting.write]
        lost = sum(waiting.journal is None or waiting.journal is not self._journal for waiting in needed)
        if lost:
            logger.error("%d writes are lost: neither PostgreSQL nor the disk would take them", lost)
        # Behind what a replay that was cancelled may still read there.
        closing = self._disk.submit(self._close_journals)
        self._disk.shutdown(wait=False)
        await asyncio.shield(asyncio.wrap_future(closing))

    def _close_journals(self) -> None:
        self._adopted.close()
        if self._journal:
            self._journal.close()
            self._journal = None

    async def _on_disk(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._disk, work)

    async def _save(self) -> None:
        """Write down what came, and all that came meanwhile, with one sync each."""
        try:
            while any(not waiting.settled.done() for waiting in self._unsaved):
                taken, self._unsaved = self._unsaved, []
                batch = [waiting for waiting in taken if not waiting.stored]
                if batch:
                    await self._append(batch)
                for waiting in taken:
                    if not waiting.settled.done():
                        waiting.settled.set_result(None)
        finally:
            self._saving = None

    async def _append(self, batch: list[Waiting]) -> None:
        """Write the batch down; what can't be written now goes back to those that are to be."""
        if time.monotonic() < self._retry_at:
            self._unsaved = batch + self._unsaved
            return
        if await self._on_disk(self._let_go_of_lost_journal):
            logger.error("the journal was deleted; all that waits is written to a new one")
            batch = [waiting for waiting in self._queue if waiting.write]
        records = [waiting.record for waiting in batch]
        try:
            journal, ends = await self._on_disk(lambda: self._write(records))
        except JournalUnavailable as error:
            logger.log(logging.ERROR if self.works else logging.DEBUG, "%s; writes wait in memory only", error)
            self.works = False
            self._retry_at = time.monotonic() + _RETRY_S
            self._unsaved = batch + self._unsaved
            return
        if not self.works:
            logger.info("the journal can be written again")
        self.works = True
        for waiting, end in zip(batch, ends, strict=True):
            waiting.journal, waiting.end = journal, end
            waiting.let_go()

    def _let_go_of_lost_journal(self) -> bool:
        if self._journal is None or self._journal.is_in_place():
            return False
        self._journal.close()
        self._journal = None
        return True

    def _write(self, records: Sequence[bytes]) -> tuple[Journal, Sequence[int]]:
        if self._journal is None:
            self._journal = Journal.create(self._folder, self._generation.value)
        return self._journal, self._journal.append(records)

    async def _drop(self, taken: Sequence[Waiting]) -> None:
        for waiting in taken:
            self._queue.popleft()
            waiting.stored = True
            _subtract(self._sessions, waiting.session_id)
            if waiting.write:
                self._count((waiting.write,), -1)
            if isinstance(waiting.write, Checkpoint) and self._growing.get(waiting.write.reply_id) is waiting:
                del self._growing[waiting.write.reply_id]
        self._unsaved = [waiting for waiting in self._unsaved if not (waiting.stored and waiting.settled.done())]
        end = max((waiting.end for waiting in taken if waiting.journal is self._journal), default=0)
        await self._on_disk(lambda: self._note(end, is_last=not self._queue))

    def _note(self, end: int, *, is_last: bool) -> None:
        if self._journal and is_last:
            self._journal.remove()
            self._journal = None
        elif self._journal and end:
            self._journal.stored(end)

    def _supersede(self, write: SingleWrite, waiting: Waiting) -> None:
        """Drop the checkpoint before: only the last one of a growing text matters, and none when the reply ends."""
        if not isinstance(write, (Checkpoint, FinishReply)):
            return
        before = self._growing.pop(write.reply_id, None)
        if before and before.write:
            self._count((before.write,), -1)
            before.write = None
            before.let_go()
        if isinstance(write, Checkpoint):
            self._growing[write.reply_id] = waiting

    def _forget(self, counted: Counted) -> None:
        for reply_id, number in counted.turns.items():
            _subtract(self._turns, reply_id, number)

    def _count(self, writes: Iterable[SingleWrite], number: int) -> None:
        for write in writes:
            if isinstance(write, OF_TURNS):
                _subtract(self._turns, write.reply_id, -number)


def _subtract(counter: Counter[UUID], key: UUID, number: int = 1) -> None:
    counter[key] -= number
    if counter[key] <= 0:
        del counter[key]
