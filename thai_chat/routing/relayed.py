"""One routed answer to a program."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from thai_chat.domain.backend_errors import BackendError
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import Choice
from thai_chat.domain.ports.quotas import MayUse
from thai_chat.domain.ports.relay import RelayCall
from thai_chat.routing.attempt import RelayAttempt
from thai_chat.routing.portable import Demands, demands_of
from thai_chat.routing.preference import Preference
from thai_chat.routing.retries import Retries
from thai_chat.routing.routed import Routed
from thai_chat.routing.servers import ModelServer


class RelayedAnswer(Routed[RelayAttempt]):
    """Implements `Relayed`."""

    def __init__(
        self, asked: Choice, call: RelayCall, *, preference: Preference, retries: Retries, may: MayUse | None = None
    ) -> None:
        super().__init__(asked, preference=preference, retries=retries, may=may)
        self._call = call
        self.has_limit = call.stream  # an answer in one piece comes when its last word is there
        self._demands: Demands | None = None

    async def begin(self) -> Choice:
        async with aclosing(self._find_answer()) as told:
            async for _ in told:
                pass
        assert self._answer
        return self._answer.choice

    def rest(self) -> AsyncGenerator[JsonObject, None]:
        assert self._answer, "begin first"
        return self._answer.rest()

    async def close(self) -> None:
        answer, self._answer = self._answer, None
        if answer:
            await answer.close()

    async def _prepare(self, choice: Choice, window: int | None) -> None:
        return None

    def _attempt_at(self, server: ModelServer, choice: Choice) -> RelayAttempt:
        return RelayAttempt(server, choice.model, self._call, clock=self._retries.clock)

    def _others(self, error: BackendError | None = None) -> Sequence[Choice]:
        others = super()._others(error)
        if others and self._demands is None:
            self._demands = demands_of(self._call)
        return [other for other in others if self._suits(other)]

    def _suits(self, other: Choice) -> bool:
        """Tell whether the other model's answer would be one to the same request."""
        match self._demands:
            case Demands.TEXT:
                return True
            case Demands.PICTURES:
                return self._preference.is_same_model(self._asked, other) or self._preference.reads_pictures(other)
            case Demands.THIS_MODEL:
                return self._preference.is_same_model(self._asked, other)
        return False
