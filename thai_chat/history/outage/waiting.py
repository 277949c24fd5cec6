"""The writes that wait, as they are taken in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from thai_chat.domain.writes import BeginReply, BeginTurn, Checkpoint, FinishReply, SingleWrite
from thai_chat.history.outage.journal import Journal

Item = TypeVar("Item")

OF_TURNS = (BeginTurn, BeginReply, Checkpoint, FinishReply)
_BATCH_BYTES = 4_000_000


@dataclass(slots=True, eq=False)
class Waiting:
    session_id: UUID
    record: bytes
    write: SingleWrite | None
    """None when a later one made it needless."""
    settled: asyncio.Future[None]
    """Done when the record is on the disk, or the disk refused it."""
    journal: Journal | None = None
    """None while it is in memory only."""
    end: int = 0
    """Offset behind it in the journal."""
    stored: bool = False

    def let_go(self) -> None:
        """Drop the record that a later one made needless: every checkpoint of a long reply has all of its text."""
        if self.write is None and self.journal:
            self.record = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The writes to store next. Hand it back to `Outbox.done`, whole."""

    writes: Sequence[SingleWrite]
    unreadable: Sequence[bytes] = ()
    adopted: Journal | None = None
    end: int = 0
    """Offset behind the batch in the adopted journal."""
    waiting: Sequence[Waiting] = ()

    @property
    def size(self) -> int:
        """Return how many records it takes from what waits."""
        return len(self.waiting) or len(self.writes) + len(self.unreadable)


def bounded(items: Iterable[Item], size: Callable[[Item], int]) -> list[Item]:
    """Return as many as one statement should carry; at least one when there is any."""
    taken: list[Item] = []
    total = 0
    for item in items:
        total += size(item)
        if taken and total > _BATCH_BYTES:
            break
        taken.append(item)
    return taken
