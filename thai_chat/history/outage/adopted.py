"""The journals that dead processes left."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from thai_chat.domain.errors import HistoryRefused
from thai_chat.domain.writes import SingleWrite
from thai_chat.history.outage.generation import UNKNOWN
from thai_chat.history.outage.journal import Journal
from thai_chat.history.outage.records import decode
from thai_chat.history.outage.waiting import OF_TURNS, Batch, bounded


class Counted(NamedTuple):
    writes: int
    turns: Counter[UUID]
    """Writes by the reply they belong to."""


class AdoptedJournals:
    """Oldest first. Every method blocks on the disk; use them from one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._journals: deque[Journal] = deque()
        self.writes = 0
        """How many writes wait in them."""

    @property
    def has_any(self) -> bool:
        """Return whether there is a journal, be it that nothing of it waits. Does not block."""
        return bool(self._journals)

    def adopt(self) -> Counted:
        """Take over what dead processes have left since the last time, and return what that is."""
        journals = Journal.adopt(self._folder)
        found = _counted(journals)
        self._journals.extend(journals)
        self.writes += found.writes
        return found

    def leave_others(self, generation: UUID) -> Counted:
        """Leave on the disk what waits for another generation, and return what that is."""
        others = [journal for journal in self._journals if journal.generation not in (generation, UNKNOWN)]
        left = _counted(others)
        for journal in others:
            self._journals.remove(journal)
            journal.close()
        self.writes -= left.writes
        return left

    def take(self, limit: int) -> Batch | None:
        """Return at most `limit` writes, the oldest; None when nothing waits."""
        while self._journals:
            batch = _read(self._journals[0], limit)
            if batch:
                return batch
            self._journals.popleft().remove()
        return None

    def done(self, batch: Batch) -> None:
        """Note that the batch need not be stored again."""
        if batch.adopted:
            batch.adopted.stored(batch.end)
            self.writes -= batch.size

    def close(self) -> None:
        """Leave what waits for another process. Safe to call twice."""
        for journal in self._journals:
            journal.close()
        self._journals.clear()


def _counted(journals: Iterable[Journal]) -> Counted:
    """Count what waits, reading one write at a time: they may hold more than memory does."""
    number, turns = 0, Counter[UUID]()
    for journal in journals:
        for entry in journal.entries(journal.position):
            number += 1
            write = _readable(entry.record)
            if isinstance(write, OF_TURNS):
                turns[write.reply_id] += 1
    return Counted(number, turns)


def _read(journal: Journal, limit: int) -> Batch | None:
    entries = bounded(islice(journal.entries(journal.position), limit), lambda entry: len(entry.record))
    if not entries:
        return None
    writes = [_readable(entry.record) for entry in entries]
    return Batch(
        writes=[write for write in writes if write],
        unreadable=[entry.record for entry, write in zip(entries, writes, strict=True) if write is None],
        adopted=journal,
        end=entries[-1].end,
    )


def _readable(record: bytes) -> SingleWrite | None:
    try:
        return decode(record)
    except HistoryRefused:
        return None
