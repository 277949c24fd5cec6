"""The outage code between stores that it knows by protocols alone: reads and writes that are new to it pass."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest

from tests.histories import until
from tests.history_writes import begin, finish, new_user
from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.ports.conversation import DatabaseState
from thai_chat.domain.reads import Answer, Read
from thai_chat.domain.writes import Outcome, SingleWrite, Write
from thai_chat.history.memory.conversation import MemoryConversation
from thai_chat.history.outage.outbox import Outbox
from thai_chat.history.outage.primary import Primary
from thai_chat.history.outage.resilient import ResilientConversation


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


@pytest.fixture
def upstream() -> ToyUpstream:
    return ToyUpstream()


@pytest.fixture
async def conversation(upstream: ToyUpstream, tmp_path: Path) -> AsyncIterator[ResilientConversation[ToyUpstream]]:
    outbox = Outbox(tmp_path)
    conversation = ResilientConversation(memory=MemoryConversation(), outbox=outbox, primary=Primary(outbox, upstream))
    await conversation.start()
    yield conversation
    await conversation.close()


async def test_a_read_and_a_write_that_are_new_to_it_pass(conversation: ResilientConversation[ToyUpstream]) -> None:
    assert await conversation.read(CountMessages(new_user())) == 7
    assert await conversation.write(Toast()) == "to all"


async def test_a_read_that_memory_does_not_know_is_refused_in_an_outage(
    conversation: ResilientConversation[ToyUpstream], upstream: ToyUpstream
) -> None:
    upstream.is_away = True
    with pytest.raises(HistoryUnavailable):
        await conversation.read(CountMessages(new_user()))


async def test_what_was_written_in_an_outage_is_applied_to_the_upstream_once_it_is_back(
    conversation: ResilientConversation[ToyUpstream], upstream: ToyUpstream
) -> None:
    upstream.is_away = True
    write = begin(new_user())
    turn = await conversation.write(write)
    end = finish(write)
    assert (await conversation.write(end)).message_id == turn.reply.message_id
    state = await conversation.state()
    assert (state.database, state.waiting_turns) == (DatabaseState.MEMORY, 1)
    upstream.is_away = False

    async def serves() -> bool:
        return (await conversation.state()).database is DatabaseState.POSTGRESQL

    await until(serves)
    assert upstream.applied == [write, end]
