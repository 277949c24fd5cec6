"""The servers of one backend: the least busy healthy one that has the model is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from thai_chat.domain.backend_errors import BackendError
from thai_chat.domain.ports.backend import Backend, BackendChoices, BackendState, ModelInfo
from thai_chat.domain.ports.backend_kinds import BackendKind
from thai_chat.routing.breaker import Breaker
from thai_chat.routing.health import Health, HealthWatch
from thai_chat.routing.names import short_name

READINESS: Sequence[BackendState] = (
    BackendState.UP,
    BackendState.SLOW,
    BackendState.LOADING,
    BackendState.QUOTA,
    BackendState.DOWN,
    BackendState.NOT_CONFIGURED,
)
"""Best first."""
_MOST_BREAKERS = 1000
"""A server may be asked for any name, also for one that it does not have."""


def best(states: Iterable[BackendState]) -> BackendState:
    return min(states, key=READINESS.index, default=BackendState.NOT_CONFIGURED)


class ModelServer:
    """One model server, what is known of its health, and how many requests it has from us."""

    def __init__(self, backend: Backend, *, clock: Callable[[], float], patience_s: float) -> None:
        self.backend = backend
        self.watch = HealthWatch(backend, came_back=self._came_back)
        self.in_flight = 0
        self.taken_at = 0
        """Grows with every request, so that of two idle servers the one that rested longer is taken."""
        self._clock = clock
        self._patience_s = patience_s
        self._breakers: dict[str, Breaker] = {}

    def breaker(self, model: str) -> Breaker:
        if found := self._breakers.get(model):
            return found
        if len(self._breakers) >= _MOST_BREAKERS:
            self._breakers = {name: breaker for name, breaker in self._breakers.items() if not breaker.is_idle}
        breaker = self._breakers[model] = Breaker(clock=self._clock, patience_s=self._patience_s)
        return breaker

    def lets_through(self, model: str) -> bool:
        breaker = self._breakers.get(model)
        return breaker is None or breaker.lets_through

    def is_loading(self, model: str) -> bool:
        """Tell whether the server loads the model, as far as it is known; it may tell that only with the reply."""
        return self.watch.health.state is BackendState.LOADING or self.full_name(model) in self.backend.loading_models

    def reluctance(self, model: str) -> int:
        """Return 0, 1 or 2: of servers that are as busy, one that has the model in memory is asked, then one that loads
        it."""
        name = self.full_name(model)
        warm = self.backend.warm_models
        if warm is None or name in warm:
            return 0
        return 1 if name in self.backend.loading_models else 2

    def full_name(self, model: str) -> str:
        return self.watch.full_name(model)

    def state_of(self, model: str, health: Health) -> BackendState:
        """Return the server's own state, while it is up that of the model there."""
        if health.state is not BackendState.UP:
            return health.state
        if self.full_name(model) in self.backend.loading_models:
            return BackendState.LOADING
        breaker = self._breakers.get(model)
        return breaker.state if breaker else BackendState.UP

    def _came_back(self) -> None:
        for breaker in self._breakers.values():
            breaker.server_came_back()


class Servers:
    """All servers of one backend's name, as one backend to everybody else."""

    def __init__(
        self,
        kind: BackendKind[Any],
        backends: Sequence[Backend],
        *,
        clock: Callable[[], float] = time.monotonic,
        patience_s: float = 10.0,
    ) -> None:
        """Take at least one backend, in the order of the settings. `patience_s` is that of `Breaker`."""
        self.kind = kind
        self.servers = [ModelServer(backend, clock=clock, patience_s=patience_s) for backend in backends]
        self._taken = 0

    def take(self, model: str, *, beside: Collection[ModelServer] = ()) -> ModelServer | None:
        """Return the server to ask now; None when all are among `beside` or are left alone after failures.

        One that is seen to be down is the last choice, not none: what was seen may be some seconds old.
        """
        healths = {server: server.watch.health for server in self.servers}
        having = [server for server in self.servers if _lists(healths[server], model)] or self.servers
        free = [server for server in having if server not in beside and server.lets_through(model)]
        if not free:
            return None
        self._taken += 1
        taken = min(free, key=lambda server: self._order(server, model, healths[server]))
        taken.taken_at = self._taken
        return taken

    def _order(self, server: ModelServer, model: str, health: Health) -> tuple[int, int, int, int]:
        state = server.state_of(model, health)
        if health.state is BackendState.UP and state is BackendState.LOADING:
            state = BackendState.UP  # the others may have to load the model first, too
        return READINESS.index(state), server.in_flight, server.reluctance(model), server.taken_at

    def can_take(self, model: str, *, beside: Collection[ModelServer] = ()) -> bool:
        """Tell whether `take` would give one that is not down."""
        return any(
            server not in beside
            and server.lets_through(model)
            and server.watch.health.state is not BackendState.DOWN
            and _lists(server.watch.health, model)
            for server in self.servers
        )

    def are_left_alone(self, model: str) -> bool:
        """Tell whether nobody may be asked now, after failures."""
        return not any(server.lets_through(model) for server in self.servers)

    def as_listed(self, model: str) -> str:
        """Return the model's name as the servers list it, where they add a tag to a name without one."""
        if not self.kind.default_tag:
            return model
        listed = {info.model for server in self.servers for info in server.watch.health.models}
        tagged = f"{model}{self.kind.default_tag}"
        return tagged if model not in listed and tagged in listed else model

    def is_cloud(self, model: str) -> bool:
        """Return whether a question to the model goes to somebody else's machine, by its name alone."""
        return self.kind.is_cloud or self.kind.passes_on(model)

    def could_answer(self) -> bool:
        """Return whether any server, as it was last seen, may have a model that answers."""
        return any(self._could_answer(server.watch.health) for server in self.servers)

    def _could_answer(self, health: Health) -> bool:
        if health.state is BackendState.UP:
            return any(info.chats for info in health.models) or self.kind.may_hide_models
        return health.state is BackendState.LOADING

    def refusal(self, model: str) -> BackendError:
        """Return what is raised when none may be asked."""
        return self.servers[0].breaker(model).refusal()

    def context_window(self, model: str) -> int | None:
        """Return the smallest window of the servers that have the model: whichever is taken, the prompt fits."""
        windows = [
            info.context_window for server in self.servers for info in server.watch.health.models if info.model == model
        ]
        return min((window for window in windows if window), default=None)

    def choices(self) -> BackendChoices:
        healths = [(server, server.watch.health) for server in self.servers]
        models: dict[str, ModelInfo] = {}
        states: dict[str, list[BackendState]] = {}
        for server, health in healths:
            for info in health.models:
                models.setdefault(info.model, info)
                states.setdefault(info.model, []).append(server.state_of(info.model, health))
        state = best(health.state for _, health in healths)
        model_states = {model: best(found) for model, found in states.items()}
        if state is BackendState.UP and model_states:
            state = best(model_states.values())
        found = next((server.backend.default_model for server in self.servers if server.backend.default_model), None)
        named = short_name(found) if found else None
        offered = {name: info for name, info in models.items() if info.chats or name == named}
        return BackendChoices(
            name=self.kind.name,
            label=self.kind.label,
            state=state,
            models=tuple(offered.values()),
            other_models=tuple(info for name, info in models.items() if name not in offered),
            model_states={model: found for model, found in model_states.items() if found is not state},
            default_model=named or next(iter(offered), None),
            error_code=None if state is BackendState.UP else self._error_code(models),
            server_states=[health.state for _, health in healths],
        )

    def _error_code(self, models: Iterable[str]) -> str | None:
        """Return what the servers themselves gave as a reason, else what their models failed with last."""
        seen = [server.watch.health.error_code for server in self.servers]
        seen += [server.breaker(model).error_code for model in models for server in self.servers]
        return next((code for code in seen if code), None)


def _lists(health: Health, model: str) -> bool:
    return any(info.model == model for info in health.models)
