"""The use cases of the chat, for the page and the API alike: ask, follow, stop, open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from uuid_utils.compat import uuid7

from thai_chat.chat import titles
from thai_chat.chat.changes import Changes
from thai_chat.chat.models import Models
from thai_chat.chat.options import checked
from thai_chat.chat.presets import Presets
from thai_chat.chat.replies.runner import Replies
from thai_chat.chat.replies.source import ReplySource
from thai_chat.chat.search.searches import Searches
from thai_chat.chat.sessions import SessionChange, Sessions
from thai_chat.chat.statistics import UserStatistics
from thai_chat.chat.text import checked_question, require_storable
from thai_chat.chat.transfer.service import Transfers
from thai_chat.chat.windows import Windows, message_in
from thai_chat.domain.errors import (
    HistoryUnavailable,
    KeyReused,
    MessageNotFound,
    NotAQuestion,
    NotAReply,
    SessionNotFound,
    UnknownBackend,
)
from thai_chat.domain.events import Completed, Failed
from thai_chat.domain.facts import ReplyFacts, facts_of
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import Choice, Message, Role, Status, Turn
from thai_chat.domain.people import Person
from thai_chat.domain.ports.backend_kinds import Kinds, options_of
from thai_chat.domain.ports.conversation import HistoryState
from thai_chat.domain.ports.reply_log import ReplyLog
from thai_chat.domain.ports.storage import Storage
from thai_chat.domain.reads import ReadMessage, ReadSession
from thai_chat.domain.writes import BeginReply, BeginTurn
from thai_chat.routing.router import BackendChoices, Router

LOOK_EVERY_S = 0.5
"""How often a reply that grows in another process is looked at by who waits for its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    person: Person
    text: str
    session_id: UUID | None = None
    """None makes a session; so does an id that no session has yet."""
    backend: str | None = None
    model: str | None = None
    idempotency_key: str | None = None
    edits: UUID | None = None
    """The earlier question that this one is said instead of: it stays, on a branch of its own."""
    options: JsonObject = field(default_factory=dict)
    """The options for this reply alone, over those of the session."""
    session_options: JsonObject | None = None
    """The options that are kept with the session, for this reply and those after it; None leaves those it has."""
    metadata: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Wants another reply to a question that has been asked."""

    person: Person
    session_id: UUID
    message_id: UUID
    """The question, or a reply to it."""
    continues: bool = False
    """The new reply begins with the text of the reply `message_id` and goes on from there."""
    backend: str | None = None
    model: str | None = None
    idempotency_key: str | None = None
    options: JsonObject = field(default_factory=dict)
    """The options for this reply alone, over those of the session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    turn: Turn
    live: ReplyLog | None
    """None when the turn is a repeated one whose reply has ended: `turn.reply` is all there is."""


class ChatService:
    """Finds nothing that belongs to somebody else."""

    def __init__(self, storage: Storage, router: Router, *, max_history_messages: int) -> None:
        self.searches = Searches(storage.search)
        conversation = self._conversation = storage.conversation
        self._router = router
        self.changes = Changes()
        self._replies = Replies(conversation, cost_of=router.cost, changes=self.changes)
        self.options = options_of(router.kinds)
        """The options that some backend passes on to its servers."""
        self.sessions = Sessions(conversation, self._replies, self.options, self.changes)
        self.windows = Windows(conversation, self._replies, self.sessions)
        self.models = Models(router)
        self.presets = Presets(storage.presets, self.options)
        self._source = ReplySource(conversation, router, self.presets, max_history_messages=max_history_messages)
        self.transfer = Transfers(storage.transfer, storage.presets, changes=self.changes)
        self.statistics = UserStatistics(storage.statistics)

    @property
    def kinds(self) -> Kinds:
        """The backends that there can be, in the order of the picker."""
        return self._router.kinds

    def start(self) -> None:
        self._replies.start()

    async def close(self) -> None:
        """Store what every running reply has so far, as interrupted."""
        await self.models.close()
        await self._replies.close()
        await self.transfer.close()
        self.changes.close()

    async def ask(self, question: Question) -> Asked:
        """Commit the question, then start the reply, which goes on whoever listens.

        Raises BadInput, ReplyRunning, NoBackend, SessionNotFound and HistoryError; then no model was called. What goes
        wrong with the model comes as the reply's last event and is stored with it.
        """
        started_at_s = time.perf_counter()
        text = checked_question(question.text)
        options = checked(question.options, self.options)
        kept = None if question.session_options is None else checked(question.session_options, self.options)
        choice = await self._choice_for(question)
        edited = await self._edited(question)
        turn = await self._conversation.write(
            BeginTurn(
                session_id=question.session_id or uuid7(),
                user_id=question.person.user_id,
                session_name=titles.name_of(text),
                question_id=uuid7(),
                question=text,
                reply_id=uuid7(),
                choice=choice,
                at=datetime.now(UTC),
                idempotency_key=question.idempotency_key,
                parent_id=edited.parent_id if edited else None,
                is_first=edited is not None and edited.parent_id is None,
                metadata=question.metadata,
            )
        )
        if turn.repeated and turn.question.content != text:
            raise KeyReused
        if kept is None or turn.repeated or kept == turn.session.options:
            return self._answer(turn, choice, options, started_at_s=started_at_s)
        turn = replace(turn, session=replace(turn.session, options=kept))
        # Begun first: were the options refused, the stored reply would be left to nobody and hold up the session.
        asked = self._answer(turn, choice, options, started_at_s=started_at_s)
        await self.sessions.change(turn.session.session_id, question.person, SessionChange(options=kept))
        return asked

    async def ask_again(self, again: Again) -> Asked:
        """Start another reply beside those that the question has, as `ask` starts the first.

        Raises the same, MessageNotFound for a message that is not in the session, and NotAReply.
        """
        started_at_s = time.perf_counter()
        options = checked(again.options, self.options)
        choice = await self._choice_for(again)
        message = await message_in(self._conversation, again.session_id, again.person, again.message_id)
        question_id = message.message_id if message.role is Role.USER else message.parent_id
        if again.continues and (message.role is not Role.ASSISTANT or message.status is Status.STREAMING):
            raise NotAReply
        if question_id is None:
            raise MessageNotFound
        turn = await self._conversation.write(
            BeginReply(
                session_id=again.session_id,
                user_id=again.person.user_id,
                question_id=question_id,
                reply_id=uuid7(),
                choice=choice,
                at=datetime.now(UTC),
                content=message.content if again.continues else "",
                idempotency_key=again.idempotency_key,
                metadata=_continued(message).to_metadata() if again.continues else {},
            )
        )
        if turn.repeated and turn.question.message_id != question_id:
            raise KeyReused
        return self._answer(turn, choice, options, started_at_s=started_at_s)

    async def reply_of(self, asked: Asked) -> Completed | Failed:
        """Wait for the end of the reply, or return the stored one of a repeated turn."""
        if asked.live:
            return await asked.live.finished()
        reply = await self._stored_end(asked.turn)
        error = facts_of(reply).error
        if reply.status is Status.FAILED and error:
            return Failed(error.code, error.params)
        return Completed(asked.turn.question, reply, await self._replies.length_at(asked.turn, reply))

    async def _stored_end(self, turn: Turn) -> Message:
        """Wait for the end of a reply that may grow in another process; the history calls it interrupted soon after
        that one's death."""
        while True:
            reply = await self._conversation.read(ReadMessage(turn.reply.message_id, turn.session.user_id))
            if reply.status is not Status.STREAMING:
                return reply
            await asyncio.sleep(LOOK_EVERY_S)

    async def live_reply(self, session_id: UUID, person: Person, *, message_id: UUID | None = None) -> ReplyLog | None:
        """Return the reply that runs in the session or has just ended; None when there is none, or not the one
        meant."""
        live = self._replies.of_session(session_id)
        if live is None or live.user_id != person.user_id:
            await self._conversation.read(ReadSession(session_id, person.user_id))
            return None
        return live if message_id in (None, live.reply_id) else None

    async def stop(self, session_id: UUID, person: Person) -> bool:
        """Stop the reply; True when one was running here. Safe to call twice and too late."""
        live = await self.live_reply(session_id, person)
        if live is None or live.result:
            return False
        live.stop()
        return True

    async def state(self) -> HistoryState:
        return await self._conversation.state()

    def backends(self) -> Sequence[BackendChoices]:
        return self._router.choices()

    def default_choice(self) -> Choice:
        """Return the default choice. Raises NoBackend when nothing is configured."""
        return self._router.default_choice()

    async def _choice_for(self, wanted: Question | Again) -> Choice:
        """Return what was asked for, else what the session used last, else the default."""
        for name in (wanted.backend, wanted.model, wanted.idempotency_key):
            require_storable(name or "")
        if wanted.backend or wanted.model or wanted.session_id is None:
            return self._router.resolve(wanted.backend, wanted.model)
        try:
            session = await self._conversation.read(ReadSession(wanted.session_id, wanted.person.user_id))
        except (SessionNotFound, HistoryUnavailable):
            return self._router.resolve(None, None)
        try:
            return self._router.resolve(session.backend, session.model)
        except UnknownBackend:
            # Its backend has been taken out of the settings since; the session goes on with another.
            return self._router.resolve(None, None)

    async def _edited(self, question: Question) -> Message | None:
        if question.edits is None:
            return None
        if question.session_id is None:
            raise MessageNotFound
        edited = await message_in(self._conversation, question.session_id, question.person, question.edits)
        if edited.role is not Role.USER:
            raise NotAQuestion
        return edited

    def _answer(self, turn: Turn, choice: Choice, options: JsonObject, *, started_at_s: float) -> Asked:
        if turn.repeated:
            return Asked(turn=turn, live=self._running(turn))
        stream = partial(self._source.stream, options=options)
        return Asked(turn=turn, live=self._replies.run(turn, choice, stream, started_at_s=started_at_s))

    def _running(self, turn: Turn) -> ReplyLog | None:
        live = self._replies.of_session(turn.session.session_id)
        return live if live and live.reply_id == turn.reply.message_id else None


def _continued(reply: Message) -> ReplyFacts:
    """Return what the continuing reply keeps of the one before: which it is, who wrote it, how they had come to it."""
    facts = facts_of(reply)
    begun_by = list(facts.begun_by or ())
    if reply.content.strip():
        begun_by.append(Choice(reply.backend or "", reply.model or ""))
    return ReplyFacts(reasoning=facts.reasoning, continues=reply.message_id, begun_by=begun_by)
