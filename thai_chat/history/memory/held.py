"""One session in memory, with those of its messages that are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from thai_chat.domain.errors import HistoryUnavailable, MessageNotFound, ReplyRunning
from thai_chat.domain.messages import MOST_BESIDE, STALE_AFTER, AddedMessage, Message, Role, Session, Status, Turn
from thai_chat.domain.repeating_errors import KeyReused
from thai_chat.domain.writes import AddMessage, BeginReply, BeginTurn, ResetSession
from thai_chat.history.sizes import size_of_message, size_of_session


@dataclass(slots=True)
class HeldSession:
    """The older messages may be only in PostgreSQL."""

    session: Session
    now: Callable[[], datetime]
    messages: dict[UUID, Message] = field(default_factory=dict)
    growing: set[UUID] = field(default_factory=set)
    """Replies that were begun here and not finished."""
    alive_at: dict[UUID, datetime] = field(default_factory=dict)
    """The last sign of life of each reply that streams."""
    keys: dict[str, UUID] = field(default_factory=dict)
    """The message that has the idempotency key."""
    read_below: dict[UUID, UUID] = field(default_factory=dict)
    """Messages whose parents are deleted and not held, and below which others they were read."""
    newest: Message | None = None
    size: int = 0
    """The size in memory, in bytes."""

    def __post_init__(self) -> None:
        self.size = size_of_session(self.session)

    def know(self, session: Session) -> int:
        """Put a newer reading in the place of the session, and return the growth in bytes."""
        if session == self.session:  # quicker than to measure both
            return 0
        growth = size_of_session(session) - size_of_session(self.session)
        self.session = session
        self.size += growth
        return growth

    @property
    def is_whole(self) -> bool:
        return len(self.messages) >= self.session.message_count

    def put(self, message: Message) -> int:
        """Add or replace the message, and return the growth in bytes."""
        before = self.messages.get(message.message_id)
        if before == message:  # quicker than to measure it once more
            return 0
        growth = size_of_message(message) - (size_of_message(before) if before else 0)
        self.messages[message.message_id] = message
        if self.newest is None or message.message_order >= self.newest.message_order:
            self.newest = message
        self.size += growth
        return growth

    def shown(self, message: Message) -> Message:
        alive_at = self.alive_at.get(message.message_id)
        if message.status is Status.STREAMING and alive_at and self.now() - alive_at > STALE_AFTER:
            return replace(message, status=Status.INTERRUPTED)
        return message

    def earlier(self, write: BeginTurn | BeginReply) -> Turn | None:
        """Return the turn that has the write's id or idempotency key; None when it is new."""
        own_id = write.question_id if isinstance(write, BeginTurn) else write.reply_id
        known = self.messages.get(own_id) or self._with_key(write.idempotency_key)
        if known is None:
            return None
        reply = known if known.role is Role.ASSISTANT else self._first_reply(known)
        question = self.messages.get(reply.parent_id) if reply and reply.parent_id else None
        if reply is None or question is None:
            raise KeyReused if self.is_whole else unknown_here()
        repeated = known.message_id != own_id
        return Turn(session=self.session, question=question, reply=self.shown(reply), repeated=repeated)

    def added(self, write: AddMessage) -> AddedMessage | None:
        """Return the message that has the write's id or idempotency key; None when it is new."""
        known = self.messages.get(write.message_id) or self._with_key(write.idempotency_key)
        if known is None:
            return None
        repeated = known.message_id != write.message_id
        return AddedMessage(session=self.session, message=self.shown(known), repeated=repeated)

    def require_room(self, write: BeginTurn | BeginReply | AddMessage | ResetSession) -> None:
        """Refuse a turn, a message or a reset while a reply grows, and more than MOST_BESIDE that are compared. Raises
        ReplyRunning."""
        living = sum(self.shown(reply).status is Status.STREAMING for reply in self.streaming())
        if living >= (MOST_BESIDE if self.joins(write) else 1):
            raise ReplyRunning()

    def joins(self, write: BeginTurn | BeginReply | AddMessage | ResetSession) -> bool:
        """Tell whether the write begins a reply beside the newest one."""
        newest_for = self.newest.parent_id if self.newest else None
        return isinstance(write, BeginReply) and write.beside and write.question_id == newest_for

    def streaming(self) -> Sequence[Message]:
        """Return the newest message and the other replies to its question, those of them that are not finished."""
        newest = self.newest
        if newest is None:
            return ()
        if not self.session.has_branches or newest.role is not Role.ASSISTANT:
            return (newest,) if newest.status is Status.STREAMING else ()
        beside = (message for message in self.messages.values() if message.parent_id == newest.parent_id)
        return [message for message in beside if message.status is Status.STREAMING]

    def require(self, message_id: UUID) -> Message:
        """Return the message. Raises MessageNotFound, or HistoryUnavailable when it may be one that is not held."""
        found = self.messages.get(message_id)
        if found is None:
            raise MessageNotFound() if self.is_whole else unknown_here()
        return found

    def window(
        self, *, limit: int, before: int | None, after: int | None, leaf_id: UUID | None = None
    ) -> list[Message]:
        """Return messages of the shown branch, or of the one that ends with `leaf_id`, oldest first. Raises
        HistoryUnavailable when they are not held."""
        found: list[Message] = []
        next_id = leaf_id or self.session.leaf_id
        while next_id and next_id in self.messages and (after is not None or len(found) < limit):
            message = self.messages[next_id]
            if after is not None and message.message_order <= after:
                break
            if message.deleted_at is None and (before is None or message.message_order < before):
                found.append(self.shown(message))
            next_id = self.above(message)
        if next_id and next_id not in self.messages and (after is not None or not found):
            raise unknown_here()
        found.reverse()
        return found if after is None else found[:limit]

    def newest_below(self, message_id: UUID) -> UUID:
        """Return the newest of the message and all that stand below it. Raises as `require` does."""
        self.require(message_id)
        if not self.session.has_branches and self.session.leaf_id:
            return self.session.leaf_id
        if not self.is_whole:
            raise unknown_here()
        newest_id, below = message_id, {message_id}
        for message in self.ordered():
            if message.parent_id in below:
                newest_id = message.message_id
                below.add(newest_id)
        return newest_id

    def versions(self, message_ids: Iterable[UUID]) -> Mapping[UUID, Sequence[UUID]]:
        """Return for each of the messages that has other versions all those that are held, oldest first."""
        families: dict[UUID | None, list[UUID]] = {}
        for message in self.ordered():
            if message.deleted_at is None:
                families.setdefault(message.parent_id, []).append(message.message_id)
        known = [self.messages[message_id] for message_id in message_ids if message_id in self.messages]
        found = {message.message_id: families.get(message.parent_id, []) for message in known}
        return {message_id: family for message_id, family in found.items() if len(family) > 1}

    def above(self, message: Message) -> UUID | None:
        """Return what stands above the message; where deleted ones between them are not held, what is above those."""
        if message.parent_id in self.messages:
            return message.parent_id
        return self.read_below.get(message.message_id, message.parent_id)

    def ordered(self) -> list[Message]:
        """Return the messages that are held, in the order of arrival."""
        return sorted(self.messages.values(), key=_order)

    def _with_key(self, key: str | None) -> Message | None:
        known_id = self.keys.get(key) if key else None
        return self.messages.get(known_id) if known_id else None

    def _first_reply(self, question: Message) -> Message | None:
        replies = (message for message in self.messages.values() if message.parent_id == question.message_id)
        return min(replies, key=_order, default=None)


def unknown_here() -> HistoryUnavailable:
    return HistoryUnavailable("this part of the session is not in memory")


def _order(message: Message) -> int:
    return message.message_order
