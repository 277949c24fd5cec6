"""The one translator from what the `ollama` client and the layers beneath it raise to our tree."""

from __future__ import annotations

import json

import aiohttp
import httpx
import ollama
import pydantic

from thai_chat.backends.failures import failure, read_refusal
from thai_chat.backends.translation import Translation, timeout_or_closed
from thai_chat.domain.errors import (
    BackendError,
    BackendFailed,
    BackendGarbled,
    BackendUnreachable,
    RateLimited,
)

_TIMEOUTS = (TimeoutError, httpx.TimeoutException)
_GARBLED = (json.JSONDecodeError, UnicodeError, pydantic.ValidationError, httpx.DecodingError, httpx.StreamError)
_UNREACHABLE = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError)


def translation(*, backend: str, model: str = "") -> Translation:
    return Translation(translate, backend=backend, model=model)


def translate(exc: Exception) -> type[BackendError] | BackendError | None:
    """None for what is no error of a server or of the network."""
    if isinstance(exc, ollama.ResponseError):
        # -1 is an error line inside a stream, whose status was 200.
        status = exc.status_code if exc.status_code > 0 else 500
        if status == 503:
            return RateLimited("its queue is full")
        return failure(read_refusal(status, {"error": exc.error}))
    if isinstance(exc, ollama.RequestError):
        return BackendFailed
    # Time-outs first: they are OSErrors too.
    if isinstance(exc, _TIMEOUTS):
        return timeout_or_closed(exc)
    if isinstance(exc, _GARBLED):
        return BackendGarbled
    if isinstance(exc, _UNREACHABLE):
        return BackendUnreachable
    return None
