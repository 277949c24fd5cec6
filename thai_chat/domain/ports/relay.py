"""The port to a model server for programs that speak OpenAI's protocol: what they ask and are answered goes through."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import Choice


class RelayKind(StrEnum):
    """The forms of requests, by their paths below `/v1`."""

    CHAT = "chat/completions"
    EMBEDDINGS = "embeddings"
    RESPONSES = "responses"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayCall:
    """A program's request in OpenAI's form."""

    kind: RelayKind
    body: JsonObject
    """All that the program sent, without `model` and `stream`."""
    stream: bool = False
    unasked: JsonObject = field(default_factory=dict)
    """Fields that are sent in the place of the program's, for our own sake; left out for a server that refuses them."""


_NOTHING_YET = frozenset({"response.created", "response.in_progress", "response.queued", "keepalive", "ping"})


def has_begun(kind: RelayKind, item: JsonObject) -> bool:
    """Tell whether an object says something, beside that there will be an answer."""
    if kind is not RelayKind.CHAT:
        return item.get("type") not in _NOTHING_YET
    choices: Any = item.get("choices") or ()
    return any(choice.get("finish_reason") or says_something(choice.get("delta", True)) for choice in choices)


def says_something(delta: object) -> bool:
    """Tell whether a piece of a message has more than its role."""
    if not isinstance(delta, Mapping):
        return bool(delta)
    return any(value and name != "role" for name, value in delta.items())


@runtime_checkable
class RelaysPrograms(Protocol):
    """Implemented by those of the backends whose servers speak OpenAI's protocol."""

    def relay(self, model: str, call: RelayCall) -> AsyncGenerator[JsonObject, None]:
        """Yield the objects of the answer as the server sends them: one, or the chunks of a stream.

        Raises BackendError at the first step or later: NotOffered for a kind that the server does not have,
        RelayRefused when the server refuses what was asked, ReplyCut for a stream that just stops. Closing the
        generator, or cancelling the task that iterates it, ends the request to the server.
        """


class Relayed(Protocol):
    """One answer to a program. `close` it in any case: that ends the request to the server."""

    async def begin(self) -> Choice:
        """Return who answers, once the answer has begun. Until then others may still be asked.

        Raises the BackendError of the one who was asked when nobody could answer.
        """

    def rest(self) -> AsyncGenerator[JsonObject, None]:
        """Yield the objects of the answer from the first one on. Raises BackendError."""

    async def close(self) -> None:
        """End the request to the server. Safe to call twice, and before `begin`."""
