"""A message as clients see it: its fields, and many of them as JSON at once.

A history has thousands: there a model of each would take most of the time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC

import orjson
from pydantic_core import to_jsonable_python

from thai_chat.api.told import told
from thai_chat.domain.messages import Message
from thai_chat.domain.parts import parts_to_json
from thai_chat.texts import Language

_NONE: Sequence[object] = ()
_PART_BYTES = 500_000


def message_fields(message: Message, language: Language) -> dict[str, object]:
    """Return the fields of `MessageBody`, in its order."""
    figures, metadata = message.figures, message.metadata
    problem, notices = told(message, language)
    created_at = message.created_at.astimezone(UTC)
    return {
        "message_id": message.message_id,
        "session_id": message.session_id,
        "parent_id": message.parent_id,
        "role": message.role,
        "content": message.content,
        "status": message.status,
        "message_order": message.message_order,
        "backend": message.backend,
        "model": message.model,
        "created_at": created_at,
        "timestamp": created_at,
        "prompt_tokens": figures.prompt_tokens,
        "completion_tokens": figures.completion_tokens,
        "first_token_ms": figures.first_token_ms,
        "latency_ms": figures.latency_ms,
        "reasoning_tokens": figures.reasoning_tokens,
        "cost_usd": None if figures.cost_usd is None else float(figures.cost_usd),
        "audio_files": _listed(metadata, "audio_files"),
        "function_calls": _listed(metadata, "function_calls"),
        "metadata": metadata,
        "parts": parts_to_json(message.parts) if message.parts else None,
        "problem": problem,
        "notices": [notice.model_dump() for notice in notices] if notices else _NONE,
    }


def messages_json(messages: Iterable[Message], language: Language) -> bytes:
    """Return the messages as JSON, with commas between them and nothing around them.

    One at a time: thousands of objects that live at once would have the garbage collector look at all that there is.
    """
    return b",".join([to_json(message_fields(message, language)) for message in messages])


def messages_in_parts(messages: Iterable[Message], language: Language, *, most: int) -> Iterator[bytes]:
    """Yield the same in parts of at most so many messages, fewer where they are long, without the commas between the
    parts."""
    part: list[bytes] = []
    size = 0
    for message in messages:
        part.append(to_json(message_fields(message, language)))
        size += len(part[-1])
        if size > _PART_BYTES or len(part) == most:
            yield b",".join(part)
            part, size = [], 0
    if part:
        yield b",".join(part)


def to_json(value: object) -> bytes:
    """Return the value as JSON, as the models of answers are written."""
    try:
        return orjson.dumps(value, option=orjson.OPT_UTC_Z)
    except TypeError:  # a number of more than 64 bits, or something very deep: an import may have brought it
        return json.dumps(to_jsonable_python(value), ensure_ascii=False, separators=(",", ":")).encode()


def _listed(metadata: Mapping[str, object], name: str) -> Sequence[object]:
    value = metadata.get(name)
    return value if isinstance(value, list | tuple) else _NONE
