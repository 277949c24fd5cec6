"""Holds the parts that a message is made of, and their one way into JSON and back.

Plain text has no parts: its text is the message's content, and nothing else is kept of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, TypeAlias

from thai_chat.domain.json_types import JsonObject, JsonValue

MOST_PARTS = 1_000
"""Parts of one message."""
TEXT_CHARS = 10_000_000
"""Characters of a text in a part: as many as an import may bring in a message."""
PARTS_CHARS = 60_000_000
"""Characters of all parts of a message as JSON: an import takes no message that is larger."""
NAME_CHARS = 1_000
"""Characters of an id, a name or a type in a part."""
URL_CHARS = 10_000
"""Characters of an address in a part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _KnownPart:
    others: JsonObject = field(default_factory=dict)
    """Keys that this version does not know: given back as they came."""


@dataclass(frozen=True, slots=True)
class TextPart(_KnownPart):
    """Text that is said: the content of a message is that of its text parts, one after the other."""

    TYPE: ClassVar[str] = "text"

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningPart(_KnownPart):
    """A thought of the model: shown folded, never sent back to a model, not in the content."""

    TYPE: ClassVar[str] = "reasoning"

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallPart(_KnownPart):
    """A tool that a model called."""

    TYPE: ClassVar[str] = "tool_call"

    call_id: str
    """Joins the call to its result."""
    name: str
    arguments: JsonValue = None
    """An object, or the model's own text where that was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResultPart(_KnownPart):
    """The answer of a tool to a call."""

    TYPE: ClassVar[str] = "tool_result"

    call_id: str
    text: str
    is_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentPart(_KnownPart):
    """A file that goes with the message; the file itself is kept elsewhere."""

    TYPE: ClassVar[str] = "attachment"

    file_id: str
    name: str = ""
    media_type: str = ""
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationPart(_KnownPart):
    """Where something that is said comes from."""

    TYPE: ClassVar[str] = "citation"

    document_id: str = ""
    title: str = ""
    url: str = ""
    quote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePart(_KnownPart):
    """Something that a person should know at this place; `code` and `params` are those of a notice."""

    TYPE: ClassVar[str] = "notice"

    code: str
    params: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnknownPart:
    """A part of a type that this version does not know, or that is not what its type should be: kept as it came."""

    value: JsonValue


KnownPart: TypeAlias = (
    TextPart | ReasoningPart | ToolCallPart | ToolResultPart | AttachmentPart | CitationPart | NoticePart
)
Part: TypeAlias = KnownPart | UnknownPart

_KINDS: Mapping[str, type[KnownPart]] = {
    kind.TYPE: kind
    for kind in (TextPart, ReasoningPart, ToolCallPart, ToolResultPart, AttachmentPart, CitationPart, NoticePart)
}
_FIELDS: Mapping[str, Sequence[str]] = {
    name: [one.name for one in fields(kind) if one.name != "others"] for name, kind in _KINDS.items()
}
_TYPE = "type"
_CHARS = {**dict.fromkeys(("text", "quote", "arguments"), TEXT_CHARS), "url": URL_CHARS}


def parts_from_json(value: JsonValue) -> tuple[Part, ...]:
    """Read parts, whoever wrote them. Never raises: what is no list has no parts."""
    return tuple(_part(item) for item in value) if isinstance(value, list | tuple) else ()


def parts_to_json(parts: Sequence[Part]) -> list[JsonValue]:
    """Return what `parts_from_json` reads the parts from."""
    return [_object(part) for part in parts]


def text_of(parts: Sequence[Part]) -> str:
    """Return the plain text of the parts: what is searched, and what a model is sent."""
    return "".join(part.text for part in parts if isinstance(part, TextPart))


def excess_of(parts: Sequence[Part]) -> tuple[str, int] | None:
    """Return the first field that is longer than may be kept, and its limit; None where all fits."""
    if len(parts) > MOST_PARTS:
        return "parts", MOST_PARTS
    for part in parts:
        if isinstance(part, UnknownPart):
            continue
        for name in _FIELDS[part.TYPE]:
            value, limit = getattr(part, name), _CHARS.get(name, NAME_CHARS)
            if isinstance(value, str) and len(value) > limit:
                return name, limit
    return None


def _part(value: JsonValue) -> Part:
    kind = _kind_of(value)
    if kind is None or not isinstance(value, Mapping):
        return UnknownPart(value)
    known = _FIELDS[kind.TYPE]
    given: dict[str, Any] = {name: value[name] for name in known if name in value}
    if not all(_fits(name, item) for name, item in given.items()):
        return UnknownPart(value)
    try:
        return kind(**given, others={name: item for name, item in value.items() if name not in (*known, _TYPE)})
    except TypeError:  # a field is missing
        return UnknownPart(value)


def _kind_of(value: JsonValue) -> type[KnownPart] | None:
    name = value.get(_TYPE) if isinstance(value, Mapping) else None
    return _KINDS.get(name) if isinstance(name, str) else None


def _fits(name: str, value: JsonValue) -> bool:
    match name:
        case "arguments":
            return True
        case "params":
            return isinstance(value, Mapping)
        case "is_error":
            return isinstance(value, bool)
        case "size_bytes":
            return value is None or type(value) is int
        case _:
            return isinstance(value, str)


def _object(part: Part) -> JsonValue:
    if isinstance(part, UnknownPart):
        return part.value
    known = {name: getattr(part, name) for name in _FIELDS[part.TYPE]}
    return {_TYPE: part.TYPE, **known, **part.others}
