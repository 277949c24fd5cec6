"""Changes of what is kept, as values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import DynamicClassAttribute
from typing import Generic, TypeAlias, TypeVar
from uuid import UUID

from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import NO_FIGURES, AddedMessage, Choice, Figures, Message, Role, Session, Status, Turn
from thai_chat.domain.parts import Part

Outcome = TypeVar("Outcome")


class Write(Generic[Outcome]):
    """A change of what is kept, as a value; a store answers it with an `Outcome`.

    It can be given to any store, kept in a journal, and given twice without harm. A write that has a `session_id` or a
    `user_id` replaces the property by its field.
    """

    __slots__ = ()

    # A dataclass would take a plain property for the default of the field that replaces it.
    @DynamicClassAttribute
    def session_id(self) -> UUID | None:
        """Return the session that is changed; None when it is not one alone."""
        return None

    @DynamicClassAttribute
    def user_id(self) -> str | None:
        """Return who changes it; None when the write does not say."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginTurn(Write[Turn]):
    """Make the session when it is new, add the question below its leaf, and the row of the reply (streaming)."""

    session_id: UUID
    user_id: str
    session_name: str
    """Used only when the session is made."""
    question_id: UUID
    question: str
    reply_id: UUID
    choice: Choice
    at: datetime
    idempotency_key: str | None = None
    parent_id: UUID | None = None
    """Where the question goes when not below the leaf (an edited question); None means the leaf."""
    is_first: bool = False
    """The question goes to the session's beginning, beside the first, which was edited; `parent_id` is None then."""
    metadata: JsonObject = field(default_factory=dict)
    """Kept with the question."""
    parts: Sequence[Part] = ()
    """Kept with the question. As in all writes their text is the content, and plain text has none."""
    temporary: bool = False
    """The session, which is new or temporary already, is never stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginReply(Write[Turn]):
    """Answer a stored question once more: a new reply (streaming) beside those that it has, and shown instead of them.

    The new reply may begin with the text of an earlier one that it continues; the earlier one stays as it is. With
    `beside` it is to be compared: what the session shows stays, and up to MOST_BESIDE replies to the question may grow.
    """

    session_id: UUID
    user_id: str
    question_id: UUID
    reply_id: UUID
    choice: Choice
    at: datetime
    content: str = ""
    idempotency_key: str | None = None
    metadata: JsonObject = field(default_factory=dict)
    """Kept with the reply: `continues` names the reply that it goes on from."""
    beside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSession(Write[Session]):
    """Make a session without messages. The answer is the session as stored, also when it was there already."""

    session_id: UUID
    user_id: str
    session_name: str
    """Empty: the first question gives it its name."""
    choice: Choice
    at: datetime
    options: JsonObject = field(default_factory=dict)
    metadata: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMessage(Write[AddedMessage]):
    """Add a message below the leaf of a session that is there, without a reply to it."""

    session_id: UUID
    user_id: str
    message_id: UUID
    role: Role
    content: str
    at: datetime
    idempotency_key: str | None = None
    metadata: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """All of a growing reply's text so far. Also the reply's sign of life, so it is written without new text too.

    Metadata is merged into what the row has.
    """

    session_id: UUID
    reply_id: UUID
    content: str
    at: datetime
    choice: Choice | None = None
    """Who answers; None leaves the row as it is."""
    metadata: JsonObject = field(default_factory=dict)
    parts: Sequence[Part] = ()
    """All of them so far, in place of those that the row has."""


@dataclass(frozen=True, slots=True)
class Checkpoints(Write[None]):
    """Checkpoints of many replies, all in one go. A reply that is no longer streaming is left alone."""

    checkpoints: Sequence[Checkpoint]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishReply(Write[Message]):
    """The reply's last text, status and figures; metadata is merged into what the row has.

    The first end of a reply wins, also over "interrupted". The answer is the message as stored.
    """

    session_id: UUID
    reply_id: UUID
    content: str
    status: Status
    choice: Choice
    """Who really answered."""
    at: datetime
    figures: Figures = NO_FIGURES
    metadata: JsonObject = field(default_factory=dict)
    parts: Sequence[Part] = ()
    """All of them, in place of those that the row has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSession(Write[Session]):
    """Change what is named and leave the rest; `None` means "leave". The answer is the session as stored."""

    session_id: UUID
    user_id: str
    at: datetime
    session_name: str | None = None
    choice: Choice | None = None
    pinned: bool | None = None
    archived: bool | None = None
    deleted: bool | None = None
    """True puts the session into the trash, False takes it out."""
    leaf_id: UUID | None = None
    """Any message: the branch through it, down to its newest end, is the one that is shown."""
    options: JsonObject | None = None
    tags: Sequence[str] | None = None
    folder: str | None = None
    """Empty takes the session out of its folder."""
    expected: Collection[str] | None = None
    """Versions, of which the session must have one (`domain.versions`); None changes every one. Once it is taken the
    write holds without it: what is stored later or again is not compared."""
    dept_id: str | None = None
    """Kept in the metadata. Empty takes the session out of its department."""
    metadata: JsonObject | None = None
    """Merged into the metadata by name, as `domain.merging` does it."""
    metadata_bytes: int | None = None
    """The most that the metadata may take then; like `expected` it counts when the write is taken, and not later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetSession(Write[Session]):
    """Begin a session anew: nothing of it is shown, and its next question is another first one. The branch that was
    shown stays. The answer is the session as stored.

    Nothing happens when the shown branch does not end with `leaf_id` (any more): so a write that comes twice takes
    nothing away that was said after it.
    """

    session_id: UUID
    user_id: str
    leaf_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeSession(Write[bool]):
    """Delete the session for good, with all that was said in it. Nothing happens when there is none.

    The answer is True when it was deleted by this.
    """

    session_id: UUID
    user_id: str
    at: datetime
    only_trash: bool = False
    """Leave it when it is not in the trash (any more)."""
    expected: Collection[str] | None = None
    """The same as `UpdateSession` has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateReply(Write[Message]):
    """Keep a person's judgement of a reply, in place of an earlier one. The answer is the message as stored."""

    session_id: UUID
    user_id: str
    reply_id: UUID
    at: datetime
    value: int | None
    """1 is good, -1 is not; None takes the rating back."""
    reason: str = ""
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferReply(Write[Message]):
    """Keep that a person chose a reply before others, in place of an earlier choice of it. The answer is the message as
    stored."""

    session_id: UUID
    user_id: str
    reply_id: UUID
    at: datetime
    over: Sequence[UUID]
    """The replies that were not chosen; without any the choice is taken back."""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteMessage(Write[Message]):
    """Take a message out of what is shown, sent, searched and exported, or put it back. What stands below it stays. The
    answer is the message as stored."""

    session_id: UUID
    user_id: str
    message_id: UUID
    at: datetime
    deleted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeMessage(Write[None]):
    """Wipe a message for good: its row stays without a word, so that what stands below it keeps its place.

    Nothing happens when it is not there.
    """

    session_id: UUID
    user_id: str
    message_id: UUID
    at: datetime


MarkMessage: TypeAlias = RateReply | PreferReply | DeleteMessage
"""A write that changes what is known of one message, and is answered with the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveSession(Write[None]):
    """Nobody looks at a temporary session any more: it is forgotten soon. A session that is stored stays as it is."""

    session_id: UUID
    user_id: str


SingleWrite: TypeAlias = (
    BeginTurn
    | BeginReply
    | Checkpoint
    | FinishReply
    | CreateSession
    | AddMessage
    | UpdateSession
    | ResetSession
    | PurgeSession
    | MarkMessage
    | PurgeMessage
)
"""A write that a journal keeps as one record."""
