"""Errors below `/v1`: OpenAI's form, with the status by which its clients choose the class to raise."""

from __future__ import annotations

from fastapi.responses import JSONResponse

from thai_chat import texts
from thai_chat.api.wording import message_of
from thai_chat.domain.backend_errors import (
    BackendLoading,
    BackendTimeout,
    BackendUnreachable,
    ContextOverflow,
    ModelNotFound,
    NoChatTemplate,
    NotOffered,
    QuotaExceeded,
    ReplyCut,
    ReplyFiltered,
    UnsupportedParameter,
)
from thai_chat.domain.errors import BadOption, QuotaUsedUp, ThaiChatError
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.openai_errors import AnswerStopped
from thai_chat.domain.openai_shape import NO_RETRY, openai_error
from thai_chat.domain.relay_errors import RelayRefused
from thai_chat.domain.retrying import retry_after_s
from thai_chat.texts import Language

_STATUS: tuple[tuple[type[ThaiChatError], int], ...] = (
    (ModelNotFound, 404),
    (NotOffered, 404),
    (ContextOverflow, 400),
    (UnsupportedParameter, 400),
    (ReplyFiltered, 400),
    (NoChatTemplate, 400),
    (BackendTimeout, 504),
    (BackendLoading, 503),
    (BackendUnreachable, 503),
    (AnswerStopped, 503),
)
"""The errors of model servers that tell a program something about its own request, and those that pass."""
_MODEL = ("unknown_model", "unknown_backend", "model_not_found")
CUT = "answer_cut"
"""The text of a connection that broke: what came is kept nowhere here, as it is on the page."""
PASSED_ON = (400, 404, 409, 413, 415, 422)
"""The statuses of a model server that are about what the program asked. Any other is between this server and that."""


def response(error: ThaiChatError, status: int, language: Language) -> JSONResponse:
    """Answer with an error; `status` is the one that it has elsewhere."""
    status = _status(error, status)
    wait_s = retry_after_s(type(error), status, error.params)
    extra = {} if wait_s is None else {"Retry-After": str(wait_s)}
    if isinstance(error, QuotaUsedUp | QuotaExceeded | AnswerStopped):
        extra |= NO_RETRY  # clients try again after seconds: a quota takes hours, and who stops an answer wants none
    if status == 401:
        extra["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body(error, status, language), status, extra)


def body(error: ThaiChatError, status: int, language: Language) -> JsonObject:
    """Return the error as the answer's body has it, and the last event of a stream that breaks."""
    return {"error": told(error, status, language)}


def told(error: ThaiChatError, status: int, language: Language) -> JsonObject:
    """Return message, type, param and code."""
    status = _status(error, status)
    message = texts.text(CUT, language, error.params) if isinstance(error, ReplyCut) else message_of(error, language)
    if isinstance(error, RelayRefused):
        words = error.words
        return openai_error(
            words.code or error.code, words.message or message, status, param=words.param or None, kind=words.type
        )
    return openai_error(error.code, message, status, param=_param(error))


def status_of_kind(kind: type[ThaiChatError], elsewhere: int) -> int:
    """Return the status of a class of errors below `/v1`."""
    return next((own for known, own in _STATUS if issubclass(kind, known)), elsewhere)


def _status(error: ThaiChatError, status: int) -> int:
    if isinstance(error, RelayRefused):
        return error.words.status if error.words.status in PASSED_ON else 400
    return status_of_kind(type(error), status)


def _param(error: ThaiChatError) -> str | None:
    if error.code in _MODEL:
        return "model"
    if isinstance(error, BadOption | UnsupportedParameter):
        return str(error.params.get("param", "")) or None
    fields = str(error.params.get("unknown") or error.params.get("fields", ""))
    return fields if fields and "," not in fields else None
