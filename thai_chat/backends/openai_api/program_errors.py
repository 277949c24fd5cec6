"""Tells a refusal that a program has brought on itself, and gives it the server's words about it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from thai_chat.backends.failures import MESSAGE_CHARS, RESPONSES, Refusal
from thai_chat.domain.backend_errors import (
    BackendError,
    BackendFailed,
    ContextOverflow,
    NotOffered,
    ReplyFiltered,
    UnsupportedParameter,
)
from thai_chat.domain.relay_errors import RelayRefused, ServerWords

_ASKED_WRONGLY = frozenset({400, 413, 415, 422})
_KEPT = _ASKED_WRONGLY | {404, 409}
"""The statuses that a program hears; any other becomes 400."""
OVERFLOW = "context_length_exceeded"
"""OpenAI's code, by which programs know that they have to send less."""
_KEY = re.compile(r"\bsk-[\w*.-]{6,}|\bBearer +[^\s\"']+", re.IGNORECASE)
_HIDDEN = "***"


def error_for_program(error: BackendError, refusal: Refusal, *, secrets: Sequence[str]) -> BackendError:
    """Return `error`; in its place RelayRefused when it is about what the program asked."""
    if not _is_about_the_request(error, refusal):
        return error
    code = refusal.code
    if isinstance(error, ContextOverflow) and not code.strip("0123456789"):
        code = OVERFLOW
    words = ServerWords(
        status=refusal.status if refusal.status in _KEPT else 400,
        message=_without(refusal.message, secrets),
        type=_without(refusal.kind, secrets),
        param=_without(refusal.param, secrets),
        code=_without(code, secrets),
    )
    return RelayRefused(f"HTTP {refusal.status}, {error.code}", words=words)


def _is_about_the_request(error: BackendError, refusal: Refusal) -> bool:
    match error:
        case ContextOverflow() | UnsupportedParameter() | ReplyFiltered():
            return True
        case NotOffered():
            return error.params.get("api") == RESPONSES  # it says by which route the model is asked
        case BackendFailed():
            return type(error) is BackendFailed and refusal.status in _ASKED_WRONGLY
    return False


def _without(text: str, secrets: Sequence[str]) -> str:
    """Return a text without keys: neither ours nor what looks like one."""
    if len(text) >= MESSAGE_CHARS and secrets:
        text = text[: -max(map(len, secrets))]  # the last one may be cut short, and be found no more
    for secret in secrets:
        text = text.replace(secret, _HIDDEN)
    return _KEY.sub(_HIDDEN, text)
