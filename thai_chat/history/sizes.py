"""How many bytes of memory what is held takes: an estimate from the sizes of its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from sys import getsizeof

from thai_chat.domain.json_types import JsonValue
from thai_chat.domain.messages import Message, Session
from thai_chat.domain.parts import Part, parts_to_json
from thai_chat.domain.writes import (
    AddMessage,
    BeginReply,
    BeginTurn,
    CreateSession,
    FinishReply,
    PurgeMessage,
    PurgeSession,
)

_SESSION_BYTES = 1_800
"""A session without its texts: its fields, ids and times, and the tables it is kept in."""
_MESSAGE_BYTES = 750
"""A message without its texts: its fields, ids, times and numbers, and its entries in two tables."""
_WRITE_BYTES = 700


def size_of_session(session: Session) -> int:
    """Return the bytes of a session without messages; an imported one may bring megabytes."""
    beside: list[JsonValue] = [session.options, session.context_snapshot, session.metadata, session.tags]
    return _SESSION_BYTES + getsizeof(session.session_name) + sum(map(size_of_json, beside))


def size_of_message(message: Message) -> int:
    """Return the bytes of a message, with what a model thought: that is often longer than what it said."""
    return _MESSAGE_BYTES + getsizeof(message.content) + size_of_json(message.metadata) + _size_of_parts(message.parts)


def size_of_write(
    write: BeginTurn | BeginReply | FinishReply | CreateSession | AddMessage | PurgeSession | PurgeMessage,
) -> int:
    if isinstance(write, PurgeSession | PurgeMessage):
        return _WRITE_BYTES
    if isinstance(write, CreateSession):
        return _WRITE_BYTES + getsizeof(write.session_name) + size_of_json([write.options, write.metadata])
    text = write.question if isinstance(write, BeginTurn) else write.content
    parts = () if isinstance(write, BeginReply | AddMessage) else write.parts
    return _WRITE_BYTES + getsizeof(text) + size_of_json(write.metadata) + _size_of_parts(parts)


def _size_of_parts(parts: Sequence[Part]) -> int:
    return size_of_json(parts_to_json(parts)) if parts else 0


def size_of_json(value: JsonValue) -> int:
    """Return the bytes of a value with all in it. What is held twice counts twice."""
    match value:
        case str():
            return getsizeof(value)
        case Mapping():
            return getsizeof(value) + sum(getsizeof(key) + size_of_json(one) for key, one in value.items())
        case Sequence():
            return getsizeof(value) + sum(map(size_of_json, value))
        case _:
            return getsizeof(value)
