"""Cookies that browsers send back, and scripts do not see: foremost the one that holds a session's token."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fastapi import Request, Response

from thai_chat.accounts.signing_in import SignedIn
from thai_chat.domain.accounts import cookie_name


def token_of(request: Request) -> str:
    """Return the token that a browser sends, or nothing."""
    return cookie_of(request)


def set_token(response: Response, request: Request, signed_in: SignedIn) -> None:
    """Have the browser send a token with each request until the session is over."""
    set_cookie(response, request, signed_in.token, lasts=signed_in.expires_at - datetime.now(UTC))


def remove_token(response: Response, request: Request) -> None:
    remove_cookie(response, request)


def cookie_of(request: Request, purpose: str = "") -> str:
    """Return the value of the cookie of a purpose, or nothing; without a purpose it is the session's."""
    return request.cookies.get(_name(request, purpose), "")


def set_cookie(response: Response, request: Request, value: str, purpose: str = "", *, lasts: timedelta) -> None:
    response.set_cookie(
        _name(request, purpose),
        value,
        max_age=max(0, int(lasts.total_seconds())),
        path="/",
        secure=_is_secure(request),
        httponly=True,
        samesite="lax",
    )


def remove_cookie(response: Response, request: Request, purpose: str = "") -> None:
    response.delete_cookie(_name(request, purpose), path="/", secure=_is_secure(request), httponly=True, samesite="lax")


def _is_secure(request: Request) -> bool:
    """Tell whether the browser speaks TLS; the gate has found out, also behind a proxy."""
    return request.url.scheme == "https"


def _name(request: Request, purpose: str) -> str:
    name = cookie_name(is_secure=_is_secure(request))
    return f"{name}_{purpose}" if purpose else name
