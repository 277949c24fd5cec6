"""The outage code between stores that it knows by protocols alone: reads and writes that are new to it pass."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.histories import until
from tests.history_writes import begin, finish, new_user
from tests.toy_upstreams import CountMessages, Toast, ToyUpstream
from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.ports.conversation import DatabaseState
from thai_chat.history.memory.conversation import MemoryConversation
from thai_chat.history.outage.outbox import Outbox
from thai_chat.history.outage.primary import Primary
from thai_chat.history.outage.resilient import ResilientConversation


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
