"""One routed reply: who is asked, in which order, and what a person is told meanwhile."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Protocol

from thai_chat.domain.backend_errors import BackendError, ContextOverflow
from thai_chat.domain.events import Answering, Notice, RoutedEvent
from thai_chat.domain.json_types import JsonObject, JsonValue
from thai_chat.domain.messages import Choice
from thai_chat.domain.ports.backend import PromptMessage, ReplyRequest
from thai_chat.domain.ports.quotas import MayUse
from thai_chat.routing.attempt import Attempt
from thai_chat.routing.overflow import smaller_window
from thai_chat.routing.preference import Preference
from thai_chat.routing.retries import Retries, remedy_for, whole_seconds
from thai_chat.routing.servers import ModelServer, Servers

NOTICEABLE_S = 1.0
"""A wait that is longer is said."""


@dataclass(frozen=True, slots=True)
class ModelPrompt:
    """The messages and options that one model is sent."""

    messages: Sequence[PromptMessage]
    options: Mapping[str, JsonValue] = field(default_factory=dict)


class PromptMaker(Protocol):
    """Builds what a model is sent. Called once more when another model is asked, or when it did not fit."""

    async def __call__(self, choice: Choice, context_window: int | None) -> ModelPrompt: ...


@dataclass(frozen=True, slots=True)
class _Failure:
    choice: Choice
    error: BackendError


class RoutedReply:
    """Before its first word a reply may come from anybody; from then on only from the one who began it."""

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
        self._may = may
        self._asked = asked
        self._request = request
        self._prompt_for = prompt_for
        self._preference = preference
        self._retries = retries
        self._answer: Attempt | None = None
        self._told: list[Notice] = []
        """By the servers; each try tells the same again."""

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

    async def _find_answer(self) -> AsyncGenerator[RoutedEvent, None]:
        """Set `_answer`, which has said its first word then."""
        failures: list[_Failure] = []
        waiting, has_others = [self._asked], bool(self._preference.others(self._asked, may=self._may))
        while waiting:
            choice = waiting.pop(0)
            if failures:
                yield Notice("asking_other", _swap(choice, failures[0]), is_passing=True)
            try:
                async with aclosing(self._ask(choice, is_last=not (waiting or has_others))) as notices:
                    async for notice in notices:
                        yield notice
            except BackendError as error:
                if not failures:
                    waiting, has_others = list(self._preference.others(choice, error, self._may)), False
                failures.append(_Failure(choice, error))
                continue
            if failures:
                yield Answering(choice, failures[0].error.code)
                yield Notice("answered_by_other", _swap(choice, failures[0]))
            return
        if len(failures) > 1:
            yield Notice("others_failed", {"tried": [_named(failure.choice) for failure in failures[1:]]})
        raise failures[0].error

    async def _ask(self, choice: Choice, *, is_last: bool) -> AsyncGenerator[Notice, None]:
        """Ask each server of a backend, in rounds with pauses between them. Raises the first error there was."""
        servers = self._preference.servers(choice.backend)
        window = servers.context_window(choice.model)
        request = await self._request_for(choice, window)
        began_s, rounds, is_smaller = self._retries.clock(), 1, False
        tried: set[ModelServer] = set()
        errors: list[BackendError] = []
        while server := servers.take(choice.model, beside=tried):
            tried.add(server)
            has_more = not is_last or servers.can_take(choice.model, beside=tried)
            limit_s = self._preference.rules.first_word_limit_s(choice.backend) if has_more else None
            try:
                async with aclosing(self._attempt(server, request, limit_s)) as notices:
                    async for notice in notices:
                        yield notice
                return
            except ContextOverflow as overflow:
                less = smaller_window(overflow, request.messages, window, choice.model)
                smaller = await self._request_for(choice, less)
                if is_smaller or _chars(smaller) >= _chars(request):
                    raise
                request, is_smaller = smaller, True
                tried.discard(server)
                yield Notice("context_shrunk", {"backend": choice.backend, "model": choice.model})
            except BackendError as error:
                if not remedy_for(error).other_server:
                    raise
                errors.append(error)
                if servers.can_take(choice.model, beside=tried):
                    continue
                elapsed_s = self._retries.clock() - began_s
                pause_s = self._pause_s(servers, choice, errors[-len(tried) :], rounds=rounds, elapsed_s=elapsed_s)
                if pause_s is None:
                    break
                if pause_s >= NOTICEABLE_S:
                    yield _retrying(choice, error, pause_s)
                await self._retries.sleep(pause_s)
                rounds += 1
                tried.clear()
        raise errors[0] if errors else servers.refusal(choice.model)

    def _pause_s(
        self, servers: Servers, choice: Choice, errors: Sequence[BackendError], *, rounds: int, elapsed_s: float
    ) -> float | None:
        """Return how long to wait before all servers are asked once more; None where that would be for nothing."""
        if servers.are_left_alone(choice.model):
            return None
        return self._retries.pause_s(errors, rounds=rounds, elapsed_s=elapsed_s)

    async def _attempt(
        self, server: ModelServer, request: ReplyRequest, limit_s: float | None
    ) -> AsyncGenerator[Notice, None]:
        """Set `_answer`. Raises BackendError."""
        attempt = Attempt(server, request, clock=self._retries.clock)
        try:
            async with aclosing(attempt.until_first_word(limit_s)) as notices:
                async for notice in notices:
                    if notice not in self._told:
                        self._told.append(notice)
                        yield notice
            self._answer = attempt
        finally:
            if self._answer is None:
                await attempt.close()

    async def _request_for(self, choice: Choice, window: int | None) -> ReplyRequest:
        prompt = await self._prompt_for(choice, window)
        return replace(self._request, model=choice.model, messages=prompt.messages, options=prompt.options)


def _chars(request: ReplyRequest) -> int:
    return sum(len(message.content) for message in request.messages)


def _swap(answering: Choice, failure: _Failure) -> JsonObject:
    swap = {
        "asked": failure.choice.backend,
        "asked_model": failure.choice.model,
        "answered": answering.backend,
        "answered_model": answering.model,
        "reason": failure.error.code,
    }
    return swap | {"fetchable": True} if failure.error.params.get("fetchable") else swap


def _named(choice: Choice) -> JsonObject:
    return {"backend": choice.backend, "model": choice.model}


def _retrying(choice: Choice, error: BackendError, pause_s: float) -> Notice:
    params = {**_named(choice), "reason": error.code, "seconds": whole_seconds(pause_s)}
    return Notice("retrying", params, is_passing=True)
