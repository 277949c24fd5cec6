"""An upstream without a database, for tests of the outage code between stores that it knows by protocols alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.reads import Answer, Read
from thai_chat.domain.writes import Outcome, SingleWrite, Write
from thai_chat.history.memory.conversation import MemoryConversation


@dataclass(frozen=True, slots=True)
class CountMessages(Read[int]):
    user_id: str


@dataclass(frozen=True, slots=True)
class Toast(Write[str]):
    at: datetime | None = None


class ToyUpstream:
    """Knows one read and one write of its own, and what a memory knows."""

    def __init__(self) -> None:
        self.is_away = False
        self.applied: list[SingleWrite] = []
        self._known = MemoryConversation()

    async def write(self, write: Write[Outcome]) -> Outcome:
        self._require()
        if isinstance(write, Toast):
            return "to all"  # type: ignore[return-value]
        return await self._known.write(write)

    async def read(self, read: Read[Answer]) -> Answer:
        self._require()
        if isinstance(read, CountMessages):
            return 7  # type: ignore[return-value]
        return await self._known.read(read)

    async def apply(self, writes: Sequence[SingleWrite]) -> Sequence[object]:
        self._require()
        self.applied += writes
        return [None for _ in writes]

    async def ping(self) -> None:
        self._require()

    def _require(self) -> None:
        if self.is_away:
            raise HistoryUnavailable("the toy is away")

    # A connector too, to itself.
    async def connect(self) -> ToyUpstream:
        self._require()
        return self

    async def server(self) -> str | None:
        return "toy"

    async def generation(self) -> UUID:
        return UUID(int=0)

    async def close(self) -> None:
        pass
