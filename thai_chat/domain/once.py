"""Find again what an earlier request with the same idempotency key has made, and tell its secret once more.

No secret is kept. One that a request with an idempotency key made is derived from a key of this installation, from the
whole request and from the time when the thing was made. So the same request alone finds the same secret again, and
what is made anew after it was deleted has another one.
"""

from __future__ import annotations

import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from thai_chat.domain.json_types import JsonValue
from thai_chat.domain.people import Person
from thai_chat.domain.repeating import fingerprint, id_for
from thai_chat.domain.repeating_errors import AlreadyMade, KeyReused

TOLD_AGAIN = timedelta(hours=24)
"""A repeated request is told the secret this long after the thing was made."""
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Once:
    """A request with an idempotency key that makes a thing with a secret."""

    id: UUID
    """The id of what it makes."""
    _seed: bytes = field(repr=False)

    def secret(self, made_at: datetime) -> bytes:
        """Return the 32 bytes of the secret of what this request made then."""
        return hmac.digest(self._seed, made_at.astimezone(UTC).isoformat().encode(), "sha256")

    def token(self, made_at: datetime) -> str:
        """Return the secret as text for a link."""
        return urlsafe_b64encode(self.secret(made_at)).decode().rstrip("=")

    def require_told(self, made_at: datetime, now: datetime, *, is_same: bool, shown_id: object = None) -> None:
        """Refuse to tell a secret. Raises KeyReused unless it was made by the same request, AlreadyMade when that was
        long ago."""
        if not is_same:
            raise KeyReused
        if now - made_at > TOLD_AGAIN:
            raise AlreadyMade(id=str(shown_id or self.id))


class OnceKeys:
    """Tells what requests with an idempotency key make, by a key that this installation alone has."""

    def __init__(self, key: bytes | None = None) -> None:
        """Take the key; without one secrets are told again by this process alone."""
        self._key = key or secrets.token_bytes(_KEY_BYTES)

    def of(self, person: Person, key: str | None, *, made: str, meaning: Mapping[str, JsonValue]) -> Once | None:
        """Return what the request makes; None where it has no idempotency key."""
        if key is None:
            return None
        said = json.dumps([made, person.user_id, key, fingerprint(meaning)])
        return Once(id_for(person.user_id, key, made=made), hmac.digest(self._key, said.encode(), "sha256"))
