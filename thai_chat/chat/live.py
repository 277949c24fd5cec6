"""Replies that outlive the page: each runs as its own task, is checkpointed, and can be followed by any number."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol, assert_never
from uuid import UUID

from thai_chat.chat.prompt import estimate_tokens
from thai_chat.chat.text import storable
from thai_chat.domain.errors import HistoryError, HistoryRefused, ThaiChatError
from thai_chat.domain.events import (
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
from thai_chat.domain.messages import (
    Checkpoint,
    Choice,
    Figures,
    FinishReply,
    JsonObject,
    JsonValue,
    Message,
    Status,
    Turn,
)
from thai_chat.domain.ports import History
from thai_chat.routing.pricing import Cost

logger = logging.getLogger(__name__)

CHECKPOINT_EVERY_S = 0.7
SIGN_OF_LIFE_EVERY_S = 3.0
"""How often a reply without new text is checkpointed, well within STALE_AFTER."""
KEEP_FINISHED_S = 60.0
"""For followers that come back after the end; later they read the stored message."""
BEAT_EVERY_S = 12.0

Source = Callable[["LiveReply"], AsyncGenerator[RoutedEvent, None]]
"""Makes the stream of a reply; it may annotate the reply (`metadata`) before the first text."""


class CostOf(Protocol):
    """None where the price is not known."""

    async def __call__(
        self, choice: Choice, *, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0
    ) -> Cost | None: ...


class LiveReply:
    """One growing reply: an append-only log of events, numbered from 1, and those who wait for the next."""

    def __init__(self, turn: Turn, choice: Choice, *, started_at_s: float) -> None:
        self.turn = turn
        self.choice = choice
        """Who was asked, then who answers."""
        self.metadata: dict[str, JsonValue] = {}
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
        self._text: list[str] = []
        self.parts = 0
        """Grows with every text: tells whether there is something new to checkpoint."""
        self._reasoning: list[str] = []
        self._begin_with(turn.reply)
        self._notices: list[JsonObject] = []
        self._next: list[asyncio.Future[bool]] = []
        self._end: list[asyncio.Future[bool]] = []

    def _begin_with(self, reply: Message) -> None:
        """What the reply has already when it continues an earlier one: followers get it as its first words."""
        reasoning = reply.metadata.get("reasoning")
        if isinstance(reasoning, str):
            self._reasoning.append(reasoning)
            self._events.append(Thought(reasoning))
        if reply.content:
            self._text.append(reply.content)
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
        return storable("".join(self._text))

    @property
    def _answered(self) -> str:
        """The text without what the reply began with."""
        return self.text.removeprefix(self.turn.reply.content)

    @property
    def reasoning(self) -> str:
        return storable("".join(self._reasoning))

    @property
    def _newly_thought(self) -> str:
        before = self.turn.reply.metadata.get("reasoning")
        return self.reasoning.removeprefix(before) if isinstance(before, str) else self.reasoning

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
                self._text.append(text)
                self.parts += 1
                self.publish(Delta(text))
            case Reasoning(text):
                self._note_first_token()
                self._reasoning.append(text)
                self.publish(Thought(text))
            case WasThinking(closing):
                self._rethink(closing)
            case Usage():
                self.usage = _usage_that_can_be(event)
            case Notice():
                self._note_notice(event)
            case Answering():
                self._note_answering(event)
            case Finished(reason):
                self.metadata["finish_reason"] = storable(reason)
            case _:
                assert_never(event)

    def figures(self) -> Figures:
        """As the server counted, else as estimated from the text; `metadata` says which, for each of the three."""
        usage, said, thought = self.usage, estimate_tokens(self._answered), estimate_tokens(self._newly_thought)
        completion = said + thought if usage.completion_tokens is None else usage.completion_tokens
        self.metadata["tokens"] = _how(usage.completion_tokens)
        prompt = usage.prompt_tokens
        if prompt is None and self.first_token_ms is not None:
            prompt = _sent_tokens(self.metadata)
        if prompt is not None:
            self.metadata["prompt_tokens"] = _how(usage.prompt_tokens)
        reasoning = usage.reasoning_tokens
        if reasoning is None and thought:
            reasoning = round(completion * thought / (said + thought))
            self.metadata["reasoning_tokens"] = _how(None)
        if usage.cached_tokens:
            self.metadata["cached_tokens"] = usage.cached_tokens
        return Figures(
            prompt_tokens=prompt,
            completion_tokens=completion,
            reasoning_tokens=reasoning,
            first_token_ms=self.first_token_ms,
            latency_ms=self._elapsed_ms(),
        )

    def note_cost(self, cost: Cost) -> None:
        """As exact as the tokens are; baht only where a rate is set."""
        has_all = None not in (self.usage.prompt_tokens, self.usage.completion_tokens)
        self.metadata["cost"] = "exact" if has_all else "estimated"
        if cost.thb is not None:
            self.metadata["cost_thb"] = float(cost.thb)

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
        self.publish(Rethought(self.reasoning))

    def _note_answering(self, event: Answering) -> None:
        asked, answered_by = self.choice, event.choice
        self.metadata["asked"] = {"backend": asked.backend, "model": asked.model}
        self.metadata["answered_by"] = {"backend": answered_by.backend, "model": answered_by.model}
        self.metadata["reason"] = event.reason
        self.choice = answered_by
        self.usage = Usage(None, None)

    def _note_notice(self, event: Notice) -> None:
        """Each try at a reply may tell the same; what stays with the reply is told once."""
        if not event.is_passing:
            kept = {"code": event.code, **event.params}
            if kept in self._notices:
                return
            self._notices.append(kept)
            self.metadata["notices"] = self._notices
        self.publish(event)

    def _note_first_token(self) -> None:
        if self.first_token_ms is None:
            self.first_token_ms = self._elapsed_ms()

    def _elapsed_ms(self) -> int:
        return round((time.perf_counter() - self.started_at_s) * 1000)


class LiveReplies:
    """The replies of this process. `start()` and `close()` once each; everything runs on one event loop."""

    def __init__(self, history: History, *, cost_of: CostOf) -> None:
        self._history = history
        self._cost_of = cost_of
        self._by_session: dict[UUID, LiveReply] = {}
        self._checkpointer: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closing = False

    def start(self) -> None:
        self._checkpointer = asyncio.create_task(self._checkpoint_forever(), name="checkpoints")

    async def close(self) -> None:
        """Ends every reply as interrupted and stores what there is of it."""
        self._is_closing = True
        for reply in self._by_session.values():
            self._end(reply, Status.INTERRUPTED)
        if self._checkpointer:
            self._checkpointer.cancel()
        # Not gather, which would take a cancellation of this call for one of the replies that are being stored.
        if waiting := {*self._tasks, *([self._checkpointer] if self._checkpointer else ())}:
            await asyncio.wait(waiting)

    def run(self, reply: LiveReply, source: Source) -> None:
        """Starts the reply's task; while closing, only to store it as interrupted.

        One reply a session: the history has made sure of that, unless this process slept so long that it took the
        earlier one for dead.
        """
        earlier = self._by_session.get(reply.session_id)
        if earlier and earlier.result is None:
            self._end(earlier, Status.INTERRUPTED)
        self._by_session[reply.session_id] = reply
        task = asyncio.create_task(self._pump(reply, source), name=f"reply {reply.reply_id}")
        reply.task = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._is_closing:
            self._end(reply, Status.INTERRUPTED)

    def of_session(self, session_id: UUID) -> LiveReply | None:
        """The reply that runs in the session, or that ended there less than KEEP_FINISHED_S ago."""
        return self._by_session.get(session_id)

    def sessions(self) -> set[UUID]:
        """Those with a reply that still grows."""
        return {session_id for session_id, reply in self._by_session.items() if reply.result is None}

    def stop(self, reply: LiveReply) -> None:
        """Ends the request to the model; the text so far is kept as stopped. Safe to call twice and too late."""
        self._end(reply, Status.STOPPED)

    def _end(self, reply: LiveReply, status: Status) -> None:
        if reply.ending is None and reply.task and not reply.task.done():
            reply.ending = status
            if reply.has_begun:
                reply.task.cancel()

    async def _pump(self, reply: LiveReply, source: Source) -> None:
        status, error = Status.COMPLETE, None
        reply.has_begun = True
        try:
            if reply.ending:
                raise asyncio.CancelledError
            async with aclosing(source(reply)) as stream:
                async for event in stream:
                    reply.receive(event)
        except asyncio.CancelledError:
            status = reply.ending or Status.INTERRUPTED
        except ThaiChatError as exc:
            status, error = Status.FAILED, exc
            logger.info("reply %s failed: %s", reply.reply_id, exc.code)
        except Exception as exc:  # noqa: BLE001 - the edge of a background task: nobody else would see it
            status, error = Status.FAILED, ThaiChatError()
            logger.error("reply %s failed unexpectedly: %s\n%s", reply.reply_id, type(exc).__name__, frames_of(exc))
        reply.ending = reply.ending or status
        await self._finish(reply, status, error)

    async def _finish(self, reply: LiveReply, status: Status, error: ThaiChatError | None) -> None:
        """Stores the end, then tells it. Whatever happens, the last event comes and the reply is forgotten."""
        figures = await self._priced(reply, reply.figures())
        if error:
            reply.metadata["error"] = {"code": error.code, **error.params}
        if reply.reasoning:
            reply.metadata["reasoning"] = reply.reasoning
        write = FinishReply(
            session_id=reply.session_id,
            reply_id=reply.reply_id,
            content=reply.text,
            status=status,
            choice=reply.choice,
            at=datetime.now(UTC),
            figures=figures,
            metadata=reply.metadata,
        )
        last: LiveEvent = Failed(ThaiChatError.code)
        try:
            last = _result(reply, await self._store(write), error)
        except ThaiChatError as exc:
            last = Failed(exc.code)
            logger.error("reply %s could not be stored: %s", reply.reply_id, exc.code)
        except Exception as exc:  # noqa: BLE001 - the edge of a background task: followers wait for its last event
            logger.error("reply %s could not be stored: %s\n%s", reply.reply_id, type(exc).__name__, frames_of(exc))
        finally:
            reply.publish(last)
            asyncio.get_running_loop().call_later(KEEP_FINISHED_S, self._forget, reply)

    async def _priced(self, reply: LiveReply, figures: Figures) -> Figures:
        """With what it cost, where that is known. Nothing here may cost the reply its end."""
        if figures.first_token_ms is None and figures.prompt_tokens is None:
            return figures  # no model has said anything
        try:
            cost = await self._cost_of(
                reply.choice,
                prompt_tokens=figures.prompt_tokens or 0,
                completion_tokens=figures.completion_tokens or 0,
                cached_tokens=reply.usage.cached_tokens or 0,
            )
        except Exception as exc:  # noqa: BLE001 - a fault in a price list is no reason to lose a reply
            logger.error("the cost of reply %s is unknown: %s\n%s", reply.reply_id, type(exc).__name__, frames_of(exc))
            return figures
        if cost is None:
            return figures
        reply.note_cost(cost)
        return replace(figures, cost_usd=cost.usd)

    async def _store(self, write: FinishReply) -> Message:
        """What a model says beside its text must not cost the text: refused once, it is left out."""
        try:
            return await self._history.finish_reply(write)
        except HistoryRefused:
            logger.warning("reply %s is stored without its metadata, which was refused", write.reply_id)
            bare: dict[str, JsonValue] = {"error": {"code": HistoryRefused.code}}
            return await self._history.finish_reply(replace(write, metadata=bare))

    def _forget(self, reply: LiveReply) -> None:
        if self._by_session.get(reply.session_id) is reply:
            del self._by_session[reply.session_id]

    async def _checkpoint_forever(self) -> None:
        while True:
            await asyncio.sleep(CHECKPOINT_EVERY_S)
            due = [reply for reply in self._by_session.values() if reply.ending is None and _is_due(reply)]
            if not due:
                continue
            now_s, at = time.perf_counter(), datetime.now(UTC)
            writes = [
                Checkpoint(session_id=reply.session_id, reply_id=reply.reply_id, content=reply.text, at=at)
                for reply in due
            ]
            for reply in due:
                reply.checkpointed_at_s, reply.checkpointed_parts = now_s, reply.parts
            # Not awaited: a store that takes long must not hold up the texts that come meanwhile.
            task = asyncio.create_task(self._checkpoint(writes), name="checkpoint")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _checkpoint(self, writes: Sequence[Checkpoint]) -> None:
        try:
            await self._history.checkpoint(writes)
        except HistoryError as exc:
            logger.warning("%d replies could not be checkpointed: %s", len(writes), exc.code)


def frames_of(exc: Exception) -> str:
    """Where it happened, without the exception's own words: they could hold somebody's text."""
    return "".join(traceback.format_tb(exc.__traceback__))


def _usage_that_can_be(usage: Usage) -> Usage:
    """Without what is no count or larger than the history's columns: it must not cost the reply its end."""
    counts = (usage.prompt_tokens, usage.completion_tokens, usage.reasoning_tokens, usage.cached_tokens)
    return Usage(*(count if type(count) is int and 0 <= count < 2**31 else None for count in counts))


def _how(counted: int | None) -> str:
    return "estimated" if counted is None else "exact"


def _sent_tokens(metadata: JsonObject) -> int | None:
    """What the prompt was counted or estimated at before it was sent."""
    used = metadata.get("context_used")
    tokens = (used.get("exact_tokens") or used.get("estimated_tokens")) if isinstance(used, Mapping) else None
    return tokens if isinstance(tokens, int) else None


def _is_due(reply: LiveReply) -> bool:
    waited_s = time.perf_counter() - reply.checkpointed_at_s
    return reply.parts > reply.checkpointed_parts or waited_s > SIGN_OF_LIFE_EVERY_S


def _result(reply: LiveReply, message: Message, error: ThaiChatError | None) -> Completed | Failed:
    if error:
        return Failed(error.code, error.params)
    return Completed(reply.turn.question, message, message.message_order)


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
