"""The errors that a route answers with, as the description of the API has them.

A route names them by their classes, `responses=refuses(SessionNotFound, ReplyRunning)`; `api/openapi.py` adds those
that any route of its kind answers with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from thai_chat import texts
from thai_chat.api.errors import kind_of, status_of
from thai_chat.domain.errors import BadInput, BadOption, LimitReached, ThaiChatError
from thai_chat.domain.messages import MAX_QUESTION_CHARS
from thai_chat.domain.openai_shape import openai_error

Responses = dict[int | str, dict[str, Any]]
BAD_FIELDS = "bad_fields"
"""The name among examples of a BadInput that names the fields."""

_PARAMS: dict[str, Any] = {
    "account": "somchai",
    "allowed": "0 ≤ temperature ≤ 2",
    "answered": "ollama",
    "asked": "vllm",
    "backend": "vllm",
    "limit": 50,
    "limit_mb": 4,
    "limit_kb": 200,
    "least": 8,
    "megabytes": 10,
    "model": "my-thai-model",
    "name": "If-Match",
    "names": "rating",
    "most": 200,
    "param": "temperature",
    "retry_after_s": 20,
    "seconds": 60,
    "scope": "chat",
    "what": "requests_minute",
    "chars": 50,
    "count": 3,
    "fields": "limit (≥ 1, ≤ 200)",
    "why": "tokens_day_used_up",
}
"""Params of the examples."""
_OWN: dict[str, dict[str, Any]] = {
    "already_made": {"id": "0199a1b2-0000-7000-8000-000000000000"},
    "bad_tag": {"header": "If-Match"},
    "question_too_long": {"limit": MAX_QUESTION_CHARS},
    "import_refused": {"place": "conversations.json", "why": "import_no_file"},
    "http_405": {"allowed": "GET, HEAD, OPTIONS"},
    "sent_too_much": {"count": 100},
    "foreign_host": {"name": "chat.example.org", "why": "name_not_set"},
}


def refuses(*errors: type[ThaiChatError], status: Callable[[type[ThaiChatError], int], int] | None = None) -> Responses:
    """Return the `responses=` of a route that can fail with `errors`: by status, with an example for each code.

    `status` gives a class another status than it has elsewhere.
    """
    by_status: dict[int, list[str]] = {}
    for kind in errors:
        elsewhere = status_of(kind)
        by_status.setdefault(status(kind, elsewhere) if status else elsewhere, []).append(kind.code)
    return {status: refusal(codes) for status, codes in sorted(by_status.items())}


def refusal(codes: Iterable[str]) -> dict[str, Any]:
    """Return the description of an answer whose `error.code` is one of `codes`; `components` has its parts."""
    named = list(dict.fromkeys(codes))
    return {
        "description": f"Refused: {', '.join(dict.fromkeys(f'`{_said(code)}`' for code in named))}",
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/Error"},
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in named},
            }
        },
    }


def codes_of(response: dict[str, Any]) -> list[str]:
    """Return the codes of an answer that `refusal` has described; none for any other."""
    examples = response.get("content", {}).get("application/json", {}).get("examples", {})
    return [code for code, one in examples.items() if one.get("$ref") == f"#/components/examples/{code}"]


def error_example(code: str) -> dict[str, Any]:
    """Return the example of a code: a component of the description."""
    kind = kind_of(code)
    body: dict[str, Any] = {"code": _said(code), "message": _words(code)}
    if issubclass(kind, BadOption):
        body["param"] = _PARAMS["param"]
    if issubclass(kind, LimitReached):
        body["what"] = _PARAMS["what"]
    return {"summary": code, "value": {"error": body}}


def _said(code: str) -> str:
    """Return the code in the answer that an example shows: one code has several examples where its words differ."""
    return BadInput.code if code == BAD_FIELDS else code


def _words(code: str) -> str:
    return texts.text(code, "en", {**_PARAMS, **_OWN.get(code, {})})


def in_openai_form(responses: dict[str, Any]) -> dict[str, Any]:
    """Turn the refusals among the answers of an operation below `/v1` into OpenAI's form, and return their examples."""
    made: dict[str, Any] = {}
    for status, response in responses.items():
        examples = {}
        for code in codes_of(response):
            said = openai_error(_said(code), _words(code), int(status))
            made[f"openai_{code}_{status}"] = {"summary": str(said["code"]), "value": {"error": said}}
            examples[code] = {"$ref": f"#/components/examples/openai_{code}_{status}"}
        if examples:
            content = {"schema": {"$ref": "#/components/schemas/OpenAIError"}, "examples": examples}
            responses[status] = {**response, "content": {"application/json": content}}
    return made


OPENAI_ERROR: dict[str, Any] = {
    "title": "OpenAIError",
    "description": "Every answer of 400 and above below `/v1` has this form, which OpenAI's clients know.",
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "title": "OpenAIErrorDetail",
            "description": "What went wrong",
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string", "description": "For people"},
                "type": {"type": "string", "description": "Its kind, such as `invalid_request_error`"},
                "param": {"type": ["string", "null"], "description": "The field of the request that it is about"},
                "code": {"type": ["string", "null"], "description": "OpenAI's code where it has one, else ours"},
            },
        }
    },
    "example": {"error": openai_error("unknown_model", texts.text("unknown_model", "en"), 404, param="model")},
}
ERROR: dict[str, Any] = {
    "title": "Error",
    "description": "Every answer of 400 and above has this form.",
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "title": "ErrorDetail",
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "What went wrong; it stays the same between versions"},
                "message": {"type": "string", "description": "For people, in the language of Accept-Language"},
                "param": {"type": "string", "description": "The option that was refused, where it was one"},
                "what": {"type": "string", "description": "The limit that was reached, where it was one"},
            },
        }
    },
    "example": {
        "error": {"code": "session_not_found", "message": texts.text("session_not_found", "en")},
    },
}
