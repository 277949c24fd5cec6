"""Reads a server's refusal: from an HTTP status and an error body, in whatever shape, to one error of our tree."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from thai_chat.backends import wording
from thai_chat.domain.backend_errors import (
    BackendDenied,
    BackendError,
    BackendFailed,
    BackendLoading,
    BackendMoved,
    ContextOverflow,
    EngineDead,
    ModelDenied,
    ModelNotFound,
    NoChatTemplate,
    NotOffered,
    QuotaExceeded,
    RateLimited,
    ReplyFiltered,
    UnsupportedParameter,
)
from thai_chat.domain.events import FILTERED

RESPONSES = "responses"
"""In `params["api"]`: the model answers the Responses API only."""
NO_SUCH_ROUTE = frozenset({404, 405, 501})
_LONGEST_S = 86_400.0
"""Whoever asks for more patience means never, or has the wrong clock."""
MESSAGE_CHARS = 2_000
"""The characters that are read of an error's words: patterns are matched against them."""
_FIGURE_DIGITS = 9
_PLAIN = re.compile(r"[^ -~]")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A server's refusal. `message` decides, but goes no further: it may quote the question or the key."""

    status: int
    message: str = ""
    code: str = ""
    kind: str = ""
    param: str = ""


def read_refusal(status: int, body: object) -> Refusal:
    """Read a refusal from the body of an error.

    Knows `{"error": {...}}`, `{"error": "..."}`, the bare `{"message": ...}` of older vLLM, FastAPI's `{"detail":
    ...}`, and plain text.
    """
    if isinstance(body, Mapping):
        inner = body.get("error", body)
        if isinstance(inner, Mapping):
            message = inner.get("message") or inner.get("detail") or ""
            return Refusal(
                status,
                message=_words(message),
                code=_word(inner.get("code")),
                kind=_word(inner.get("type")),
                param=_word(inner.get("param")).removeprefix("body.").partition("[")[0],  # "stop[0]", "body.stop"
            )
        return Refusal(status, message=_words(inner))
    return Refusal(status, message=_words(body) if isinstance(body, str) else "")


def failure(refusal: Refusal, *, retry_after: str | None = None, now: datetime | None = None) -> BackendError:
    """Return the error to raise for it. `retry_after` is the header's value, read against `now` when it is a date."""
    detail, status = _detail(refusal), refusal.status
    if 300 <= status < 400:
        return BackendMoved(detail, status=status)
    overflow = _overflow(refusal)
    if overflow is not None:
        return ContextOverflow(detail, **overflow)
    patience = _seconds(retry_after, now)
    return (
        _of_the_account(refusal, detail, patience)
        or _of_the_request(refusal, detail)
        or _of_the_server(refusal, detail, patience)
    )


def _of_the_account(refusal: Refusal, detail: str, patience: Mapping[str, float]) -> BackendError | None:
    if denied := _denied(refusal):
        return denied(detail)
    if refusal.status == 402 or refusal.code in wording.QUOTA_CODES:
        return QuotaExceeded(detail, **patience)
    if refusal.status == 429 or refusal.code in wording.RATE_CODES:
        return RateLimited(detail, **patience)
    return None


def _of_the_request(refusal: Refusal, detail: str) -> BackendError | None:
    if wording.RESPONSES_ONLY.search(refusal.message):
        return NotOffered(detail, api=RESPONSES)
    if wording.NO_CHAT_TEMPLATE.search(refusal.message):
        return NoChatTemplate(detail)
    if FILTERED in (refusal.code, refusal.kind):  # Azure, of the question
        return ReplyFiltered(detail)
    if _misses_a_model(refusal):
        return ModelNotFound(detail)
    return _refused_parameter(refusal) if refusal.status in (400, 422) else None


def _of_the_server(refusal: Refusal, detail: str, patience: Mapping[str, float]) -> BackendError:
    if refusal.status == 503 and wording.LOADING.search(refusal.message):
        return BackendLoading(detail, **patience)
    if wording.ENGINE_DEAD.search(refusal.message):
        return EngineDead(detail)
    return BackendFailed(detail, status=refusal.status, **patience)


def retry_after_of(headers: Mapping[str, str]) -> str | None:
    """Return the wait that a server asks for: OpenAI and Azure say it in milliseconds too, which is nearer."""
    try:
        return str(float(headers["retry-after-ms"]) / 1000)
    except (KeyError, ValueError):
        return headers.get("retry-after")


def retry_after_s(value: str | None, now: datetime | None = None) -> float | None:
    """Return a Retry-After header as seconds from `now`: it holds seconds or a date. None when it is missing or
    unreadable."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _seconds_until(value, now)
    return _patience(seconds) if math.isfinite(seconds) else None


def _seconds_until(value: str, now: datetime | None) -> float | None:
    try:
        at = parsedate_to_datetime(value)
        if at.tzinfo is None:
            return None
        return _patience((at - (now or datetime.now(at.tzinfo))).total_seconds())
    except (ValueError, OverflowError):  # no date, or one outside of the calendar
        return None


def _patience(seconds: float) -> float:
    return min(max(0.0, seconds), _LONGEST_S)


def _seconds(retry_after: str | None, now: datetime | None) -> dict[str, float]:
    seconds = retry_after_s(retry_after, now)
    return {} if seconds is None else {"retry_after_s": seconds}


def _overflow(refusal: Refusal) -> dict[str, int] | None:
    """Return the figures of a context overflow, as far as the server gives them; None when it is none."""
    for pattern in wording.CONTEXT_OVERFLOW:
        if found := pattern.search(refusal.message):
            figures = {
                name: int(digits)
                for name, digits in found.groupdict().items()
                if digits and len(digits) <= _FIGURE_DIGITS
            }
            reply = figures.pop("reply", 0)
            if "prompt" in figures:
                figures.setdefault("requested", figures["prompt"] + reply)
            return figures
    return {} if wording.OVERFLOW_CODES & {refusal.code, refusal.kind} else None


def _denied(refusal: Refusal) -> type[BackendDenied] | None:
    if wording.NOT_VERIFIED_TO_USE.search(refusal.message):
        return ModelDenied
    if refusal.status == 403 and refusal.code == "model_not_found":  # this project may not use it
        return ModelDenied
    return BackendDenied if refusal.status in (401, 403) else None


def _refused_parameter(refusal: Refusal) -> UnsupportedParameter | None:
    """Return the error of a refused parameter; None when the server complains of something else."""
    param, by_value = _param_of(refusal)
    if not param:
        return None
    by_value = by_value and not wording.ONLY_THE_DEFAULT.search(refusal.message)
    return UnsupportedParameter(_detail(refusal), param=param, refused="value" if by_value else "name")


def _param_of(refusal: Refusal) -> tuple[str, bool]:
    """Return the parameter's name, and whether it is only this value of it that is refused."""
    if refusal.param and refusal.code in wording.REFUSED_PARAMETER_CODES:
        return refusal.param, refusal.code in wording.REFUSED_VALUE_CODES
    if refusal.param and refusal.code in ("400", "422") and refusal.param not in wording.NOT_OPTIONAL:  # vLLM
        return refusal.param, True
    for patterns, by_value in ((wording.REFUSED_PARAMETER, False), (wording.REFUSED_VALUE, True)):
        for pattern in patterns:
            found = pattern.search(refusal.message)
            if found and found["param"] not in wording.NOT_OPTIONAL:
                return found["param"], by_value
    return "", False


def _misses_a_model(refusal: Refusal) -> bool:
    """Tell whether a model is missing: a wrong address gives 404 too, and its body may name a route with "models" in
    it."""
    if refusal.code == "model_not_found":
        return True
    return refusal.status == 404 and bool(wording.NO_SUCH_MODEL.search(refusal.message))


def _detail(refusal: Refusal) -> str:
    said = ", ".join(word for word in (refusal.code, refusal.kind, refusal.param) if word)
    return f"HTTP {refusal.status}" + (f" ({said})" if said else "")


def _words(value: object) -> str:
    return str(value)[:MESSAGE_CHARS]


def _word(value: object) -> str:
    """Return an identifier, and nothing that commands a terminal: it goes into the detail of the error."""
    return _PLAIN.sub("?", str(value)[:80]) if isinstance(value, str | int) else ""
