"""Sessions, messages and turns, as they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.parts import Part

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
DEPT_CHARS = 100
"""The most characters of a department's id."""
MOST_BESIDE = 3
"""The most replies to one question that grow at the same time."""
STALE_AFTER = timedelta(seconds=10)
"""A streaming reply without a checkpoint for this long has lost its process; one comes every three seconds at least."""


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


NO_FIGURES = Figures()


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
    """The last message of the branch that is shown; None when nothing is: nothing was said yet, or since a reset."""
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
    is_temporary: bool = False
    """True of a session that is in memory alone and never stored."""


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
    figures: Figures = NO_FIGURES
    metadata: JsonObject = field(default_factory=dict)
    """The row's own, which `facts_of` reads."""
    parts: Sequence[Part] = ()
    """Empty for plain text, of which the content says all; `content_parts` gives the parts of any message."""
    deleted_at: datetime | None = None
    """Set while the message is deleted: nothing shows it but the list from which it can be restored."""

    @property
    def ended_at(self) -> datetime:
        """Return when it was whole: a reply is made with its question, and ends later."""
        return self.created_at + timedelta(milliseconds=self.figures.latency_ms or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A question and the reply to it, as they were stored."""

    session: Session
    question: Message
    reply: Message
    repeated: bool = False
    """True when the turn's idempotency key had been seen before: this is the earlier turn, nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedMessage:
    """A message that no model answers, and its session, as they were stored."""

    session: Session
    message: Message
    repeated: bool = False
    """True when its idempotency key had been seen before: this is the earlier message, nothing was written."""
