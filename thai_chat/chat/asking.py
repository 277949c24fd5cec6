"""Questions to models as values: a turn, another reply, and the answer that comes at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import Turn
from thai_chat.domain.people import Person
from thai_chat.domain.ports.reply_log import ReplyLog


class ComparedModel(NamedTuple):
    """A model by what is said of it: a backend alone means its default."""

    backend: str | None
    model: str | None


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
    last_seen_id: UUID | None = None
    """The last message of the shown branch that the person has seen; None asks whatever was said since."""
    options: JsonObject = field(default_factory=dict)
    """The options for this reply alone, over those of the session."""
    session_options: JsonObject | None = None
    """The options that are kept with the session, for this reply and those after it; None leaves those it has."""
    metadata: JsonObject = field(default_factory=dict)
    temporary: bool = False
    """The session is never stored; it must be new, or temporary already."""
    compare: Sequence[ComparedModel] = ()
    """Who else answers it, beside the first: at most MOST_BESIDE models in all."""

    def meaning(self, text: str, options: JsonObject, session_options: JsonObject | None) -> JsonObject:
        """Return all that a repetition of it must have in common with it; texts and options are those that were
        checked."""
        return {
            "text": text,
            "backend": self.backend,
            "model": self.model,
            "edits": str(self.edits) if self.edits else None,
            "options": options,
            "session_options": None if session_options is None else [session_options],
            "metadata": self.metadata,
            "temporary": self.temporary,
            "compare": [list(one) for one in self.compare],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Wants another reply to a question that has been asked."""

    person: Person
    session_id: UUID
    message_id: UUID
    """The question, or a reply to it."""
    continues: bool = False
    """The new reply begins with the text of the reply `message_id` and goes on from there."""
    beside: bool = False
    """The new reply is compared with the reply `message_id`, which is still shown and may still grow."""
    last_seen_id: UUID | None = None
    """The same as a question has."""
    backend: str | None = None
    model: str | None = None
    idempotency_key: str | None = None
    options: JsonObject = field(default_factory=dict)
    """The options for this reply alone, over those of the session."""

    def meaning(self, options: JsonObject) -> JsonObject:
        """Return all that a repetition of it must have in common with it; the options are those that were checked."""
        return {
            "message_id": str(self.message_id),
            "continues": self.continues,
            "beside": self.beside,
            "backend": self.backend,
            "model": self.model,
            "options": options,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    turn: Turn
    live: ReplyLog | None
    """None when the turn is a repeated one whose reply has ended: `turn.reply` is all there is."""
    also: Sequence[Turn] = ()
    """The turns of those that answer beside it."""
