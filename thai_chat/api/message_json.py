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
_BATCH = 25
_BATCH_CHARS = 50_000


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
    """Return the messages as JSON, with commas between them and nothing around them."""
    return b",".join(batch for _, batch in _batches(messages, language))


def messages_in_parts(messages: Iterable[Message], language: Language, *, most: int) -> Iterator[bytes]:
    """Yield the same in parts of about `most` messages, fewer where they are long, without the commas between the
    parts."""
    part: list[bytes] = []
    size = count = 0
    for number, batch in _batches(messages, language):
        part.append(batch)
        size += len(batch)
        count += number
        if size > _PART_BYTES or count >= most:
            yield b",".join(part)
            part, size, count = [], 0, 0
    if part:
        yield b",".join(part)


def _batches(messages: Iterable[Message], language: Language) -> Iterator[tuple[int, bytes]]:
    """Yield how many messages follow each other, and their JSON with commas between them.

    A call of orjson takes ten times as long as one message, so it gets some at once; and not all at once, for thousands
    of objects that live together would have the garbage collector look at all that there is.
    """
    batch: list[dict[str, object]] = []
    chars = 0
    for message in messages:
        fields = message_fields(message, language)
        batch.append(fields)
        chars += len(message.content)
        if message.parts or message.metadata:
            chars += _length(fields["parts"], message.metadata)
        if len(batch) == _BATCH or chars >= _BATCH_CHARS:
            yield len(batch), _batch_json(batch)
            batch, chars = [], 0
    if batch:
        yield len(batch), _batch_json(batch)


def _length(parts: object, metadata: object) -> int:
    """Return how long they are as JSON: a model's thoughts may be, and whatever an import has brought."""
    try:
        return len(orjson.dumps((parts, metadata)))
    except TypeError:
        return _BATCH_CHARS


def _batch_json(batch: Sequence[Mapping[str, object]]) -> bytes:
    try:
        return orjson.dumps(batch, option=orjson.OPT_UTC_Z)[1:-1]
    except TypeError:
        return b",".join(map(to_json, batch))


def to_json(value: object) -> bytes:
    """Return the value as JSON, as the models of answers are written."""
    try:
        return orjson.dumps(value, option=orjson.OPT_UTC_Z)
    except TypeError:  # a number of more than 64 bits, or something very deep: an import may have brought it
        return json.dumps(to_jsonable_python(value), ensure_ascii=False, separators=(",", ":")).encode()


def _listed(metadata: Mapping[str, object], name: str) -> Sequence[object]:
    value = metadata.get(name)
    return value if isinstance(value, list | tuple) else _NONE
