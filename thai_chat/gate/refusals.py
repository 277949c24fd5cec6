"""Refusals of the gate, in the one form that all errors have: `{"error": {"code", "message"}}`."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import Scope

from thai_chat import texts
from thai_chat.domain.errors import (
    BadEvent,
    BodyTooSlow,
    ForeignHost,
    ForeignSite,
    ImportTooLarge,
    NotFound,
    QuestionTooLong,
    ServerBusy,
    ThaiChatError,
    WrongMethod,
)

_STATUS: dict[type[ThaiChatError], int] = {
    ForeignHost: 400,
    ForeignSite: 403,
    NotFound: 404,
    QuestionTooLong: 413,
    ImportTooLarge: 413,
    ServerBusy: 503,
    WrongMethod: 405,
    BadEvent: 400,
    BodyTooSlow: 408,
}


def refusal(error: ThaiChatError, scope: Scope) -> JSONResponse:
    """Return the answer to a request that `error` says is refused, in the reader's language."""
    language = texts.language_of(Headers(scope=scope).get("accept-language", ""))
    body = {"code": error.code, "message": texts.text(error.code, language, error.params)}
    headers = {"Allow": str(error.params["allowed"])} if isinstance(error, WrongMethod) else None
    return JSONResponse({"error": body}, _STATUS[type(error)], headers)
