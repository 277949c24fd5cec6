"""The use cases of the chat, for the page and the API alike: ask, follow, stop, open, list, count."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from thai_chat.chat import titles
from thai_chat.chat.live import LiveReplies, LiveReply
from thai_chat.chat.prompt import build_prompt
from thai_chat.chat.text import checked_question, require_storable, storable
from thai_chat.domain.errors import EmptyName, HistoryUnavailable, SessionNotFound, UnknownBackend
from thai_chat.domain.events import Completed, Failed, StreamEvent
from thai_chat.domain.messages import (
    SESSION_NAME_CHARS,
    BeginTurn,
    Choice,
    JsonObject,
    JsonValue,
    Message,
    Session,
    Statistics,
    Status,
    Turn,
    UpdateSession,
)
from thai_chat.domain.ports import History, HistoryState, SessionCursor, SessionFilter
from thai_chat.routing.router import BackendChoices, Router

WINDOW = 30
"""Messages that a page shows of a session at first (facts: a Gradio chat slows beyond that)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    user_id: str
    text: str
    session_id: UUID | None = None
    """None makes a session; so does an id that no session has yet."""
    backend: str | None = None
    model: str | None = None
    idempotency_key: str | None = None
    options: Mapping[str, JsonValue] = field(default_factory=dict)
    metadata: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    turn: Turn
    live: LiveReply | None
    """None when the turn is a repeated one whose reply has ended: `turn.reply` is all there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    session: Session
    messages: Sequence[Message]
    """The last ones of the shown branch, oldest first, without a reply that is still live here."""
    live: LiveReply | None
    has_earlier: bool


class ChatService:
    """Every method takes the owner; what belongs to somebody else is not found."""

    def __init__(self, history: History, router: Router, *, max_history_messages: int) -> None:
        self._history = history
        self._router = router
        self._live = LiveReplies(history)
        self._max_history_messages = max_history_messages

    def start(self) -> None:
        self._live.start()

    async def close(self) -> None:
        """Stores what every running reply has so far, as interrupted."""
        await self._live.close()

    async def ask(self, question: Question) -> Asked:
        """Commits the question, then starts the reply, which goes on whoever listens.

        Raises BadInput, ReplyRunning, NoBackend, SessionNotFound and HistoryError; then no model was called. What goes
        wrong with the model comes as the reply's last event and is stored with it.
        """
        started_at_s = time.perf_counter()
        text = checked_question(question.text)
        for name in (question.backend, question.model, question.idempotency_key):
            require_storable(name or "")
        choice = await self._choice_for(question)
        turn = await self._history.begin_turn(
            BeginTurn(
                session_id=question.session_id or uuid7(),
                user_id=question.user_id,
                session_name=titles.name_of(text),
                question_id=uuid7(),
                question=text,
                reply_id=uuid7(),
                choice=choice,
                at=datetime.now(UTC),
                idempotency_key=question.idempotency_key,
                metadata=question.metadata,
            )
        )
        if turn.repeated:
            return Asked(turn=turn, live=self._running(turn))
        live = LiveReply(turn, choice, started_at_s=started_at_s)
        self._live.run(live, lambda reply: self._stream(reply, question.options))
        return Asked(turn=turn, live=live)

    async def reply_of(self, asked: Asked) -> Completed | Failed:
        """Waits for the end of the reply, or gives the stored one of a repeated turn."""
        if asked.live:
            return await asked.live.finished()
        reply = await self._history.message(asked.turn.reply.message_id, asked.turn.session.user_id)
        error = reply.metadata.get("error")
        if reply.status is Status.FAILED and isinstance(error, Mapping):
            params = {name: value for name, value in error.items() if name != "code"}
            return Failed(str(error.get("code")), params)
        return Completed(asked.turn.question, reply, reply.message_order)

    async def live_reply(self, session_id: UUID, user_id: str, *, message_id: UUID | None = None) -> LiveReply | None:
        """The reply that runs in the session or has just ended; None when there is none, or not the one meant."""
        live = self._live.of_session(session_id)
        if live is None or live.user_id != user_id:
            await self._history.session(session_id, user_id)
            return None
        return live if message_id in (None, live.reply_id) else None

    async def stop(self, session_id: UUID, user_id: str) -> bool:
        """True when a reply was running here. Safe to call twice and too late."""
        live = await self.live_reply(session_id, user_id)
        if live is None or live.result:
            return False
        self._live.stop(live)
        return True

    async def open(
        self, session_id: UUID, user_id: str, *, limit: int = WINDOW, before_order: int | None = None
    ) -> OpenSession:
        session = await self._history.session(session_id, user_id)
        found = await self._history.messages(session_id, user_id, limit=limit + 1, before_order=before_order)
        live = self._live.of_session(session_id)
        found = _as_of_now(found, live)
        has_earlier = len(found) > limit
        if live and live.result is None:
            shown = [message for message in found[-limit:] if message.message_id != live.reply_id]
            return OpenSession(session=session, messages=shown, live=live, has_earlier=has_earlier)
        return OpenSession(session=session, messages=found[-limit:], live=None, has_earlier=has_earlier)

    async def history(
        self, session_id: UUID, user_id: str, *, limit: int, before_order: int | None = None
    ) -> Sequence[Message]:
        """The last messages of the shown branch, oldest first; a live reply with the text it has at this moment."""
        await self._history.session(session_id, user_id)
        found = await self._history.messages(session_id, user_id, limit=limit, before_order=before_order)
        return _as_of_now(found, self._live.of_session(session_id))

    async def last_session(self, user_id: str) -> Session | None:
        newest = await self._history.sessions(user_id, limit=1)
        return newest[0] if newest else None

    async def sessions(
        self, user_id: str, *, limit: int, before: SessionCursor | None = None, name_contains: str = ""
    ) -> Sequence[Session]:
        require_storable(name_contains)
        wanted = SessionFilter(name_contains=name_contains)
        return await self._history.sessions(user_id, limit=limit, before=before, filter=wanted)

    async def rename(self, session_id: UUID, user_id: str, name: str) -> Session:
        shown = storable(" ".join(name.split()))[:SESSION_NAME_CHARS]
        if not shown:
            raise EmptyName
        write = UpdateSession(session_id=session_id, user_id=user_id, at=datetime.now(UTC), session_name=shown)
        return await self._history.update_session(write)

    async def statistics(self, user_id: str, *, timezone: str, days: int = 14) -> Statistics:
        return await self._history.statistics(user_id, timezone=timezone, days=days, now=datetime.now(UTC))

    async def state(self) -> HistoryState:
        return await self._history.state()

    def backends(self) -> Sequence[BackendChoices]:
        return self._router.choices()

    def default_choice(self) -> Choice:
        """Raises NoBackend when nothing is configured."""
        return self._router.default_choice()

    def running_sessions(self) -> set[UUID]:
        return self._live.sessions()

    async def _choice_for(self, question: Question) -> Choice:
        """What was asked for, else what the session used last, else the default."""
        if question.backend or question.model or question.session_id is None:
            return self._router.resolve(question.backend, question.model)
        try:
            session = await self._history.session(question.session_id, question.user_id)
        except (SessionNotFound, HistoryUnavailable):
            return self._router.resolve(None, None)
        try:
            return self._router.resolve(session.backend, session.model)
        except UnknownBackend:
            # Its backend has been taken out of the settings since; the session goes on with another.
            return self._router.resolve(None, None)

    def _running(self, turn: Turn) -> LiveReply | None:
        live = self._live.of_session(turn.session.session_id)
        return live if live and live.reply_id == turn.reply.message_id else None

    async def _stream(self, reply: LiveReply, options: Mapping[str, JsonValue]) -> AsyncGenerator[StreamEvent, None]:
        """The prompt, then what the router streams for it."""
        question = reply.turn.question
        earlier: Sequence[Message] = ()
        if question.parent_id:
            earlier = await self._history.messages(
                reply.session_id,
                reply.user_id,
                limit=self._max_history_messages,
                before_order=question.message_order,
            )
        prompt = build_prompt(
            earlier,
            question.content,
            context_window=self._router.context_window(reply.choice),
            max_messages=self._max_history_messages,
            earlier_messages=question.message_order - 1,
        )
        reply.metadata["context_used"] = prompt.context_used
        stream = self._router.stream(reply.choice, prompt.messages, options=options, session_id=reply.session_id)
        async with aclosing(stream):
            async for event in stream:
                yield event


def _as_of_now(found: Sequence[Message], live: LiveReply | None) -> Sequence[Message]:
    """What was read, with the live reply as it is at this moment: it may have grown or ended since."""
    if live is None:
        return found
    result = live.result
    return [
        message
        if message.message_id != live.reply_id
        else result.reply
        if isinstance(result, Completed)
        else replace(message, content=live.text)
        for message in found
    ]
