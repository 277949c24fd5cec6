"""The way to the provider and back: what is remembered meanwhile is in the browser, signed, for some minutes.

It is no secret from the browser's own person. Nothing of it is kept here, so that no flood of beginnings takes room,
and any replica that has the key knows who comes back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

LASTS = timedelta(minutes=10)
_TEXT_CHARS = 4000
_NEXT_CHARS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    state: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    """The secret of PKCE: who comes back with a code has to know it."""
    next: str = "/"
    """Where to go on, an address of ours."""
    invitation: str = ""
    """The token of an invitation that is used when somebody has no account."""
    takes_over: bool = False
    """Whether the first administrator gets the chats of before with it."""
    account_id: str = ""
    """The account that gets this identity as one more way to sign in; empty: whoever has it signs in."""
    began_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CameBack:
    """The provider has the browser bring this: a code, or an error, with the state that it left with."""

    state: str = ""
    code: str = ""
    error: str = ""
    issuer: str | None = None


def signed(trip: RoundTrip, key: bytes) -> str:
    """Return the text that the browser keeps."""
    plain = base64.urlsafe_b64encode(json.dumps(asdict(trip)).encode()).decode().rstrip("=")
    return f"{plain}.{_signature(plain, key)}"


def read(text: str, key: bytes, now: datetime) -> RoundTrip | None:
    """Return what a browser has kept; None when it is none of ours, or too old."""
    plain, _, signature = text.partition(".")
    if len(text) > _TEXT_CHARS or not text.isascii() or not hmac.compare_digest(signature, _signature(plain, key)):
        return None
    values: Mapping[str, str] = json.loads(base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4)))
    trip = RoundTrip(**values)  # type: ignore[arg-type]
    age = now.timestamp() - trip.began_at
    return trip if -1 <= age < LASTS.total_seconds() else None


def local_path(address: str | None) -> str:
    """Return an address if it leads to a place of ours, else the page's. A browser reads `//x` and `/\\x` as another
    host."""
    if not address or len(address) > _NEXT_CHARS or not address.startswith("/") or not address.isprintable():
        return "/"
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    is_ours = not parts.netloc and not parts.scheme and "\\" not in address and not address.startswith("//")
    return address if is_ours and parts.path.split("/")[1] not in ("sign-in", "invitation") else "/"


def account_of(trip: RoundTrip) -> UUID | None:
    return UUID(trip.account_id) if trip.account_id else None


def _signature(plain: str, key: bytes) -> str:
    return hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()
