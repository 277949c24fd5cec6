"""The journals that dead processes left."""

from __future__ import annotations

import logging
from collections import Counter
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

logger = logging.getLogger(__name__)


class Counted(NamedTuple):
    writes: int
    turns: Counter[UUID]
    """Writes by the reply they belong to."""


class AdoptedJournals:
    """Oldest first. Every method blocks on the disk; use them from one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._journals: dict[Journal, Counted] = {}
        """The writes and turns that wait in each: those counted when it was adopted, less what is stored since."""
        self.writes = 0
        """How many writes wait in them."""

    @property
    def has_any(self) -> bool:
        """Return whether there is a journal, be it that nothing of it waits. Does not block."""
        return bool(self._journals)

    def adopt(self) -> Counted:
        """Take over what dead processes have left since the last time, and return what that is."""
        journals = Journal.adopt(self._folder)
        found = {journal: _counted(journal) for journal in journals}
        self._journals.update(found)
        total = _total(found.values())
        self.writes += total.writes
        return total

    def leave_others(self, generation: UUID) -> Counted:
        """Leave on the disk what waits for another generation, and return what that is."""
        others = [journal for journal in self._journals if journal.generation not in (generation, UNKNOWN)]
        left = _total([self._journals.pop(journal) for journal in others])
        for journal in others:
            journal.close()
        self.writes -= left.writes
        return left

    def take(self, limit: int) -> tuple[Batch | None, Counted]:
        """Return at most `limit` writes, the oldest, or None when nothing waits; and what was counted and is lost.

        A journal that ends before all its writes were read was damaged since: it is kept for a person.
        """
        lost = []
        batch = None
        while self._journals and batch is None:
            journal = next(iter(self._journals))
            batch = _read(journal, limit)
            if batch is None:
                lost.append(self._drop(journal))
        return batch, _total(lost)

    def done(self, batch: Batch) -> None:
        """Note that the batch need not be stored again."""
        if batch.adopted:
            batch.adopted.stored(batch.end)
            waiting = self._journals[batch.adopted]
            waiting.turns.subtract(write.reply_id for write in batch.writes if isinstance(write, OF_TURNS))
            self._journals[batch.adopted] = waiting._replace(writes=waiting.writes - batch.size)
            self.writes -= batch.size

    def close(self) -> None:
        """Leave what waits for another process. Safe to call twice."""
        for journal in self._journals:
            journal.close()
        self._journals.clear()

    def _drop(self, journal: Journal) -> Counted:
        """Let go of a journal that gives no more, and return what it had been counted to give."""
        lost = self._journals.pop(journal)
        self.writes -= lost.writes
        if lost.writes:
            logger.error("%d writes of journal %s can't be read any more: it is kept", lost.writes, journal.path.name)
        journal.remove(is_damaged=lost.writes > 0)
        return lost


def _counted(journal: Journal) -> Counted:
    """Count what waits, reading one write at a time: it may hold more than memory does."""
    number, turns = 0, Counter[UUID]()
    for entry in journal.entries(journal.position):
        number += 1
        write = _readable(entry.record)
        if isinstance(write, OF_TURNS):
            turns[write.reply_id] += 1
    return Counted(number, turns)


def _total(counted: Iterable[Counted]) -> Counted:
    number, turns = 0, Counter[UUID]()
    for one in counted:
        number += one.writes
        turns.update(one.turns)
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
