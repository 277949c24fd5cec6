"""The common part of the adapters' translators: where they stand, and what the network below them raises."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import TypeAlias, TypeVar

import aiohttp

from thai_chat.backends.timeouts import STALE_S
from thai_chat.domain.backend_errors import BackendError, BackendTimeout, BackendUnreachable

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")
_TRIES = 3
_READ_OUT_S = 0.1
Translator: TypeAlias = Callable[[Exception], type[BackendError] | BackendError | None]


class Translation:
    """A context around calls and around iteration: everything that leaves it says which backend and model it was.

    Cancellation and bugs pass through as they are.
    """

    __slots__ = ("_backend", "_model", "_translate")

    def __init__(self, translate: Translator, *, backend: str, model: str = "") -> None:
        """Take the translator, which gives None for what no server and no network causes."""
        self._translate = translate
        self._backend = backend
        self._model = model

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(exc, Exception):
            return
        error = exc if isinstance(exc, BackendError) else self._translate(exc)
        if isinstance(error, type):
            error = error(type(exc).__name__)
        if error is None:
            return
        error.params.setdefault("backend", self._backend)
        if self._model:
            error.params.setdefault("model", self._model)
        if error is not exc:
            raise error from exc


def timeout_or_closed(exc: Exception) -> type[BackendError]:
    """Tell a time-out from a connection that the server closed by the causes: the aiohttp transports call both a
    time-out."""
    for cause in _causes(exc):
        if isinstance(cause, aiohttp.ClientConnectionError) and not isinstance(cause, TimeoutError):
            return BackendUnreachable
    return BackendTimeout


def was_closed(exc: Exception) -> bool:
    """Tell whether a connection that was there was closed. A kept one may be, just when the next request goes out on
    it."""
    closed = (ConnectionResetError, BrokenPipeError, aiohttp.ServerDisconnectedError)
    return any(isinstance(cause, closed) for cause in _causes(exc))


async def again_if_closed(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask again when that met a kept connection which its server was just closing, and so may others that were kept.

    aiohttp does the same by itself for a GET, never for a POST.
    """
    begun_s = time.monotonic()
    for _ in range(_TRIES - 1):
        try:
            return await ask()
        except Exception as exc:
            if not was_closed(exc) or time.monotonic() - begun_s > STALE_S:
                raise
    return await ask()


async def read_out(body: AsyncGenerator[object, None]) -> None:
    """Read what stands behind a whole reply, for a moment: only a connection that was read to its end is kept."""
    try:
        async with asyncio.timeout(_READ_OUT_S):
            async for _ in body:
                pass
    except Exception as exc:  # noqa: BLE001 - the reply is whole, whatever comes behind it
        logger.debug("the connection is not kept: %s", type(exc).__name__)


async def next_within(parts: AsyncGenerator[Answer, None], deadline: float) -> Answer | None:
    """Return the next part, None at the end. Raises TimeoutError."""
    async with asyncio.timeout_at(deadline):
        return await anext(parts, None)


def _causes(exc: BaseException | None) -> Iterator[BaseException]:
    while exc is not None:
        yield exc
        exc = exc.__cause__
