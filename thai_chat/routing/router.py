"""Which backends there are, how they are, and which one answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from uuid import UUID

from thai_chat.domain.errors import BackendError, EmptyReply, NoBackend, ReplyCut, UnknownBackend
from thai_chat.domain.events import Finished, StreamEvent, Text
from thai_chat.domain.messages import Choice, JsonValue
from thai_chat.domain.ports import Backend, BackendChoices, BackendState, PromptMessage, ReplyRequest
from thai_chat.routing.health import Health, HealthWatch

__all__ = ["NAMES", "BackendChoices", "Router"]

logger = logging.getLogger(__name__)

NAMES = ("vllm", "ollama", "openai", "llamacpp")
"""Every backend there can be, in the order of the picker."""
_LOCAL_MODEL = "llamacpp"
_START_S = 2.0


class Router:
    """Owns the backends: closing the router closes them. Belongs to the event loop in which `start` was called."""

    def __init__(
        self,
        backends: Sequence[Backend],
        *,
        order: Sequence[str] = NAMES,
        default: str | None = None,
        last_resort: Callable[[], Backend | None] | None = None,
    ) -> None:
        """`order` is how backends are preferred, `default` goes before it.

        `last_resort` makes one more backend when, after the first look, none of `backends` has a model to offer.
        """
        self._watches = {backend.name: HealthWatch(backend) for backend in backends}
        self._order = tuple(dict.fromkeys([*([default] if default else []), *order, _LOCAL_MODEL]))
        self._last_resort = last_resort
        self._first_look: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to watch; comes back after the first look, at most 2 s later: a slow server is not waited for."""
        for watch in self._watches.values():
            watch.start()
        self._first_look = asyncio.create_task(self._look_around(), name="first look at the backends")
        await asyncio.wait({self._first_look}, timeout=_START_S)

    async def close(self) -> None:
        """Safe to call twice."""
        if self._first_look is not None:
            self._first_look.cancel()
            await asyncio.gather(self._first_look, return_exceptions=True)
        for watch in self._watches.values():
            await watch.close()
        closing = [watch.backend.close() for watch in self._watches.values()]
        for failure in await asyncio.gather(*closing, return_exceptions=True):
            if isinstance(failure, Exception):
                logger.error("a backend did not close: %s", type(failure).__name__)

    def choices(self) -> Sequence[BackendChoices]:
        """Every backend there can be, as it was last seen; never waits."""
        return [self._choices_of(name) for name in dict.fromkeys((*NAMES, *self._watches))]

    def default_choice(self) -> Choice:
        """The first preferred backend that is up, else one that is loading its model. Raises NoBackend."""
        for state in (BackendState.UP, BackendState.LOADING):
            for name in self._order:
                if name in self._watches:
                    offered = self._choices_of(name)
                    if offered.state is state and offered.default_model:
                        return Choice(name, offered.default_model)
        raise NoBackend("no backend is up")

    def resolve(self, backend: str | None, model: str | None) -> Choice:
        """Fills in what was left open: a backend's default model, the preferred backend that has the model.

        The backend need not be up. Raises UnknownBackend for one that is not configured, NoBackend when nothing can
        be filled in.
        """
        if backend is None:
            return self.default_choice() if model is None else self._choice_with(model)
        if backend not in self._watches:
            raise UnknownBackend(f"{backend[:40]!r} is not configured", backend=backend[:40])
        found = model or self._choices_of(backend).default_model
        if not found:
            raise NoBackend("the backend has no model", backend=backend)
        return Choice(backend, found)

    def context_window(self, choice: Choice) -> int | None:
        """Tokens that the model takes, question and reply together; None when the server does not say it."""
        watch = self._watches.get(choice.backend)
        models = watch.health.models if watch else ()
        return next((info.context_window for info in models if info.model == choice.model), None)

    async def stream(
        self,
        choice: Choice,
        messages: Sequence[PromptMessage],
        *,
        options: Mapping[str, JsonValue] | None = None,
        session_id: UUID | None = None,
        continues: str = "",
    ) -> AsyncGenerator[StreamEvent, None]:
        """The reply, or what follows its beginning `continues`; its last event is Finished.

        Closing the generator ends the request to the server.

        Raises BackendError: also ReplyCut for a reply that just stops, EmptyReply for a whole one that says nothing.
        """
        watch = self._watches.get(choice.backend)
        if watch is None:
            raise UnknownBackend(f"{choice.backend!r} is not configured", backend=choice.backend)
        request = ReplyRequest(
            model=choice.model,
            messages=messages,
            options=options or {},
            session_id=session_id,
            continues=continues,
        )
        # A reply that was whole but for its last word has nothing to add.
        said_something = bool(continues.strip())
        try:
            async with aclosing(watch.backend.stream(request)) as events:
                async for event in events:
                    if isinstance(event, Text):
                        said_something = said_something or not event.text.isspace()
                    elif isinstance(event, Finished):
                        if not said_something:
                            raise EmptyReply(event.reason, backend=choice.backend, model=choice.model)
                        yield event
                        return
                    yield event
        except BackendError:
            watch.look_soon()
            raise
        raise ReplyCut("the stream ended without Finished", backend=choice.backend, model=choice.model)

    async def _look_around(self) -> None:
        seen = await asyncio.gather(*(watch.first_look() for watch in self._watches.values()))
        if self._last_resort is None or any(_could_answer(health) for health in seen):
            return
        backend = self._last_resort()
        if backend is None or backend.name in self._watches:
            return
        logger.info("no other backend answers: %s is started", backend.name)
        watch = self._watches[backend.name] = HealthWatch(backend)
        watch.start()
        await watch.first_look()

    def _choices_of(self, name: str) -> BackendChoices:
        watch = self._watches.get(name)
        if watch is None:
            return BackendChoices(name=name, state=BackendState.NOT_CONFIGURED)
        health = watch.health
        first = health.models[0].model if health.models else None
        return BackendChoices(
            name=name,
            state=health.state,
            models=health.models,
            default_model=watch.backend.default_model or first,
            error_code=health.error_code,
        )

    def _choice_with(self, model: str) -> Choice:
        """The preferred backend that lists the model, one that is up before others; else the default backend."""
        having = [
            (watch.health.state is not BackendState.UP, name)
            for name in self._order
            if (watch := self._watches.get(name)) and any(info.model == model for info in watch.health.models)
        ]
        if having:
            return Choice(min(having, key=lambda pair: pair[0])[1], model)
        return Choice(self.default_choice().backend, model)


def _could_answer(health: Health) -> bool:
    return health.state is BackendState.LOADING or (health.state is BackendState.UP and bool(health.models))
