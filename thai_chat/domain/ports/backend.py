"""The port to a model server."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from thai_chat.domain.events import Progress, StreamEvent
from thai_chat.domain.json_types import JsonValue
from thai_chat.domain.messages import Role


@dataclass(frozen=True, slots=True)
class PromptMessage:
    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRequest:
    model: str
    messages: Sequence[PromptMessage]
    """Oldest first; the last one is the question."""
    options: Mapping[str, JsonValue] = field(default_factory=dict)
    """Sampling options that were asked for, by their OpenAI names; nothing else is sent."""
    session_id: UUID | None = None
    continues: str = ""
    """The beginning of the reply, which is there already: what is streamed goes on right behind it."""


DEMO_NOTE = "demo_model"
"""The note of a model that only shows how the page works, and is no answer to a question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    model: str
    context_window: int | None = None
    """Tokens, where the server says it."""
    note: str | None = None
    """Code of a text in `thai_chat.texts` that the page shows beside the model (DEMO_NOTE)."""
    is_cloud: bool = False
    """The server says that it passes questions on to somebody else's machine."""
    chats: bool = True
    """False for models that embed, rerank, draw, speak or listen: they are in the list and offered to nobody."""
    vision: bool = False
    """It is known to read pictures."""
    thinking: bool = False
    """It is known to reason before it answers."""
    strength: str | None = None
    """The work that it is known to be made for: "code", "thai" (tuned for Thai), or "small" (few parameters)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The list price of a model, in dollars for a million tokens."""

    input_usd: Decimal
    output_usd: Decimal
    context_window: int | None = None
    """Tokens, as the price list has them."""


class Backend(Protocol):
    """One model server. Safe to use from many tasks of one event loop."""

    @property
    def name(self) -> str:
        """The name of its kind: how settings, tables and the API call it."""

    @property
    def default_model(self) -> str | None:
        """The model that the settings name; None lets the first listed one be it."""

    @property
    def loading_models(self) -> Collection[str]:
        """Models that are being loaded for somebody who waits, as far as this process knows; never waits itself."""

    @property
    def warm_models(self) -> Collection[str] | None:
        """Models that are in memory, as far as this process knows; None where every one that is listed is."""

    async def models(self) -> Sequence[ModelInfo]:
        """Return the models that the server offers now, asked live, in at most 5 s. Raises BackendError."""

    def stream(self, request: ReplyRequest) -> AsyncGenerator[StreamEvent, None]:
        """Yield the events of a reply, which end right after Finished. Raises BackendError at the first step or later.

        Closing the generator, or cancelling the task that iterates it, ends the request to the server.
        """

    async def count_tokens(self, model: str, messages: Sequence[PromptMessage]) -> int | None:
        """Count the tokens of the messages with the model's template by the server's own tokenizer, in at most 2 s.

        None where there is no tokenizer to ask. Raises BackendError.
        """

    async def prepare(self, model: str) -> None:
        """Load the model before its first question, and return when that is done; at once where nothing is to do.

        Raises BackendError.
        """

    def pull(self, model: str) -> AsyncGenerator[Progress, None]:
        """Fetch a model that the server does not have yet. Raises NotOffered where a server can't, BackendError.

        Closing the generator ends the fetching; the server keeps what it has for the next time.
        """

    async def close(self) -> None:
        """Close the connections to the server. Safe to call twice."""


class BackendState(StrEnum):
    UP = "up"
    LOADING = "loading"
    SLOW = "slow"
    """It answers, but its first words take long or are given up on."""
    QUOTA = "quota"
    """It refuses for now: too many requests, or an account without credit."""
    DOWN = "down"
    NOT_CONFIGURED = "not_configured"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendChoices:
    """A backend as it is offered; those that are down or not configured are shown too, marked."""

    name: str
    label: str
    """How people write the name."""
    state: BackendState
    models: Sequence[ModelInfo] = ()
    """The models that chat, of the last list that the server gave; also one that does not when the settings name it."""
    other_models: Sequence[ModelInfo] = ()
    """The rest of that list: nobody is offered them, and none is ever chosen by default."""
    model_states: Mapping[str, BackendState] = field(default_factory=dict)
    """The states of models that are in another one than their backend."""
    default_model: str | None = None
    error_code: str | None = None
    """Why it is not up; its text is in `thai_chat.texts`."""
    server_states: Sequence[BackendState] = ()
    """The state of each server, in the order of the settings."""
