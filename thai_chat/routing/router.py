"""Which backends there are, how they are, and which one answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from uuid import UUID

from thai_chat.domain.backend_errors import NoBackend
from thai_chat.domain.errors import UnknownBackend, UnknownModel
from thai_chat.domain.events import Progress, RoutedEvent
from thai_chat.domain.messages import Choice
from thai_chat.domain.ports.backend import Backend, BackendChoices, BackendState, Price, PromptMessage, ReplyRequest
from thai_chat.domain.ports.backend_kinds import Kinds
from thai_chat.domain.ports.quotas import MayUse
from thai_chat.domain.ports.relay import RelayCall, Relayed
from thai_chat.routing.preference import Preference, Rules, default_model, is_listed
from thai_chat.routing.pricing import Cost, Prices
from thai_chat.routing.relayed import RelayedAnswer
from thai_chat.routing.reply import ModelPrompt, PromptMaker, RoutedReply
from thai_chat.routing.retries import Retries
from thai_chat.routing.servers import ModelServer, Servers

__all__ = ["BackendChoices", "ModelPrompt", "PromptMaker", "Router", "Rules"]

logger = logging.getLogger(__name__)

_START_S = 2.0


class Router:
    """Owns the backends: closing the router closes them. Belongs to the event loop in which `start` was called."""

    def __init__(
        self,
        backends: Sequence[Backend],
        *,
        kinds: Kinds,
        order: Sequence[str] | None = None,
        default: str | None = None,
        last_resort: Callable[[], Backend | None] | None = None,
        rules: Rules | None = None,
        retries: Retries | None = None,
        prices: Prices | None = None,
    ) -> None:
        """Take the backends; those of one name are several servers of the same models.

        `kinds` has one for each name, also for those that are not configured. `order` is how backends are preferred
        (default: that of `kinds`), also when one answers for another; `default` goes before it. `last_resort` makes one
        more backend when, after the first look, none of `backends` has a model to offer.
        """
        self._retries = retries or Retries()
        self._prices = prices or Prices({})
        self.kinds = kinds
        names = dict.fromkeys(backend.name for backend in backends)
        self._backends = {
            name: self._servers([backend for backend in backends if backend.name == name]) for name in names
        }
        if order is None:
            order = [kind.name for kind in kinds]
        last = [kind.name for kind in kinds if kind.last_resort]
        ranked = dict.fromkeys([*([default] if default else []), *order, *last])
        self._preference = Preference(self._backends, tuple(ranked), rules or Rules())
        self._last_resort = last_resort
        self._first_look: asyncio.Task[None] | None = None
        self._price_look: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to watch; return after the first look, at most 2 s later: a slow server is not waited for."""
        for server in self._all_servers():
            server.watch.start()
        self._first_look = asyncio.create_task(self._look_around(), name="first look at the backends")
        await asyncio.wait({self._first_look}, timeout=_START_S)
        self._price_look = asyncio.create_task(self.learn_prices(), name="first look at the prices")

    async def close(self) -> None:
        """Stop watching and close the backends. Safe to call twice."""
        looks = [look for look in (self._first_look, self._price_look) if look is not None]
        for look in looks:
            look.cancel()
        await asyncio.gather(*looks, return_exceptions=True)
        servers = self._all_servers()
        for server in servers:
            await server.watch.close()
        closing = [server.backend.close() for server in servers]
        for failure in await asyncio.gather(*closing, return_exceptions=True):
            if isinstance(failure, Exception):
                logger.error("a backend did not close: %s", type(failure).__name__)

    def choices(self) -> Sequence[BackendChoices]:
        """Return every backend there can be, as it was last seen; never waits."""
        return [
            self._backends[kind.name].choices()
            if kind.name in self._backends
            else BackendChoices(name=kind.name, label=kind.label, state=BackendState.NOT_CONFIGURED)
            for kind in self.kinds
        ]

    def default_choice(self, may: MayUse | None = None) -> Choice:
        """Return the first preferred backend that is up, else the one that is nearest to it. Raises NoBackend, and
        UnknownModel when there are models and none of them may be used."""
        try:
            return self._preference.default_choice(may)
        except NoBackend:
            if may:
                self._preference.default_choice()
                raise UnknownModel from None
            raise

    def resolve(self, backend: str | None, model: str | None, may: MayUse | None = None) -> Choice:
        """Fill in what was left open: a backend's default model, the preferred backend that has the model.

        The backend need not be up. Raises UnknownBackend for one that is not configured, NoBackend when nothing can be
        filled in, UnknownModel for one that may not be used.
        """
        if backend is None and not model:
            return self.default_choice(may)
        choice = self._named(backend, model or "", may)
        if may and not may(choice, is_listed(self._servers_of(choice.backend).choices(), choice.model)):
            raise UnknownModel
        return choice

    def _named(self, backend: str | None, model: str, may: MayUse | None) -> Choice:
        if backend is None:
            return self._preference.choice_with(model, may)
        servers = self._servers_of(backend)
        offered = servers.choices()
        found = model or default_model(offered, may)
        if not found and offered.default_model:
            raise UnknownModel
        if not found:
            raise NoBackend("the backend has no model", backend=backend)
        return Choice(backend, servers.as_listed(found))

    def context_window(self, choice: Choice) -> int | None:
        """Return how many tokens the model takes, question and reply together; None when the server does not say it."""
        servers = self._backends.get(choice.backend)
        return servers.context_window(choice.model) if servers else None

    def stream(
        self,
        choice: Choice,
        prompt_for: PromptMaker,
        *,
        session_id: UUID | None = None,
        continues: str = "",
        may: MayUse | None = None,
    ) -> AsyncGenerator[RoutedEvent, None]:
        """Yield the reply, or what follows its beginning `continues`; its last event is Finished.

        Closing the generator ends the request to the server.

        Until its first word a failed reply is tried again, then put to another model that may be used, where that is
        allowed:
        `Answering` and a notice tell of it before the first text. Raises UnknownBackend at once, and in the stream the
        BackendError of the model that was asked: also ReplyCut for a reply that just stops, EmptyReply for a whole one
        that says nothing.
        """
        self._servers_of(choice.backend)
        request = ReplyRequest(model=choice.model, messages=(), session_id=session_id, continues=continues)
        routed = RoutedReply(choice, request, prompt_for, preference=self._preference, retries=self._retries, may=may)
        return routed.events()

    def relay(self, choice: Choice, call: RelayCall, *, may: MayUse | None = None) -> Relayed:
        """Return the answer to a program, which is asked for by its `begin`. Raises UnknownBackend.

        Until it begins, a failed request is tried again, then put to another model that may be used, where that is
        allowed and where the request means the same to it: never one for embeddings or of the Responses API.
        """
        self._servers_of(choice.backend)
        return RelayedAnswer(choice, call, preference=self._preference, retries=self._retries, may=may)

    async def cost(
        self, choice: Choice, *, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0
    ) -> Cost | None:
        """Return the cost; None where the price is not known, as for every model of one's own."""
        return await self._prices.cost(
            choice, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens, cached_tokens=cached_tokens
        )

    async def learn_prices(self) -> None:
        """Look up the prices of the models that are offered; takes time for those that are new alone."""
        paid = [backend for backend in self.choices() if self._prices.covers(backend.name)]
        await self._prices.learn(Choice(backend.name, info.model) for backend in paid for info in backend.models)

    def price(self, choice: Choice) -> Price | None:
        """Return the price that was looked up; None where it is not known, as for every model of one's own."""
        return self._prices.price(choice)

    async def count_tokens(self, choice: Choice, messages: Sequence[PromptMessage]) -> int | None:
        """Count tokens as `Backend.count_tokens` does, by the server that would be asked."""
        server = self._server_for(choice)
        return await server.backend.count_tokens(server.full_name(choice.model), messages)

    async def prepare(self, choice: Choice) -> None:
        """Load the model as `Backend.prepare` does, at the server that would be asked."""
        server = self._server_for(choice)
        await server.backend.prepare(server.full_name(choice.model))

    async def pull(self, choice: Choice) -> AsyncGenerator[Progress, None]:
        """Fetch the model as `Backend.pull` does, at the first server that is up."""
        server = self._server_for(choice)
        async with aclosing(server.backend.pull(server.full_name(choice.model))) as progress:
            async for step in progress:
                yield step
        server.watch.look_soon()

    def _servers(self, backends: Sequence[Backend]) -> Servers:
        kind = next(kind for kind in self.kinds if kind.name == backends[0].name)
        return Servers(kind, backends, clock=self._retries.clock, patience_s=self._retries.longest_retry_after_s)

    def _servers_of(self, backend: str) -> Servers:
        if backend not in self._backends:
            raise UnknownBackend(f"{backend[:40]!r} is not configured", backend=backend[:40])
        return self._backends[backend]

    def _server_for(self, choice: Choice) -> ModelServer:
        servers = self._servers_of(choice.backend)
        return servers.take(choice.model) or servers.servers[0]

    def _all_servers(self) -> Sequence[ModelServer]:
        return [server for servers in self._backends.values() for server in servers.servers]

    async def _look_around(self) -> None:
        await asyncio.gather(*(server.watch.first_look() for server in self._all_servers()))
        if self._last_resort is None or any(servers.could_answer() for servers in self._backends.values()):
            return
        backend = self._last_resort()
        if backend is None or backend.name in self._backends:
            return
        logger.debug("no other backend answers: %s is started", backend.name)
        servers = self._backends[backend.name] = self._servers([backend])
        watch = servers.servers[0].watch
        watch.start()
        await watch.first_look()
