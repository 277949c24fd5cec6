"""Who asks is held back while the last writes are stored: seldom, where the server is slow."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.histories import until
from tests.history_writes import begin, new_user
from tests.toy_upstreams import CountMessages, ToyUpstream
from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.ports.conversation import DatabaseState
from thai_chat.domain.writes import SingleWrite
from thai_chat.history.memory.conversation import MemoryConversation
from thai_chat.history.outage import handover
from thai_chat.history.outage.handover import Handover
from thai_chat.history.outage.outbox import Outbox
from thai_chat.history.outage.primary import Primary
from thai_chat.history.outage.resilient import ResilientConversation


async def test_a_handover_that_takes_too_long_is_over_for_all_who_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "_LONGEST_S", 0.2)
    held = Handover()
    with held.hold() as is_over:
        first = asyncio.create_task(held.wait())
        await asyncio.sleep(0.15)
        second = asyncio.create_task(held.wait())
        await first
        await asyncio.sleep(0.01)
        assert second.done(), "it does not wait for as long as the first did"
        assert is_over()
        assert not held.is_on


async def test_a_handover_ends_with_its_replay_and_the_next_may_begin_at_once() -> None:
    held = Handover()
    for _ in range(2):
        with held.hold() as is_over:
            waiting = asyncio.create_task(held.wait())
            await asyncio.sleep(0)
            assert held.is_on
            assert not is_over()
        await waiting
        assert not held.is_on


async def test_after_one_that_took_too_long_nobody_is_held_back_until_the_next_outage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handover, "_LONGEST_S", 0.01)
    monkeypatch.setattr(handover, "_PAUSE_S", (60.0, 60.0))
    held = Handover()
    with held.hold():
        await held.wait()
    with held.hold() as is_over:
        assert not held.is_on
        assert not is_over()
    held.reset()
    with held.hold():
        assert held.is_on


class SlowUpstream(ToyUpstream):
    apply_s = 0.0

    async def apply(self, writes: Sequence[SingleWrite]) -> Sequence[object]:
        await asyncio.sleep(self.apply_s)
        return await super().apply(writes)


async def test_a_slow_server_holds_back_who_asks_less_and_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "_LONGEST_S", 0.1)
    monkeypatch.setattr(handover, "_PAUSE_S", (0.3, 60.0))
    upstream, outbox = SlowUpstream(), Outbox(tmp_path)
    primary = Primary(outbox, upstream)
    conversation = ResilientConversation(memory=MemoryConversation(), outbox=outbox, primary=primary)
    await conversation.start()
    is_over = asyncio.Event()

    async def write_on() -> None:
        while not is_over.is_set():
            await conversation.write(begin(new_user()))
            await asyncio.sleep(0.002)

    upstream.is_away = True
    await conversation.write(begin(new_user()))
    upstream.apply_s, upstream.is_away = 0.15, False
    writers = [asyncio.create_task(write_on()) for _ in range(3)]

    async def gave_up_twice() -> bool:
        with pytest.raises(HistoryUnavailable):
            await conversation.read(CountMessages(new_user()))
        return primary._handover._pause_s >= 4 * 0.3

    await until(gave_up_twice)

    async def serves() -> bool:
        return (await conversation.state()).database is DatabaseState.POSTGRESQL

    upstream.apply_s = 0.0
    await until(serves)
    is_over.set()
    await asyncio.gather(*writers)
    await conversation.close()
