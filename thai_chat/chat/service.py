"""The use cases of the chat, for the page and the API alike: ask, follow, stop, open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from uuid_utils.compat import uuid7

from thai_chat.chat import titles
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
from thai_chat.domain.messages import (
    BeginReply,
    BeginTurn,
    Choice,
    JsonObject,
    Message,
    Role,
    Session,
    Status,
    Turn,
)
from thai_chat.domain.people import Person
from thai_chat.domain.ports.backend_kinds import Kinds, options_of
from thai_chat.domain.ports.conversation import HistoryState
from thai_chat.domain.ports.reply_log import ReplyLog
from thai_chat.domain.ports.storage import Storage
from thai_chat.domain.reads import ReadMessage, ReadMessages, ReadSession
from thai_chat.routing.router import BackendChoices, Router

WINDOW = 30
"""Messages that a page shows of a session at first (facts: a Gradio chat slows beyond that)."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    session: Session
    messages: Sequence[Message]
    """A window on the shown branch, oldest first, without a reply that is still live here."""
    live: ReplyLog | None
    has_earlier: bool
    has_later: bool = False
    """True when the window ends before the newest message."""
    versions: Mapping[UUID, Sequence[UUID]] = field(default_factory=dict)
    """All versions, oldest first, of each of those messages, and of the live reply, that has others."""


class ChatService:
    """Every method takes the owner; what belongs to somebody else is not found."""

    def __init__(self, storage: Storage, router: Router, *, max_history_messages: int) -> None:
        self.searches = Searches(storage.search)
        conversation = self._conversation = storage.conversation
        self._router = router
        self._replies = Replies(conversation, cost_of=router.cost)
        self.options = options_of(router.kinds)
        """The options that some backend passes on to its servers."""
        self.sessions = Sessions(conversation, self._replies, self.options)
        self.models = Models(router)
        self.presets = Presets(storage.presets, self.options)
        self._source = ReplySource(conversation, router, self.presets, max_history_messages=max_history_messages)
        self.transfer = Transfers(storage.transfer, storage.presets)
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
        message = await self._message(again.session_id, again.person, again.message_id)
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

    async def open(
        self, session_id: UUID, person: Person, *, limit: int = WINDOW, last_order: int | None = None
    ) -> OpenSession:
        """Return the newest messages, or the newest of those up to `last_order`."""
        session = await self._conversation.read(ReadSession(session_id, person.user_id))
        before_order = last_order + 1 if last_order else None
        found = await self._conversation.read(
            ReadMessages(session_id, person.user_id, limit=limit + 1, before_order=before_order)
        )
        has_later = bool(last_order and await self._later(session, last_order, limit=1))
        live = self._replies.of_session(session_id)
        found = _as_of_now(found, live)
        shown = found[-limit:]
        versions = await self.sessions.versions(session, shown)
        running = live if live and live.result is None else None
        if running:
            shown = [message for message in shown if message.message_id != running.reply_id]
        return OpenSession(
            session=session,
            messages=shown,
            live=running,
            has_earlier=len(found) > limit,
            has_later=has_later,
            versions=versions,
        )

    async def open_at(self, session_id: UUID, person: Person, message_id: UUID, *, limit: int = WINDOW) -> OpenSession:
        """Return a window around the message, whose branch is the shown one from now on.

        Raises MessageNotFound, and ReplyRunning when a reply grows on another branch.
        """
        session = await self._conversation.read(ReadSession(session_id, person.user_id))
        message = await self._message(session_id, person, message_id)
        order = message.message_order
        last = ReadMessages(session_id, person.user_id, limit=1, before_order=order + 1)
        newest = await self._conversation.read(last)
        if [found.message_id for found in newest] != [message_id]:
            session = await self.sessions.show_branch(session_id, person, message_id)
        behind = limit // 2
        later = await self._later(session, order, limit=behind + 1)
        last_order = later[behind - 1].message_order if len(later) > behind else None
        return await self.open(session_id, person, limit=limit, last_order=last_order)

    async def open_later(
        self, session_id: UUID, person: Person, *, limit: int, last_order: int, more: int = WINDOW
    ) -> OpenSession:
        """Return the window of `limit` messages that ends at `last_order`, with as many as `more` behind it."""
        session = await self._conversation.read(ReadSession(session_id, person.user_id))
        later = await self._later(session, last_order, limit=more + 1)
        end = later[more - 1].message_order if len(later) > more else None
        return await self.open(session_id, person, limit=limit + len(later[:more]), last_order=end)

    async def _later(self, session: Session, order: int, *, limit: int) -> Sequence[Message]:
        return await self._conversation.read(
            ReadMessages(session.session_id, session.user_id, limit=limit, after_order=order)
        )

    async def window(
        self, session_id: UUID, person: Person, *, limit: int, before_order: int | None = None
    ) -> tuple[Session, Sequence[Message]]:
        """Return the last messages of the shown branch, oldest first; a live reply with the text it has at this
        moment."""
        session = await self._conversation.read(ReadSession(session_id, person.user_id))
        wanted = ReadMessages(session_id, person.user_id, limit=limit, before_order=before_order)
        found = await self._conversation.read(wanted)
        return session, _as_of_now(found, self._replies.of_session(session_id))

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
        edited = await self._message(question.session_id, question.person, question.edits)
        if edited.role is not Role.USER:
            raise NotAQuestion
        return edited

    async def _message(self, session_id: UUID, person: Person, message_id: UUID) -> Message:
        message = await self._conversation.read(ReadMessage(message_id, person.user_id))
        if message.session_id != session_id:
            raise MessageNotFound
        return message

    def _answer(self, turn: Turn, choice: Choice, options: JsonObject, *, started_at_s: float) -> Asked:
        if turn.repeated:
            return Asked(turn=turn, live=self._running(turn))
        stream = partial(self._source.stream, options=options)
        return Asked(turn=turn, live=self._replies.run(turn, choice, stream, started_at_s=started_at_s))

    def _running(self, turn: Turn) -> ReplyLog | None:
        live = self._replies.of_session(turn.session.session_id)
        return live if live and live.reply_id == turn.reply.message_id else None


def _as_of_now(found: Sequence[Message], live: ReplyLog | None) -> Sequence[Message]:
    """Return what was read, with the live reply as it is at this moment: it may have grown or ended since.

    Its place is what was read: a turn that began in an outage is numbered anew when PostgreSQL gets it.
    """
    if live is None:
        return found
    result = live.result
    return [
        message
        if message.message_id != live.reply_id
        else replace(result.reply, parent_id=message.parent_id, message_order=message.message_order)
        if isinstance(result, Completed)
        else replace(message, content=live.text)
        for message in found
    ]


def _continued(reply: Message) -> ReplyFacts:
    """Return what the continuing reply keeps of the one before: which it is, who wrote it, how they had come to it."""
    facts = facts_of(reply)
    begun_by = list(facts.begun_by or ())
    if reply.content.strip():
        begun_by.append(Choice(reply.backend or "", reply.model or ""))
    return ReplyFacts(reasoning=facts.reasoning, continues=reply.message_id, begun_by=begun_by)
