"""The history in memory is bounded by bytes."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from uuid_utils.compat import uuid7

from tests.histories import MemoryStores
from tests.history_writes import begin, finish, grow, new_user
from thai_chat.domain.reads import ReadSession
from thai_chat.history.memory.conversation import MemoryConversation
from thai_chat.history.memory.sessions import HeldSessions
from thai_chat.history.outage.outbox import Outbox

USER = new_user()


@pytest.mark.parametrize("chars", [20, 4_000])
async def test_memory_takes_no_more_than_it_may(chars: int) -> None:
    """By what Python measures, whether there are many small messages or few large ones.

    Short texts that Python holds once for many messages (keys, codes) are counted with each, so less may be taken.
    """
    most = 4_000_000
    history = MemoryStores(max_bytes=most)

    async def talk(turns: int) -> None:
        for number in range(turns):
            write = begin(USER, question=f"{number}" + "ก" * chars)
            await history.write(write)
            metadata = {"reasoning": f"{number}" + "ข" * chars, "notices": [{"code": "fell_back", "from": f"{number}"}]}
            await history.write(finish(write, f"{number}" + "ค" * chars, metadata=metadata))

    tracemalloc.start()
    try:
        await talk(1_500)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0.5 * most < taken < 1.2 * most


async def test_what_sessions_carry_beside_their_messages_counts() -> None:
    most = 4_000_000
    history = MemoryConversation(HeldSessions(max_bytes=most))
    write = begin(USER)
    session = (await history.write(write)).session
    tracemalloc.start()
    try:
        for number in range(400):
            prompt = f"{number}" + "ก" * 20_000
            other = replace(session, session_id=uuid7(), options={"system_prompt": prompt})
            history.remember(ReadSession(other.session_id, USER), other)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0.7 * most < taken < 1.2 * most


async def test_a_long_reply_in_an_outage_is_held_once(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    await outbox.adopt()
    write = begin(USER)
    await outbox.add(write)
    tracemalloc.start()
    try:
        for number in range(100):
            await outbox.add(grow(write, f"{number}" + "ก" * 100_000))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 8_000_000  # of 30 MB; orjson leaves room behind what it writes
    batch = await outbox.take(1_000)
    assert batch is not None
    assert [getattr(one, "content", "")[:2] for one in batch.writes] == ["", "99"]
    await outbox.close()
