"""Where a request comes from, and the address of the page that it came to."""

from __future__ import annotations

from fastapi import Request

from thai_chat.domain.accounts import Visit


def address_of(request: Request) -> str:
    """Return the address that a request comes from, behind a proxy too; empty where it is not known."""
    return request.client.host if request.client else ""


def visit_of(request: Request) -> Visit:
    return Visit(address=address_of(request), browser=request.headers.get("user-agent", ""))


def page_of(request: Request, public_url: str | None) -> str:
    """Return the page's address for links, without a slash at its end: what the settings name, else where the request
    came to. The gate has looked at that name."""
    return public_url or f"{request.url.scheme}://{request.url.netloc}"
