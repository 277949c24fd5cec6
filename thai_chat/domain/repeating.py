"""Tells whether two requests with one idempotency key are the same, and which session a key without one makes."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from uuid import UUID, uuid5

from thai_chat.domain.json_types import JsonValue

_OURS = UUID("5e0d1a6e-8f4b-4c5c-9d0a-2b7f6b0f3c11")
_FINGERPRINT_BYTES = 16


def id_for(user_id: str, key: str, *, made: str) -> UUID:
    """Return the id of what a person's idempotency key makes: always the same, in every process.

    The same key is another one for another kind of thing that is `made`.
    """
    return uuid5(_OURS, json.dumps([made, user_id, key]))


def fingerprint(meaning: Mapping[str, JsonValue]) -> str:
    """Return what two requests have in common when they mean the same; 22 characters.

    What is empty, false or None counts as not there, so that a field which is new in a later version changes nothing.
    """
    said = {name: value for name, value in meaning.items() if value}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return urlsafe_b64encode(sha256(text.encode()).digest()[:_FINGERPRINT_BYTES]).decode().rstrip("=")
