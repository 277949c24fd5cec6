"""Who asks: the one place where a request becomes a person, or nobody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.types import Scope

from thai_chat.domain.account_errors import NotAdministrator, ScopeTooSmall, SignInNeeded
from thai_chat.domain.accounts import cookie_name
from thai_chat.domain.people import LOCAL, Entrance, Person, known_person
from thai_chat.gate.doors import Access, Door

Who: TypeAlias = Callable[[Scope], Awaitable[Person | None]]
"""Tells who asks, None for nobody who is known. It may raise what the request is refused with."""
Limit: TypeAlias = Callable[[Person | None, str], None]
"""Counts the request of a person, or of nobody from an address. Raises TooManyRequests."""

PERSON_COOKIE = "thai_chat_person"
"""It tells the page's scripts whose drafts and marks to show, of those that the browser keeps. It opens nothing."""


async def one_person(scope: Scope) -> Person | None:
    """Return the same person for every request (AUTH=none)."""
    return LOCAL


@dataclass(frozen=True, slots=True)
class Holders:
    """A `Who` where there are accounts: a request with an API key is its owner's, else a cookie tells who asks."""

    by_cookie: Callable[[str], Awaitable[Person | None]]
    by_key: Callable[[str], Awaitable[Person | None]]

    async def __call__(self, scope: Scope) -> Person | None:
        name = cookie_name(is_secure=scope["scheme"] == "https").encode()
        token = b""
        for header, value in scope["headers"]:
            if header == b"authorization" and has_key(value):
                return await self.by_key(value[7:].strip().decode("latin-1"))
            if header == b"cookie":
                token = token or _cookie(value, name)
        return await self.by_cookie(token.decode("latin-1")) if token else None


def has_key(authorization: bytes) -> bool:
    """Tell whether a request asks by an API key, be it a good one or not; other schemes are a proxy's."""
    return authorization.split(b" ", 1)[0].lower() == b"bearer"


def _cookie(header: bytes, name: bytes) -> bytes:
    """Return the value of the first cookie of a name."""
    for pair in header.split(b";"):
        key, _, value = pair.partition(b"=")
        if key.strip() == name:
            return value.strip()
    return b""


def let_in(door: Door, method: str, person: Person | None) -> None:
    """Let a person through a door. Raises SignInNeeded, ScopeTooSmall, NotAdministrator."""
    if door.access is Access.ANYBODY:
        return
    if person is None:
        raise SignInNeeded
    scope, access = door.scope(method), door.access_for(method)
    if scope not in person.scopes:
        raise ScopeTooSmall(scope=scope.value)
    if access is Access.ADMINISTRATORS and not person.is_administrator:
        raise NotAdministrator
    if access is Access.BROWSERS and person.entrance is Entrance.KEY:
        raise ScopeTooSmall(scope="browser")


def person_cookie(scope: Scope) -> str | None:
    """Return the cookie that tells the page who has opened it; None where the browser has it already.

    Where nobody signs in there is none, and one that is left from before is removed.
    """
    person = known_person(scope)
    named = quote(person.user_id, safe="") if person and person.account_id else ""
    has = ""
    for pair in Headers(scope=scope).get("cookie", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == PERSON_COOKIE:
            has = value
    if has == named:
        return None
    attributes = ["Path=/", "SameSite=Lax", *(("Secure",) if scope["scheme"] == "https" else ())]
    return "; ".join((f"{PERSON_COOKIE}={named}", *attributes, *(() if named else ("Max-Age=0",))))
