"""Who asks. The gate resolves the person of each request; everything behind it reads that one."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

_KEY = "thai_chat.person"


class PersonRole(StrEnum):
    USER = "user"
    ADMINISTRATOR = "administrator"


class Scope(StrEnum):
    """A use of an API key."""

    READ = "read"
    """All that changes nothing."""
    CHAT = "chat"
    """Asking, and changing what is one's own; it has READ in it."""
    ADMIN = "admin"
    """All that an administrator may; it has CHAT in it."""


class Entrance(StrEnum):
    """How the server knows who asks."""

    OPEN = "open"
    """It does not ask (AUTH=none): whoever may connect is the one person."""
    SESSION = "session"
    """By the cookie that signing in gave."""
    KEY = "key"
    """By an API key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    user_id: str
    """The owner of what they keep, by the name that tables have for it."""
    name: str
    """The name that is shown."""
    role: PersonRole
    entrance: Entrance
    account_id: UUID | None = None
    """None while there are no accounts."""
    sign_in_id: UUID | None = None
    """The session of the browser that asks."""
    key_id: str = ""
    """The API key that asks."""
    scopes: frozenset[Scope] = frozenset(Scope)

    @property
    def is_administrator(self) -> bool:
        """True for an administrator who asks by the page, or by a key that may be used so."""
        return self.role is PersonRole.ADMINISTRATOR and Scope.ADMIN in self.scopes


LOCAL = Person(user_id="local", name="local", role=PersonRole.ADMINISTRATOR, entrance=Entrance.OPEN)
"""The one person while there are no accounts."""


def with_person(scope: MutableMapping[str, Any], person: Person | None) -> MutableMapping[str, Any]:
    """Return an ASGI scope that tells who asks; None: nobody who is known, at a door that is open to all."""
    return {**scope, _KEY: person}


def person_of(scope: MutableMapping[str, Any]) -> Person:
    """Return who asks. Raises KeyError for a request that did not come through the gate, and for nobody's."""
    person = known_person(scope)
    if person is None:
        raise KeyError(_KEY)
    return person


def known_person(scope: MutableMapping[str, Any]) -> Person | None:
    """Return who asks; None for somebody who has not signed in. Raises KeyError for a request that did not come through
    the gate."""
    person: Person | None = scope[_KEY]
    return person
