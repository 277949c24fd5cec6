"""Holds what is known of a reply beside its text and figures, and its one way into the row's metadata and back.

A new fact is a field of `ReplyFacts`: its name is its key in the metadata, which clients and old rows have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID

from thai_chat.domain.events import Notice
from thai_chat.domain.fact_values import (
    CONTEXT,
    COUNT,
    ERROR,
    FLAG,
    IDENTIFIER,
    LIST,
    MODEL,
    MODELS,
    NOTICES,
    NUMBER,
    OBJECT,
    PRECISION,
    RATING,
    TEXT,
    VOTE,
    Codec,
    ContextUsed,
    Precision,
    Rating,
    ReplyError,
    Vote,
    fetchable,
)
from thai_chat.domain.json_types import JsonObject, JsonValue
from thai_chat.domain.messages import DEPT_CHARS, Choice, Message
from thai_chat.domain.parts import NoticePart, Part, ReasoningPart, TextPart

_DEPT = "dept_id"
_CODEC = "codec"


def _kept(codec: Codec) -> Mapping[str, Codec]:
    return {_CODEC: codec}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyFacts:
    """All that is kept of a reply beside its columns. None is not known, and stands for no key in the metadata."""

    finish_reason: str | None = field(default=None, metadata=_kept(TEXT))
    """The server's word: "stop", or one of those that `events` names."""
    asked: Choice | None = field(default=None, metadata=_kept(MODEL))
    """The model that was asked, where another one answered."""
    answered_by: Choice | None = field(default=None, metadata=_kept(MODEL))
    reason: str | None = field(default=None, metadata=_kept(TEXT))
    """Code of the error that kept the one that was asked from answering."""
    continues: UUID | None = field(default=None, metadata=_kept(IDENTIFIER))
    """The reply that this one begins with."""
    beside: UUID | None = field(default=None, metadata=_kept(IDENTIFIER))
    """The reply that this one was asked for to be compared with."""
    begun_by: Sequence[Choice] | None = field(default=None, metadata=_kept(MODELS))
    """Who wrote that beginning, in their order."""
    context_used: ContextUsed | None = field(default=None, metadata=_kept(CONTEXT))
    options: JsonObject | None = field(default=None, metadata=_kept(OBJECT))
    """The sampling options that the model was sent."""
    tokens: Precision | None = field(default=None, metadata=_kept(PRECISION))
    """Whether the figure of completion tokens is exact."""
    prompt_tokens: Precision | None = field(default=None, metadata=_kept(PRECISION))
    reasoning_tokens: Precision | None = field(default=None, metadata=_kept(PRECISION))
    cached_tokens: int | None = field(default=None, metadata=_kept(COUNT))
    """The prompt's tokens that the server had read before."""
    cost: Precision | None = field(default=None, metadata=_kept(PRECISION))
    cost_thb: float | None = field(default=None, metadata=_kept(NUMBER))
    reasoning: str | None = field(default=None, metadata=_kept(TEXT))
    """All that the model thought, as one text."""
    reasoning_ms: int | None = field(default=None, metadata=_kept(COUNT))
    """The time that the model thought, in milliseconds; not the thinking that the reply began with."""
    notices: Sequence[Notice] | None = field(default=None, metadata=_kept(NOTICES))
    error: ReplyError | None = field(default=None, metadata=_kept(ERROR))
    audio_files: Sequence[JsonValue] | None = field(default=None, metadata=_kept(LIST))
    function_calls: Sequence[JsonValue] | None = field(default=None, metadata=_kept(LIST))
    rating: Rating | None = field(default=None, metadata=_kept(RATING))
    vote: Vote | None = field(default=None, metadata=_kept(VOTE))
    purged: bool | None = field(default=None, metadata=_kept(FLAG))
    """Nothing is left of the message but its place; of questions too."""
    fingerprint: str | None = field(default=None, metadata=_kept(TEXT))
    """A hash of the request that brought the message's idempotency key; questions have it too."""
    others: JsonObject = field(default_factory=dict)
    """Keys that are none of these, and those whose values are not wholly understood: given back as they came."""

    @classmethod
    def from_metadata(cls, metadata: JsonObject) -> ReplyFacts:
        """Read a row's metadata, whoever wrote it: what is not understood counts as not known. Never raises."""
        if not metadata or not isinstance(metadata, Mapping):
            return NOTHING_KNOWN
        known: dict[str, Any] = {}
        others: dict[str, JsonValue] = {}
        for key, value in metadata.items():
            codec = _CODECS.get(key)
            read = codec.read(value) if codec else None
            if codec and read is not None:
                known[key] = read
                written = codec.write(read)
                if written is value or written == value:
                    continue
            others[key] = value
        return cls(**known, others=others)

    def to_metadata(self) -> dict[str, JsonValue]:
        """Return the metadata that `from_metadata` reads these facts from; unchanged facts as they came."""
        written = dict(self.others)
        for name, codec in _CODECS.items():
            value = getattr(self, name)
            if name in written:
                if codec.read(written[name]) == value:
                    continue
                del written[name]
            if value is not None:
                written[name] = codec.write(value)
        return written

    @property
    def missing(self) -> Choice | None:
        """The model that another one answered for, as it is not there and its server can fetch it."""
        found = (fetchable(notice.params, "asked", "asked_model") for notice in self.notices or ())
        return next((choice for choice in found if choice), None)


_CODECS: Mapping[str, Codec] = {one.name: one.metadata[_CODEC] for one in fields(ReplyFacts) if _CODEC in one.metadata}
NOTHING_KNOWN = ReplyFacts()


@dataclass(frozen=True, slots=True)
class SessionOrigin:
    """Where a session was imported from: the program, and its id there."""

    program: str
    session_id: str

    def to_metadata(self) -> JsonObject:
        """Return what the session's metadata has of it."""
        return {"imported": {"from": self.program, "id": self.session_id}}


def dept_of(metadata: JsonObject) -> str | None:
    """Return the department that a session's metadata names; an imported one may have anything there."""
    value = metadata.get(_DEPT)
    return value[:DEPT_CHARS] if isinstance(value, str) else None


def fingerprint_of(metadata: JsonObject) -> str | None:
    """Return the fingerprint of the request that made a session; None where it came without a key."""
    found: str | None = TEXT.read(metadata.get("fingerprint"))
    return found


def with_dept(metadata: JsonObject, dept_id: str | None) -> JsonObject:
    """Return a session's metadata with another department: None leaves it, an empty one takes it away."""
    if dept_id is None:
        return metadata
    others = {key: value for key, value in metadata.items() if key != _DEPT}
    return {**others, _DEPT: dept_id} if dept_id else others


def has_notices(message: Message) -> bool:
    """Tell whether something was noticed about a reply, without reading all that is known of it."""
    return "notices" in message.metadata


def rating_of(message: Message) -> Rating | None:
    """Return how a reply was rated, without reading all that is known of those that were not."""
    return RATING.read(message.metadata["rating"]) if "rating" in message.metadata else None


def rated(message: Message) -> int | None:
    """Return 1 or -1 of a reply that was rated."""
    rating = rating_of(message)
    return rating.value if rating else None


def facts_of(message: Message) -> ReplyFacts:
    return ReplyFacts.from_metadata(message.metadata)


def content_parts(message: Message) -> Sequence[Part]:
    """Return what a message is made of: its own parts, else what its content and its metadata tell of them, so that
    rows without parts are drawn as those with them."""
    if message.parts:
        return message.parts
    facts = facts_of(message)
    reasoning = [ReasoningPart(facts.reasoning)] if facts.reasoning else []
    said = [TextPart(message.content)] if message.content else []
    return (*reasoning, *said, *(NoticePart(code=one.code, params=one.params) for one in facts.notices or ()))
