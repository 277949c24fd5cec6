"""Replies that outlive the page: each runs as its own task, is checkpointed, and can be followed by any number."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from thai_chat.chat.live_reply import LiveReply
from thai_chat.domain.errors import HistoryError, HistoryRefused, OnlyThinking, ThaiChatError
from thai_chat.domain.events import Completed, Failed, LiveEvent, RoutedEvent
from thai_chat.domain.facts import ReplyError, ReplyFacts
from thai_chat.domain.messages import Checkpoint, Choice, Figures, FinishReply, Message, Status, Turn
from thai_chat.domain.ports.conversation import History
from thai_chat.routing.pricing import Cost

logger = logging.getLogger(__name__)

CHECKPOINT_EVERY_S = 0.5
"""Half of what may be lost: the rest is for the statement, the disk and a busy machine."""
SIGN_OF_LIFE_EVERY_S = 3.0
"""How often a reply without new text is checkpointed, well within STALE_AFTER."""
KEEP_FINISHED_S = 60.0
"""For followers that come back after the end; later they read the stored message."""
_LONGEST = 10_000
"""Of a branch whose messages are counted."""

Source = Callable[[LiveReply], AsyncGenerator[RoutedEvent, None]]
"""Makes the stream of a reply; it may add to the reply's `facts` before the first text."""


class CostOf(Protocol):
    """None where the price is not known."""

    async def __call__(
        self, choice: Choice, *, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0
    ) -> Cost | None: ...


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

    def forget(self, session_id: UUID) -> None:
        """The reply that has ended in the session, which is deleted for good."""
        reply = self._by_session.get(session_id)
        if reply and reply.result:
            self._forget(reply)

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
                    if reply.is_full:
                        break  # which closes the request to the model
            if reply.is_full and reply.only_thought:
                raise OnlyThinking("thinking without an end", backend=reply.choice.backend, model=reply.choice.model)
        except asyncio.CancelledError:
            status = reply.ending or Status.INTERRUPTED
        except ThaiChatError as exc:
            status, error = Status.FAILED, exc
            logger.info("reply %s failed: %s", reply.reply_id, exc.code)
        except Exception as exc:  # noqa: BLE001 - the edge of a background task: nobody else would see it
            status, error = Status.FAILED, ThaiChatError()
            logger.error("reply %s failed unexpectedly: %s", reply.reply_id, type(exc).__name__, extra=trace_of(exc))
        reply.ending = reply.ending or status
        await self._finish(reply, status, error)

    async def _finish(self, reply: LiveReply, status: Status, error: ThaiChatError | None) -> None:
        """Stores the end, then tells it. Whatever happens, the last event comes and the reply is forgotten."""
        figures = await self._priced(reply, reply.figures())
        if error:
            reply.facts = replace(reply.facts, error=ReplyError(error.code, error.params))
        write = FinishReply(
            session_id=reply.session_id,
            reply_id=reply.reply_id,
            content=reply.text,
            status=status,
            choice=reply.choice,
            at=datetime.now(UTC),
            figures=figures,
            metadata=reply.told().to_metadata(),
        )
        last: LiveEvent = Failed(ThaiChatError.code)
        try:
            message = await self._store(write)
            length = await self.length_at(reply.turn, message)
            last = Failed(error.code, error.params) if error else Completed(reply.turn.question, message, length)
        except ThaiChatError as exc:
            last = Failed(exc.code)
            logger.error("reply %s could not be stored: %s", reply.reply_id, exc.code)
        except Exception as exc:  # noqa: BLE001 - the edge of a background task: followers wait for its last event
            logger.error("reply %s could not be stored: %s", reply.reply_id, type(exc).__name__, extra=trace_of(exc))
        finally:
            reply.publish(last)
            asyncio.get_running_loop().call_later(KEEP_FINISHED_S, self._forget, reply)

    async def length_at(self, turn: Turn, reply: Message) -> int:
        """How many messages the conversation has down to `reply`; those on other branches are none of it."""
        if not turn.session.has_branches:
            return reply.message_order
        try:
            before = await self._history.messages(
                reply.session_id, turn.session.user_id, limit=_LONGEST, before_order=reply.message_order
            )
        except HistoryError:
            return reply.message_order
        return len(before) + 1

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
            logger.error("the cost of reply %s is unknown: %s", reply.reply_id, type(exc).__name__, extra=trace_of(exc))
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
            bare = ReplyFacts(error=ReplyError(HistoryRefused.code)).to_metadata()
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
            writes = [reply.checkpoint(at) for reply in due]
            for reply in due:
                reply.checkpointed_at_s, reply.checkpointed_parts = now_s, reply.parts
            # Not awaited: a store that takes long must not hold up the texts that come meanwhile.
            task = asyncio.create_task(self._checkpoint(writes), name="checkpoint")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _checkpoint(self, writes: Sequence[Checkpoint]) -> None:
        """As `_store`: what is refused once, goes without its metadata."""
        try:
            try:
                await self._history.checkpoint(writes)
            except HistoryRefused:
                await self._history.checkpoint([replace(write, metadata={}) for write in writes])
        except HistoryError as exc:
            logger.warning("%d replies could not be checkpointed: %s", len(writes), exc.code)


def trace_of(exc: Exception) -> dict[str, str]:
    """For a log record: where it happened, without the exception's own words, which could hold somebody's text."""
    return {"trace": "".join(traceback.format_tb(exc.__traceback__))}


def _is_due(reply: LiveReply) -> bool:
    waited_s = time.perf_counter() - reply.checkpointed_at_s
    return reply.parts > reply.checkpointed_parts or waited_s > SIGN_OF_LIFE_EVERY_S
