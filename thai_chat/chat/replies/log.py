"""The log of a reply in this process: what was told of it, in order, and those who wait for the next."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from uuid import UUID

from thai_chat.chat.text import storable
from thai_chat.chat.waiting import wait, wake
from thai_chat.domain.events import BecameReasoning, Completed, Failed, LiveEvent, ReasoningDelta, Started, TextDelta
from thai_chat.domain.messages import Choice, Turn

BEAT_EVERY_S = 12.0
"""Followers are told at least so often that the reply lives."""
_RUN_CHARS = 512
"""The length up to which pieces that nobody has read yet become one event."""


class LocalReplyLog:
    """A `ReplyLog` in memory: events in a list, numbered from 1, and what their texts add up to."""

    def __init__(
        self, turn: Turn, choice: Choice, *, stop: Callable[[], None], runner: str = "", started_at_s: float
    ) -> None:
        """Begin the log. `started_at_s` is `time.perf_counter()` when the question was taken."""
        self.session_id: UUID = turn.session.session_id
        self.reply_id: UUID = turn.reply.message_id
        self.user_id: str = turn.session.user_id
        self.runner = runner
        self.choice = choice
        self.is_ending = False
        self._stop = stop
        self._started_at_s = started_at_s
        self._events: list[LiveEvent] = [Started(self.session_id, self.reply_id, choice.backend, choice.model)]
        self._read = 0
        """How many of the events some follower has: those stay as they are."""
        self._text = _Text()
        self._reasoning = _Text()
        self._next: list[asyncio.Future[bool]] = []
        self._end: list[asyncio.Future[bool]] = []

    @property
    def text(self) -> str:
        return self._text.whole()

    @property
    def text_chars(self) -> int:
        return self._text.chars

    @property
    def reasoning(self) -> str:
        return self._reasoning.whole()

    @property
    def reasoning_chars(self) -> int:
        return self._reasoning.chars

    @property
    def event_count(self) -> int:
        return len(self._events)

    @property
    def elapsed_ms(self) -> int:
        return round((time.perf_counter() - self._started_at_s) * 1000)

    @property
    def result(self) -> Completed | Failed | None:
        last = self._events[-1]
        return last if isinstance(last, Completed | Failed) else None

    def append(self, event: LiveEvent) -> None:
        """Tell the event. Pieces that nobody has read become one event: a fast model makes none of each letter."""
        match event:
            case TextDelta(text):
                self._text.add(text)
                self._append_piece(event)
            case ReasoningDelta(text):
                self._reasoning.add(text)
                self._append_piece(event)
            case BecameReasoning(text):
                self._reasoning.become(text)
                self._text.become("")
                self._tell(event)
            case _:
                self._tell(event)

    async def follow(self, after: int = 0, *, pace_s: float = 0.0) -> AsyncIterator[tuple[int, LiveEvent | None]]:
        flowing = False
        while True:
            for number, event in self._joined(after):
                after = number
                flowing = flowing or isinstance(event, TextDelta)
                yield number, event
            if self.result and after >= len(self._events):
                return
            if flowing and pace_s:
                await wait(self._end, pace_s)
            if after >= len(self._events) and not await wait(self._next, BEAT_EVERY_S):
                yield after, None

    async def finished(self) -> Completed | Failed:
        while (result := self.result) is None:
            await wait(self._end, BEAT_EVERY_S)
        return result

    def stop(self) -> None:
        self._stop()

    def _tell(self, event: LiveEvent) -> None:
        self._events.append(event)
        wake(self._next)
        if self.result:
            wake(self._end)

    def _append_piece(self, piece: TextDelta | ReasoningDelta) -> None:
        last = self._events[-1]
        if not piece.text:
            return
        if type(last) is type(piece) and len(self._events) > self._read and len(last.text) < _RUN_CHARS:
            self._events[-1] = type(piece)(last.text + piece.text)
            wake(self._next)
        else:
            self._tell(piece)

    def _joined(self, after: int) -> Iterator[tuple[int, LiveEvent]]:
        texts: list[str] = []
        self._read = len(self._events)
        for number, event in enumerate(self._events[after:], after + 1):
            following = self._events[number] if number < len(self._events) else None
            if isinstance(event, TextDelta | ReasoningDelta):
                texts.append(event.text)
                if type(following) is not type(event):
                    yield number, type(event)("".join(texts))
                    texts = []
            else:
                yield number, event


class _Text:
    """A text that grows by pieces."""

    __slots__ = ("_pieces", "chars")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self.chars = 0

    def add(self, piece: str) -> None:
        self._pieces.append(piece)
        self.chars += len(piece)

    def become(self, text: str) -> None:
        self._pieces[:] = [text]
        self.chars = len(text)

    def whole(self) -> str:
        """Return all of it, and keep it in one piece: hundreds of thousands take ten times the room of their text."""
        if len(self._pieces) > 1:
            self._pieces[:] = ["".join(self._pieces)]
        return storable(self._pieces[0]) if self._pieces else ""
