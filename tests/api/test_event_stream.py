"""The event stream of a growing reply, whatever its events hold."""

from __future__ import annotations

import time

import pytest

from tests.histories import MemoryStores
from tests.history_writes import begin, new_user
from thai_chat.api import sse
from thai_chat.chat.replies.log import LocalReplyLog
from thai_chat.domain.events import TextDelta
from thai_chat.domain.messages import Choice


async def test_an_event_that_can_not_be_written_ends_the_stream_with_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    turn = await MemoryStores().write(begin(new_user()))
    reply = LocalReplyLog(turn, Choice("vllm", "m"), stop=lambda: None, started_at_s=time.perf_counter())
    reply.append(TextDelta("ดีใจ"))
    reply.append(TextDelta("\ud83d secret"))
    frames = [frame async for frame in sse._frames(reply, 1, "en")]
    assert [frame.split(b"\n")[1] for frame in frames] == [b"event: error"]
    assert b"internal" in frames[-1]
    assert "secret" not in caplog.text
