"""The turns that PostgreSQL acknowledged last, for the day when another server takes over and has not heard of them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from uuid import UUID

from thai_chat.domain.writes import (
    AddMessage,
    BeginReply,
    BeginTurn,
    CreateSession,
    FinishReply,
    PurgeMessage,
    PurgeSession,
    SingleWrite,
)
from thai_chat.history.sizes import size_of_write

KEEP_S = 60.0
MAX_BYTES = 10_000_000


class RecentTurns:
    """New sessions and messages, begins and ends of replies and what was deleted for good, in the order in which they
    were acknowledged.

    Changes of a session are not among them: sent again they could undo what another process changed since.
    """

    def __init__(
        self, *, keep_s: float = KEEP_S, max_bytes: int = MAX_BYTES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keep_s = keep_s
        self._max_bytes = max_bytes
        self._clock = clock
        self._kept: deque[tuple[float, int, SingleWrite]] = deque()
        self._size = 0

    def note(self, *writes: SingleWrite) -> None:
        """Keep new sessions and messages, begins, ends and purges; pass over what else there is among the writes."""
        for write in writes:
            match write:
                case BeginTurn() | BeginReply() | FinishReply() | CreateSession() | AddMessage() | PurgeMessage():
                    self._keep(write, size_of_write(write))
                case PurgeSession():
                    self._forget(write.session_id)
                    self._keep(write, size_of_write(write))
        self._drop_old()

    def forget_person(self, user_id: str) -> None:
        """Forget the sessions of somebody who is gone for good."""
        for session_id in {kept[2].session_id for kept in self._kept if getattr(kept[2], "user_id", None) == user_id}:
            self._forget(session_id)

    def writes(self) -> Sequence[SingleWrite]:
        self._drop_old()
        return [write for _, _, write in self._kept]

    def _keep(self, write: SingleWrite, size: int) -> None:
        self._kept.append((self._clock(), size, write))
        self._size += size

    def _forget(self, session_id: UUID) -> None:
        self._kept = deque(kept for kept in self._kept if kept[2].session_id != session_id)
        self._size = sum(size for _, size, _ in self._kept)

    def _drop_old(self) -> None:
        oldest_s = self._clock() - self._keep_s
        while self._kept and (self._kept[0][0] < oldest_s or self._size > self._max_bytes):
            _, size, _ = self._kept.popleft()
            self._size -= size
