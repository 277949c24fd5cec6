"""Changes of what programs keep with a session, by key (JSON Merge Patch, RFC 7386)."""

from __future__ import annotations

import json

from thai_chat.domain.addition_errors import MetadataTooLarge
from thai_chat.domain.json_types import JsonObject

KEPT_BY_US = ("imported", "dept_id", "fingerprint")
"""Names in a session's metadata that this program fills in."""


def merged(kept: JsonObject, patch: JsonObject) -> JsonObject:
    """Return `kept` as the patch changes it: null removes a name, an object is merged into the object that is there,
    and any other value replaces what is there."""
    result = {name: value for name, value in kept.items() if name not in patch}
    for name, value in patch.items():
        if isinstance(value, dict):
            before = kept.get(name)
            result[name] = merged(before if isinstance(before, dict) else {}, value)
        elif value is not None:
            result[name] = value
    return result


def merged_within(kept: JsonObject, patch: JsonObject, most_bytes: int | None) -> JsonObject:
    """Merge a patch into a session's metadata. Raises MetadataTooLarge where what programs keep there takes more than
    `most_bytes`, if that is named."""
    result = merged(kept, patch)
    if most_bytes is not None:
        own = {name: value for name, value in result.items() if name not in KEPT_BY_US}
        if size_of(own) > most_bytes:
            raise MetadataTooLarge(limit=most_bytes)
    return result


def size_of(metadata: JsonObject) -> int:
    """Return the bytes of metadata as JSON without white space. Raises UnicodeEncodeError for a lone surrogate."""
    return len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode())
