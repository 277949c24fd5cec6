"""Who is asked for an answer, in which order, and what a person is told meanwhile."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from thai_chat.domain.backend_errors import BackendError
from thai_chat.domain.events import Answering, Notice, RoutedEvent
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import Choice
from thai_chat.domain.ports.quotas import MayUse
from thai_chat.routing.attempt import Attempt
from thai_chat.routing.preference import Preference
from thai_chat.routing.retries import Retries, remedy_for, whole_seconds
from thai_chat.routing.servers import ModelServer, Servers

NOTICEABLE_S = 1.0
"""A wait that is longer is said."""

Try = TypeVar("Try", bound=Attempt[Any])


@dataclass(frozen=True, slots=True)
class _Failure:
    choice: Choice
    error: BackendError


class Routed(ABC, Generic[Try]):
    """Before its first word an answer may come from anybody; from then on only from the one who began it."""

    has_limit = True
    """Whether a first word in time can be expected."""

    def __init__(self, asked: Choice, *, preference: Preference, retries: Retries, may: MayUse | None = None) -> None:
        self._may = may
        self._asked = asked
        self._preference = preference
        self._retries = retries
        self._answer: Try | None = None
        self._told: list[Notice] = []
        """The notices that servers gave: each try gives them again, and a reader has them once."""

    @abstractmethod
    async def _prepare(self, choice: Choice, window: int | None) -> None:
        """Prepare what the model is sent."""

    @abstractmethod
    def _attempt_at(self, server: ModelServer, choice: Choice) -> Try:
        """Return an attempt with what was prepared. Raises NotOffered."""

    async def _mended(self, choice: Choice, error: BackendError) -> Notice | None:
        """Change what was prepared so that it may pass after `error`, and return what is said of that; else None."""
        return None

    def _others(self, error: BackendError | None = None) -> Sequence[Choice]:
        """Return who may answer instead of the asked one after `error`; without one, in general."""
        return self._preference.others(self._asked, error, self._may)

    async def _find_answer(self) -> AsyncGenerator[RoutedEvent, None]:
        """Set `_answer`, which has said its first word then."""
        failures: list[_Failure] = []
        waiting, has_others = [self._asked], bool(self._others())
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
                    waiting, has_others = list(self._others(error)), False
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
        await self._prepare(choice, servers.context_window(choice.model))
        began_s, rounds = self._retries.clock(), 1
        tried: set[ModelServer] = set()
        errors: list[BackendError] = []
        while server := servers.take(choice.model, beside=tried):
            tried.add(server)
            has_more = not is_last or servers.can_take(choice.model, beside=tried)
            limit_s = self._preference.rules.first_word_limit_s(choice.backend)
            try:
                reaching = self._attempt(server, choice, limit_s if has_more and self.has_limit else None)
                async with aclosing(reaching) as notices:
                    async for notice in notices:
                        yield notice
                return
            except BackendError as error:
                if mended := await self._mended(choice, error):
                    tried.discard(server)
                    yield mended
                    continue
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
        self, server: ModelServer, choice: Choice, limit_s: float | None
    ) -> AsyncGenerator[Notice, None]:
        """Set `_answer`. Raises BackendError."""
        attempt = self._attempt_at(server, choice)
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
