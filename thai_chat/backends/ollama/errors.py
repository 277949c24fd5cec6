"""The one translator from what the `ollama` client and the layers beneath it raise to our tree."""

from __future__ import annotations

import aiohttp
import httpx
import ollama
import pydantic

from thai_chat.backends.bounds import is_page
from thai_chat.backends.failures import MESSAGE_CHARS, NO_SUCH_ROUTE, Refusal, failure, read_refusal
from thai_chat.backends.ollama import wording
from thai_chat.backends.translation import Translation, timeout_or_closed
from thai_chat.domain.backend_errors import (
    BackendBusy,
    BackendError,
    BackendFailed,
    BackendGarbled,
    BackendUnreachable,
    ModelNotFetched,
    ModelNotFound,
    ModelNotInRegistry,
    ModelTooLarge,
    UnsupportedParameter,
    WebPage,
)

_TIMEOUTS = (TimeoutError, httpx.TimeoutException)
# The client reads with Python's `json`, where 5,000 digits are a ValueError, and a deep nesting is a RecursionError.
_GARBLED = (ValueError, RecursionError, pydantic.ValidationError, httpx.DecodingError, httpx.StreamError)
_UNREACHABLE = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError)


def translation(*, backend: str, model: str = "") -> Translation:
    return Translation(translate, backend=backend, model=model)


def pull_translation(*, backend: str, model: str) -> Translation:
    """Return the translation for a fetch, where Ollama speaks of its registry and of its disk."""
    return Translation(_translate_pull, backend=backend, model=model)


def translate(exc: Exception) -> type[BackendError] | BackendError | None:
    """Return the error that stands for another library's; None for what is no error of a server or of the network."""
    if isinstance(exc, ollama.ResponseError):
        return _refusal(exc)
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


def _refusal(exc: ollama.ResponseError) -> BackendError:
    message = str(exc.error)[:MESSAGE_CHARS]
    # -1 is an error line inside a stream, whose status was 200.
    status = exc.status_code if exc.status_code > 0 else 500
    if status in NO_SUCH_ROUTE and is_page("", message):
        return WebPage(f"HTTP {status}")
    if told := told_by_ollama(status, message):
        return told
    error = failure(read_refusal(status, {"error": message}))
    if isinstance(error, ModelNotFound) or (exc.status_code <= 0 and wording.NO_MODEL.search(message)):
        return ModelNotFound(f"HTTP {status}", fetchable=True)
    return error


def told_by_ollama(status: int, message: str) -> BackendError | None:
    """Return the error that only Ollama words so; None for any other."""
    if status == 503 and wording.QUEUE_FULL.search(message):
        return BackendBusy("its queue is full")
    if wording.NO_MEMORY.search(message):
        return ModelTooLarge(f"HTTP {status}")
    if refused := wording.NOT_SUPPORTED.search(message):
        return UnsupportedParameter(f"HTTP {status}", param=refused["param"])
    if refused := wording.WRONG_TYPE.search(message):
        return UnsupportedParameter(f"HTTP {status}", param=refused["param"], refused="value")
    return None


def read_for_program(refusal: Refusal) -> BackendError | None:
    """Return what Ollama's own words stand for, where its part that speaks OpenAI's protocol says them."""
    return told_by_ollama(refusal.status, refusal.message)


def _translate_pull(exc: Exception) -> type[BackendError] | BackendError | None:
    if isinstance(exc, ollama.ResponseError):
        unknown = wording.NOT_IN_REGISTRY.search(str(exc.error)[:MESSAGE_CHARS])
        return ModelNotInRegistry() if unknown else ModelNotFetched(f"HTTP {exc.status_code}")
    return translate(exc)
