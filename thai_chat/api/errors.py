"""Errors as clients see them: `{"error": {"code", "message"}}` in their language, without a trace of the inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from thai_chat import texts
from thai_chat.api.openai_door import errors as openai_errors
from thai_chat.api.parameters import listed
from thai_chat.api.wording import UNFIT, message_of
from thai_chat.domain.account_errors import (
    AlreadyTakenOver,
    ChatsArePrivate,
    DisabledAccount,
    FreshSignInNeeded,
    LastAdministrator,
    NameTaken,
    NotAdministrator,
    NothingTakenOver,
    PasswordsOff,
    ScopeTooSmall,
    SignInNeeded,
    SignUpClosed,
    TooManyAttempts,
    TooManyKeys,
    WrongCredentials,
    WrongPassword,
)
from thai_chat.domain.backend_errors import BackendDenied, BackendError, BackendTimeout, NoBackend, RateLimited
from thai_chat.domain.error_tree import kinds
from thai_chat.domain.errors import (
    BadInput,
    BadOption,
    BodyTooLarge,
    BodyTooSlow,
    HistoryError,
    HistoryRefused,
    ImportStopped,
    ImportTooLarge,
    LimitReached,
    MessageOnOtherBranch,
    NewerMessages,
    NotFound,
    QuestionTooLong,
    ReplyRunning,
    ThaiChatError,
    UnreadableText,
    WrongMethod,
)
from thai_chat.domain.events import Failed
from thai_chat.domain.messages import MAX_QUESTION_CHARS
from thai_chat.domain.openai_shape import is_openai_path
from thai_chat.domain.openid_errors import LastWayIn, OpenIdError, OpenIdUnavailable
from thai_chat.domain.repeating_errors import AlreadyMade, ChangedMeanwhile, KeyReused
from thai_chat.domain.retrying import retry_after_s
from thai_chat.domain.sent_errors import SentTooMuch
from thai_chat.domain.share_errors import SharePasswordNeeded, ShareTooLarge, TooManyShares
from thai_chat.domain.temporary_errors import TemporaryBusy, TemporaryFull, TemporaryOver
from thai_chat.domain.webhook_errors import TooManyWebhooks, WebhookSecretLost, WebhooksOff
from thai_chat.texts import Language

_STATUS: tuple[tuple[type[ThaiChatError], int], ...] = (
    (QuestionTooLong, 413),
    (ShareTooLarge, 413),
    (ImportTooLarge, 413),
    (BodyTooLarge, 413),
    (SentTooMuch, 413),
    (BodyTooSlow, 408),
    (NameTaken, 409),
    (WrongMethod, 405),
    (BadInput, 400),
    (NotFound, 404),
    (OpenIdUnavailable, 503),
    (OpenIdError, 403),
    (ReplyRunning, 409),
    (NewerMessages, 409),
    (MessageOnOtherBranch, 409),
    (KeyReused, 422),
    (AlreadyMade, 409),
    (ChangedMeanwhile, 412),
    (LastAdministrator, 409),
    (LastWayIn, 409),
    (DisabledAccount, 409),
    (AlreadyTakenOver, 409),
    (NothingTakenOver, 409),
    (SignUpClosed, 403),
    (PasswordsOff, 403),
    (TooManyKeys, 409),
    (SignInNeeded, 401),
    (WrongCredentials, 401),
    (WrongPassword, 403),
    (FreshSignInNeeded, 403),
    (TooManyAttempts, 429),
    (ScopeTooSmall, 403),
    (NotAdministrator, 403),
    (ChatsArePrivate, 403),
    (LimitReached, 429),
    (SharePasswordNeeded, 403),
    (TooManyWebhooks, 409),
    (WebhooksOff, 409),
    (WebhookSecretLost, 503),
    (TooManyShares, 409),
    (TemporaryOver, 409),
    (TemporaryFull, 409),
    (TemporaryBusy, 503),
    (ImportStopped, 503),
    (NoBackend, 503),
    (BackendTimeout, 504),
    (RateLimited, 429),
    (BackendDenied, 502),
    (BackendError, 502),
    (HistoryRefused, 400),
    (HistoryError, 503),
)


_BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "min_length": "≥", "max_length": "≤"}


_KINDS = {kind.code: kind for kind in kinds()}


def kind_of(code: str) -> type[ThaiChatError]:
    """Return the class of a code; that of an unexpected error for a code that has none."""
    return _KINDS.get(code, ThaiChatError)


def status_of(kind: type[ThaiChatError]) -> int:
    return next((status for known, status in _STATUS if issubclass(kind, known)), 500)


def language_of(request: HTTPConnection) -> Language:
    return texts.language_for(request.headers)


def response(error: ThaiChatError, request: HTTPConnection) -> JSONResponse:
    status, language = status_of(type(error)), language_of(request)
    if is_openai_path(request.url.path):
        return openai_errors.response(error, status, language)
    body = {"code": error.code, "message": message_of(error, language)}
    if isinstance(error, BadOption):
        body["param"] = str(error.params["param"])
    if isinstance(error, LimitReached):
        body["what"] = str(error.params["what"])
    return JSONResponse({"error": body}, status, retry_after(type(error), error.params))


def failed(result: Failed, request: Request) -> JSONResponse:
    """Answer for a reply that ended in an error: question and part are stored."""
    kind = kind_of(result.code)
    message = texts.text(result.code, language_of(request), result.params)
    headers = retry_after(kind, result.params)
    return JSONResponse({"error": {"code": result.code, "message": message}}, status_of(kind), headers)


def retry_after(kind: type[ThaiChatError], params: Mapping[str, object]) -> dict[str, str]:
    """Return the header that says when to ask again; none for an error that waiting does not mend."""
    wait_s = retry_after_s(kind, status_of(kind), params)
    return {} if wait_s is None else {"Retry-After": str(wait_s)}


def _field(problem: Mapping[str, Any]) -> str:
    """Return the field's name and what it may be, where that is a bound."""
    names = [part for part in problem["loc"] if isinstance(part, str)]  # a number is a place in a list
    name, bounds = names[-1] if names else problem["loc"][-1], problem.get("ctx", {})
    allowed = [f"{sign} {bounds[kind]}" for kind, sign in _BOUNDS.items() if kind in bounds]
    return f"{name} ({', '.join(allowed)})" if allowed else str(name)


def _unfit(problems: Sequence[Mapping[str, Any]]) -> BadInput:
    """Name the fields that don't exist or, where all do, those that can't be what they are."""
    if any(
        (problem["loc"] == ("body",) and problem["type"] != UNFIT) or problem["type"] == "json_invalid"
        for problem in problems
    ):
        return BadInput(no_json_object=True)
    if unknown := {str(problem["loc"][-1]) for problem in problems if problem["type"] == "extra_forbidden"}:
        return BadInput(unknown=listed(unknown))
    if told := next((problem["ctx"] for problem in problems if problem["type"] == UNFIT), None):
        return BadInput(**told)
    return BadInput(fields=listed({_field(problem) for problem in problems if problem["loc"]}))


def _said_by_starlette(error: HTTPException) -> ThaiChatError | None:
    """Return our own error for one of Starlette's or of the gate's body; None where there is none."""
    match error.status_code:
        case 400:  # a body that can't be read
            return BadInput(no_json_object=True)
        case 404:
            return NotFound()
        case 408:
            return BodyTooSlow()
        case 413 if error.detail == BodyTooLarge.code:
            return BodyTooLarge()
        case 413:
            return QuestionTooLong(limit=MAX_QUESTION_CHARS)
    return None


def install(app: FastAPI) -> None:
    @app.exception_handler(ThaiChatError)
    async def known(request: Request, exc: ThaiChatError) -> JSONResponse:
        return response(exc, request)

    @app.exception_handler(RequestValidationError)
    async def unfit(request: Request, exc: RequestValidationError) -> JSONResponse:
        # The errors' inputs stay out: they are what somebody wrote, and may not even be encodable.
        if any(problem["type"] == "string_unicode" for problem in exc.errors()):
            return response(UnreadableText(), request)
        return response(_unfit(exc.errors()), request)

    @app.exception_handler(HTTPException)
    async def http(request: Request, exc: HTTPException) -> JSONResponse:
        if said := _said_by_starlette(exc):
            return response(said, request)
        body = {"code": f"http_{exc.status_code}", "message": str(exc.detail)}
        return JSONResponse({"error": body}, exc.status_code, exc.headers)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, exc: Exception) -> JSONResponse:
        # Starlette raises it again for the server, which logs where it happened.
        return response(ThaiChatError(), request)
