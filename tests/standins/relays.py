"""Asks a backend or a router as programs do, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import Choice
from thai_chat.domain.ports.backend import Backend
from thai_chat.domain.ports.relay import RelayCall, RelayKind, RelaysPrograms
from thai_chat.routing.router import Router

QUESTION = {"messages": [{"role": "user", "content": "สวัสดีครับ"}]}


def chat(*, stream: bool = True, **fields: Any) -> RelayCall:
    return RelayCall(kind=RelayKind.CHAT, body={**QUESTION, **fields}, stream=stream)


def embed(*texts: str, **fields: Any) -> RelayCall:
    return RelayCall(kind=RelayKind.EMBEDDINGS, body={"input": list(texts), **fields})


def respond(*, stream: bool = True, **fields: Any) -> RelayCall:
    return RelayCall(kind=RelayKind.RESPONSES, body={"input": "สวัสดีครับ", **fields}, stream=stream)


async def relay(
    backend: Backend, call: RelayCall, *, model: str = "standin", into: list[Any] | None = None
) -> list[Any]:
    """Return every object of the answer; they are also put `into` a list, for an answer that ends in an error."""
    assert isinstance(backend, RelaysPrograms)
    given = [] if into is None else into
    async with aclosing(backend.relay(model, call)) as objects:
        async for one in objects:
            given.append(one)
    return given


async def relayed(
    router: Router, choice: Choice, call: RelayCall, *, into: list[Any] | None = None
) -> tuple[Choice, list[Any]]:
    """Return who answers, and every object of the answer."""
    given = [] if into is None else into
    answer = router.relay(choice, call)
    try:
        who = await answer.begin()
        async with aclosing(answer.rest()) as objects:
            async for one in objects:
                given.append(one)
    finally:
        await answer.close()
    return who, given


def deltas(chunks: Sequence[JsonObject], index: int = 0) -> list[Mapping[str, Any]]:
    """Return the pieces of one choice."""
    found: list[Any] = [choice for chunk in chunks for choice in _choices(chunk) if choice.get("index", 0) == index]
    return [choice.get("delta") or {} for choice in found]


def said(chunks: Sequence[JsonObject], field: str = "content", index: int = 0) -> str:
    return "".join(delta[field] for delta in deltas(chunks, index) if isinstance(delta.get(field), str))


def reasons(chunks: Sequence[JsonObject]) -> list[str]:
    return [choice["finish_reason"] for chunk in chunks for choice in _choices(chunk) if choice.get("finish_reason")]


def _choices(chunk: JsonObject) -> Sequence[Any]:
    choices: Any = chunk.get("choices")
    return choices or ()
