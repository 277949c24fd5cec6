"""The history that goes on when PostgreSQL does not.

While PostgreSQL answers it is the only truth, and memory holds a copy of what was used lately. When it does not,
memory serves, and every write goes to the outbox, which keeps it on the disk. When it is back, the outbox is replayed
in order; writes that come meanwhile queue behind. Only when nothing is left does PostgreSQL serve again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from thai_chat.domain.errors import HistoryUnavailable, MessageNotFound, SessionNotFound
from thai_chat.domain.messages import (
    BeginReply,
    BeginTurn,
    Checkpoint,
    FinishReply,
    Labels,
    Message,
    Preset,
    PurgeSession,
    Session,
    Turn,
    UpdateSession,
    Write,
)
from thai_chat.domain.ports.conversation import DatabaseState, History, HistoryState, Stored
from thai_chat.domain.reads import CURRENT_SESSIONS, SessionCursor, SessionFilter, Shelf
from thai_chat.domain.searching import NamePage, SearchPage, SearchQuery
from thai_chat.history.checks import check
from thai_chat.history.memory.conversation import MemoryHistory
from thai_chat.history.outage.outbox import Outbox
from thai_chat.history.outage.primary import Connector, Primary
from thai_chat.history.postgres.conversation import PostgresHistory
from thai_chat.history.postgres.search.indexer import Indexer

Result = TypeVar("Result")


class ResilientHistory:
    """A `History`. `start` it before use and `close` it after; both belong to one event loop."""

    def __init__(self, *, memory: MemoryHistory, outbox: Outbox, connector: Connector | None) -> None:
        """Without a connector memory serves for good, and the outbox keeps all for a process that has a database."""
        self._memory = memory
        self._outbox = outbox
        self._checkpoints = outbox.hedged(self._store_checkpoints)
        self._primary = Primary(outbox, connector) if connector else None
        self._indexer = Indexer(lambda: self._serving, unused_s=lambda: self._primary.unused_s if self._primary else 0)

    async def start(self) -> None:
        """Returns with PostgreSQL serving, or with memory serving while the background goes on trying.

        Raises StartError when the database can never be used as it is.
        """
        await self._outbox.adopt()
        if self._primary:
            await self._primary.start()
            self._indexer.start()

    async def close(self) -> None:
        """What PostgreSQL does not have yet stays in the journal. Safe to call twice."""
        await self._indexer.close()
        if self._primary:
            await self._primary.stop()
        await self._checkpoints.close()
        if self._primary:
            await self._primary.close()
        await self._outbox.close()

    async def begin_turn(self, write: BeginTurn, *, replay: bool = False) -> Turn:
        return await self._begin(write, lambda history: history.begin_turn(write, replay=replay))

    async def begin_reply(self, write: BeginReply, *, replay: bool = False) -> Turn:
        return await self._begin(write, lambda history: history.begin_reply(write, replay=replay))

    async def checkpoint(self, writes: Sequence[Checkpoint]) -> None:
        for write in writes:
            check(write)
        await self._checkpoints.submit(writes)

    async def _store_checkpoints(self, writes: Sequence[Checkpoint]) -> None:
        try:
            await self._ask(lambda postgres: postgres.checkpoint(writes))
        except HistoryUnavailable:
            await self._memory.checkpoint(writes)
            await self._outbox.add(*writes)
        else:
            await self._memory.checkpoint(writes)

    async def finish_reply(self, write: FinishReply) -> Message:
        check(write)
        try:
            reply = await self._ask(lambda postgres: postgres.finish_reply(write))
        except HistoryUnavailable:
            reply = await self._memory.finish_reply(write)
            await self._outbox.add(write)
        else:
            self._acknowledged(write)
            self._memory.keep_finished(reply)
        return reply

    async def update_session(self, write: UpdateSession) -> Session:
        check(write)
        try:
            session = await self._ask_about(
                write.session_id, write.user_id, lambda postgres: postgres.update_session(write)
            )
        except HistoryUnavailable:
            session = await self._from_memory(self._memory.update_session(write), write.session_id)
            await self._outbox.add(write)
        else:
            self._memory.remember(session)
        return session

    async def purge_session(self, write: PurgeSession) -> bool:
        check(write)
        try:
            is_gone = await self._ask(lambda postgres: postgres.purge_session(write))
        except HistoryUnavailable:
            is_gone = await self._memory.purge_session(write)
            await self._outbox.add(write)
        else:
            if is_gone or not write.only_trash:
                # Sent again to another server it is no question any more whether it was in the trash.
                done = replace(write, only_trash=False)
                self._acknowledged(done)
                await self._memory.purge_session(done)
        return is_gone

    async def session(self, session_id: UUID, user_id: str) -> Session:
        try:
            session = await self._ask_about(session_id, user_id, lambda postgres: postgres.session(session_id, user_id))
        except HistoryUnavailable:
            return await self._from_memory(self._memory.session(session_id, user_id), session_id)
        self._memory.remember(session)
        return session

    async def sessions(
        self,
        user_id: str,
        *,
        limit: int,
        before: SessionCursor | None = None,
        filter: SessionFilter = CURRENT_SESSIONS,
    ) -> Sequence[Session]:
        """In an outage those that memory holds."""

        def of(history: History) -> Awaitable[Sequence[Session]]:
            return history.sessions(user_id, limit=limit, before=before, filter=filter)

        try:
            found = await self._ask(of)
        except HistoryUnavailable:
            return await of(self._memory)
        for session in reversed(found):
            self._memory.remember(session)
        return found

    async def labels(self, user_id: str, *, shelf: Shelf = Shelf.CURRENT) -> Labels:
        """In an outage those of what memory holds."""
        try:
            return await self._ask(lambda history: history.labels(user_id, shelf=shelf))
        except HistoryUnavailable:
            return await self._memory.labels(user_id, shelf=shelf)

    async def messages(
        self,
        session_id: UUID,
        user_id: str,
        *,
        limit: int,
        before_order: int | None = None,
        after_order: int | None = None,
    ) -> Sequence[Message]:
        def of(history: History) -> Awaitable[Sequence[Message]]:
            bounds = {"before_order": before_order, "after_order": after_order}
            return history.messages(session_id, user_id, limit=limit, **bounds)

        try:
            found = await self._ask_about(session_id, user_id, of)
        except HistoryUnavailable:
            return await self._from_memory(of(self._memory), session_id)
        self._memory.remember_messages(session_id, found)
        return found

    async def siblings(
        self, session_id: UUID, user_id: str, message_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[UUID]]:
        """In an outage those that memory holds."""

        def of(history: History) -> Awaitable[Mapping[UUID, Sequence[UUID]]]:
            return history.siblings(session_id, user_id, message_ids)

        try:
            return await self._ask(of)
        except HistoryUnavailable:
            return await self._from_memory(of(self._memory), session_id)

    async def message(self, message_id: UUID, user_id: str) -> Message:
        try:
            found = await self._ask(lambda postgres: postgres.message(message_id, user_id))
        except HistoryUnavailable:
            return await self._from_memory(self._memory.message(message_id, user_id))
        self._memory.remember_messages(found.session_id, (found,))
        return found

    def stored(self) -> Stored:
        if postgres := self._used():
            return postgres.stored()
        raise HistoryUnavailable("PostgreSQL is away")

    async def presets(self, user_id: str) -> Sequence[Preset]:
        """Not in an outage; whoever needs them then has read them before. Without a database memory has them."""
        if self._primary is None:
            return await self._memory.presets(user_id)
        return await self._ask(lambda postgres: postgres.presets(user_id))

    async def save_preset(self, preset: Preset) -> Preset:
        if self._primary is None:
            return await self._memory.save_preset(preset)
        return await self._ask(lambda postgres: postgres.save_preset(preset))

    async def change_preset(self, preset_id: UUID, user_id: str, change: Callable[[Preset], Preset]) -> Preset:
        if self._primary is None:
            return await self._memory.change_preset(preset_id, user_id, change)
        return await self._ask(lambda postgres: postgres.change_preset(preset_id, user_id, change))

    async def delete_preset(self, preset_id: UUID, user_id: str) -> None:
        if self._primary is None:
            return await self._memory.delete_preset(preset_id, user_id)
        return await self._ask(lambda postgres: postgres.delete_preset(preset_id, user_id))

    async def search(self, query: SearchQuery) -> SearchPage:
        """In an outage over what memory holds (`is_memory`)."""
        if postgres := self._used():
            with suppress(HistoryUnavailable):  # a slow search is no outage; a true one is noticed by others
                return await postgres.search(query)
        return await self._memory.search(query)

    async def search_names(self, query: SearchQuery) -> NamePage:
        """As `search`."""
        if postgres := self._used():
            with suppress(HistoryUnavailable):
                return await postgres.search_names(query)
        return await self._memory.search_names(query)

    async def state(self) -> HistoryState:
        """What is known now; asks nobody."""
        return HistoryState(
            database=DatabaseState.POSTGRESQL if self._serving else DatabaseState.MEMORY,
            waiting_turns=self._outbox.waiting_turns,
            journal=self._outbox.works,
            refused_writes=self._outbox.refused,
            unindexed=self._indexer.unindexed,
        )

    async def _begin(self, write: BeginTurn | BeginReply, begin: Callable[[History], Awaitable[Turn]]) -> Turn:
        check(write)
        try:
            turn = await self._ask(begin)
        except HistoryUnavailable:
            turn = await self._from_memory(begin(self._memory), write.session_id)
            if not turn.repeated:
                await self._outbox.add(write)
        else:
            self._acknowledged(write)
            self._memory.keep_turn(write, turn)
        return turn

    @property
    def _serving(self) -> PostgresHistory | None:
        return self._primary.serving if self._primary else None

    def _used(self) -> PostgresHistory | None:
        """Return the one that serves, for a call whose failure is no outage."""
        if self._primary:
            self._primary.note_use()
        return self._serving

    async def _ask(self, call: Callable[[PostgresHistory], Awaitable[Result]]) -> Result:
        """As `Primary.ask`."""
        if self._primary is None:
            raise HistoryUnavailable("there is no database")
        return await self._primary.ask(call)

    async def _ask_about(
        self, session_id: UUID, user_id: str, call: Callable[[PostgresHistory], Awaitable[Result]]
    ) -> Result:
        """As `_ask`. What another process deleted for good must not come back with the next outage."""
        try:
            return await self._ask(call)
        except SessionNotFound:
            self._memory.drop(session_id, user_id)
            raise

    def _acknowledged(self, write: Write) -> None:
        if self._primary:
            self._primary.acknowledged(write)

    async def _from_memory(self, known: Awaitable[Result], session_id: UUID | None = None) -> Result:
        """Says "not now" instead of "not found" of what memory never held."""
        try:
            return await known
        except (SessionNotFound, MessageNotFound) as error:
            if self._primary is None or (session_id and self._memory.holds(session_id)):
                raise
            raise HistoryUnavailable("this is not in memory") from error
