"""What the adapters' translators share: where they stand, and what the network below them raises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TypeAlias

import aiohttp

from thai_chat.domain.errors import BackendError, BackendTimeout, BackendUnreachable

Translator: TypeAlias = Callable[[Exception], type[BackendError] | BackendError | None]


class Translation:
    """A context around calls and around iteration: everything that leaves it says which backend and model it was.

    Cancellation and bugs pass through as they are.
    """

    __slots__ = ("_backend", "_model", "_translate")

    def __init__(self, translate: Translator, *, backend: str, model: str = "") -> None:
        """`translate` gives None for what no server and no network causes."""
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
    """The aiohttp transports call a connection that the server closed a time-out; the causes tell which it was."""
    for cause in _causes(exc):
        if isinstance(cause, aiohttp.ClientConnectionError) and not isinstance(cause, TimeoutError):
            return BackendUnreachable
    return BackendTimeout


def was_closed(exc: Exception) -> bool:
    """Whether a connection that was there was closed. A kept one may be, just when the next request goes out on it."""
    closed = (ConnectionResetError, BrokenPipeError, aiohttp.ServerDisconnectedError)
    return any(isinstance(cause, closed) for cause in _causes(exc))


def _causes(exc: BaseException | None) -> Iterator[BaseException]:
    while exc is not None:
        yield exc
        exc = exc.__cause__
