"""Things that clients send with a question beside its text: kept as it came, and given back."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from thai_chat.domain.facts import ReplyFacts
from thai_chat.domain.json_types import JsonObject, JsonValue
from thai_chat.domain.sent_errors import SentTooMuch, SentUnreadable

MOST_SENT = 100
SENT_BYTES = 200_000
"""The most that a list takes as JSON."""


def sent_with(audio_files: Sequence[JsonValue], function_calls: Sequence[JsonValue]) -> JsonObject:
    """Return what a question's metadata has of it. Raises SentTooMuch, SentUnreadable."""
    _check("audio_files", audio_files)
    _check("function_calls", function_calls)
    return ReplyFacts(audio_files=audio_files or None, function_calls=function_calls or None).to_metadata()


def _check(name: str, values: Sequence[JsonValue]) -> None:
    try:
        size = len(orjson.dumps(values))
    except (TypeError, RecursionError) as exc:
        raise SentUnreadable(name=name) from exc
    if len(values) > MOST_SENT or size > SENT_BYTES:
        raise SentTooMuch(name=name, count=MOST_SENT, limit_kb=SENT_BYTES // 1000)
    if _has_nul(values):
        raise SentUnreadable(name=name)


def _has_nul(value: JsonValue) -> bool:
    """Tell whether a text in the value has NUL, which no store keeps. The value is no deeper than JSON is written."""
    match value:
        case str():
            return "\0" in value
        case dict():
            return any("\0" in key or _has_nul(one) for key, one in value.items())
        case list() | tuple():
            return any(map(_has_nul, value))
        case _:
            return False
