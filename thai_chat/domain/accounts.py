"""Accounts of people, and the sessions in which their browsers are signed in."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from thai_chat.domain.people import PersonRole

NAME_CHARS = 100
DISPLAY_NAME_CHARS = 100
PASSWORD_CHARS = (8, 200)
"""The fewest and the most; there is no other rule."""
TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    account_id: UUID
    user_id: str
    """The owner of what this person keeps; `local` of who took over what was there before there were accounts."""
    name: str
    """It is typed to sign in, and kept as it was chosen."""
    display_name: str
    role: PersonRole = PersonRole.USER
    password_hash: str | None = None
    """None of somebody who signs in elsewhere alone. It is never shown nor logged."""
    language: str | None = None
    created_at: datetime
    disabled_at: datetime | None = None
    adopted_at: datetime | None = None
    """When what was there before accounts became theirs."""

    @property
    def is_disabled(self) -> bool:
        return self.disabled_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """One browser's session."""

    sign_in_id: UUID
    account_id: UUID
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    browser: str = ""
    """The name that the browser gives itself, shortened."""
    address: str = ""


def name_key(name: str) -> str:
    """Return what two names have in common that are the same to a reader: spaces around, case and forms of letters do
    not count."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


def new_token() -> str:
    """Return 32 random bytes, as text for a cookie or a link."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_of_token(token: str) -> bytes:
    """Return what is kept of a token: it is random, so a fast hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
