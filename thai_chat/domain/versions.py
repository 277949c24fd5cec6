"""Versions of what people change: a version names all that is kept, so that a change of something else is noticed."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import fields
from datetime import UTC, datetime
from hashlib import blake2b

from thai_chat.domain.messages import Session
from thai_chat.domain.presets import Preset
from thai_chat.domain.repeating_errors import ChangedMeanwhile

_BYTES = 12


def version_of(kept: Session | Preset) -> str:
    """Return the version: 24 characters, the same from every store and in every process."""
    values = [getattr(kept, field.name) for field in fields(kept)]
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), default=_plain)
    return blake2b(text.encode(), digest_size=_BYTES).hexdigest()


def require_version(kept: Session | Preset | None, expected: Collection[str] | None) -> None:
    """Refuse a change of what has none of the expected versions; None expects nothing. Raises ChangedMeanwhile."""
    if expected is not None and (kept is None or version_of(kept) not in expected):
        raise ChangedMeanwhile


def _plain(value: object) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
