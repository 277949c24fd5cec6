"""Having models ready: loaded before their first question, and fetched when a server does not have them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from thai_chat.chat.text import require_storable
from thai_chat.domain.errors import ThaiChatError
from thai_chat.domain.events import Progress
from thai_chat.domain.messages import Choice
from thai_chat.domain.ports.quotas import MayUse
from thai_chat.routing.router import Router

logger = logging.getLogger(__name__)


class Models:
    """Belongs to one event loop. The loads are its own, so that they go on when who picked the model has left."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._loads: dict[Choice, asyncio.Task[None]] = {}

    def prepare(self, backend: str, model: str, may: MayUse | None = None) -> Choice:
        """Load the model in the background, once however often it is asked for, and return it.

        A load that fails is only logged: the first question tells why. Raises UnknownBackend, and UnknownModel for one
        that `may` is against.
        """
        require_storable(model)
        choice = self._router.resolve(backend, model, may)
        if choice not in self._loads:
            task = asyncio.create_task(self._load(choice), name=f"load {choice.backend}")
            self._loads[choice] = task
            task.add_done_callback(lambda _: self._loads.pop(choice, None))
        return choice

    def pull(self, backend: str, model: str, may: MayUse | None = None) -> AsyncGenerator[Progress, None]:
        """Fetch a model as `Backend.pull` does. Raises UnknownBackend and UnknownModel at once."""
        require_storable(model)
        return self._fetch(self._router.resolve(backend, model, may))

    async def close(self) -> None:
        """End the loads. Safe to call twice."""
        loads = tuple(self._loads.values())
        for task in loads:
            task.cancel()
        if loads:
            await asyncio.wait(loads)

    async def _load(self, choice: Choice) -> None:
        try:
            await self._router.prepare(choice)
        except ThaiChatError as exc:
            logger.info("a model of %s was not loaded: %s", choice.backend, exc.code)

    async def _fetch(self, choice: Choice) -> AsyncGenerator[Progress, None]:
        async with aclosing(self._router.pull(choice)) as steps:
            async for step in steps:
                yield step
        logger.info("a model was fetched by %s", choice.backend)
