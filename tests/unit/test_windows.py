"""A window while its session changes: with a reply that grows or has just ended, and where memory holds a part."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest

from tests.histories import MemoryStores
from tests.history_writes import CHOICE, begin, new_user, whole_turn
from tests.people import as_person
from thai_chat.chat.changes import Changes
from thai_chat.chat.replies.growing import GrowingReply
from thai_chat.chat.replies.runner import Replies
from thai_chat.chat.sessions import Sessions
from thai_chat.chat.windows import Windows
from thai_chat.domain.backend_errors import BackendUnreachable
from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.events import RoutedEvent, TextDelta
from thai_chat.domain.fact_values import (
    ReplyError,
)
from thai_chat.domain.facts import (
    facts_of,
)
from thai_chat.domain.messages import Status
from thai_chat.domain.reads import ReadMessages, ReadSession, ReadWindow

USER = new_user()
PERSON = as_person(USER)


async def nothing(*args: object, **kwargs: object) -> None:
    """Stand in for the price of a reply."""


class Interrupted:
    """A conversation that does something else just after messages were read of it."""

    def __init__(self, history: MemoryStores) -> None:
        self._history = history
        self.then: Callable[[], Any] | None = None

    async def read(self, read: Any) -> Any:
        found = await self._history.read(read)
        if isinstance(read, ReadWindow) and self.then:
            then, self.then = self.then, None
            await then()
        return found

    async def write(self, write: Any) -> Any:
        return await self._history.write(write)


class Scene:
    """A session with one reply that says a word and ends when it may."""

    def __init__(self, error: Exception | None = None) -> None:
        self.history = MemoryStores()
        self.conversation: Any = Interrupted(self.history)
        self.replies = Replies(self.conversation, cost_of=nothing, changes=Changes())
        self.windows = Windows(
            self.conversation, self.replies, Sessions(self.conversation, self.replies, {}, Changes())
        )
        self.has_begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self._error = error

    async def ask(self) -> UUID:
        turn = await self.history.write(begin(USER))
        self.log = self.replies.run(turn, CHOICE, self._source, started_at_s=time.perf_counter())
        await self.has_begun.wait()
        return turn.session.session_id

    async def end(self) -> None:
        self.may_end.set()
        await self.log.finished()

    async def _source(self, reply: GrowingReply) -> AsyncGenerator[RoutedEvent, None]:
        yield TextDelta("ขิง")
        self.has_begun.set()
        await self.may_end.wait()
        if self._error:
            raise self._error
        yield TextDelta("ซอย")


async def test_a_reply_that_grows_is_in_the_window_with_its_text_so_far() -> None:
    scene = Scene()
    session_id = await scene.ask()
    window = await scene.windows.window(session_id, PERSON)
    assert window.live is scene.log
    assert [message.content for message in window.messages][1:] == ["ขิง"]
    assert window.messages[-1].status is Status.STREAMING
    await scene.end()
    window = await scene.windows.window(session_id, PERSON)
    assert (window.live, window.messages[-1].content) == (None, "ขิงซอย")


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [(None, Status.COMPLETE, "ขิงซอย"), (BackendUnreachable(backend="vllm"), Status.FAILED, "ขิง")],
    ids=["complete", "failed"],
)
async def test_a_reply_that_ends_while_the_window_is_read_is_shown_ended(
    error: Exception | None, status: Status, text: str
) -> None:
    scene = Scene(error)
    session_id = await scene.ask()
    scene.conversation.then = scene.end
    window = await scene.windows.window(session_id, PERSON)
    reply = window.messages[-1]
    assert (window.live, reply.status, reply.content) == (None, status, text)
    if error:
        assert facts_of(reply).error == ReplyError("backend_unreachable", {"backend": "vllm"})


async def test_a_turn_that_begins_when_the_window_has_been_read_is_behind_it() -> None:
    scene = Scene()
    turn = await whole_turn(scene.history, USER)
    session_id = turn.session.session_id
    scene.conversation.then = lambda: whole_turn(scene.history, USER, session_id)
    window = await scene.windows.window(session_id, PERSON)
    assert ([message.message_order for message in window.messages], window.has_later) == ([1, 2], False)
    later = await scene.windows.window(session_id, PERSON, after_order=2)
    assert ([message.message_order for message in later.messages], later.has_later) == ([3, 4], False)


async def test_where_memory_holds_a_part_the_window_says_that_there_is_more() -> None:
    scene, source = Scene(), MemoryStores()
    turn = await whole_turn(source, USER)
    session_id = turn.session.session_id
    for _ in range(4):
        await whole_turn(source, USER, session_id)
    scene.history.remember(await source.read(ReadSession(session_id, USER)))
    held = await source.read(ReadMessages(session_id, USER, limit=4))
    for message in held:
        scene.history.remember(message)
    window = await scene.windows.window(session_id, PERSON)
    assert ([message.message_order for message in window.messages], window.has_earlier) == ([7, 8, 9, 10], True)
    around = await scene.windows.around(session_id, PERSON, held[1].message_id, limit=3)
    assert [message.message_order for message in around.messages] == [7, 8, 9]
    with pytest.raises(HistoryUnavailable):
        await scene.windows.window(session_id, PERSON, before_order=7)
    with suppress(HistoryUnavailable):
        pytest.fail(str(await scene.windows.window(session_id, PERSON, after_order=3)))
