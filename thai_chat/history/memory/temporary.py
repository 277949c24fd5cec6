"""Sessions that are never stored: held in memory alone until nobody uses them any more."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from thai_chat.domain.errors import MessageNotFound, SessionNotFound
from thai_chat.domain.ports.conversation import Conversation, HistoryState
from thai_chat.domain.reads import Answer, Read, ReadMessage, ReadOwner
from thai_chat.domain.temporary_errors import AlreadyKept, TemporaryBusy, TemporaryFull, TemporaryOver
from thai_chat.domain.writes import AddMessage, BeginReply, BeginTurn, Checkpoints, LeaveSession, Outcome, Write
from thai_chat.history.checked import CheckedConversation
from thai_chat.history.memory.conversation import MemoryConversation
from thai_chat.history.memory.sessions import HeldSessions
from thai_chat.history.sizes import size_of_write

IDLE_S = 3600.0
"""So long a temporary session is held without being used."""
LEFT_S = 60.0
"""So long after its page was closed, which may have been a reload."""
MAX_BYTES = 40_000_000
"""All temporary sessions together; those used longest ago are forgotten first."""
SESSION_BYTES = 10_000_000
"""One that is larger takes no question any more."""
MOST_GROWING = 16
"""So many temporary sessions may have a reply that grows: these can't be forgotten."""
MOST_KNOWN = 100_000
"""Ids that are remembered; those of sessions that are held come on top."""


@dataclass(slots=True)
class _Use:
    until_s: float
    timer: asyncio.TimerHandle | None = None


class TemporarySessions:
    """A `Conversation` over one that keeps what it is given: what belongs to a temporary session never reaches that.

    An id that has once been a temporary session's stays one, so that a late word of it is not kept either.
    """

    def __init__(
        self,
        conversation: Conversation,
        *,
        idle_s: float = IDLE_S,
        left_s: float = LEFT_S,
        max_bytes: int = MAX_BYTES,
        session_bytes: int = SESSION_BYTES,
        most_growing: int = MOST_GROWING,
        most_known: int = MOST_KNOWN,
    ) -> None:
        self._max_bytes = max_bytes
        self._session_bytes = session_bytes
        self._most_growing = most_growing
        self._most_known = most_known
        self._conversation = conversation
        self._held = HeldSessions(max_bytes=max_bytes)
        self._memory = CheckedConversation(MemoryConversation(self._held), takes_temporary=True)
        self._idle_s = idle_s
        self._left_s = left_s
        self._uses: dict[UUID, _Use] = {}
        self._known: OrderedDict[UUID, None] = OrderedDict()

    async def write(self, write: Write[Outcome]) -> Outcome:
        match write:
            case Checkpoints():
                await self._checkpoint(write)
                return cast("Outcome", None)
            case LeaveSession():
                self._leave(write)
                return cast("Outcome", None)
        session_id = write.session_id
        is_first = isinstance(write, BeginTurn) and write.temporary and write.session_id not in self._known
        if session_id is None or not (is_first or session_id in self._known):
            return await self._conversation.write(write)
        if isinstance(write, BeginTurn) and is_first:
            await self._require_new(write)
        if isinstance(write, BeginTurn | BeginReply | AddMessage):
            self._require_room(write)
        outcome = await self._memory.write(write)
        self._know(session_id)
        self._use(session_id)
        return outcome

    async def read(self, read: Read[Answer]) -> Answer:
        session_id = read.session_id
        names_message = isinstance(read, ReadMessage)
        if self._uses and names_message:
            with suppress(MessageNotFound):
                return await self._memory.read(read)
        if session_id is None or session_id not in self._known:
            return await self._conversation.read(read)
        found = await self._memory.read(read)
        self._use(session_id)
        return found

    def is_temporary(self, session_id: UUID) -> bool:
        """Tell whether the session is a temporary one, or was."""
        return session_id in self._known

    def forget_person(self, user_id: str) -> None:
        """End all temporary sessions of somebody who is gone for good."""
        for session_id in self._held.drop_all_of(user_id):
            self._end(session_id)

    async def state(self) -> HistoryState:
        return await self._conversation.state()

    async def _checkpoint(self, write: Checkpoints) -> None:
        own = [one for one in write.checkpoints if one.session_id in self._known]
        others = [one for one in write.checkpoints if one.session_id not in self._known]
        if own:
            await self._memory.write(Checkpoints(own))
        if others:
            await self._conversation.write(Checkpoints(others))

    async def _require_new(self, write: BeginTurn) -> None:
        """Refuse what would make a stored session look temporary, whoever's it is.

        Raises AlreadyKept, and HistoryUnavailable where nobody can tell.
        """
        try:
            await self._conversation.read(ReadOwner(write.session_id, write.user_id))
        except SessionNotFound:
            return
        raise AlreadyKept

    def _require_room(self, write: BeginTurn | BeginReply | AddMessage) -> None:
        """Refuse what memory has no room for. Raises TemporaryOver, TemporaryFull and TemporaryBusy."""
        held = self._held.get(write.session_id)
        if held is None and isinstance(write, BeginTurn) and not write.temporary:
            raise TemporaryOver
        if isinstance(write, AddMessage) and held is None:
            return  # it is not found
        if held and held.session.user_id != write.user_id:
            return  # nothing is added
        if held and (held.added(write) if isinstance(write, AddMessage) else held.earlier(write)):
            return
        size = size_of_write(write) + (held.size if held else 0)
        if size > self._session_bytes:
            raise TemporaryFull(megabytes=self._session_bytes // 1_000_000)
        if isinstance(write, AddMessage):
            return
        growing = [other.size for other in self._held.of(None) if other.growing and other is not held]
        if len(growing) >= self._most_growing or sum(growing) + size > self._max_bytes:
            raise TemporaryBusy

    def _know(self, session_id: UUID) -> None:
        """Remember the id as a temporary session's, and forget the oldest ones of those that have ended."""
        self._known[session_id] = None
        for _ in range(len(self._known) - self._most_known):
            oldest, _ = self._known.popitem(last=False)
            if self._held.get(oldest):
                self._known[oldest] = None

    def _leave(self, write: LeaveSession) -> None:
        """Hold the session for a short while more; whoever comes back uses it as before."""
        held = self._held.get(write.session_id)
        if held and held.session.user_id == write.user_id:
            self._use(write.session_id, self._left_s)

    def _use(self, session_id: UUID, for_s: float | None = None) -> None:
        if self._held.get(session_id) is None:
            self._end(session_id)
            return
        use = self._uses.setdefault(session_id, _Use(0))
        use.until_s = self._now() + (self._idle_s if for_s is None else for_s)
        self._arm(session_id, use)

    def _arm(self, session_id: UUID, use: _Use) -> None:
        if use.timer:
            use.timer.cancel()
        loop = asyncio.get_running_loop()
        use.timer = loop.call_at(use.until_s, self._look, session_id, use)

    def _look(self, session_id: UUID, use: _Use) -> None:
        """Forget the session, but not while a reply grows in it: that is looked at again."""
        held = self._held.get(session_id)
        if held and held.growing:
            use.until_s = self._now() + self._left_s
            self._arm(session_id, use)
            return
        if held:
            self._held.drop(held)
        self._end(session_id)

    def _end(self, session_id: UUID) -> None:
        use = self._uses.pop(session_id, None)
        if use and use.timer:
            use.timer.cancel()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
