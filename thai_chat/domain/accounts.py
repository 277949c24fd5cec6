"""Accounts of people, and the sessions in which their browsers are signed in."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from thai_chat.domain.account_errors import BadAccountName
from thai_chat.domain.people import Entrance, Person, PersonRole

NAME_CHARS = 100
DISPLAY_NAME_CHARS = 100
PASSWORD_CHARS = (8, 200)
"""The fewest and the most; there is no other rule."""
TOKEN_BYTES = 32

_KEY_CHARS = 400
# Letters and marks that show nothing, though Unicode calls them printable.
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0]")
_TOKEN = re.compile(r"[\w-]{43}", re.ASCII)


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

    @property
    def may_administer(self) -> bool:
        return self.role is PersonRole.ADMINISTRATOR and not self.is_disabled


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody as an OpenID provider knows them: one more way into an account."""

    issuer: str
    subject: str
    created_at: datetime

    @property
    def identity_id(self) -> str:
        """The name of this way in: it tells nothing of the subject."""
        return hashlib.sha256(f"{self.issuer}\n{self.subject}".encode()).hexdigest()[:32]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Where a request comes from, as people are shown it in the list of their sessions."""

    address: str = ""
    browser: str = ""


def cookie_name(*, is_secure: bool) -> str:
    """Return the name of the cookie that holds a session's token. Browsers let no other host set a `__Host-` one."""
    return "__Host-thai_chat" if is_secure else "thai_chat"


def person_of_account(account: Account, sign_in_id: UUID | None = None) -> Person:
    """Return who asks with a session of an account; None while it has not begun."""
    return Person(
        user_id=account.user_id,
        name=account.display_name,
        role=account.role,
        entrance=Entrance.SESSION,
        account_id=account.account_id,
        sign_in_id=sign_in_id,
    )


def checked_name(name: str) -> str:
    """Return a name to sign in by, without spaces around it. Raises BadAccountName."""
    return _checked(name, NAME_CHARS)


def checked_display_name(name: str) -> str:
    """Return a name to be shown, without spaces around it. Raises BadAccountName."""
    return _checked(name, DISPLAY_NAME_CHARS)


def _checked(name: str, most: int) -> str:
    typed = name.strip()
    plain = unicodedata.normalize("NFC", typed) if len(typed) <= 2 * most else ""
    if not 0 < len(plain) <= most or not plain.isprintable() or _UNSEEN.search(plain):
        raise BadAccountName(limit=most)
    if not 0 < len(name_key(plain)) <= _KEY_CHARS:
        raise BadAccountName(limit=most)
    return plain


def name_key(name: str) -> str:
    """Return what two names have in common that are the same to a reader: spaces around, case and forms of letters do
    not count."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


def new_token() -> str:
    """Return 32 random bytes, as text for a cookie or a link."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_token(text: str) -> bool:
    """Tell whether a text may be a token: whatever can't be one is not looked up."""
    return _TOKEN.fullmatch(text) is not None


def hash_of_token(token: str) -> bytes:
    """Return what is kept of a token: it is random, so a fast hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
