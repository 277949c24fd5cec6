"""Watches one model server in the background, so that everybody else reads what was last seen and waits for nothing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from thai_chat.domain.backend_errors import BackendError, BackendLoading, RateLimited
from thai_chat.domain.ports.backend import Backend, BackendState, ModelInfo
from thai_chat.routing.names import short_name

logger = logging.getLogger(__name__)

_EVERY_S = 15.0
_WHILE_LOADING_S = 1.0
_FRESH_S = 3.0
"""A look that is older is repeated when somebody reads."""
_LIMIT_S = 6.0
"""Backends promise an answer in 5 s; this is for one that breaks the promise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    state: BackendState = BackendState.DOWN
    models: Sequence[ModelInfo] = ()
    """The last list that came, kept while the backend is down."""
    error_code: str | None = None
    checked_at: datetime | None = None
    """None before the first look."""


class HealthWatch:
    """A watch over the health of a backend. Belongs to the event loop in which `start` was called."""

    def __init__(self, backend: Backend, *, came_back: Callable[[], None] = lambda: None) -> None:
        """Watch a backend; `came_back` is called when the server is up and was not before."""
        self.backend = backend
        self._came_back = came_back
        self._health = Health()
        self._full_names: dict[str, str] = {}
        self._looked_at_s = 0.0
        self._wanted = asyncio.Event()
        self._first = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def health(self) -> Health:
        """The health that was last seen. Reading an old one has it looked at again, for the next reader."""
        if time.monotonic() - self._looked_at_s > _FRESH_S:
            self._wanted.set()
        return self._health

    def full_name(self, model: str) -> str:
        """Return what the server calls the model that is listed here as `model`."""
        return self._full_names.get(model, model)

    def look_soon(self) -> None:
        """Look soon, for those who have news: a reply has just failed."""
        self._wanted.set()

    def start(self) -> None:
        """Start to watch. Safe to call again."""
        if self._task is None:
            self._task = asyncio.create_task(self._watch(), name=f"health of {self.backend.name}")

    async def first_look(self) -> Health:
        """Wait until the backend was looked at once."""
        await self._first.wait()
        return self._health

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            self._wanted.clear()
            before = self._health
            self._health = await self._look()
            self._looked_at_s = time.monotonic()
            # The state that is found at the start is told there, to whoever started it.
            level = logging.INFO if self._first.is_set() else logging.DEBUG
            self._first.set()
            if (before.state, before.error_code) != (self._health.state, self._health.error_code):
                what = self._health.error_code or "answers"
                logger.log(level, "%s is %s (%s)", self.backend.name, self._health.state, what)
                if self._health.state is BackendState.UP:
                    self._came_back()
            pause_s = _WHILE_LOADING_S if self._health.state is BackendState.LOADING else _EVERY_S
            # Not wait_for: before Python 3.12 it can swallow a cancellation that meets the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._wanted.wait()

    async def _look(self) -> Health:
        state, error_code = BackendState.UP, None
        models: Sequence[ModelInfo] = self._health.models
        try:
            async with asyncio.timeout(_LIMIT_S):
                models = self._named(await self.backend.models())
        except BackendLoading as error:
            state, error_code = BackendState.LOADING, error.code
        except RateLimited as error:
            state, error_code = BackendState.QUOTA, error.code
        except BackendError as error:
            state, error_code = BackendState.DOWN, error.code
        except TimeoutError:
            state, error_code = BackendState.DOWN, "backend_timeout"
        except Exception:  # a background loop must outlive a bug in one backend
            logger.exception("looking at %s failed", self.backend.name)
            state, error_code = BackendState.DOWN, "internal"
        return Health(state=state, models=models, error_code=error_code, checked_at=datetime.now(UTC))

    def _named(self, offered: Sequence[ModelInfo]) -> Sequence[ModelInfo]:
        """Return the models by names that the history can keep."""
        by_name = {short_name(info.model): info for info in offered}
        self._full_names = {name: info.model for name, info in by_name.items()}
        return tuple(replace(info, model=name) for name, info in by_name.items())
