"""Sessions without messages, and messages that no model answers, as programs add them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from thai_chat.chat.bounds import bounded_metadata
from thai_chat.chat.changes import Change, ChangeKind, Changes
from thai_chat.chat.names import short_name
from thai_chat.chat.options import checked
from thai_chat.chat.permits import Permits
from thai_chat.chat.repeating import remembered, require_same_session
from thai_chat.chat.sessions import of_session
from thai_chat.chat.text import checked_question, require_storable
from thai_chat.domain.backend_errors import NoBackend
from thai_chat.domain.facts import ReplyFacts, facts_of, with_dept
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import AddedMessage, Choice, Role, Session
from thai_chat.domain.options import Options
from thai_chat.domain.people import Person
from thai_chat.domain.ports.conversation import Conversation
from thai_chat.domain.ports.quotas import MayUse
from thai_chat.domain.repeating import fingerprint
from thai_chat.domain.repeating_errors import KeyReused
from thai_chat.domain.writes import AddMessage, CreateSession

Resolve = Callable[[str | None, str | None, MayUse | None], Choice]
RESERVED = frozenset(one.name for one in fields(ReplyFacts)) - {"others", "finish_reason"}
"""Names in a message's metadata that this program fills in."""
NO_MODEL = Choice("", "")
"""The choice of a session that was made while no model could be chosen; the first question finds one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    session_id: UUID
    idempotency_key: str | None = None
    """The key that the id is made of, where there is one."""
    name: str = ""
    """Empty: the first question gives it its name."""
    dept_id: str = ""
    backend: str | None = None
    model: str | None = None
    options: JsonObject = field(default_factory=dict)
    metadata: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    role: Role
    text: str
    idempotency_key: str | None = None
    metadata: JsonObject = field(default_factory=dict)
    sent: JsonObject = field(default_factory=dict)
    """Files and calls that came with it, as its metadata has them."""


class Additions:
    def __init__(
        self, conversation: Conversation, resolve: Resolve, options: Options, permits: Permits, changes: Changes
    ) -> None:
        self._conversation = conversation
        self._resolve = resolve
        self._options = options
        self._permits = permits
        self._changes = changes

    async def create(self, person: Person, new: NewSession) -> Session:
        """Make a session without messages; the same id again gives the session that is there.

        Raises BadOption, BadDepartment, MetadataTooLarge, UnknownBackend, UnknownModel, KeyReused, and SessionNotFound
        where another person has the id.
        """
        name = short_name(new.name)
        require_storable(name)
        own, dept_id = of_session(new.metadata, new.dept_id or None)
        metadata = with_dept(own, dept_id or "")
        options = checked(new.options, self._options)
        meaning: JsonObject = {
            "name": name,
            "backend": new.backend,
            "model": new.model,
            "options": options,
            "metadata": metadata,
        }
        session = await self._conversation.write(
            CreateSession(
                session_id=new.session_id,
                user_id=person.user_id,
                session_name=name,
                choice=await self._choice(person, new),
                at=datetime.now(UTC),
                options=options,
                metadata={**metadata, **remembered(new.idempotency_key, meaning)},
            )
        )
        if new.idempotency_key:
            require_same_session(session, meaning)
        self._changes.tell(person.user_id, Change(ChangeKind.CHANGED, session.session_id))
        return session

    async def add(self, session_id: UUID, person: Person, new: NewMessage) -> AddedMessage:
        """Add a message below the last one that is shown.

        Raises EmptyQuestion, QuestionTooLong, UnreadableText, ReservedMetadata, MetadataTooLarge, SessionNotFound,
        ReplyRunning while a reply grows, and KeyReused.
        """
        text = checked_question(new.text)
        require_storable(new.idempotency_key or "")
        metadata = {**bounded_metadata(new.metadata, reserved=RESERVED), **new.sent}
        meant = fingerprint({"role": new.role.value, "text": text, "metadata": metadata})
        if new.idempotency_key:
            metadata = {**metadata, **ReplyFacts(fingerprint=meant).to_metadata()}
        added = await self._conversation.write(
            AddMessage(
                session_id=session_id,
                user_id=person.user_id,
                message_id=uuid7(),
                role=new.role,
                content=text,
                at=datetime.now(UTC),
                idempotency_key=new.idempotency_key,
                metadata=metadata,
            )
        )
        if added.repeated and facts_of(added.message).fingerprint != meant:
            raise KeyReused
        if not added.repeated:
            self._changes.tell(person.user_id, Change(ChangeKind.CHANGED, session_id))
        return added

    async def _choice(self, person: Person, new: NewSession) -> Choice:
        for name in (new.backend, new.model):
            require_storable(name or "")
        may = await self._permits.models_for(person)
        try:
            return self._resolve(new.backend, new.model, may)
        except NoBackend:
            if new.backend or new.model:
                raise
            return NO_MODEL
