"""Who asks. The gate resolves the person of each request; everything behind it reads that one."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_KEY = "thai_chat.person"


class PersonRole(StrEnum):
    MEMBER = "member"
    ADMINISTRATOR = "administrator"


class Entrance(StrEnum):
    """How the server knows who asks."""

    OPEN = "open"
    """It does not ask (AUTH=none): whoever may connect is the one person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    user_id: str
    """The owner of what they keep, by the name that tables have for it."""
    name: str
    role: PersonRole
    entrance: Entrance


LOCAL = Person(user_id="local", name="local", role=PersonRole.ADMINISTRATOR, entrance=Entrance.OPEN)
"""The one person while there are no accounts."""


def with_person(scope: MutableMapping[str, Any], person: Person) -> MutableMapping[str, Any]:
    """Return an ASGI scope that tells who asks."""
    return {**scope, _KEY: person}


def person_of(scope: MutableMapping[str, Any]) -> Person:
    """Return who asks. Raises KeyError for a request that did not come through the gate."""
    person: Person = scope[_KEY]
    return person
