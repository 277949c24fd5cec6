"""The form of errors that OpenAI's clients know, for every address below `/v1`."""

from __future__ import annotations

from collections.abc import Mapping

from thai_chat.domain.json_types import JsonObject

_CODES: Mapping[str, str] = {
    "sign_in_needed": "invalid_api_key",
    "unknown_model": "model_not_found",
    "unknown_backend": "model_not_found",
    "not_found": "unknown_url",
    "context_overflow": "context_length_exceeded",
    "too_many_requests": "rate_limit_exceeded",
    "too_many_replies": "rate_limit_exceeded",
    "rate_limited": "rate_limit_exceeded",
    "backend_busy": "rate_limit_exceeded",
    "quota_used_up": "insufficient_quota",
    "quota_exceeded": "insufficient_quota",
    "reply_filtered": "content_filter",
}
"""OpenAI's words for our codes, where clients know one; the others are given as they are."""
_TYPES: Mapping[int, str] = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
NO_RETRY = {"x-should-retry": "false"}
"""The header by which the official clients are told that trying again is for nothing."""


def is_openai_path(path: str) -> bool:
    return path == "/v1" or path.startswith("/v1/")


def openai_error(code: str, message: str, status: int, *, param: str | None = None, kind: str = "") -> JsonObject:
    """Return what an error in OpenAI's form says. `code` is ours, or a model server's own; `kind` is its `type`."""
    type_ = kind or _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"message": message, "type": type_, "param": param, "code": _CODES.get(code, code)}
