"""The cookie that holds a session's token."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import Request, Response

from thai_chat.accounts.signing_in import SignedIn
from thai_chat.domain.accounts import Visit, cookie_name


def token_of(request: Request) -> str:
    """Return the token that a browser sends, or nothing."""
    return request.cookies.get(_name(request), "")


def visit_of(request: Request) -> Visit:
    return Visit(
        address=request.client.host if request.client else "",
        browser=request.headers.get("user-agent", ""),
    )


def set_token(response: Response, request: Request, signed_in: SignedIn) -> None:
    """Have the browser send a token with each request until the session is over."""
    left = signed_in.expires_at - datetime.now(UTC)
    response.set_cookie(
        _name(request),
        signed_in.token,
        max_age=max(0, int(left.total_seconds())),
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )


def remove_token(response: Response, request: Request) -> None:
    response.delete_cookie(_name(request), path="/", secure=is_secure(request), httponly=True, samesite="lax")


def is_secure(request: Request) -> bool:
    """Tell whether the browser speaks TLS; the gate has found out, also behind a proxy."""
    return request.url.scheme == "https"


def _name(request: Request) -> str:
    return cookie_name(is_secure=is_secure(request))
