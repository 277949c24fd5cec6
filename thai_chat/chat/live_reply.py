"""One growing reply: what was said so far, and those who follow it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from thai_chat.chat.text import storable
from thai_chat.chat.words import cut
from thai_chat.domain.events import (
    FILTERED,
    TOO_LONG,
    Answering,
    Completed,
    Delta,
    Failed,
    Finished,
    LiveEvent,
    Notice,
    Reasoning,
    Rethought,
    RoutedEvent,
    Started,
    Text,
    Thought,
    Usage,
    WasThinking,
)
from thai_chat.domain.facts import Precision, ReplyFacts, facts_of
from thai_chat.domain.messages import Checkpoint, Choice, Figures, Message, Status, Turn
from thai_chat.routing.pricing import Cost
from thai_chat.routing.tokens import estimate_tokens

REPLY_CHARS = 1_000_000
"""Of a reply's text, what it began with included, and of its thinking: some 3 MB of Thai each. Models end at a third of
that at the latest; what goes beyond it goes on for ever."""
_RUN_CHARS = 512
"""Of pieces that nobody has read yet and that become one event."""
_CUT_WITHIN = 200
"""A cluster is shorter than that."""
BEAT_EVERY_S = 12.0
"""Followers are told at least so often that the reply lives."""


class LiveReply:
    """One growing reply: an append-only log of events, numbered from 1, and those who wait for the next."""

    def __init__(self, turn: Turn, choice: Choice, *, started_at_s: float) -> None:
        self.turn = turn
        self.choice = choice
        """Who was asked, then who answers."""
        self.facts = ReplyFacts()
        """Replaced as more becomes known; the reasoning is added where they are told."""
        self.started_at_s = started_at_s
        """`time.perf_counter()` when the question was taken; first-token and total times count from it."""
        self.first_token_ms: int | None = None
        self.usage = Usage(None, None)
        self.ending: Status | None = None
        """How it is to end when its task is cancelled; None while nobody has asked for that."""
        self.task: asyncio.Task[None] | None = None
        self.has_begun = False
        """Set by the task's first step. A task that is cancelled before it would never run, and never store its end."""
        self.checkpointed_at_s = started_at_s
        self._events: list[LiveEvent] = [
            Started(turn.session.session_id, turn.reply.message_id, choice.backend, choice.model)
        ]
        self._read = 0
        """How many of the events some follower has: those stay as they are."""
        self._text: list[str] = []
        self._text_chars = 0
        self._reasoning_chars = 0
        self.is_full = False
        """Nothing more is taken in: the reply is to be ended."""
        self.parts = 0
        """Grows with every text and thought: tells whether there is something new to checkpoint."""
        self._reasoning: list[str] = []
        self._reasoned_before = facts_of(turn.reply).reasoning
        self._begin_with(turn.reply)
        self._next: list[asyncio.Future[bool]] = []
        self._end: list[asyncio.Future[bool]] = []

    def _begin_with(self, reply: Message) -> None:
        """What the reply has already when it continues an earlier one: followers get it as its first words."""
        reasoning = self._reasoned_before
        if reasoning is not None:
            self._reasoning.append(reasoning)
            self._reasoning_chars = len(reasoning)
            self.parts += 1
            self._events.append(Thought(reasoning))
        if reply.content:
            self._text.append(reply.content)
            self._text_chars = len(reply.content)
            self.parts += 1
            self._events.append(Delta(reply.content))
        self.checkpointed_parts = self.parts

    @property
    def session_id(self) -> UUID:
        return self.turn.session.session_id

    @property
    def reply_id(self) -> UUID:
        return self.turn.reply.message_id

    @property
    def user_id(self) -> str:
        return self.turn.session.user_id

    @property
    def text(self) -> str:
        return storable(_as_one(self._text))

    @property
    def _answered(self) -> str:
        """The text without what the reply began with."""
        return self.text.removeprefix(self.turn.reply.content)

    @property
    def reasoning(self) -> str:
        return storable(_as_one(self._reasoning))

    @property
    def _newly_thought(self) -> str:
        return self.reasoning.removeprefix(self._reasoned_before or "")

    @property
    def event_count(self) -> int:
        """The number of the newest event."""
        return len(self._events)

    @property
    def result(self) -> Completed | Failed | None:
        """The last event once the reply is stored, None before."""
        last = self._events[-1]
        return last if isinstance(last, Completed | Failed) else None

    def publish(self, event: LiveEvent) -> None:
        self._events.append(event)
        _wake(self._next)
        if self.result:
            _wake(self._end)

    def receive(self, event: RoutedEvent) -> None:
        """Take in one event of the routed stream."""
        match event:
            case Text(text):
                self._note_first_token()
                if self._text_chars + len(text) > REPLY_CHARS:
                    text = self._fill(text, REPLY_CHARS - self._text_chars, "reply_too_long")
                self._text_chars += len(text)
                self._text.append(text)
                self._publish_piece(Delta(text))
            case Reasoning(text):
                self._note_first_token()
                if self._reasoning_chars + len(text) > REPLY_CHARS:
                    text = self._fill(text, REPLY_CHARS - self._reasoning_chars, "thinking_too_long")
                self._reasoning_chars += len(text)
                self._reasoning.append(text)
                self._publish_piece(Thought(text))
            case WasThinking(closing):
                self._rethink(closing)
            case Usage():
                self.usage = _usage_that_can_be(event)
            case Notice():
                self._note_notice(event)
            case Answering():
                self._note_answering(event)
            case Finished(reason):
                self.facts = replace(self.facts, finish_reason=storable(reason))
                if reason == FILTERED:
                    self._note_notice(Notice("reply_broken_by_filter"))
            case _:
                assert_never(event)

    @property
    def only_thought(self) -> bool:
        """There was thinking, and not a visible word."""
        return bool(self._reasoning) and not self.text.strip()

    def _fill(self, text: str, room: int, why: str) -> str:
        """What there is room for, in whole clusters. The reply ends with it."""
        self.is_full = True
        self.facts = replace(self.facts, finish_reason=TOO_LONG)
        self._note_notice(Notice(why, {"chars": f"{REPLY_CHARS:,}"}))
        begun = max(0, room - _CUT_WITHIN)
        return text[:begun] + cut(text[begun : begun + 2 * _CUT_WITHIN], room - begun) if room > 0 else ""

    def _publish_piece(self, piece: Delta | Thought) -> None:
        """Pieces that nobody has read become one event, so that a fast model makes no event of each letter."""
        self.parts += 1
        last = self._events[-1]
        if not piece.text:
            return
        if type(last) is type(piece) and len(self._events) > self._read and len(last.text) < _RUN_CHARS:
            self._events[-1] = type(piece)(last.text + piece.text)
            _wake(self._next)
        else:
            self.publish(piece)

    def told(self) -> ReplyFacts:
        """Return what is stored beside the text, as it is now."""
        return replace(self.facts, reasoning=self.reasoning) if self._reasoning else self.facts

    def checkpoint(self, at: datetime) -> Checkpoint:
        """Of the text so far, and of all else that would be missed if this were the last that is stored of it."""
        return Checkpoint(
            session_id=self.session_id,
            reply_id=self.reply_id,
            content=self.text,
            at=at,
            choice=self.choice,
            metadata=self.told().to_metadata(),
        )

    def figures(self) -> Figures:
        """Return what the server counted, else what the text is estimated at; the facts say which it is of each."""
        usage, model = self.usage, self.choice.model
        said, thought = estimate_tokens(self._answered, model), estimate_tokens(self._newly_thought, model)
        completion = said + thought if usage.completion_tokens is None else usage.completion_tokens
        prompt, used = usage.prompt_tokens, self.facts.context_used
        if prompt is None and self.first_token_ms is not None and used:
            prompt = used.tokens
        reasoning = usage.reasoning_tokens
        is_shared_out = reasoning is None and thought > 0
        if is_shared_out:
            reasoning = round(completion * thought / (said + thought))
        self.facts = replace(
            self.facts,
            tokens=_precision(usage.completion_tokens),
            prompt_tokens=None if prompt is None else _precision(usage.prompt_tokens),
            reasoning_tokens=Precision.ESTIMATED if is_shared_out else None,
            cached_tokens=usage.cached_tokens or None,
        )
        return Figures(
            prompt_tokens=prompt,
            completion_tokens=completion,
            reasoning_tokens=reasoning,
            first_token_ms=self.first_token_ms,
            latency_ms=self._elapsed_ms(),
        )

    def note_cost(self, cost: Cost) -> None:
        """Keep the cost, as exact as the tokens are; baht only where a rate is set."""
        has_all = None not in (self.usage.prompt_tokens, self.usage.completion_tokens)
        self.facts = replace(
            self.facts,
            cost=Precision.EXACT if has_all else Precision.ESTIMATED,
            cost_thb=None if cost.thb is None else float(cost.thb),
        )

    async def follow(self, after: int = 0, *, pace_s: float = 0.0) -> AsyncIterator[tuple[int, LiveEvent | None]]:
        """Every event after number `after` with its number, to the end; texts that came together come joined.

        After the first text a follower is woken every `pace_s` at most, by the end at once. None is a sign of life
        after BEAT_EVERY_S without an event.
        """
        flowing = False
        while True:
            for number, event in self._joined(after):
                after = number
                flowing = flowing or isinstance(event, Delta)
                yield number, event
            if self.result and after >= len(self._events):
                return
            if flowing and pace_s:
                await _wait(self._end, pace_s)
            if after >= len(self._events) and not await _wait(self._next, BEAT_EVERY_S):
                yield after, None

    async def finished(self) -> Completed | Failed:
        """Waits until the reply is stored."""
        while (result := self.result) is None:
            await _wait(self._end, BEAT_EVERY_S)
        return result

    def _joined(self, after: int) -> Iterator[tuple[int, LiveEvent]]:
        texts: list[str] = []
        self._read = len(self._events)
        for number, event in enumerate(self._events[after:], after + 1):
            following = self._events[number] if number < len(self._events) else None
            if isinstance(event, Delta | Thought):
                texts.append(event.text)
                if type(following) is not type(event):
                    yield number, type(event)("".join(texts))
                    texts = []
            else:
                yield number, event

    def _rethink(self, closing: str) -> None:
        self._reasoning.append("".join(self._text).removesuffix(closing).rstrip())
        self._text.clear()
        self._reasoning_chars += self._text_chars
        self._text_chars = 0
        self.parts += 1
        self.publish(Rethought(self.reasoning))

    def _note_answering(self, event: Answering) -> None:
        asked, answered_by = self.choice, event.choice
        self.facts = replace(self.facts, asked=asked, answered_by=answered_by, reason=event.reason)
        self.choice = answered_by
        self.usage = Usage(None, None)

    def _note_notice(self, event: Notice) -> None:
        """Each try at a reply may tell the same; what stays with the reply is told once."""
        if not event.is_passing:
            told = self.facts.notices or ()
            if event in told:
                return
            self.facts = replace(self.facts, notices=(*told, event))
        self.publish(event)

    def _note_first_token(self) -> None:
        if self.first_token_ms is None:
            self.first_token_ms = self._elapsed_ms()

    def _elapsed_ms(self) -> int:
        return round((time.perf_counter() - self.started_at_s) * 1000)


def _as_one(pieces: list[str]) -> str:
    """All of them joined, and kept so: hundreds of thousands of pieces take ten times the room of their text."""
    if len(pieces) > 1:
        pieces[:] = ["".join(pieces)]
    return pieces[0] if pieces else ""


def _usage_that_can_be(usage: Usage) -> Usage:
    """Without what is no count or larger than the history's columns: it must not cost the reply its end."""
    counts = (usage.prompt_tokens, usage.completion_tokens, usage.reasoning_tokens, usage.cached_tokens)
    return Usage(*(count if type(count) is int and 0 <= count < 2**31 else None for count in counts))


def _precision(counted: int | None) -> Precision:
    return Precision.ESTIMATED if counted is None else Precision.EXACT


def _wake(waiting: list[asyncio.Future[bool]]) -> None:
    for future in waiting:
        _resolve(future, True)
    waiting.clear()


async def _wait(waiting: list[asyncio.Future[bool]], timeout_s: float) -> bool:
    """True when woken, False after the time. Cheaper than asyncio.timeout, which a follower would pay at each step."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[bool] = loop.create_future()
    waiting.append(future)
    timer = loop.call_later(timeout_s, _resolve, future, False)
    try:
        return await future
    finally:
        timer.cancel()
        if future in waiting:
            waiting.remove(future)


def _resolve(future: asyncio.Future[bool], woken: bool) -> None:
    if not future.done():
        future.set_result(woken)
