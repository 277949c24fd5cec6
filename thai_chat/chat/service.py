"""The use cases of the chat, for the page and the API alike: ask, follow, stop, open."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from uuid_utils.compat import uuid7

from thai_chat.chat import titles
from thai_chat.chat.additions import Additions
from thai_chat.chat.asking import Again, Asked, ComparedModel, Question
from thai_chat.chat.branching import Branching
from thai_chat.chat.changes import Changes
from thai_chat.chat.contexts import Contexts
from thai_chat.chat.histories import Histories
from thai_chat.chat.marks import Marks
from thai_chat.chat.models import Models
from thai_chat.chat.options import checked
from thai_chat.chat.permits import Grant, Permits
from thai_chat.chat.presets import Presets
from thai_chat.chat.recording import Recorder
from thai_chat.chat.relays import Relays
from thai_chat.chat.repeating import key_beside, placed, remembered, repeats, require_same
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
    MessageNotFound,
    NotAQuestion,
    NotAReply,
    SessionNotFound,
    ThaiChatError,
    TooManyCompared,
    UnknownBackend,
    UnknownModel,
)
from thai_chat.domain.events import Completed, Failed
from thai_chat.domain.facts import ReplyFacts, facts_of
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import MOST_BESIDE, Choice, Message, Role, Status, Turn
from thai_chat.domain.people import Person
from thai_chat.domain.ports.backend import Price
from thai_chat.domain.ports.backend_kinds import Kinds, options_of
from thai_chat.domain.ports.conversation import HistoryState
from thai_chat.domain.ports.quotas import MayUse
from thai_chat.domain.ports.reply_log import ReplyLog
from thai_chat.domain.ports.storage import Storage
from thai_chat.domain.reads import ReadMessage, ReadSession
from thai_chat.domain.writes import BeginReply, BeginTurn
from thai_chat.routing.preference import default_model
from thai_chat.routing.router import BackendChoices, Router

logger = logging.getLogger(__name__)
LOOK_EVERY_S = 0.5
"""How often a reply that grows in another process is looked at by who waits for its end."""


class ChatService:
    """Finds nothing that belongs to somebody else."""

    def __init__(self, storage: Storage, router: Router, *, max_history_messages: int) -> None:
        self.searches = Searches(storage.search)
        conversation = self._conversation = storage.conversation
        self._router = router
        self.changes = Changes(is_temporary=storage.is_temporary)
        self._replies = Replies(conversation, cost_of=router.cost, changes=self.changes)
        self.options = options_of(router.kinds)
        """The options that some backend passes on to its servers."""
        self.sessions = Sessions(conversation, self._replies, self.options, self.changes)
        self.marks = Marks(conversation, self._replies, self.sessions, self.changes)
        self.windows = Windows(conversation, self._replies, self.sessions)
        self.histories = Histories(conversation, self._replies)
        self.models = Models(router)
        self.permits = Permits()
        self.additions = Additions(conversation, router.resolve, self.options, self.permits, self.changes)
        self.contexts = Contexts(storage.contexts)
        self.branching = Branching(conversation, storage.transfer, self._replies, self.changes)
        self.relays = Relays(router, self.permits, Recorder(conversation, self._replies))
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
        await self.relays.close()
        await self.transfer.close()
        self.changes.close()

    async def ask(self, question: Question) -> Asked:
        """Commit the question, then start the reply, which goes on whoever listens.

        Raises BadInput, ReplyRunning, NewerMessages, NoBackend, SessionNotFound and HistoryError; then no model was
        called. Where questions are limited, LimitReached and UnknownModel too. What goes wrong with the model comes as
        the reply's last event and is stored with it. Those that are to answer beside it begin after it.
        """
        started_at_s = time.perf_counter()
        if len(question.compare) >= MOST_BESIDE:
            raise TooManyCompared(count=MOST_BESIDE)
        question = placed(question)
        replies = 1 + len(question.compare)
        known_by = repeats(question.session_id, question.idempotency_key)
        async with self.permits.grants(question.person, replies=replies, repeats=known_by) as grants:
            also = [self._resolved(wanted, grants[0]) for wanted in question.compare]
            asked = await self._ask(question, grants[0], started_at_s=started_at_s)
            beside: list[Turn] = []
            for number, choice in enumerate(also, 1):
                try:
                    beside.append(await self._compared(question, asked.turn, choice, number, grants[number]))
                except ThaiChatError as exc:  # the question is stored, and its reply grows
                    logger.warning("a reply to be compared did not begin: %s", exc.code)
        return replace(asked, also=beside) if beside else asked

    def _resolved(self, wanted: ComparedModel, grant: Grant) -> Choice:
        for name in wanted:
            require_storable(name or "")
        return self._router.resolve(wanted.backend, wanted.model, grant.may)

    async def _compared(self, question: Question, turn: Turn, choice: Choice, number: int, grant: Grant) -> Turn:
        """Begin another reply to a question that has just been asked."""
        key = question.idempotency_key
        again = Again(
            person=question.person,
            session_id=turn.session.session_id,
            message_id=turn.reply.message_id,
            beside=True,
            backend=choice.backend,
            model=choice.model,
            idempotency_key=key_beside(key, number) if key else None,
            options=question.options,
        )
        return (await self._ask_again(again, grant, started_at_s=time.perf_counter())).turn

    async def _ask(self, question: Question, grant: Grant, *, started_at_s: float) -> Asked:
        text = checked_question(question.text)
        options = checked(question.options, self.options)
        kept = None if question.session_options is None else checked(question.session_options, self.options)
        choice = await self._choice_for(question, grant.may)
        await self.windows.require_seen(
            question.session_id, question.person, question.last_seen_id, question.idempotency_key
        )
        edited = await self._edited(question)
        meaning = question.meaning(text, options, kept)
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
                metadata={**question.metadata, **remembered(question.idempotency_key, meaning)},
                temporary=question.temporary,
            )
        )
        if turn.repeated:
            require_same(turn, meaning, looks_same=turn.question.content == text)
        name = "" if turn.session.session_name else titles.name_of(text)  # it may have been made without one
        changed_options = None if kept == turn.session.options else kept
        if turn.repeated or (changed_options is None and not name):
            return self._answer(turn, choice, options, grant, started_at_s=started_at_s)
        if changed_options is not None:
            turn = replace(turn, session=replace(turn.session, options=changed_options))
        # Begun first: were the options refused, the stored reply would be left to nobody and hold up the session.
        asked = self._answer(turn, choice, options, grant, started_at_s=started_at_s)
        change = SessionChange(options=changed_options, session_name=name or None)
        await self.sessions.change(turn.session.session_id, question.person, change)
        return asked

    async def ask_again(self, again: Again) -> Asked:
        """Start another reply beside those that the question has, as `ask` starts the first.

        Raises the same, MessageNotFound for a message that is not in the session, and NotAReply.
        """
        started_at_s = time.perf_counter()
        known_by = repeats(again.session_id, again.idempotency_key)
        async with self.permits.grants(again.person, repeats=known_by) as grants:
            return await self._ask_again(again, grants[0], started_at_s=started_at_s)

    async def _ask_again(self, again: Again, grant: Grant, *, started_at_s: float) -> Asked:
        options = checked(again.options, self.options)
        choice = await self._choice_for(again, grant.may)
        await self.windows.require_seen(again.session_id, again.person, again.last_seen_id, again.idempotency_key)
        message = await message_in(self._conversation, again.session_id, again.person, again.message_id)
        question_id = message.message_id if message.role is Role.USER else message.parent_id
        if again.beside and message.role is not Role.ASSISTANT:
            raise NotAReply
        if again.continues and (message.role is not Role.ASSISTANT or message.status is Status.STREAMING):
            raise NotAReply
        if question_id is None:
            raise MessageNotFound
        meaning = again.meaning(options)
        metadata = {
            **(_continued(message).to_metadata() if again.continues else {}),
            **(ReplyFacts(beside=message.message_id).to_metadata() if again.beside else {}),
            **remembered(again.idempotency_key, meaning),
        }
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
                metadata=metadata,
                beside=again.beside,
            )
        )
        if turn.repeated:
            require_same(turn, meaning, looks_same=turn.question.message_id == question_id)
        beside = message.message_id if again.beside else None
        return self._answer(turn, choice, options, grant, started_at_s=started_at_s, beside=beside)

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
        """Return the reply that runs in the session or has just ended, or the one beside it that is meant; None when
        there is none."""
        found = await self._logs(session_id, person)
        if message_id is None:
            shown = self._replies.of_session(session_id)
            return shown if shown in found else None
        return next((live for live in found if live.reply_id == message_id), None)

    async def stop(self, session_id: UUID, person: Person, *, message_id: UUID | None = None) -> bool:
        """Stop all replies that run in the session, or the one that is meant; True when one was running here.

        Safe to call twice and too late.
        """
        found = await self._logs(session_id, person)
        running = [live for live in found if live.result is None and message_id in (None, live.reply_id)]
        for live in running:
            live.stop()
        return bool(running)

    def users_with_replies(self) -> set[str]:
        """Return who has a reply that grows in this process."""
        return self._replies.users()

    async def end_all(self, user_id: str) -> None:
        """Stop all replies of one user that run in this process, and return when what there is of them is stored."""
        await self._replies.end_all(user_id)

    async def _logs(self, session_id: UUID, person: Person) -> Sequence[ReplyLog]:
        """Return the logs of the session's replies that run here. Raises SessionNotFound where there are none."""
        found = [live for live in self._replies.all_of(session_id) if live.user_id == person.user_id]
        if not found:
            await self._conversation.read(ReadSession(session_id, person.user_id))
        return found

    async def state(self) -> HistoryState:
        return await self._conversation.state()

    def backends(self, may: MayUse | None = None) -> Sequence[BackendChoices]:
        """Return every backend there can be, with the models that may be used."""
        found = self._router.choices()
        return found if may is None else [_open_part(backend, may) for backend in found]

    async def learn_prices(self) -> None:
        """Have `price` know the models that are offered now."""
        await self._router.learn_prices()

    def price(self, choice: Choice) -> Price | None:
        return self._router.price(choice)

    def default_choice(self, may: MayUse | None = None) -> Choice:
        """Return the default choice. Raises NoBackend when nothing is configured, UnknownModel when nothing of it may
        be used."""
        return self._router.default_choice(may)

    async def _choice_for(self, wanted: Question | Again, may: MayUse | None) -> Choice:
        """Return what was asked for, else what the session used last, else the default."""
        for name in (wanted.backend, wanted.model, wanted.idempotency_key):
            require_storable(name or "")
        if wanted.backend or wanted.model or wanted.session_id is None:
            return self._router.resolve(wanted.backend, wanted.model, may)
        try:
            session = await self._conversation.read(ReadSession(wanted.session_id, wanted.person.user_id))
        except (SessionNotFound, HistoryUnavailable):
            return self._router.resolve(None, None, may)
        try:
            return self._router.resolve(session.backend, session.model, may)
        except (UnknownBackend, UnknownModel):
            # It has been taken out of the settings since, or from this person; the session goes on with another.
            return self._router.resolve(None, None, may)

    async def _edited(self, question: Question) -> Message | None:
        if question.edits is None:
            return None
        if question.session_id is None:
            raise MessageNotFound
        edited = await message_in(self._conversation, question.session_id, question.person, question.edits)
        if edited.role is not Role.USER:
            raise NotAQuestion
        return edited

    def _answer(
        self,
        turn: Turn,
        choice: Choice,
        options: JsonObject,
        grant: Grant,
        *,
        started_at_s: float,
        beside: UUID | None = None,
    ) -> Asked:
        if turn.repeated:
            return Asked(turn=turn, live=self._running(turn))
        stream = partial(self._source.stream, options=options, may=grant.may)
        permit = grant.taken()
        live = self._replies.run(turn, choice, stream, started_at_s=started_at_s, beside=beside, permit=permit)
        return Asked(turn=turn, live=live)

    def _running(self, turn: Turn) -> ReplyLog | None:
        logs = self._replies.all_of(turn.session.session_id)
        return next((live for live in logs if live.reply_id == turn.reply.message_id), None)


def _open_part(backend: BackendChoices, may: MayUse) -> BackendChoices:
    """Return a backend as it looks to somebody to whom not all models are open."""
    models = [info for info in backend.models if may(Choice(backend.name, info.model), True)]
    others = [info for info in backend.other_models if may(Choice(backend.name, info.model), True)]
    names = {info.model for info in (*models, *others)}
    return replace(
        backend,
        models=models,
        other_models=others,
        default_model=default_model(backend, may),
        model_states={name: state for name, state in backend.model_states.items() if name in names},
    )


def _continued(reply: Message) -> ReplyFacts:
    """Return what the continuing reply keeps of the one before: which it is, who wrote it, how they had come to it."""
    facts = facts_of(reply)
    begun_by = list(facts.begun_by or ())
    if reply.content.strip():
        begun_by.append(Choice(reply.backend or "", reply.model or ""))
    return ReplyFacts(reasoning=facts.reasoning, continues=reply.message_id, begun_by=begun_by)
