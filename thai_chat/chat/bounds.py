"""Bounds of what programs may keep beside texts."""

from __future__ import annotations

import json
from collections.abc import Collection

from thai_chat.chat.text import require_storable
from thai_chat.domain.addition_errors import MetadataTooLarge, ReservedMetadata
from thai_chat.domain.contexts import METADATA_BYTES
from thai_chat.domain.errors import BadInput
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.merging import size_of

_DEPTH = 30


def bounded_metadata(metadata: JsonObject, *, reserved: Collection[str] = ()) -> JsonObject:
    """Return the metadata. Raises MetadataTooLarge, UnreadableText, ReservedMetadata for names that are `reserved`, and
    BadInput for a number that JSON can't hold."""
    if taken := sorted(name for name in metadata if name in reserved):
        raise ReservedMetadata(names=", ".join(taken))
    if _depth(metadata) > _DEPTH:
        raise MetadataTooLarge(limit=METADATA_BYTES)
    try:
        text = json.dumps(metadata, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise BadInput(fields="metadata") from error
    require_storable(text)
    if size_of(metadata) > METADATA_BYTES:
        raise MetadataTooLarge(limit=METADATA_BYTES)
    return metadata


def _depth(value: object) -> int:
    """Return how deeply a value is nested, without recursion and no further than matters."""
    depth, level = 0, [value]
    while level and depth <= _DEPTH:
        level = [
            inner
            for one in level
            if isinstance(one, (dict, list))
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        depth += bool(level)
    return depth
