"""What memory holds of the history is bounded."""

from __future__ import annotations

import tracemalloc

import pytest

from tests.history_writes import begin, finish, new_user
from thai_chat.history.memory import MemoryHistory

USER = new_user()


@pytest.mark.parametrize("chars", [20, 4_000])
async def test_memory_takes_no_more_than_it_may(chars: int) -> None:
    """By what Python measures, whether there are many small messages or few large ones."""
    most = 4_000_000
    history = MemoryHistory(max_bytes=most)

    async def talk(turns: int) -> None:
        for number in range(turns):
            write = begin(USER, question=f"{number}" + "ก" * chars)
            await history.begin_turn(write)
            metadata = {"reasoning": f"{number}" + "ข" * chars, "notices": [{"code": "fell_back", "from": f"{number}"}]}
            await history.finish_reply(finish(write, f"{number}" + "ค" * chars, metadata=metadata))

    tracemalloc.start()
    try:
        await talk(1_500)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0.7 * most < taken < 1.2 * most
