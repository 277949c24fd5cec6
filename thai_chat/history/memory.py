"""The history in memory: what serves while PostgreSQL is away, and all there is when there is none."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from thai_chat.domain.errors import HistoryUnavailable, MessageNotFound, ReplyRunning, SessionNotFound
from thai_chat.domain.messages import (
    STALE_AFTER,
    BeginTurn,
    Checkpoint,
    FinishReply,
    Message,
    Session,
    Statistics,
    Status,
    Turn,
    UpdateSession,
)
from thai_chat.domain.ports import DatabaseState, HistoryState, SessionCursor
from thai_chat.history.records import check, check_text
from thai_chat.history.statistics import count, span_of
from thai_chat.history.turns import finished, new_session, new_turn

MAX_CHARS = 20_000_000
_SESSION_CHARS = 500
"""What a session counts besides the text of its messages."""


@dataclass(slots=True)
class _Held:
    """A session and those of its messages that are known. The older ones may be only in PostgreSQL."""

    session: Session
    messages: dict[UUID, Message] = field(default_factory=dict)
    growing: set[UUID] = field(default_factory=set)
    """Replies that were begun here and not finished."""
    alive_at: dict[UUID, datetime] = field(default_factory=dict)
    """The last sign of life of each reply that streams."""
    questions: dict[str, UUID] = field(default_factory=dict)
    """By idempotency key."""
    newest: Message | None = None
    chars: int = _SESSION_CHARS

    @property
    def is_whole(self) -> bool:
        return len(self.messages) >= self.session.message_count

    def put(self, message: Message) -> int:
        """Adds or replaces; the growth in characters."""
        before = self.messages.get(message.message_id)
        growth = len(message.content) - (len(before.content) if before else 0)
        self.messages[message.message_id] = message
        if self.newest is None or message.message_order >= self.newest.message_order:
            self.newest = message
        self.chars += growth
        return growth


class MemoryHistory:
    """A `History` that forgets the sessions used longest ago when it holds more than it may.

    Of a session that was remembered in part it continues `message_order` from the session's `message_count`; of one it
    has never seen it starts at 1, and PostgreSQL numbers the messages when it gets them. Not safe across threads.
    """

    def __init__(
        self,
        *,
        max_chars: int = MAX_CHARS,
        is_needed: Callable[[UUID], bool] = lambda session_id: False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """A session for which `is_needed`, or in which a reply grows, is never forgotten, whatever it takes."""
        self._sessions: OrderedDict[UUID, _Held] = OrderedDict()
        self._owners: dict[UUID, UUID] = {}
        self._max_chars = max_chars
        self._chars = 0
        self._is_needed = is_needed
        self._now = now

    async def begin_turn(self, write: BeginTurn, *, replay: bool = False) -> Turn:
        check(write)
        held = self._sessions.get(write.session_id)
        if held is None:
            if write.parent_id:
                raise MessageNotFound()
        else:
            if held.session.user_id != write.user_id:
                raise SessionNotFound()
            earlier = self._earlier(held, write)
            if earlier:
                return earlier
            self._make_way(held, write, replay=replay)
        turn = new_turn(held.session if held else new_session(write), write)
        self.keep_turn(write, turn, alive_at=write.at if replay else self._now())
        return turn

    async def checkpoint(self, writes: Sequence[Checkpoint]) -> None:
        for write in writes:
            check(write)
            held = self._sessions.get(write.session_id)
            reply = held.messages.get(write.reply_id) if held else None
            if held and reply and reply.status is Status.STREAMING:
                held.alive_at[write.reply_id] = self._now()
                self._put(held, replace(reply, content=write.content, metadata={**reply.metadata, **write.metadata}))

    async def finish_reply(self, write: FinishReply) -> Message:
        check(write)
        held = self._sessions.get(write.session_id)
        if held is None or write.reply_id not in held.messages:
            raise MessageNotFound()
        reply = held.messages[write.reply_id]
        if write.reply_id in held.growing:
            held.growing.remove(write.reply_id)
            reply = finished(reply, write)
            self._put(held, reply)
        return reply

    async def update_session(self, write: UpdateSession) -> Session:
        check(write)
        held = self._held(write.session_id, write.user_id)
        if write.leaf_id and write.leaf_id not in held.messages:
            raise (
                MessageNotFound() if held.is_whole else HistoryUnavailable("this part of the session is not in memory")
            )
        held.session = _updated(held.session, write)
        return held.session

    async def session(self, session_id: UUID, user_id: str) -> Session:
        check_text(user_id)
        return self._held(session_id, user_id).session

    async def sessions(
        self, user_id: str, *, limit: int, before: SessionCursor | None = None, name_contains: str = ""
    ) -> Sequence[Session]:
        check_text(user_id, name_contains)
        found = [
            session
            for session in self._of(user_id)
            if session.archived_at is None
            and session.deleted_at is None
            and name_contains.lower() in session.session_name.lower()
            and (before is None or _newness(session) < (before.updated_at, before.session_id))
        ]
        return sorted(found, key=_newness, reverse=True)[:limit]

    async def messages(
        self, session_id: UUID, user_id: str, *, limit: int, before_order: int | None = None
    ) -> Sequence[Message]:
        """Raises HistoryUnavailable when none of those asked for is known."""
        check_text(user_id)
        held = self._held(session_id, user_id)
        found: list[Message] = []
        next_id = held.session.leaf_id
        while next_id and next_id in held.messages and len(found) < limit:
            message = held.messages[next_id]
            if before_order is None or message.message_order < before_order:
                found.append(self._shown(held, message))
            next_id = message.parent_id
        if not found and next_id:
            raise HistoryUnavailable("this part of the session is not in memory")
        return found[::-1]

    async def message(self, message_id: UUID, user_id: str) -> Message:
        check_text(user_id)
        owner_id = self._owners.get(message_id)
        held = self._sessions.get(owner_id) if owner_id else None
        if held is None or held.session.user_id != user_id:
            raise MessageNotFound()
        return self._shown(held, held.messages[message_id])

    async def statistics(self, user_id: str, *, timezone: str, days: int, now: datetime) -> Statistics:
        """Over what is in memory."""
        check_text(user_id)
        span = span_of(timezone=timezone, days=days, now=now)
        mine = (held for held in self._sessions.values() if held.session.user_id == user_id)
        return count(((held.session, held.messages.values()) for held in mine), span)

    async def state(self) -> HistoryState:
        return HistoryState(database=DatabaseState.MEMORY, journal=False)

    async def close(self) -> None:
        """There is nothing to close."""

    def holds(self, session_id: UUID) -> bool:
        return session_id in self._sessions

    def keep_turn(self, write: BeginTurn, turn: Turn, *, alive_at: datetime | None = None) -> None:
        """Holds a turn that a store has just begun."""
        held = self._remember(turn.session)
        if write.idempotency_key:
            held.questions[write.idempotency_key] = turn.question.message_id
        if turn.reply.status is Status.STREAMING:
            held.alive_at[turn.reply.message_id] = alive_at or self._now()
            if not turn.repeated:
                held.growing.add(turn.reply.message_id)
        self._put(held, turn.question)
        self._put(held, turn.reply)

    def remember(self, session: Session, messages: Sequence[Message] = ()) -> None:
        """Holds what was read from PostgreSQL, which knows better than what was held before."""
        self._remember(session)
        self.remember_messages(session.session_id, messages)

    def remember_messages(self, session_id: UUID, messages: Sequence[Message]) -> None:
        """Like `remember`; without effect when the session is not held."""
        held = self._sessions.get(session_id)
        if held:
            for message in messages:
                if message.status is Status.STREAMING:
                    held.alive_at.setdefault(message.message_id, self._now())
                self._put(held, message)

    def keep_finished(self, reply: Message) -> None:
        """Holds the end of a reply that a store has just been given."""
        held = self._sessions.get(reply.session_id)
        if held:
            held.growing.discard(reply.message_id)
            self._put(held, reply)

    def _remember(self, session: Session) -> _Held:
        held = self._sessions.get(session.session_id)
        if held is None:
            held = self._sessions[session.session_id] = _Held(session)
            self._chars += held.chars
        if session.message_count >= held.session.message_count:  # else it was read before the last turn began
            held.session = session
        self._sessions.move_to_end(session.session_id)
        self._forget()
        return held

    def _put(self, held: _Held, message: Message) -> None:
        self._owners[message.message_id] = message.session_id
        self._chars += held.put(message)
        self._forget()

    def _forget(self) -> None:
        if self._chars <= self._max_chars:
            return
        newest = next(reversed(self._sessions))
        for session_id, held in list(self._sessions.items()):
            if self._chars <= self._max_chars:
                return
            if held.growing or session_id == newest or self._is_needed(session_id):
                continue
            del self._sessions[session_id]
            self._chars -= held.chars
            for message_id in held.messages:
                del self._owners[message_id]

    def _held(self, session_id: UUID, user_id: str) -> _Held:
        held = self._sessions.get(session_id)
        if held is None or held.session.user_id != user_id:
            raise SessionNotFound()
        self._sessions.move_to_end(session_id)
        return held

    def _of(self, user_id: str) -> Iterator[Session]:
        return (held.session for held in self._sessions.values() if held.session.user_id == user_id)

    def _earlier(self, held: _Held, write: BeginTurn) -> Turn | None:
        known_id = held.questions.get(write.idempotency_key or "")
        question = held.messages.get(write.question_id) or (held.messages.get(known_id) if known_id else None)
        if question is None:
            return None
        replies = (message for message in held.messages.values() if message.parent_id == question.message_id)
        reply = min(replies, key=lambda message: message.message_order)
        repeated = question.message_id != write.question_id
        return Turn(session=held.session, question=question, reply=self._shown(held, reply), repeated=repeated)

    def _make_way(self, held: _Held, write: BeginTurn, *, replay: bool) -> None:
        """Raises when the turn can't begin; settles a reply whose process is gone."""
        if write.parent_id and write.parent_id not in held.messages and held.is_whole:
            raise MessageNotFound()
        newest = held.newest
        if newest is None or newest.status is not Status.STREAMING:
            return
        if not replay and self._shown(held, newest).status is Status.STREAMING:
            raise ReplyRunning()
        self._put(held, replace(newest, status=Status.INTERRUPTED))

    def _shown(self, held: _Held, message: Message) -> Message:
        alive_at = held.alive_at.get(message.message_id)
        if message.status is Status.STREAMING and alive_at and self._now() - alive_at > STALE_AFTER:
            return replace(message, status=Status.INTERRUPTED)
        return message


def _newness(session: Session) -> tuple[datetime, UUID]:
    return session.updated_at, session.session_id


def _updated(session: Session, write: UpdateSession) -> Session:
    def since(before: datetime | None, wanted: bool | None) -> datetime | None:
        return before if wanted is None else ((before or write.at) if wanted else None)

    return replace(
        session,
        session_name=session.session_name if write.session_name is None else write.session_name,
        backend=write.choice.backend if write.choice else session.backend,
        model=write.choice.model if write.choice else session.model,
        pinned_at=since(session.pinned_at, write.pinned),
        archived_at=since(session.archived_at, write.archived),
        deleted_at=since(session.deleted_at, write.deleted),
        is_active=session.is_active if write.deleted is None else not write.deleted,
        leaf_id=write.leaf_id or session.leaf_id,
    )
