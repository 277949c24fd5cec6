"""Limits of one session of an import, checked before any of it is told, so that it can be left out alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from thai_chat.chat.transfer.fields import SourcePlace
from thai_chat.chat.transfer.frames import FRAME_BYTES
from thai_chat.chat.transfer.objects import message_object, session_object
from thai_chat.domain.json_types import JsonValue
from thai_chat.domain.parts import parts_to_json
from thai_chat.domain.transfer import ImportLimits, KeptSession


def require_bounded(kept: KeptSession, place: SourcePlace, limits: ImportLimits) -> None:
    """Raise ImportRefused for a session that is larger than may be."""
    if len(kept.messages) > limits.session_messages:
        raise place.refused("import_session_long", limit=limits.session_messages)
    session = kept.session
    values = values_in(session.options) + values_in(session.metadata) + values_in(session.context_snapshot)
    size = _size(session_object(session), place)
    for item in kept.messages:
        size += _size(message_object(item), place)
        values += values_in(item.message.metadata) + values_in(parts_to_json(item.message.parts))
        values += sum(1 + values_in(document.metadata) for document in item.documents)
        if size > 2 * limits.session_bytes:
            raise place.refused("import_session_large", limit=limits.session_bytes // 1_000_000)
        if values > limits.session_values:
            raise place.refused("import_session_tangled", limit=limits.session_values)


def values_in(value: JsonValue) -> int:
    """Return how many values it is made of, itself included."""
    count = 0
    left = [value]
    while left:
        value = left.pop()
        count += 1
        if isinstance(value, Mapping):
            left += value.values()
        elif isinstance(value, Sequence) and not isinstance(value, str):
            left += value
    return count


def _size(told: dict[str, object], place: SourcePlace) -> int:
    """Return how many bytes a frame of it has, about: a few are added for the session's own frame."""
    size = len(orjson.dumps(told)) + 100
    if size > FRAME_BYTES:
        raise place.refused("import_session_large", limit=FRAME_BYTES // 1_000_000)
    return size
