"""The history that goes on when PostgreSQL does not.

While PostgreSQL answers it is the only truth, and memory holds a copy of what was used lately. When it does not,
memory serves, and every write goes to the outbox, which keeps it on the disk. When it is back, the outbox is replayed
in order; writes that come meanwhile queue behind. Only when nothing is left does PostgreSQL serve again.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Protocol, TypeVar
from uuid import UUID

from thai_chat.domain.errors import HistoryUnavailable, MessageNotFound, SessionNotFound, StartError
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
)
from thai_chat.domain.ports import (
    CURRENT_SESSIONS,
    DatabaseState,
    History,
    HistoryState,
    SessionCursor,
    SessionFilter,
    Stored,
)
from thai_chat.domain.searching import NamePage, SearchPage, SearchQuery
from thai_chat.history.indexer import Indexer
from thai_chat.history.memory import MemoryHistory
from thai_chat.history.outbox import Outbox
from thai_chat.history.postgres import PostgresHistory
from thai_chat.history.recent import RecentTurns
from thai_chat.history.records import check
from thai_chat.history.replay import Replay, send_again

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_RETRY_S = (0.2, 1.0)
"""The first pause between two attempts to reach PostgreSQL, and the longest."""
_IDLE_S = 5.0
"""After so long without a call PostgreSQL is asked whether it is still there."""
_PATIENCE_S = 5.0
"""How long `start` waits until an earlier process's writes are stored."""
_HANDOVER_WRITES = 200
"""When no more wait, new ones are held back until these are stored."""
_HANDOVER_SHRINKS = 0.8
"""Also when as much has come while the last were stored, as from many writers over a slow network."""
_HANDOVER_S = 1.0
"""For so long at the most."""


class Connector(Protocol):
    async def connect(self) -> PostgresHistory:
        """A history that is ready for writes. Called again after each outage; may give the same one again.

        Raises HistoryUnavailable, or StartError when the database can never be used as it is.
        """

    async def server(self) -> str | None:
        """Which server and database `connect` led to: another after a failover or a restore. None when that is not
        to be known."""

    async def close(self) -> None:
        """Closes what `connect` gave. Safe to call twice."""


class ResilientHistory:
    """A `History`. `start` it before use and `close` it after; both belong to one event loop."""

    def __init__(self, *, memory: MemoryHistory, outbox: Outbox, connector: Connector | None) -> None:
        """Without a connector memory serves for good, and the outbox keeps all for a process that has a database."""
        self._memory = memory
        self._outbox = outbox
        self._checkpoints = outbox.hedged(self._store_checkpoints)
        self._connector = connector
        self._postgres: PostgresHistory | None = None
        """Set while PostgreSQL answers, be it that it serves or that the outbox is replayed into it."""
        self._recent = RecentTurns()
        self._server: str | None = None
        """The one that acknowledged them."""
        self._is_online = False
        self._outages = 0
        self._answered_at_s = 0.0
        self._served = asyncio.Event()
        self._lost = asyncio.Event()
        self._mending: asyncio.Task[None] | None = None
        self._handover: asyncio.Future[None] | None = None
        """Done when the last of the replay has ended, either way."""
        self._indexer = Indexer(lambda: self._postgres if self._is_online else None)

    async def start(self) -> None:
        """Returns with PostgreSQL serving, or with memory serving while the background goes on trying.

        Raises StartError when the database can never be used as it is.
        """
        await self._outbox.adopt()
        if self._connector is None:
            return
        try:
            self._postgres = await self._connector.connect()
        except HistoryUnavailable as error:
            logger.warning("PostgreSQL can't be reached (%s): memory and journal serve until it can", error)
        self._mending = asyncio.create_task(self._mend(), name="history")
        self._indexer.start()
        if self._postgres:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_S):
                    await self._served.wait()

    async def close(self) -> None:
        """What PostgreSQL does not have yet stays in the journal. Safe to call twice."""
        await self._indexer.close()
        if self._mending:
            self._mending.cancel()
            await asyncio.wait((self._mending,))
            self._mending = None
        await self._checkpoints.close()
        if self._connector:
            await self._connector.close()
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
            self._recent.note(write)
            self._memory.keep_finished(reply)
        return reply

    async def update_session(self, write: UpdateSession) -> Session:
        check(write)
        try:
            session = await self._ask(lambda postgres: postgres.update_session(write))
        except HistoryUnavailable:
            session = await self._from_memory(self._memory.update_session(write), write.session_id)
            await self._outbox.add(write)
        else:
            self._memory.remember(session)
        return session

    async def purge_session(self, write: PurgeSession) -> None:
        check(write)
        try:
            await self._ask(lambda postgres: postgres.purge_session(write))
        except HistoryUnavailable:
            await self._memory.purge_session(write)
            await self._outbox.add(write)
        else:
            self._recent.note(write)
            await self._memory.purge_session(write)

    async def session(self, session_id: UUID, user_id: str) -> Session:
        try:
            session = await self._ask(lambda postgres: postgres.session(session_id, user_id))
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

    async def labels(self, user_id: str) -> Labels:
        """In an outage those of what memory holds."""
        try:
            return await self._ask(lambda history: history.labels(user_id))
        except HistoryUnavailable:
            return await self._memory.labels(user_id)

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
            found = await self._ask(of)
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
        if self._is_online and self._postgres:
            return self._postgres.stored()
        raise HistoryUnavailable("PostgreSQL is away")

    async def presets(self, user_id: str) -> Sequence[Preset]:
        """Not in an outage; whoever needs them then has read them before. Without a database memory has them."""
        if self._connector is None:
            return await self._memory.presets(user_id)
        return await self._ask(lambda postgres: postgres.presets(user_id))

    async def save_preset(self, preset: Preset) -> Preset:
        if self._connector is None:
            return await self._memory.save_preset(preset)
        return await self._ask(lambda postgres: postgres.save_preset(preset))

    async def delete_preset(self, preset_id: UUID, user_id: str) -> None:
        if self._connector is None:
            return await self._memory.delete_preset(preset_id, user_id)
        return await self._ask(lambda postgres: postgres.delete_preset(preset_id, user_id))

    async def search(self, query: SearchQuery) -> SearchPage:
        """In an outage over what memory holds (`is_memory`)."""
        if self._is_online and self._postgres:
            with suppress(HistoryUnavailable):  # a slow search is no outage; a true one is noticed by others
                return await self._postgres.search(query)
        return await self._memory.search(query)

    async def search_names(self, query: SearchQuery) -> NamePage:
        """As `search`."""
        if self._is_online and self._postgres:
            with suppress(HistoryUnavailable):
                return await self._postgres.search_names(query)
        return await self._memory.search_names(query)

    async def state(self) -> HistoryState:
        """What is known now; asks nobody."""
        return HistoryState(
            database=DatabaseState.POSTGRESQL if self._is_online else DatabaseState.MEMORY,
            waiting_turns=self._outbox.waiting_turns,
            journal=self._outbox.works,
            refused_writes=self._outbox.refused,
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
            self._recent.note(write)
            self._memory.keep_turn(write, turn)
        return turn

    async def _ask(self, call: Callable[[PostgresHistory], Awaitable[Result]]) -> Result:
        """What PostgreSQL says. Raises HistoryUnavailable at once while it does not serve."""
        if self._handover:
            done, _ = await asyncio.wait((self._handover,), timeout=_HANDOVER_S)
            if not done:
                self._handover = None  # it takes too long, and nobody else is to wait for it
        while self._is_online and self._postgres:
            outages = self._outages
            try:
                result = await call(self._postgres)
            except HistoryUnavailable as error:
                if outages == self._outages:  # else others have seen it before, and it may be over already
                    self._lose(error)
                continue
            self._answered_at_s = time.monotonic()
            return result
        raise HistoryUnavailable("PostgreSQL is away")

    async def _from_memory(self, known: Awaitable[Result], session_id: UUID | None = None) -> Result:
        """Says "not now" instead of "not found" of what memory never held."""
        try:
            return await known
        except (SessionNotFound, MessageNotFound) as error:
            if self._connector is None or (session_id and self._memory.holds(session_id)):
                raise
            raise HistoryUnavailable("this is not in memory") from error

    def _lose(self, error: HistoryUnavailable) -> None:
        logger.warning("PostgreSQL is away (%s): memory and journal serve until it is back", error)
        self._is_online = False
        self._postgres = None
        self._outages += 1
        self._lost.set()

    async def _mend(self) -> None:
        """Runs as long as the history: watches PostgreSQL while it serves, and brings it back when it does not."""
        pause_s, told = _RETRY_S[0], ""
        while True:
            try:
                if self._is_online:
                    await self._watch()
                    pause_s, told = _RETRY_S[0], ""
                await self._recover()
                continue
            except HistoryUnavailable as error:
                self._postgres = None
                logger.debug("PostgreSQL is still away: %s", error)
            except StartError as error:
                self._postgres = None
                if told != str(error):
                    logger.error("PostgreSQL is there and can't be used: %s", error)
                told = str(error)
            except Exception:  # the loop must outlive a mistake in it, or nothing would ever be stored again
                self._postgres = None
                logger.exception("PostgreSQL can't be taken up again")
                pause_s = _RETRY_S[1]
            await asyncio.sleep(random.uniform(pause_s / 2, pause_s))
            pause_s = min(2 * pause_s, _RETRY_S[1])

    async def _watch(self) -> None:
        """Returns when PostgreSQL is lost; notices that also when nobody calls."""
        while self._is_online:
            try:
                async with asyncio.timeout(_IDLE_S):
                    await self._lost.wait()
            except TimeoutError:
                if time.monotonic() - self._answered_at_s > _IDLE_S:
                    with suppress(HistoryUnavailable):
                        await self._ask(lambda postgres: postgres.ping())

    async def _recover(self) -> None:
        if self._connector is None:
            return
        if self._postgres is None:
            self._postgres = await self._connector.connect()
        await self._remind(self._postgres, await self._connector.server())
        replay = Replay(self._outbox, self._postgres, self._recent)
        stored = await self._catch_up(replay)
        with self._handing_over():
            stored += await replay.run()
            # Nothing was awaited since the outbox was empty, so no write can have slipped in behind it.
            self._is_online = True
        self._answered_at_s = time.monotonic()
        self._lost.clear()
        self._served.set()
        if self._outages or stored:
            logger.info("PostgreSQL serves; %d writes had waited for it", stored)

    async def _catch_up(self, replay: Replay) -> int:
        """Until few writes wait, or as many come as are stored meanwhile. How many were stored."""
        stored, waiting, before = 0, self._outbox.waiting_writes, math.inf
        # Once also when there are few: nobody is to be held back for a server that reads but does not commit.
        while waiting and (stored == 0 or _HANDOVER_WRITES < waiting < _HANDOVER_SHRINKS * before):
            stored += await replay.run(waiting)
            waiting, before = self._outbox.waiting_writes, waiting
        return stored

    @contextmanager
    def _handing_over(self) -> Iterator[None]:
        """Who asks in this short time waits for its end: where many write, the last write would never be the last."""
        handover = self._handover = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            self._handover = None
            handover.set_result(None)

    async def _remind(self, postgres: PostgresHistory, server: str | None) -> None:
        """A server that took over may lack what the one before acknowledged last: an asynchronous standby is always a
        little behind."""
        writes = self._recent.writes()
        if writes and (server is None or server != self._server):
            await send_again(postgres, writes)
        self._server = server
