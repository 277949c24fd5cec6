"""Runs replies: each is a task of its own that outlives the page, takes in what a model sends, and stores the end."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import NamedTuple, Protocol
from uuid import UUID

from thai_chat.chat.changes import Change, ChangeKind, Changes
from thai_chat.chat.replies.checkpoints import Checkpointer
from thai_chat.chat.replies.growing import GrowingReply
from thai_chat.chat.replies.log import LocalReplyLog
from thai_chat.domain.backend_errors import OnlyReasoning
from thai_chat.domain.errors import HistoryError, HistoryRefused, ThaiChatError, trace_of
from thai_chat.domain.events import Completed, Failed, LiveEvent, RoutedEvent
from thai_chat.domain.fact_values import (
    ReplyError,
)
from thai_chat.domain.facts import (
    ReplyFacts,
)
from thai_chat.domain.messages import Choice, Figures, Message, Status, Turn
from thai_chat.domain.ports.conversation import Conversation
from thai_chat.domain.ports.quotas import Permit
from thai_chat.domain.ports.reply_log import ReplyLog
from thai_chat.domain.reads import ReadMessages
from thai_chat.domain.writes import FinishReply
from thai_chat.routing.pricing import Cost

logger = logging.getLogger(__name__)

KEEP_FINISHED_S = 60.0
"""For followers that come back after the end; later they read the stored message."""
_LONGEST = 10_000
"""So many messages of a branch are counted at most."""

Source = Callable[[GrowingReply], AsyncGenerator[RoutedEvent, None]]
"""Makes the stream of a reply; it may add to the reply's `facts` before the first text."""


class CostOf(Protocol):
    """Return None where the price is not known."""

    async def __call__(
        self, choice: Choice, *, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0
    ) -> Cost | None: ...


@dataclass(slots=True, eq=False)
class _Run:
    reply: GrowingReply
    beside: UUID | None = None
    """The reply that this one is compared with."""
    permit: Permit | None = None
    """None where replies are not limited."""
    task: asyncio.Task[None] | None = None
    ending: Status | None = None
    """How it is to end, once that is known."""
    has_begun: bool = False
    """Set by the task's first step. A task that is cancelled before it would never run, and never store its end."""

    @property
    def log(self) -> LocalReplyLog:
        return self.reply.log

    def end_as(self, status: Status) -> None:
        """Say how the reply ends, unless that has been said."""
        self.ending = self.ending or status
        self.log.is_ending = True

    def cancel(self, status: Status) -> None:
        """End the request to the model. Safe to call twice and too late."""
        if self.ending is None and self.task and not self.task.done():
            self.end_as(status)
            if self.has_begun:
                self.task.cancel()


class Beside(NamedTuple):
    """A reply that is compared, and the one that it is compared with."""

    log: ReplyLog
    beside: UUID


class Replies:
    """The replies that this process runs. `start()` and `close()` once each; everything runs on one event loop."""

    def __init__(self, conversation: Conversation, *, cost_of: CostOf, changes: Changes) -> None:
        self._conversation = conversation
        self._changes = changes
        self._cost_of = cost_of
        self._runner = f"{socket.gethostname()}:{os.getpid()}"
        self._by_session: dict[UUID, list[_Run]] = {}
        """The last reply of each session, and those beside it."""
        self._checkpoints = Checkpointer(conversation, self._growing)
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closing = False

    def start(self) -> None:
        self._checkpoints.start()

    async def close(self) -> None:
        """End every reply as interrupted and store what there is of it."""
        self._is_closing = True
        self._checkpoints.stop()
        for run in self._all():
            run.cancel(Status.INTERRUPTED)
        # Not gather, which would take a cancellation of this call for one of the replies that are being stored.
        if self._tasks:
            await asyncio.wait(set(self._tasks))
        await self._checkpoints.close()

    def run(
        self,
        turn: Turn,
        choice: Choice,
        source: Source,
        *,
        started_at_s: float,
        beside: UUID | None = None,
        permit: Permit | None = None,
    ) -> ReplyLog:
        """Start the reply to a stored turn, and return its log; while closing, only store it as interrupted.

        `started_at_s` is `time.perf_counter()` when the question was taken: first-token and total times count from it.
        One reply a session, and those `beside` it: the history has made sure of that, unless this process slept so long
        that it took the earlier ones for dead. `permit` is ended with what the reply has used.
        """
        session_id = turn.session.session_id
        earlier = self._by_session.get(session_id, [])
        if beside is None:
            for other in earlier:
                other.cancel(Status.INTERRUPTED)
            earlier = []
        # By its ids: a log that knew its run would keep both alive until a collection.
        stop = partial(self._stop, session_id, turn.reply.message_id)
        log = LocalReplyLog(turn, choice, runner=self._runner, started_at_s=started_at_s, stop=stop)
        run = _Run(GrowingReply(turn, log), beside=beside, permit=permit)
        self._by_session[session_id] = [*earlier, run]
        run.task = asyncio.create_task(self._pump(run, source), name=f"reply {log.reply_id}")
        self._tasks.add(run.task)
        run.task.add_done_callback(self._tasks.discard)
        if self._is_closing:
            run.cancel(Status.INTERRUPTED)
        self._tell(ChangeKind.BEGAN, log)
        return log

    def _tell(self, kind: ChangeKind, log: LocalReplyLog) -> None:
        self._changes.tell(log.user_id, Change(kind, log.session_id, log.reply_id))

    def _stop(self, session_id: UUID, reply_id: UUID) -> None:
        for run in self._by_session.get(session_id, ()):
            if run.log.reply_id == reply_id:
                run.cancel(Status.STOPPED)

    def of_session(self, session_id: UUID) -> ReplyLog | None:
        """Return the log of the reply that runs in the session, or that ended there less than KEEP_FINISHED_S ago.

        Those beside it are not meant.
        """
        return next((run.log for run in self._by_session.get(session_id, ()) if run.beside is None), None)

    def beside(self, session_id: UUID) -> Sequence[Beside]:
        """Return the replies that are compared in the session, as long as one of them or of the others grows there."""
        runs = self._by_session.get(session_id, ())
        if all(run.log.result for run in runs):
            return ()
        return [Beside(run.log, run.beside) for run in runs if run.beside]

    def all_of(self, session_id: UUID) -> Sequence[ReplyLog]:
        """Return the logs of all replies that run in the session, or that ended there a short while ago."""
        return [run.log for run in self._by_session.get(session_id, ())]

    def sessions(self) -> set[UUID]:
        """Return the sessions with a reply that still grows."""
        return {run.log.session_id for run in self._all() if run.log.result is None}

    def users(self) -> set[str]:
        """Return who has a reply that still grows."""
        return {run.log.user_id for run in self._all() if run.log.result is None}

    async def end_all(self, user_id: str) -> None:
        """Stop all replies of one user, and return when what there is of them is stored."""
        runs = [run for run in self._all() if run.log.user_id == user_id]
        for run in runs:
            run.log.stop()
        if tasks := {run.task for run in runs if run.task}:
            await asyncio.wait(tasks)

    def forget(self, session_id: UUID, message_id: UUID | None = None) -> None:
        """Forget the replies that have ended in a session, which is deleted for good; or of them those that are the
        message or answer it."""
        runs = self._by_session.get(session_id, ()) if message_id is None else self._runs_of(session_id, message_id)
        for run in runs:
            if run.log.result:
                self._forget(run)

    def all_with(self, session_id: UUID, message_id: UUID) -> Sequence[ReplyLog]:
        """Return the logs, out of all of the session, of the replies that are the message or answer it."""
        return [run.log for run in self._runs_of(session_id, message_id)]

    def _runs_of(self, session_id: UUID, message_id: UUID) -> Sequence[_Run]:
        runs = self._by_session.get(session_id, ())
        return [run for run in runs if message_id in (run.log.reply_id, run.reply.turn.question.message_id)]

    def _all(self) -> Sequence[_Run]:
        return [run for runs in self._by_session.values() for run in runs]

    async def length_at(self, turn: Turn, reply: Message) -> int:
        """Return how many messages the conversation has down to `reply`; those on other branches are none of it."""
        if not turn.session.has_branches:
            return reply.message_order
        try:
            before = await self._conversation.read(
                ReadMessages(reply.session_id, turn.session.user_id, limit=_LONGEST, before_order=reply.message_order)
            )
        except HistoryError:
            return reply.message_order
        return len(before) + 1

    def _growing(self) -> Sequence[GrowingReply]:
        return [run.reply for run in self._all() if run.ending is None]

    async def _pump(self, run: _Run, source: Source) -> None:
        status, error, reply = Status.COMPLETE, None, run.reply
        run.has_begun = True
        try:
            if run.ending:
                raise asyncio.CancelledError
            async with aclosing(source(reply)) as stream:
                async for event in stream:
                    reply.receive(event)
                    if reply.is_full:
                        break  # which closes the request to the model
            if reply.is_full and reply.only_reasoned:
                raise OnlyReasoning("thinking without an end", backend=reply.choice.backend, model=reply.choice.model)
        except asyncio.CancelledError:
            status = run.ending or Status.INTERRUPTED
        except ThaiChatError as exc:
            status, error = Status.FAILED, exc
            logger.info("reply %s failed: %s", run.log.reply_id, exc.code)
        except Exception as exc:  # noqa: BLE001 - the edge of a background task: nobody else would see it
            status, error = Status.FAILED, ThaiChatError()
            logger.error("reply %s failed unexpectedly: %s", run.log.reply_id, type(exc).__name__, extra=trace_of(exc))
        run.end_as(status)
        await self._finish(run, status, error)

    async def _finish(self, run: _Run, status: Status, error: ThaiChatError | None) -> None:
        """Store the end, then tell it. Whatever happens, the last event comes and the reply is forgotten."""
        reply, log = run.reply, run.log
        figures = await self._priced(reply, reply.figures())
        if run.permit:
            tokens = (figures.prompt_tokens or 0) + (figures.completion_tokens or 0)
            run.permit.end(tokens=tokens, cost_usd=figures.cost_usd or Decimal(0))
        if error:
            reply.facts = replace(reply.facts, error=ReplyError(error.code, error.params))
        write = FinishReply(
            session_id=log.session_id,
            reply_id=log.reply_id,
            content=log.text,
            status=status,
            choice=reply.choice,
            at=datetime.now(UTC),
            figures=figures,
            metadata=reply.told().to_metadata(),
            parts=reply.parts(),
        )
        last: LiveEvent = Failed(ThaiChatError.code)
        try:
            message = await self._store(write)
            length = await self.length_at(reply.turn, message)
            last = Failed(error.code, error.params) if error else Completed(reply.turn.question, message, length)
        except ThaiChatError as exc:
            last = Failed(exc.code)
            logger.error("reply %s could not be stored: %s", log.reply_id, exc.code)
        except Exception as exc:  # noqa: BLE001 - the edge of a background task: followers wait for its last event
            logger.error("reply %s could not be stored: %s", log.reply_id, type(exc).__name__, extra=trace_of(exc))
        finally:
            log.append(last)
            self._tell(ChangeKind.ENDED, log)
            self._forget_later(run)

    async def _priced(self, reply: GrowingReply, figures: Figures) -> Figures:
        """Return the figures with what the reply cost, where that is known. Nothing here may cost the reply its end."""
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
            name, trace = type(exc).__name__, trace_of(exc)
            logger.error("the cost of reply %s is unknown: %s", reply.log.reply_id, name, extra=trace)
            return figures
        if cost is None:
            return figures
        reply.note_cost(cost)
        return replace(figures, cost_usd=cost.usd)

    async def _store(self, write: FinishReply) -> Message:
        """Store the end. What a model says beside its text must not cost the text: refused once, it is left out."""
        try:
            return await self._conversation.write(write)
        except HistoryRefused:
            logger.warning("reply %s is stored without its metadata, which was refused", write.reply_id)
            bare = ReplyFacts(error=ReplyError(HistoryRefused.code)).to_metadata()
            return await self._conversation.write(replace(write, metadata=bare, parts=()))

    def _forget_later(self, run: _Run) -> None:
        asyncio.get_running_loop().call_later(KEEP_FINISHED_S, self._forget_unless_compared, run)

    def _forget_unless_compared(self, run: _Run) -> None:
        """Forget the reply, but not while another grows beside it: a page that comes back shows both."""
        if all(other.log.result for other in self._by_session.get(run.log.session_id, ())):
            self._forget(run)
        else:
            self._forget_later(run)

    def _forget(self, run: _Run) -> None:
        session_id = run.log.session_id
        left = [other for other in self._by_session.get(session_id, ()) if other is not run]
        if left:
            self._by_session[session_id] = left
        else:
            self._by_session.pop(session_id, None)
