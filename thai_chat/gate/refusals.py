"""Refusals of the gate: a page for who opens an address, else `{"error": {"code", "message"}}`, as all errors."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TypeGuard
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import Scope

from thai_chat import texts
from thai_chat.domain.account_errors import (
    NotAdministrator,
    ScopeTooSmall,
    SignInNeeded,
    SignInUnavailable,
)
from thai_chat.domain.errors import (
    BadEvent,
    BadInput,
    BodyTooLarge,
    BodyTooSlow,
    ForeignHost,
    ForeignSite,
    HistoryUnavailable,
    ImportTooLarge,
    NoSuchRange,
    NotFound,
    OtherAccount,
    QuestionTooLong,
    ServerBusy,
    ThaiChatError,
    TooManyRequests,
    WrongMethod,
)
from thai_chat.domain.openai_shape import is_openai_path, openai_error
from thai_chat.domain.retrying import retry_after_s
from thai_chat.gate.headers import STRICT
from thai_chat.gate.pages import hash_of
from thai_chat.gate.people import has_key

_STATUS: dict[type[ThaiChatError], int] = {
    ForeignHost: 400,
    ForeignSite: 403,
    OtherAccount: 403,
    NotFound: 404,
    QuestionTooLong: 413,
    BodyTooLarge: 413,
    ImportTooLarge: 413,
    ServerBusy: 503,
    WrongMethod: 405,
    NoSuchRange: 416,
    BadEvent: 400,
    BadInput: 400,
    BodyTooSlow: 408,
    SignInNeeded: 401,
    ScopeTooSmall: 403,
    NotAdministrator: 403,
    TooManyRequests: 429,
    HistoryUnavailable: 503,
    SignInUnavailable: 503,
}
_PAGED = (ForeignHost, ForeignSite, OtherAccount, SignInUnavailable, TooManyRequests)
"""Refusals that people meet who open the chat: by an address or from an account that does not lead to it, in an
outage, or too often."""
KEY_NEEDED = "key_needed"
"""The text that a program is told when nobody is known by what it sends."""
_STYLE = (
    ":root{color-scheme:light dark}body{max-width:36rem;margin:20vh auto;padding:0 1.5rem;"
    "font:1.125rem/1.7 'Noto Sans Thai',system-ui,sans-serif;overflow-wrap:anywhere}"
)
_PAGE = (
    '<!doctype html><html lang="{language}" data-code="{code}"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Thai Chat</title>'
    "<style>{style}</style><h1>Thai Chat</h1><p>{message}</p></html>"
)


def is_refusal(error: Exception) -> TypeGuard[ThaiChatError]:
    """Tell whether a request is refused with this error; anything else is a failure, which the server is to log."""
    return type(error) in _STATUS


def refusal(error: ThaiChatError, scope: Scope) -> Response:
    """Return the answer to a request that is refused, or has failed, in the reader's language."""
    asked = Headers(scope=scope)
    language = texts.language_for(asked)
    if is_openai_path(scope.get("path", "")) and not (isinstance(error, _PAGED) and _is_opened(asked)):
        told = KEY_NEEDED if isinstance(error, SignInNeeded) else error.code
        message, status = texts.text(told, language, error.params), _STATUS.get(type(error), 500)
        return JSONResponse({"error": openai_error(error.code, message, status)}, status, _headers(error))
    if isinstance(error, SignInNeeded) and _is_opened(asked) and not _has_key(asked):
        return RedirectResponse(sign_in_address(scope), 303)
    told = KEY_NEEDED if isinstance(error, SignInNeeded) and _has_key(asked) else error.code
    message = texts.text(told, language, error.params)
    if isinstance(error, _PAGED) and _is_opened(asked):
        shown = _linked(escape(message), escape(str(error.params.get("address", ""))))
        page = _PAGE.format(language=language, code=error.code, style=_STYLE, message=shown)
        return HTMLResponse(page, _STATUS[type(error)], _headers(error))
    body = {"code": error.code, "message": message}
    if isinstance(error, TooManyRequests):
        body["what"] = str(error.params["what"])
    return JSONResponse({"error": body}, _STATUS.get(type(error), 500), _headers(error))


def _has_key(asked: Headers) -> bool:
    return has_key(asked.get("authorization", "").encode("latin-1"))


def _headers(error: ThaiChatError) -> Mapping[str, str] | None:
    match error:
        case WrongMethod():
            return {"Allow": f"{error.params['allowed']}, OPTIONS"}
        case SignInNeeded():
            return {"WWW-Authenticate": "Bearer"}
        case _:
            kind = type(error)
            wait_s = retry_after_s(kind, _STATUS.get(kind, 500), error.params)
            return None if wait_s is None else {"Retry-After": str(wait_s)}


def sign_in_address(scope: Scope) -> str:
    """Return where somebody signs in who then comes back to what they opened."""
    question = scope.get("query_string", b"").decode("latin-1")
    opened = scope["path"] + (f"?{question}" if question else "")
    return "/sign-in" if opened == "/" else f"/sign-in?next={quote(opened, safe='')}"


def _linked(shown: str, address: str) -> str:
    return shown.replace(address, f'<a href="{address}">{address}</a>') if address else shown


def policy_of(answer: Response) -> str:
    """Return the Content-Security-Policy of a refusal: nothing is loaded, and a page has its own style."""
    return f"{STRICT}; style-src 'sha256-{hash_of(_STYLE.encode())}'" if isinstance(answer, HTMLResponse) else STRICT


def _is_opened(headers: Headers) -> bool:
    """Tell whether a person opens this; browsers say so by Fetch Metadata or, without TLS, by what they accept."""
    mode = headers.get("sec-fetch-mode")
    return mode == "navigate" if mode else "text/html" in headers.get("accept", "")
