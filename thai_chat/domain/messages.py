"""Sessions, messages and turns: what is kept, and the writes that keep it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar
from uuid import UUID

from thai_chat.domain.json_types import JsonObject as JsonObject
from thai_chat.domain.json_types import JsonValue as JsonValue
from thai_chat.domain.parts import Part

Outcome = TypeVar("Outcome")

MAX_QUESTION_CHARS = 200_000
USER_CHARS = 255
SESSION_NAME_CHARS = 255
"""The most characters of a session's or a preset's name."""
BACKEND_CHARS = 50
MODEL_CHARS = 100
KEY_CHARS = 100
"""The most characters of an idempotency key."""
FOLDER_CHARS = 255
"""The most characters that a folder's column holds; people may give it LABEL_CHARS."""
LABEL_CHARS = 60
"""The most characters of a tag's or a folder's name, whoever gives it."""
MOST_TAGS = 30
STALE_AFTER = timedelta(seconds=10)
"""A streaming reply without a checkpoint for this long has lost its process; checkpoints come every second."""


class Role(StrEnum):
    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"


class Status(StrEnum):
    COMPLETE = "complete"
    STREAMING = "streaming"
    INTERRUPTED = "interrupted"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Choice:
    """A model of a backend, as a person picks it."""

    backend: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The cost of a reply. Tokens are counts, times are milliseconds since the question was taken; None is unknown."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    first_token_ms: int | None = None
    latency_ms: int | None = None
    reasoning_tokens: int | None = None
    """The part of `completion_tokens` that was reasoning."""
    cost_usd: Decimal | None = None
    """US dollars, to nine places; None where the price is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    session_id: UUID
    user_id: str
    session_name: str
    backend: str
    model: str
    created_at: datetime
    updated_at: datetime
    message_count: int = 0
    is_active: bool = True
    leaf_id: UUID | None = None
    """The last message of the branch that is shown; None in a session without messages."""
    pinned_at: datetime | None = None
    archived_at: datetime | None = None
    deleted_at: datetime | None = None
    """Set while the session is in the trash."""
    branched_from_id: UUID | None = None
    has_branches: bool = False
    """True once a message has a sibling: an edited question, a reply that was asked for again."""
    tags: Sequence[str] = ()
    """The tags in the order in which they were given, without repetitions."""
    folder: str | None = None
    options: JsonObject = field(default_factory=dict)
    """The options that the session gives its models: "system_prompt", and sampling options by their OpenAI names."""
    context_snapshot: JsonObject = field(default_factory=dict)
    metadata: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    message_id: UUID
    session_id: UUID
    parent_id: UUID | None
    role: Role
    content: str
    message_order: int
    """Position in the order of arrival, from 1, unique in the session over all its branches."""
    status: Status
    backend: str | None
    model: str | None
    created_at: datetime
    figures: Figures = Figures()
    metadata: JsonObject = field(default_factory=dict)
    """The row's own, which `facts_of` reads."""
    parts: Sequence[Part] = ()
    """Empty for plain text, of which the content says all; `content_parts` gives the parts of any message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A question and the reply to it, as they were stored."""

    session: Session
    question: Message
    reply: Message
    repeated: bool = False
    """True when the turn's idempotency key had been seen before: this is the earlier turn, nothing was written."""


class Write(Generic[Outcome]):
    """A change of what is kept, as a value; a store answers it with an `Outcome`.

    It can be given to any store, kept in a journal, and given twice without harm.
    """

    __slots__ = ()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginReply(Write[Turn]):
    """Answer a stored question once more: a new reply (streaming) beside those that it has, and shown instead of them.

    The new reply may begin with the text of an earlier one that it continues; the earlier one stays as it is.
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
    figures: Figures = Figures()
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


SingleWrite: TypeAlias = "BeginTurn | BeginReply | Checkpoint | FinishReply | UpdateSession | PurgeSession"
"""A write that a journal keeps as one record."""
