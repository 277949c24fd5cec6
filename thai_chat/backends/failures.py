"""Reads a server's refusal: from an HTTP status and an error body, in whatever shape, to one error of our tree."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from thai_chat.domain.errors import (
    BackendDenied,
    BackendError,
    BackendFailed,
    BackendLoading,
    ContextOverflow,
    ModelNotFound,
    RateLimited,
    UnsupportedParameter,
)
from thai_chat.routing import quirks


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the server said. `message` decides, but goes no further: it may quote the question or the key."""

    status: int
    message: str = ""
    code: str = ""
    kind: str = ""
    param: str = ""


def read_refusal(status: int, body: object) -> Refusal:
    """Knows `{"error": {...}}`, `{"error": "..."}`, the bare `{"message": ...}` of older vLLM, and plain text."""
    if isinstance(body, Mapping):
        inner = body.get("error", body)
        if isinstance(inner, Mapping):
            message = inner.get("message") or ""
            return Refusal(
                status,
                message=str(message),
                code=_word(inner.get("code")),
                kind=_word(inner.get("type")),
                param=_word(inner.get("param")),
            )
        return Refusal(status, message=str(inner))
    return Refusal(status, message=body if isinstance(body, str) else "")


def failure(refusal: Refusal, *, retry_after: str | None = None, now: datetime | None = None) -> BackendError:
    """The error to raise for it. `retry_after` is the header's value, read against `now` when it is a date."""
    detail, status = _detail(refusal), refusal.status
    overflow = _overflow(refusal)
    if overflow is not None:
        return ContextOverflow(detail, **overflow)
    if status in (401, 403) or quirks.NOT_VERIFIED_TO_USE.search(refusal.message):
        return BackendDenied(detail)
    if status == 429:
        return RateLimited(detail, **_seconds(retry_after, now))
    if _misses_a_model(refusal):
        return ModelNotFound(detail)
    if status in (400, 422) and (param := _refused_parameter(refusal)):
        return UnsupportedParameter(detail, param=param)
    if status == 503 and quirks.LOADING.search(refusal.message):
        return BackendLoading(detail)
    return BackendFailed(detail, status=status)


def retry_after_s(value: str | None, now: datetime | None = None) -> float | None:
    """A Retry-After header as seconds from `now`: it holds seconds or a date. None when it is missing or unreadable."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _seconds_until(value, now)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _seconds_until(value: str, now: datetime | None) -> float | None:
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    return max(0.0, (at - (now or datetime.now(at.tzinfo))).total_seconds())


def _seconds(retry_after: str | None, now: datetime | None) -> dict[str, float]:
    seconds = retry_after_s(retry_after, now)
    return {} if seconds is None else {"retry_after_s": seconds}


def _overflow(refusal: Refusal) -> dict[str, int] | None:
    """The figures of a context overflow, as far as the server gives them; None when it is none."""
    for pattern in quirks.CONTEXT_OVERFLOW:
        if found := pattern.search(refusal.message):
            names = {"window": "context_window", "asked": "asked_tokens"}
            return {names[name]: int(digits) for name, digits in found.groupdict().items() if digits}
    return {} if quirks.OVERFLOW_CODES & {refusal.code, refusal.kind} else None


def _refused_parameter(refusal: Refusal) -> str:
    """The outermost name of the parameter that the server refuses; empty when it complains of something else."""
    if refusal.param and refusal.code in quirks.REFUSED_PARAMETER_CODES:
        return refusal.param.partition(".")[0]
    for pattern in quirks.REFUSED_PARAMETER:
        if found := pattern.search(refusal.message):
            return found["param"].partition(".")[0]
    return ""


def _misses_a_model(refusal: Refusal) -> bool:
    """A wrong address gives 404 too, but its body does not speak of a model."""
    if refusal.code == "model_not_found":
        return True
    return refusal.status == 404 and "model" in refusal.message.lower()


def _detail(refusal: Refusal) -> str:
    said = ", ".join(word for word in (refusal.code, refusal.kind, refusal.param) if word)
    return f"HTTP {refusal.status}" + (f" ({said})" if said else "")


def _word(value: object) -> str:
    return str(value)[:80] if isinstance(value, str | int) else ""
