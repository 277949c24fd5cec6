"""The one translator from what the `openai` client and the layers beneath it raise to our tree."""

from __future__ import annotations

import aiohttp
import httpx2
import openai
import orjson
import pydantic

from thai_chat.backends.bounds import is_page
from thai_chat.backends.failures import NO_SUCH_ROUTE, failure, read_refusal, retry_after_of
from thai_chat.backends.translation import Translation, timeout_or_closed
from thai_chat.domain.backend_errors import BackendError, BackendFailed, BackendGarbled, BackendUnreachable, WebPage

_TIMEOUTS = (TimeoutError, openai.APITimeoutError, httpx2.TimeoutException)
_GARBLED = (
    openai.APIResponseValidationError,
    openai.InvalidWebhookSignatureError,
    orjson.JSONDecodeError,
    UnicodeError,
    pydantic.ValidationError,
    httpx2.DecodingError,
    httpx2.StreamError,
)
_UNREACHABLE = (openai.APIConnectionError, httpx2.HTTPError, httpx2.InvalidURL, aiohttp.ClientError, OSError)


def translation(*, backend: str, model: str = "") -> Translation:
    return Translation(translate, backend=backend, model=model)


def translate(exc: Exception) -> type[BackendError] | BackendError | None:
    """Return the error that stands for another library's; None for what is no error of a server or of the network."""
    if isinstance(exc, openai.APIStatusError):
        if exc.status_code in NO_SUCH_ROUTE and is_page(
            exc.response.headers.get("content-type", ""), exc.response.text
        ):
            return WebPage(f"HTTP {exc.status_code}")
        return failure(read_refusal(exc.status_code, exc.body), retry_after=retry_after_of(exc.response.headers))
    # Time-outs first: they are connection errors, and OSErrors, too.
    if isinstance(exc, _TIMEOUTS):
        return timeout_or_closed(exc)
    if isinstance(exc, _GARBLED):
        return BackendGarbled
    if isinstance(exc, _UNREACHABLE):
        return BackendUnreachable
    if isinstance(exc, openai.OpenAIError):
        return BackendFailed
    return None
