"""Who asks: the one place where a request becomes a person, or nobody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.types import Scope

from thai_chat.domain.errors import NotAdministrator, ScopeTooSmall, SignInNeeded
from thai_chat.domain.people import LOCAL, Entrance, Person
from thai_chat.gate.doors import Access, Door

Who: TypeAlias = Callable[[Scope], Awaitable[Person | None]]
"""Tells who asks, None for nobody who is known. It may raise what the request is refused with."""


async def one_person(scope: Scope) -> Person | None:
    """Return the same person for every request (AUTH=none)."""
    return LOCAL


def let_in(door: Door, method: str, person: Person | None) -> None:
    """Let a person through a door. Raises SignInNeeded, ScopeTooSmall, NotAdministrator."""
    if door.access is Access.ANYBODY:
        return
    if person is None:
        raise SignInNeeded
    scope = door.scope(method)
    if scope not in person.scopes:
        raise ScopeTooSmall(scope=scope.value)
    if door.access is Access.ADMINISTRATORS and not person.is_administrator:
        raise NotAdministrator
    if door.access is Access.BROWSERS and person.entrance is Entrance.KEY:
        raise ScopeTooSmall(scope="browser")
