"""The events that a backend streams, and those that a follower of a live reply receives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import Choice, Message

# From a backend: any number of TextDelta, ReasoningDelta, WasReasoning, Usage and Notice, then exactly one Finished.


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of a reply's text, from a backend and to a follower alike."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """The next piece of a model's reasoning: shown folded, kept apart from the reply, never sent back to a model."""

    text: str


@dataclass(frozen=True, slots=True)
class WasReasoning:
    """All text so far was reasoning, and `closing` its last word: the model's template had opened it unseen."""

    closing: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts as the server gives them; a later one replaces an earlier one."""

    prompt_tokens: int | None
    completion_tokens: int | None
    reasoning_tokens: int | None = None
    """The part of `completion_tokens` that was reasoning, where the server tells."""
    cached_tokens: int | None = None
    """The part of `prompt_tokens` that the server had read before, where it tells; a cloud takes less for them."""


LENGTH = "length"
"""Reason of a reply for which the model had no more room."""
TOO_LONG = "too_long"
"""Reason of a reply that was cut here, because it had no end."""
FILTERED = "content_filter"
"""Reason of a reply that the provider's filter broke off."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The server said that the reply is whole. `reason` is its word: "stop", LENGTH, FILTERED, ..."""

    reason: str


MODEL_LOADING = "model_loading"
"""Code of the notice that the first word waits for a model to be loaded."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know about the reply; `code` has its text in `thai_chat.texts`."""

    code: str
    params: JsonObject = field(default_factory=dict)
    is_passing: bool = False
    """True for a notice of this moment only ("trying again in 3 s"): shown while the reply grows, not kept with it."""


StreamEvent: TypeAlias = TextDelta | ReasoningDelta | WasReasoning | Usage | Finished | Notice


@dataclass(frozen=True, slots=True)
class Answering:
    """An event of the router, before the first text, when another model answers than the one that was asked."""

    choice: Choice
    reason: str = ""
    """Code of the error that kept the one that was asked from answering."""


RoutedEvent: TypeAlias = StreamEvent | Answering


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a model is loaded from its registry. `status` is the server's own word; sizes in bytes, 0 unknown."""

    status: str
    completed: int = 0
    total: int = 0


# To a follower of a reply: one Started, then TextDelta, ReasoningDelta, BecameReasoning, Notice, then one Completed or
# Failed.


@dataclass(frozen=True, slots=True)
class Started:
    session_id: UUID
    message_id: UUID
    backend: str
    model: str


@dataclass(frozen=True, slots=True)
class BecameReasoning:
    """All that was told so far was reasoning: `text`, in place of it."""

    text: str


@dataclass(frozen=True, slots=True)
class Completed:
    """The reply is stored. Its status is complete, stopped or interrupted."""

    question: Message
    reply: Message
    conversation_length: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The reply ended in an error; the question and the part that came are stored."""

    code: str
    params: JsonObject = field(default_factory=dict)


LiveEvent: TypeAlias = Started | TextDelta | ReasoningDelta | BecameReasoning | Notice | Completed | Failed
