"""The sessions that memory holds, and which of them it forgets when they are too many."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

from thai_chat.domain.errors import MessageNotFound, SessionNotFound
from thai_chat.domain.messages import Message, Session, Status
from thai_chat.history.memory.held import HeldSession

MAX_BYTES = 40_000_000


class HeldSessions:
    """Forgets the sessions used longest ago when it holds more than it may. Not safe across threads."""

    def __init__(
        self,
        *,
        max_bytes: int = MAX_BYTES,
        is_needed: Callable[[UUID], bool] = lambda session_id: False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep sessions up to `max_bytes`.

        One for which `is_needed`, or in which a reply grows, is never forgotten, whatever it takes.
        """
        self._sessions: OrderedDict[UUID, HeldSession] = OrderedDict()
        self._owners: dict[UUID, UUID] = {}
        """The session of each message."""
        self._max_bytes = max_bytes
        self._size = 0
        self._is_needed = is_needed
        self.now = now

    def get(self, session_id: UUID) -> HeldSession | None:
        """Return the session, whoever's it is; None when it is not held."""
        return self._sessions.get(session_id)

    def require(self, session_id: UUID, user_id: str) -> HeldSession:
        """Return the user's session, which counts as used now. Raises SessionNotFound."""
        held = self._sessions.get(session_id)
        if held is None or held.session.user_id != user_id:
            raise SessionNotFound()
        self._sessions.move_to_end(session_id)
        return held

    def require_message(self, message_id: UUID, user_id: str) -> Message:
        """Return the user's message as it is shown. Raises MessageNotFound."""
        owner_id = self._owners.get(message_id)
        held = self._sessions.get(owner_id) if owner_id else None
        if held is None or held.session.user_id != user_id:
            raise MessageNotFound()
        return held.shown(held.messages[message_id])

    def of(self, user_id: str | None) -> Iterator[HeldSession]:
        """Give the user's sessions; None means everybody's."""
        return (held for held in self._sessions.values() if user_id in (None, held.session.user_id))

    def remember(self, session: Session) -> HeldSession:
        """Hold the session as it was read; what was read before the last turn began changes nothing."""
        held = self._sessions.get(session.session_id)
        if held and held.session.user_id != session.user_id:
            # In an outage somebody took an id that was another's all along: nothing of the two may mix.
            self.drop(held)
            held = None
        if held is None:
            held = self._sessions[session.session_id] = HeldSession(session, self.now)
            self._size += held.size
        if session.message_count >= held.session.message_count:
            self._size += held.know(session)
        self._sessions.move_to_end(session.session_id)
        self._forget()
        return held

    def know(self, held: HeldSession, session: Session) -> None:
        """Put the changed session in the place of the held one."""
        self._size += held.know(session)
        self._forget()

    def put(self, held: HeldSession, message: Message) -> None:
        """Add the message to the session, or replace it."""
        self._owners[message.message_id] = message.session_id
        self._size += held.put(message)
        self._forget()

    def put_read(self, session_id: UUID, messages: Sequence[Message]) -> None:
        """Add messages as they were read; without effect when the session is not held."""
        held = self._sessions.get(session_id)
        if held:
            for message in messages:
                if message.status is Status.STREAMING:
                    held.alive_at.setdefault(message.message_id, self.now())
                elif held.messages.get(message.message_id) == message:
                    continue  # as it nearly always is when a session is opened again
                self.put(held, message)

    def put_window(self, session_id: UUID, messages: Sequence[Message]) -> None:
        """Add messages that follow each other on the shown branch, as `put_read` does."""
        self.put_read(session_id, messages)
        held = self._sessions.get(session_id)
        if held:
            for above, message in pairwise(messages):
                if message.parent_id != above.message_id:
                    held.read_below[message.message_id] = above.message_id

    def settle(self, held: HeldSession) -> None:
        """Mark the newest reply, and those beside it, as interrupted when their process is gone."""
        for reply in held.streaming():
            self.put(held, replace(reply, status=Status.INTERRUPTED))

    def drop(self, held: HeldSession) -> None:
        """Let go of the session with its messages."""
        del self._sessions[held.session.session_id]
        self._size -= held.size
        for message_id in held.messages:
            del self._owners[message_id]

    def drop_all_of(self, user_id: str) -> Sequence[UUID]:
        """Let go of all sessions of somebody who is gone for good, and return their ids."""
        dropped = list(self.of(user_id))
        for held in dropped:
            self.drop(held)
        return [held.session.session_id for held in dropped]

    def _forget(self) -> None:
        if self._size <= self._max_bytes:
            return
        newest = next(reversed(self._sessions))
        for session_id, held in list(self._sessions.items()):
            if self._size <= self._max_bytes:
                return
            if held.growing or session_id == newest or self._is_needed(session_id):
                continue
            self.drop(held)
