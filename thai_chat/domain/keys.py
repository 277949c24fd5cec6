"""API keys: `tc_<id>_<secret>`, by which programs ask in a person's name."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from thai_chat.domain.accounts import Account
from thai_chat.domain.people import Entrance, Person, PersonRole, Scope

MOST_KEYS = 50
"""Keys that a person may have."""
KEY_NAME_CHARS = 100
_ID_LETTERS = string.digits + string.ascii_lowercase
_SECRET_LETTERS = string.digits + string.ascii_letters
_ID_CHARS = 12
_SECRET_CHARS = 43
"""So many of 62 letters are as many as 32 random bytes."""
_KEY = re.compile(rf"tc_([0-9a-z]{{{_ID_CHARS}}})_([0-9A-Za-z]{{{_SECRET_CHARS}}})")

_WITH: dict[Scope, frozenset[Scope]] = {
    Scope.READ: frozenset({Scope.READ}),
    Scope.CHAT: frozenset({Scope.READ, Scope.CHAT}),
    Scope.ADMIN: frozenset(Scope),
}
"""All that each scope is good for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    key_id: str
    """The public part of its text."""
    account_id: UUID
    key_name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None = None
    used_at: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


class StoredKey(NamedTuple):
    key: ApiKey
    secret_hash: bytes
    account: Account
    """The account whose key it is."""


class KeyText(NamedTuple):
    key_id: str
    secret: str

    def __str__(self) -> str:
        """Return the key as its owner gets it, once."""
        return f"tc_{self.key_id}_{self.secret}"

    def __repr__(self) -> str:
        return f"tc_{self.key_id}_..."

    @property
    def secret_hash(self) -> bytes:
        """Return what is kept of the secret: it is random, so a fast hash is enough."""
        return hashlib.sha256(self.secret.encode()).digest()


def new_key_text() -> KeyText:
    return KeyText(_letters(_ID_LETTERS, _ID_CHARS), _letters(_SECRET_LETTERS, _SECRET_CHARS))


def key_text_of(identity: UUID, secret: bytes) -> KeyText:
    """Return the key that an id and 32 bytes make: always the same."""
    return KeyText(
        _written(identity.int, _ID_LETTERS, _ID_CHARS),
        _written(int.from_bytes(secret), _SECRET_LETTERS, _SECRET_CHARS),
    )


def read_key(text: str) -> KeyText | None:
    """Return the parts of a key; None when the text can't be one."""
    found = _KEY.fullmatch(text)
    return KeyText(found[1], found[2]) if found else None


def is_key_id(text: str) -> bool:
    return len(text) == _ID_CHARS and set(text) <= set(_ID_LETTERS)


def person_of_key(account: Account, key: ApiKey) -> Person:
    """Return who asks by a key of an account. What only administrators may falls away with their role."""
    scopes = usable(key.scopes)
    if account.role is not PersonRole.ADMINISTRATOR:
        scopes -= {Scope.ADMIN}
    return Person(
        user_id=account.user_id,
        name=account.display_name,
        role=account.role,
        entrance=Entrance.KEY,
        account_id=account.account_id,
        key_id=key.key_id,
        scopes=scopes,
    )


def usable(scopes: Iterable[Scope]) -> frozenset[Scope]:
    """Return all that scopes are good for."""
    return frozenset().union(*(_WITH[scope] for scope in scopes))


def _written(number: int, letters: str, count: int) -> str:
    """Return the last `count` digits of a number, with these letters for digits."""
    digits = []
    for _ in range(count):
        number, digit = divmod(number, len(letters))
        digits.append(letters[digit])
    return "".join(reversed(digits))


def _letters(letters: str, count: int) -> str:
    return "".join(secrets.choice(letters) for _ in range(count))
