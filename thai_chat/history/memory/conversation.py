"""The conversation in memory: what serves while PostgreSQL is away, and all there is when there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast
from uuid import UUID

from thai_chat.domain.errors import MessageNotFound, SessionNotFound
from thai_chat.domain.messages import AddedMessage, Message, Role, Session, Status, Turn
from thai_chat.domain.ports.conversation import DatabaseState, HistoryState
from thai_chat.domain.reads import Answer, Read
from thai_chat.domain.versions import require_version
from thai_chat.domain.writes import (
    AddMessage,
    BeginReply,
    BeginTurn,
    Checkpoint,
    Checkpoints,
    CreateSession,
    DeleteMessage,
    FinishReply,
    MarkMessage,
    Outcome,
    PreferReply,
    PurgeMessage,
    PurgeSession,
    RateReply,
    ResetSession,
    UpdateSession,
    Write,
)
from thai_chat.history.memory import reading
from thai_chat.history.memory.sessions import HeldSessions
from thai_chat.history.turns import (
    added,
    begun_anew,
    finished,
    grown,
    marked,
    new_reply,
    new_session,
    new_turn,
    updated,
    wiped,
)


class MemoryConversation:
    """A `Conversation` over what is held, and the companion of the one that PostgreSQL serves.

    Of a session that was remembered in part it continues `message_order` from the session's `message_count`; of one it
    has never seen it starts at 1, and PostgreSQL numbers the messages when it gets them.
    """

    def __init__(self, held: HeldSessions | None = None) -> None:
        self._held = HeldSessions() if held is None else held

    async def write(self, write: Write[Outcome]) -> Outcome:
        outcome: object
        match write:
            case BeginTurn():
                outcome = self._begin_turn(write)
            case BeginReply():
                outcome = self._begin_reply(write)
            case Checkpoints():
                self._grow(write.checkpoints)
                outcome = None
            case FinishReply():
                outcome = self._finish_reply(write)
            case CreateSession() | AddMessage():
                outcome = self._create_session(write) if isinstance(write, CreateSession) else self._add_message(write)
            case UpdateSession() | ResetSession():
                outcome = (
                    self._update_session(write) if isinstance(write, UpdateSession) else self._reset_session(write)
                )
            case PurgeSession():
                outcome = self._purge_session(write)
            case RateReply() | PreferReply() | DeleteMessage():
                outcome = self._mark_message(write)
            case PurgeMessage():
                self._purge_message(write)
                outcome = None
            case _:
                raise TypeError(f"no store takes a {type(write).__name__}")
        return cast("Outcome", outcome)

    async def read(self, read: Read[Answer]) -> Answer:
        return reading.answer(self._held, read)

    async def state(self) -> HistoryState:
        return HistoryState(database=DatabaseState.MEMORY, journal=False)

    def holds(self, session_id: UUID) -> bool:
        return self._held.get(session_id) is not None

    def keep(self, write: Write[Outcome], outcome: Outcome) -> None:
        """Hold what PostgreSQL has made of the write."""
        match write, outcome:
            case (BeginTurn() | BeginReply()) as begun, Turn() as turn:
                self._keep_turn(begun, turn, alive_at=self._held.now())
            case FinishReply(), Message() as reply:
                self._keep_end(reply)
            case ((CreateSession() | UpdateSession() | ResetSession()), Session() as session):
                self._held.remember(session)
            case AddMessage(), AddedMessage():
                self._keep_added(write, outcome)
            case PurgeSession() as purge, is_gone:
                if is_gone or not purge.only_trash:
                    self._purge_session(replace(purge, only_trash=False, expected=None))
            case ((RateReply() | PreferReply() | DeleteMessage()), Message() as message):
                self._keep_message(message)
            case PurgeMessage(), _:
                self._purge_message(write)
            case Checkpoints(), _:
                self._grow(write.checkpoints)

    def remember(self, read: Read[Answer], found: Answer) -> None:
        """Hold what PostgreSQL has answered."""
        reading.remember(self._held, read, found)

    def forget(self, session_id: UUID, user_id: str) -> None:
        """Let go of the user's session, which PostgreSQL does not have (any more), unless a reply grows in it."""
        held = self._held.get(session_id)
        if held and held.session.user_id == user_id and not held.growing:
            self._held.drop(held)

    def forget_person(self, user_id: str) -> None:
        """Let go of everything of somebody who is gone for good."""
        self._held.drop_all_of(user_id)

    def _begin_turn(self, write: BeginTurn) -> Turn:
        held = self._held.get(write.session_id)
        if held is None:
            if write.parent_id:
                raise MessageNotFound()
        else:
            if held.session.user_id != write.user_id:
                raise SessionNotFound()
            earlier = held.earlier(write)
            if earlier:
                return earlier
            held.require_room(write)
            if write.parent_id and write.parent_id not in held.messages and held.is_whole:
                raise MessageNotFound()
            self._held.settle(held)
        turn = new_turn(held.session if held else new_session(write), write)
        self._keep_turn(write, turn, alive_at=self._held.now())
        return turn

    def _begin_reply(self, write: BeginReply) -> Turn:
        held = self._held.require(write.session_id, write.user_id)
        earlier = held.earlier(write)
        if earlier:
            return earlier
        held.require_room(write)
        question = held.require(write.question_id)
        if question.role is not Role.USER:
            raise MessageNotFound()
        if not held.joins(write):
            self._held.settle(held)
        turn = new_reply(held.session, write, question)
        self._keep_turn(write, turn, alive_at=self._held.now())
        return turn

    def _grow(self, checkpoints: Sequence[Checkpoint]) -> None:
        for checkpoint in checkpoints:
            held = self._held.get(checkpoint.session_id)
            reply = held.messages.get(checkpoint.reply_id) if held else None
            if held and reply and reply.status is Status.STREAMING:
                held.alive_at[checkpoint.reply_id] = self._held.now()
                self._held.put(held, grown(reply, checkpoint))

    def _finish_reply(self, write: FinishReply) -> Message:
        held = self._held.get(write.session_id)
        if held is None or write.reply_id not in held.messages:
            raise MessageNotFound()
        reply = held.messages[write.reply_id]
        if write.reply_id in held.growing:
            held.growing.remove(write.reply_id)
            reply = finished(reply, write)
            self._held.put(held, reply)
        return reply

    def _create_session(self, write: CreateSession) -> Session:
        if self._held.get(write.session_id):
            return self._held.require(write.session_id, write.user_id).session
        return self._held.remember(new_session(write)).session

    def _add_message(self, write: AddMessage) -> AddedMessage:
        held = self._held.require(write.session_id, write.user_id)
        known = held.added(write)
        if known:
            return known
        held.require_room(write)
        self._held.settle(held)
        stored = added(held.session, write)
        self._keep_added(write, stored)
        return stored

    def _keep_added(self, write: AddMessage, stored: AddedMessage) -> None:
        held = self._held.remember(stored.session)
        if write.idempotency_key:
            held.keys.setdefault(write.idempotency_key, stored.message.message_id)
        self._held.put(held, stored.message)

    def _update_session(self, write: UpdateSession) -> Session:
        held = self._held.require(write.session_id, write.user_id)
        require_version(held.session, write.expected)
        leaf_id = held.newest_below(write.leaf_id) if write.leaf_id else None
        self._held.know(held, updated(held.session, write, leaf_id))
        return held.session

    def _reset_session(self, write: ResetSession) -> Session:
        held = self._held.require(write.session_id, write.user_id)
        held.require_room(write)
        self._held.know(held, begun_anew(held.session, write))
        return held.session

    def _mark_message(self, write: MarkMessage) -> Message:
        held = self._held.require(write.session_id, write.user_id)
        message_id = write.message_id if isinstance(write, DeleteMessage) else write.reply_id
        self._held.put(held, marked(held.require(message_id), write))
        return held.shown(held.messages[message_id])

    def _purge_message(self, write: PurgeMessage) -> None:
        held = self._held.get(write.session_id)
        if held and held.session.user_id == write.user_id and write.message_id in held.messages:
            held.growing.discard(write.message_id)
            self._held.put(held, wiped(held.messages[write.message_id], write))

    def _purge_session(self, write: PurgeSession) -> bool:
        held = self._held.get(write.session_id)
        if held is None or held.session.user_id != write.user_id:
            require_version(None, write.expected)
            return False
        require_version(held.session, write.expected)
        if write.only_trash and held.session.deleted_at is None:
            return False
        self._held.drop(held)
        return True

    def _keep_turn(self, write: BeginTurn | BeginReply, turn: Turn, *, alive_at: datetime) -> None:
        """Hold a turn that a store has just begun."""
        held = self._held.remember(turn.session)
        if write.idempotency_key:
            owner = turn.question if isinstance(write, BeginTurn) else turn.reply
            held.keys.setdefault(write.idempotency_key, owner.message_id)
        if turn.reply.status is Status.STREAMING:
            held.alive_at[turn.reply.message_id] = alive_at
            if not turn.repeated:
                held.growing.add(turn.reply.message_id)
        self._held.put(held, turn.question)
        self._held.put(held, turn.reply)

    def _keep_end(self, reply: Message) -> None:
        """Hold the end of a reply that a store has just been given."""
        held = self._held.get(reply.session_id)
        if held:
            held.growing.discard(reply.message_id)
            self._held.put(held, reply)

    def _keep_message(self, message: Message) -> None:
        """Hold what a store has just made of a message that is held."""
        held = self._held.get(message.session_id)
        if held and message.message_id in held.messages:
            self._held.put(held, message)
