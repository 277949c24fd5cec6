"""Whether the upstream serves: notices when it is lost, brings it back, and gives it first what has waited."""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Generic, TypeVar
from uuid import UUID

from thai_chat.domain.errors import HistoryUnavailable, StartError
from thai_chat.domain.writes import SingleWrite
from thai_chat.history.outage.handover import Handover
from thai_chat.history.outage.outbox import Outbox
from thai_chat.history.outage.recent import RecentTurns
from thai_chat.history.outage.replay import Replay, send_again
from thai_chat.history.outage.stores import Connector, Upstream

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
AnyUpstream = TypeVar("AnyUpstream", bound=Upstream)

_RETRY_S = (0.2, 1.0)
"""The first pause between two attempts to reach the upstream, and the longest."""
_IDLE_S = 5.0
"""After so long without a call the upstream is asked whether it is still there."""
_PATIENCE_S = 5.0
"""How long `start` waits until an earlier process's writes are stored."""
_HANDOVER_WRITES = 200
"""When no more wait, new ones are held back until these are stored."""
_HANDOVER_SHRINKS = 0.8
"""Also when as much has come while the last were stored, as from many writers over a slow network."""


class Primary(Generic[AnyUpstream]):
    """`start` it before use and `close` it after; both belong to one event loop."""

    def __init__(self, outbox: Outbox, connector: Connector[AnyUpstream]) -> None:
        self._outbox = outbox
        self._connector = connector
        self._upstream: AnyUpstream | None = None
        """Set while it answers, be it that it serves or that the outbox is replayed into it."""
        self._recent = RecentTurns()
        self._server: str | None = None
        """The one that acknowledged them."""
        self._generation: UUID | None = None
        self._is_online = False
        self._outages = 0
        self._answered_at_s = 0.0
        self._used_at_s = time.monotonic()
        self._served = asyncio.Event()
        self._lost = asyncio.Event()
        self._mending: asyncio.Task[None] | None = None
        self._handover = Handover()

    @property
    def serving(self) -> AnyUpstream | None:
        """Return the upstream; None while it is away, or is given what has waited."""
        return self._upstream if self._is_online else None

    @property
    def unused_s(self) -> float:
        """Return for how many seconds nobody has asked it for anything, or written."""
        return time.monotonic() - self._used_at_s

    def note_use(self) -> None:
        """Note that somebody is at work here; `ask` does it itself."""
        self._used_at_s = time.monotonic()

    async def start(self) -> None:
        """Return with the upstream serving, or while the background goes on trying.

        Raises StartError when the database can never be used as it is.
        """
        try:
            self._upstream = await self._connector.connect()
        except HistoryUnavailable as error:
            logger.warning("PostgreSQL can't be reached (%s): memory and journal serve until it can", error)
        self._mending = asyncio.create_task(self._mend(), name="history")
        if self._upstream:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_S):
                    await self._served.wait()

    async def stop(self) -> None:
        """Stop looking after it; what is asked is still answered. Safe to call twice."""
        if self._mending:
            self._mending.cancel()
            await asyncio.wait((self._mending,))
            self._mending = None

    async def close(self) -> None:
        """Stop watching and close the connector. Safe to call twice."""
        await self.stop()
        await self._connector.close()

    async def ask(self, call: Callable[[AnyUpstream], Awaitable[Result]]) -> Result:
        """Return what the upstream answers. Raises HistoryUnavailable at once while it does not serve."""
        self.note_use()
        return await self._answer(call)

    async def _answer(self, call: Callable[[AnyUpstream], Awaitable[Result]]) -> Result:
        if self._handover.is_on:
            await self._handover.wait()
        while self._is_online and self._upstream:
            outages = self._outages
            try:
                result = await call(self._upstream)
            except HistoryUnavailable as error:
                if outages == self._outages:  # else others have seen it before, and it may be over already
                    self._lose(error)
                continue
            self._answered_at_s = time.monotonic()
            return result
        raise HistoryUnavailable("PostgreSQL is away")

    def note_acknowledged(self, write: SingleWrite) -> None:
        """Keep the write for a while: it may have to be sent again, should another server take over that lacks it."""
        self._recent.note(write)

    def forget_person(self, user_id: str) -> None:
        """Do not send again what somebody wrote who is gone for good."""
        self._recent.forget_person(user_id)

    def _lose(self, error: HistoryUnavailable) -> None:
        logger.warning("PostgreSQL is away (%s): memory and journal serve until it is back", error)
        self._is_online = False
        self._upstream = None
        self._outages += 1
        self._lost.set()

    async def _mend(self) -> None:
        """Watch the upstream while it serves, and bring it back when it does not; runs until `stop`."""
        pause_s, told = _RETRY_S[0], ""
        while True:
            try:
                if self._is_online:
                    await self._watch()
                    pause_s, told = _RETRY_S[0], ""
                await self._recover()
                continue
            except HistoryUnavailable as error:
                self._upstream = None
                logger.debug("PostgreSQL is still away: %s", error)
            except StartError as error:
                self._upstream = None
                if told != str(error):
                    logger.error("PostgreSQL is there and can't be used: %s", error)
                told = str(error)
            except Exception:  # the loop must outlive a mistake in it, or nothing would ever be stored again
                self._upstream = None
                logger.exception("PostgreSQL can't be taken up again")
                pause_s = _RETRY_S[1]
            await asyncio.sleep(random.uniform(pause_s / 2, pause_s))
            pause_s = min(2 * pause_s, _RETRY_S[1])

    async def _watch(self) -> None:
        """Return when the upstream is lost; notice that also when nobody calls."""
        while self._is_online:
            try:
                async with asyncio.timeout(_IDLE_S):
                    await self._lost.wait()
            except TimeoutError:
                if time.monotonic() - self._answered_at_s > _IDLE_S:
                    with suppress(HistoryUnavailable):
                        await self._answer(lambda upstream: upstream.ping())

    async def _recover(self) -> None:
        if self._upstream is None:
            self._upstream = await self._connector.connect()
        await self._meet(await self._connector.generation())
        await self._remind(self._upstream, await self._connector.server())
        replay = Replay(self._outbox, self._upstream, self._recent)
        stored = 0
        while not self._is_online:
            stored += await self._catch_up(replay)
            with self._handover.hold() as is_over:
                # Where that took too long writers who go on could keep a replay from its end for ever: later once more.
                replayed = await replay.run(is_over=is_over)
                # Nothing was awaited since the outbox was empty, so no write can have slipped in behind it.
                self._is_online = replayed.is_all
                stored += replayed.stored
        self._handover.reset()
        self._answered_at_s = time.monotonic()
        self._lost.clear()
        self._served.set()
        if self._outages or stored:
            logger.info("PostgreSQL serves; %d writes had waited for it", stored)

    async def _meet(self, generation: UUID) -> None:
        """Leave what was said to other chats, before a restore took them away: it is not stored into these."""
        left = await self._outbox.serve(generation)
        if left:
            logger.warning("%d writes wait for chats that a restore replaced: ./manage.sh status says more", left)
        if self._generation not in (None, generation):
            self._recent = RecentTurns()
        self._generation = generation

    async def _catch_up(self, replay: Replay) -> int:
        """Store until few writes wait, or as many come as are stored meanwhile. Return how many were stored."""
        stored, waiting, before = 0, self._outbox.waiting_writes, math.inf
        # Once also when there are few: nobody is to be held back for a server that reads but does not commit.
        while waiting and (before == math.inf or _HANDOVER_WRITES < waiting < _HANDOVER_SHRINKS * before):
            stored += (await replay.run(waiting)).stored
            waiting, before = self._outbox.waiting_writes, waiting
        return stored

    async def _remind(self, upstream: AnyUpstream, server: str | None) -> None:
        """Send again what was acknowledged last, where another server took over: an asynchronous standby is always a
        little behind."""
        writes = self._recent.writes()
        if writes and (server is None or server != self._server):
            await send_again(upstream, writes)
        self._server = server
