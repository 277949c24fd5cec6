"""Programs that ask in OpenAI's form: which model is meant, what it costs them, and the answer as it passes."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import aclosing
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

import orjson

from thai_chat.chat.permits import Permits
from thai_chat.chat.recording import KeptTurn, Recorder
from thai_chat.chat.tally import Tally
from thai_chat.chat.text import require_storable
from thai_chat.chat.waiting import wait, wake
from thai_chat.domain.errors import ThaiChatError, UnknownModel, trace_of
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import Choice
from thai_chat.domain.openai_errors import AnswerStopped
from thai_chat.domain.people import Person
from thai_chat.domain.ports.backend import BackendChoices, BackendState
from thai_chat.domain.ports.quotas import MayUse, Permit
from thai_chat.domain.ports.relay import RelayCall, Relayed
from thai_chat.routing.router import Router

logger = logging.getLogger(__name__)

_MOST_WAITING = 500
"""The objects that wait for a program which does not read them; then the server is not read on."""
_MOST_WAITING_BYTES = 4_000_000
_FEW = 8
"""So many wait for a program that reads in time: their sizes don't matter."""
_EVER_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramRequest:
    person: Person
    model: str
    """The model as the program names it: `backend/model`, or the bare name."""
    call: RelayCall
    session_id: UUID | None = None
    """The session in which the turn is kept; None keeps nothing."""


class ProgramAnswer:
    """The answer to one program. It ends with whoever waits for it: `leave` in any case."""

    def __init__(self, relayed: Relayed, tally: Tally, router: Router, kept: KeptTurn | None) -> None:
        self.answered_by: Choice | None = None
        """Set once the answer has begun."""
        self.session_id = kept.session_id if kept else None
        self._relayed = relayed
        self._tally = tally
        self._router = router
        self._kept = kept
        self._permit: Permit | None = None
        self._objects: list[JsonObject] = []
        self._waiting_bytes = 0
        self._failure: ThaiChatError | None = None
        self._is_over = False
        self._has_left = False
        self._has_started = False
        """Set by the task's first step. A task that is cancelled before it would never run, and never count its end."""
        self._task: asyncio.Task[None] | None = None
        self._next: list[asyncio.Future[bool]] = []
        self._room: list[asyncio.Future[bool]] = []
        self._end_told: list[asyncio.Future[bool]] = []

    def start(self, permit: Permit | None) -> asyncio.Task[None]:
        """Begin to ask; `permit` is ended with what the answer has used."""
        self._permit = permit
        self._task = asyncio.create_task(self._run(), name="answer to a program")
        if self._kept:
            self._kept.start(self.leave)
        return self._task

    async def has_begun(self, within_s: float) -> bool:
        """Return whether there is somebody who answers, once that is known or after a time. Raises why there is
        none."""
        if self.answered_by is None and not self._is_over:
            await wait(self._next, within_s)
        if self.answered_by is None and self._is_over:
            raise self._failure or AnswerStopped()
        return self.answered_by is not None

    async def take(self, within_s: float) -> list[JsonObject] | None:
        """Return all that has come since, nothing at the end; None when nothing has come for that time.

        Raises, after the last object, what the answer broke with.
        """
        if not self._objects and not self._is_over and not await wait(self._next, within_s):
            return None
        taken, self._objects, self._waiting_bytes = self._objects, [], 0
        wake(self._room)
        if not taken and self._failure:
            raise self._failure
        return taken

    async def is_over_within(self, within_s: float) -> bool:
        """Return whether the answer has ended, once it has or after a time."""
        return self._is_over or await wait(self._end_told, within_s)

    def leave(self) -> None:
        """End the request to the server. Safe to call twice and too late."""
        if not self._has_left and self._task and not self._is_over:
            self._has_left = True
            if self._has_started:
                self._task.cancel()

    async def _run(self) -> None:
        self._has_started = True
        try:
            if self._has_left:
                raise asyncio.CancelledError
            await self._pass_on()
        except asyncio.CancelledError:
            self._failure = AnswerStopped()
        except ThaiChatError as exc:
            self._failure = exc
            logger.info("an answer to a program failed: %s", exc.code)
        except Exception as exc:  # noqa: BLE001 - the edge of a background task: nobody else would see it
            self._failure = ThaiChatError()
            logger.error("an answer to a program failed unexpectedly: %s", type(exc).__name__, extra=trace_of(exc))
        try:
            await self._end()
        finally:
            self._is_over = True
            wake(self._next)
            wake(self._end_told)

    async def _pass_on(self) -> None:
        self.answered_by = await self._relayed.begin()
        if self._kept:
            self._kept.answering(self.answered_by)
        wake(self._next)
        async with aclosing(self._relayed.rest()) as objects:
            async for passed in objects:
                if self._kept:
                    self._kept.take(passed)
                if shown := self._tally.take(passed):
                    self._objects.append(shown)
                    wake(self._next)
                    if len(self._objects) > _FEW:
                        self._waiting_bytes += len(orjson.dumps(shown))
                    while len(self._objects) >= _MOST_WAITING or self._waiting_bytes > _MOST_WAITING_BYTES:
                        await wait(self._room, _EVER_S)

    async def _end(self) -> None:
        """Count what was used, and store the end of what is kept, before the program is told of the end."""
        await self._relayed.close()
        if self._permit:
            tokens, cost = await self._used()
            self._permit.end(tokens=tokens, cost_usd=cost)
        if self._kept:
            await self._kept.end(self._failure, self._tally)

    async def _used(self) -> tuple[int, Decimal]:
        """Return tokens and dollars; no fault in a price list keeps the tokens from being counted."""
        choice = self.answered_by
        if choice is None:
            return 0, Decimal(0)
        usage = self._tally.usage(choice.model)
        prompt, completion = usage.prompt_tokens or 0, usage.completion_tokens or 0
        try:
            cost = await self._router.cost(
                choice, prompt_tokens=prompt, completion_tokens=completion, cached_tokens=usage.cached_tokens or 0
            )
        except Exception as exc:  # noqa: BLE001 - as above
            logger.error("the cost of an answer is unknown: %s", type(exc).__name__, extra=trace_of(exc))
            cost = None
        return prompt + completion, cost.usd if cost else Decimal(0)


class Relays:
    """Answers programs, each by a task of its own."""

    def __init__(self, router: Router, permits: Permits, recorder: Recorder) -> None:
        self._router = router
        self._permits = permits
        self._recorder = recorder
        self._running: dict[asyncio.Task[None], ProgramAnswer] = {}

    async def ask(self, asked: ProgramRequest) -> ProgramAnswer:
        """Begin to answer. Raises LimitReached, UnknownModel and NoBackend, and where a turn is kept what its storing
        raises. What goes wrong with the model comes from the answer."""
        started_at_s = time.perf_counter()
        require_storable(asked.model)
        async with self._permits.grants(asked.person) as grants:
            (grant,) = grants
            choice = self.named(asked.model, grant.may)
            kept = None
            if asked.session_id:
                kept = await self._recorder.begin(
                    asked.person, asked.session_id, choice, asked.call.body, started_at_s=started_at_s
                )
            tally = Tally(asked.call)
            relayed = self._router.relay(choice, replace(asked.call, unasked=tally.unasked), may=grant.may)
            answer = ProgramAnswer(relayed, tally, self._router, kept)
            task = answer.start(grant.taken())
            self._running[task] = answer
            task.add_done_callback(self._running.pop)
            return answer

    async def close(self) -> None:
        """End every answer that is under way."""
        for answer in tuple(self._running.values()):
            answer.leave()
        if self._running:
            await asyncio.wait(set(self._running))

    def named(self, name: str, may: MayUse | None = None) -> Choice:
        """Return the model that a program names. Names of models have slashes themselves, and may begin like a backend:
        who lists a name is meant by it. Raises UnknownModel for a name that nobody knows, and NoBackend."""
        prefix, _, rest = name.partition("/")
        configured = {one.name: one for one in self._router.choices() if one.state is not BackendState.NOT_CONFIGURED}
        backend = configured.get(prefix) if rest else None
        if backend and _lists(backend, rest):
            return self._router.resolve(prefix, rest, may)
        if any(_lists(one, name) for one in configured.values()):
            return self._router.resolve(None, name, may)
        if backend:
            return self._router.resolve(prefix, rest, may)
        found = self._router.resolve(None, name, may)
        if not _lists(configured[found.backend], found.model):  # it may have got a tag: "llama3.2:latest"
            raise UnknownModel
        return found


def _lists(backend: BackendChoices, model: str) -> bool:
    return any(info.model == model for some in (backend.models, backend.other_models) for info in some)
