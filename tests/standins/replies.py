"""Asks a backend as the core does, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing

from thai_chat.domain.events import StreamEvent, TextDelta
from thai_chat.domain.json_types import JsonValue
from thai_chat.domain.messages import Role
from thai_chat.domain.ports.backend import Backend, PromptMessage, ReplyRequest


def request(
    model: str = "standin",
    question: str = "สวัสดีครับ",
    *,
    earlier: Sequence[tuple[str, str]] = (),
    options: Mapping[str, JsonValue] | None = None,
) -> ReplyRequest:
    messages = [PromptMessage(Role(role), content) for role, content in earlier]
    messages.append(PromptMessage(Role.USER, question))
    return ReplyRequest(model=model, messages=messages, options=options or {})


async def ask(backend: Backend, request: ReplyRequest, *, into: list[object] | None = None) -> list[StreamEvent]:
    """Return every event of the reply; they are also put `into` a list, for a reply that ends in an error."""
    given: list[StreamEvent] = []
    async with aclosing(backend.stream(request)) as events:
        async for event in events:
            given.append(event)
            if into is not None:
                into.append(event)
    return given


def text_of(events: Sequence[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))
