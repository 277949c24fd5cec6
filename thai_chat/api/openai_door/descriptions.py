"""Describes the bodies that programs send below `/v1`, and the answers.

Only what is read here is described: all else in a body goes through to the model server as it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thai_chat.api.openai_door.errors import PASSED_ON, status_of_kind
from thai_chat.api.refusing import codes_of, refusal, refuses
from thai_chat.domain.backend_errors import BackendError
from thai_chat.domain.error_tree import kinds
from thai_chat.domain.errors import (
    BadInput,
    HistoryRefused,
    InvalidIdentifier,
    QuotaUsedUp,
    ReplyRunning,
    SessionNotFound,
    ThaiChatError,
    TooManyReplies,
    UnknownBackend,
    UnknownModel,
)
from thai_chat.domain.openai_errors import AnswerStopped, NotAnObject, NotKept, NotTaken, TooManyValues
from thai_chat.domain.ports.relay import RelayKind
from thai_chat.domain.relay_errors import RelayRefused

_MODEL = {"type": "string", "description": "`backend/model`, as `GET /v1/models` has it, or the model's bare name"}
_STREAM = {"type": "boolean", "default": False, "description": "Answer as server-sent events, each part as it comes"}
_METADATA = {
    "type": "object",
    "description": "`session_id`, a UUID or `new`, keeps the turn in that session. The rest goes to the model server",
    "properties": {"session_id": {"type": "string", "description": "A UUID, or `new`"}},
}
_MESSAGES = {
    "type": "array",
    "description": "The conversation in OpenAI's form, oldest first: texts, pictures, calls of tools and their results",
    "items": {"type": "object", "description": "A message, with `role` and `content`"},
}
_INPUT = {"description": "What is asked, in OpenAI's form"}


def _body(example: dict[str, Any], **properties: object) -> dict[str, Any]:
    schema = {
        "type": "object",
        "required": ["model", *(name for name in ("messages", "input") if name in properties)],
        "properties": {"model": _MODEL, **properties},
        "additionalProperties": True,
        "description": "All other fields go to the model server as they are",
    }
    return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}


_KINDS: tuple[type[ThaiChatError], ...] = (
    *(BadInput, NotAnObject, TooManyValues, NotKept, NotTaken, InvalidIdentifier, UnknownModel, UnknownBackend),
    *(AnswerStopped, SessionNotFound, ReplyRunning, TooManyReplies, QuotaUsedUp, HistoryRefused),
    *kinds(BackendError),
)
_REFUSED = refuses(*_KINDS, status=status_of_kind)
for _status in PASSED_ON:
    _REFUSED[_status] = refusal([*codes_of(_REFUSED.get(_status, {})), RelayRefused.code])


def _answer(what: str, *, streams: bool) -> dict[int | str, dict[str, Any]]:
    content: dict[str, Any] = {
        "application/json": {"schema": {"type": "object", "description": what, "additionalProperties": True}}
    }
    if streams:
        content["text/event-stream"] = {"schema": {"description": "With `stream`: parts as events"}}
    return {200: {"description": what, "content": content}, **_REFUSED}


BODIES: Mapping[RelayKind, dict[str, Any]] = {
    RelayKind.CHAT: _body(
        {"model": "vllm/typhoon2-8b", "messages": [{"role": "user", "content": "สวัสดี"}]},
        messages=_MESSAGES,
        stream=_STREAM,
        metadata=_METADATA,
    ),
    RelayKind.EMBEDDINGS: _body({"model": "ollama/bge-m3", "input": ["ข้าวมันไก่"]}, input=_INPUT),
    RelayKind.RESPONSES: _body({"model": "openai/gpt-5.1", "input": "สวัสดี"}, input=_INPUT, stream=_STREAM),
}
ANSWERS: Mapping[RelayKind, dict[int | str, dict[str, Any]]] = {
    RelayKind.CHAT: _answer("A chat completion, as OpenAI's API has it", streams=True),
    RelayKind.EMBEDDINGS: _answer("A list of embeddings, as OpenAI's API has it", streams=False),
    RelayKind.RESPONSES: _answer("A response, as OpenAI's API has it", streams=True),
}
