"""One routed reply, whose prompt is made anew for each model, and once more where it did not fit."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Protocol

from thai_chat.domain.backend_errors import BackendError, ContextOverflow
from thai_chat.domain.events import Notice, RoutedEvent
from thai_chat.domain.json_types import JsonValue
from thai_chat.domain.messages import Choice
from thai_chat.domain.ports.backend import PromptMessage, ReplyRequest
from thai_chat.domain.ports.quotas import MayUse
from thai_chat.routing.attempt import ReplyAttempt
from thai_chat.routing.overflow import smaller_window
from thai_chat.routing.preference import Preference
from thai_chat.routing.retries import Retries
from thai_chat.routing.routed import Routed
from thai_chat.routing.servers import ModelServer


@dataclass(frozen=True, slots=True)
class ModelPrompt:
    """The messages and options that one model is sent."""

    messages: Sequence[PromptMessage]
    options: Mapping[str, JsonValue] = field(default_factory=dict)


class PromptMaker(Protocol):
    """Builds what a model is sent. Called once more when another model is asked, or when it did not fit."""

    async def __call__(self, choice: Choice, context_window: int | None) -> ModelPrompt: ...


class RoutedReply(Routed[ReplyAttempt]):
    """A reply; the way to it is told in notices."""

    def __init__(
        self,
        asked: Choice,
        request: ReplyRequest,
        prompt_for: PromptMaker,
        *,
        preference: Preference,
        retries: Retries,
        may: MayUse | None = None,
    ) -> None:
        """Take the `request`, which has all but the model, the messages and the options."""
        super().__init__(asked, preference=preference, retries=retries, may=may)
        self._request = request
        self._prompt_for = prompt_for
        self._window: int | None = None
        self._is_smaller = False

    async def events(self) -> AsyncGenerator[RoutedEvent, None]:
        """Yield the events; the last one is Finished. Raises BackendError: that of the one who was asked when nobody
        could answer."""
        try:
            async with aclosing(self._find_answer()) as said:
                async for event in said:
                    yield event
            assert self._answer
            async with aclosing(self._answer.rest()) as rest:
                async for event in rest:
                    yield event
        finally:
            if self._answer:
                await self._answer.close()

    async def _prepare(self, choice: Choice, window: int | None) -> None:
        self._window, self._is_smaller = window, False
        self._request = await self._request_for(choice, window)

    def _attempt_at(self, server: ModelServer, choice: Choice) -> ReplyAttempt:
        return ReplyAttempt(server, self._request, clock=self._retries.clock)

    async def _mended(self, choice: Choice, error: BackendError) -> Notice | None:
        if not isinstance(error, ContextOverflow) or self._is_smaller:
            return None
        less = smaller_window(error, self._request.messages, self._window, choice.model)
        smaller = await self._request_for(choice, less)
        if _chars(smaller) >= _chars(self._request):
            return None
        self._request, self._is_smaller = smaller, True
        return Notice("context_shrunk", {"backend": choice.backend, "model": choice.model})

    async def _request_for(self, choice: Choice, window: int | None) -> ReplyRequest:
        prompt = await self._prompt_for(choice, window)
        return replace(self._request, model=choice.model, messages=prompt.messages, options=prompt.options)


def _chars(request: ReplyRequest) -> int:
    return sum(len(message.content) for message in request.messages)
