"""The conversation that goes on when its upstream does not (see the docstring of this package)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Generic, TypeVar, cast

from thai_chat.domain.errors import HistoryUnavailable, MessageNotFound, SessionNotFound
from thai_chat.domain.messages import Turn
from thai_chat.domain.ports.conversation import DatabaseState, HistoryState
from thai_chat.domain.reads import Answer, Read
from thai_chat.domain.writes import (
    BeginTurn,
    Checkpoint,
    Checkpoints,
    FinishReply,
    Outcome,
    PurgeSession,
    SingleWrite,
    Write,
)
from thai_chat.history.outage.outbox import Outbox
from thai_chat.history.outage.primary import AnyUpstream, Primary
from thai_chat.history.outage.stores import Companion

Result = TypeVar("Result")


class ResilientConversation(Generic[AnyUpstream]):
    """A `Conversation`. `start` it before use and `close` it after; both belong to one event loop."""

    def __init__(self, *, memory: Companion, outbox: Outbox, primary: Primary[AnyUpstream] | None) -> None:
        """Take both stores; without a primary memory serves for good, and the outbox keeps all for a process that has a
        database."""
        self._memory = memory
        self._outbox = outbox
        self._checkpoints = outbox.hedged(self._store_checkpoints)
        self._primary = primary

    async def start(self) -> None:
        """Return with the upstream serving, or with memory serving while the background goes on trying.

        Raises StartError when the database can never be used as it is.
        """
        await self._outbox.adopt()
        if self._primary:
            await self._primary.start()

    async def close(self) -> None:
        """Close the upstream; what it does not have yet stays in the journal. Safe to call twice."""
        if self._primary:
            await self._primary.stop()
        await self._checkpoints.close()
        if self._primary:
            await self._primary.close()
        await self._outbox.close()

    async def write(self, write: Write[Outcome]) -> Outcome:
        """Give the write to the upstream, or keep it here and in the outbox until there is one."""
        if isinstance(write, Checkpoints):
            await self._checkpoints.submit(write.checkpoints)
            return cast("Outcome", None)
        try:
            outcome = await self._ask(write, lambda upstream: upstream.write(write))
        except HistoryUnavailable:
            outcome = await self._from_memory(write, self._memory.write(write))
            if not (isinstance(outcome, Turn) and outcome.repeated):
                await self._outbox.add(cast("SingleWrite", _as_it_was(write, outcome)))
        else:
            self._memory.keep(write, outcome)
            self._note_acknowledged(_as_it_was(write, outcome), outcome)
        return outcome

    async def read(self, read: Read[Answer]) -> Answer:
        """Ask the upstream, and hold its answer; in an outage answer from what is held."""
        try:
            found = await self._ask(read, lambda upstream: upstream.read(read))
        except HistoryUnavailable:
            return await self._from_memory(read, self._memory.read(read))
        self._memory.remember(read, found)
        return found

    async def forget_person(self, user_id: str) -> None:
        """Let go of what is held or set aside of somebody whom the upstream does not have any more."""
        self._memory.forget_person(user_id)
        if self._primary:
            self._primary.forget_person(user_id)
        await self._outbox.forget_person(user_id)

    async def state(self) -> HistoryState:
        """Return what is known now; asks nobody."""
        is_serving = self._primary is not None and self._primary.serving is not None
        return HistoryState(
            database=DatabaseState.POSTGRESQL if is_serving else DatabaseState.MEMORY,
            waiting_turns=self._outbox.waiting_turns,
            journal=self._outbox.works,
            refused_writes=self._outbox.refused,
        )

    async def _store_checkpoints(self, checkpoints: Sequence[Checkpoint]) -> None:
        write = Checkpoints(checkpoints)
        try:
            await self._ask(write, lambda upstream: upstream.write(write))
        except HistoryUnavailable:
            await self._memory.write(write)
            await self._outbox.add(*checkpoints)
        else:
            self._memory.keep(write, None)

    async def _ask(
        self, asked: Write[Outcome] | Read[Answer], call: Callable[[AnyUpstream], Awaitable[Result]]
    ) -> Result:
        """Return what the upstream answers. What another process deleted for good must not come back in an outage."""
        if self._primary is None:
            raise HistoryUnavailable("there is no database")
        try:
            return await self._primary.ask(call)
        except SessionNotFound:
            if asked.session_id and asked.user_id:
                self._memory.forget(asked.session_id, asked.user_id)
            raise

    async def _from_memory(self, asked: Write[Outcome] | Read[Answer], known: Awaitable[Result]) -> Result:
        """Return what memory answers, with "not now" instead of "not found" for what it never held."""
        try:
            return await known
        except (SessionNotFound, MessageNotFound) as error:
            is_held = asked.session_id is not None and self._memory.holds(asked.session_id)
            # A reply that grows is never forgotten: the end of another one is of none.
            if self._primary is None or is_held or isinstance(asked, FinishReply):
                raise
            raise HistoryUnavailable("this is not in memory") from error

    def _note_acknowledged(self, write: Write[Outcome], outcome: Outcome) -> None:
        """Keep the write for a while, should another server take over that has not heard of it."""
        if self._primary is None:
            return
        if isinstance(write, PurgeSession):
            if not outcome and write.only_trash:
                return
            # Sent again to another server it is no question any more whether it was in the trash.
            self._primary.note_acknowledged(replace(write, only_trash=False))
        elif isinstance(write, SingleWrite):
            self._primary.note_acknowledged(write)


def _as_it_was(write: Write[Outcome], outcome: Outcome) -> Write[Outcome]:
    """Return the write as it was understood: a question that began a session anew does so wherever it comes again,
    also to a server that has not heard of the reset before it."""
    if isinstance(write, BeginTurn) and isinstance(outcome, Turn):
        question = outcome.question
        if question.parent_id is None and question.message_order > 1:
            return cast("Write[Outcome]", replace(write, is_first=True))
    return write
