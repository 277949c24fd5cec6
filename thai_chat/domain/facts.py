"""Holds what is known of a reply beside its text and figures, and its one way into the row's metadata and back.

A new fact is a field of `ReplyFacts`: its name is its key in the metadata, which clients and old rows have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from thai_chat.domain.events import Notice
from thai_chat.domain.json_types import JsonObject, JsonValue
from thai_chat.domain.messages import DEPT_CHARS, Choice, Message
from thai_chat.domain.parts import NoticePart, Part, ReasoningPart, TextPart

MOST_READ = 50
"""Notices, and models that began a reply, that are read of one: ours have a few, and a file may have millions."""
REASON_CHARS = 2_000
"""The most characters of the reason of a rating or a vote."""
RATING_TAGS = (
    "wrong",
    "not_thai_enough",
    "too_long",
    "too_short",
    "off_topic",
    "unsafe",
    "clear",
    "useful",
    "well_put",
)
_DEPT = "dept_id"
_UNKNOWN_ERROR = "backend_error"


class Precision(StrEnum):
    """Whether a figure was counted by a server or estimated from the text."""

    EXACT = "exact"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextUsed:
    """Counts what a model was sent of the conversation; None is unknown. A window of None has no known end."""

    messages_sent: int | None = None
    messages_left_out: int | None = None
    estimated_tokens: int | None = None
    context_window: int | None = None
    """The window's size in tokens."""
    exact_tokens: int | None = None
    """The server's own count before the prompt was sent, where it counts."""

    @property
    def tokens(self) -> int | None:
        return self.exact_tokens or self.estimated_tokens


@dataclass(frozen=True, slots=True)
class ReplyError:
    """Why a reply failed; `code` and `params` are those of the error."""

    code: str
    params: JsonObject = field(default_factory=dict)

    @property
    def missing(self) -> Choice | None:
        """The model that is not there, where its server can fetch it."""
        return _fetchable(self.params, "backend", "model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """A person's judgement of a reply."""

    value: int
    """1 is good, -1 is not."""
    reason: str = ""
    tags: Sequence[str] = ()
    """Words for reasons that many have, of `RATING_TAGS` where they were given here."""
    rated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """A person's choice of a reply before others to the same question."""

    over: Sequence[UUID]
    """The replies that were not chosen."""
    reason: str = ""
    at: datetime


class _Codec(NamedTuple):
    read: Callable[[JsonValue], Any]
    """Gives None for what it does not understand."""
    write: Callable[[Any], JsonValue]


def _as_it_is(value: Any) -> Any:
    return value


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: JsonValue) -> int | None:
    return value if type(value) is int else None


def _number(value: JsonValue) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _object(value: JsonValue) -> JsonObject | None:
    return value if isinstance(value, Mapping) else None


def _list(value: JsonValue) -> Sequence[JsonValue] | None:
    return value if isinstance(value, list | tuple) else None


def _precision(value: JsonValue) -> Precision | None:
    return next((precision for precision in Precision if precision == value), None)


def _flag(value: JsonValue) -> bool | None:
    return value if isinstance(value, bool) else None


def _identifier(value: JsonValue) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _choice(value: JsonValue) -> Choice | None:
    if not isinstance(value, Mapping):
        return None
    backend, model = value.get("backend"), value.get("model")
    if model is None:  # an imported reply may have had none
        model = ""
    return Choice(backend, model) if isinstance(backend, str) and isinstance(model, str) else None


def _choice_object(choice: Choice) -> JsonObject:
    return {"backend": choice.backend, "model": choice.model or None}


def _choices(value: JsonValue) -> Sequence[Choice] | None:
    if (listed := _list(value)) is None:
        return None
    return tuple(choice for item in listed if (choice := _choice(item)))


def _context(value: JsonValue) -> ContextUsed | None:
    if not isinstance(value, Mapping):
        return None
    return ContextUsed(**{name: _count(value.get(name)) for name in _CONTEXT_FIELDS})


def _context_object(used: ContextUsed) -> JsonObject:
    told: dict[str, JsonValue] = {name: getattr(used, name) for name in _CONTEXT_FIELDS}
    if used.exact_tokens is None:
        del told["exact_tokens"]
    return told


def _coded(value: JsonValue) -> tuple[str | None, JsonObject]:
    """Return the code of an error or a notice, and its params."""
    if not isinstance(value, Mapping):
        return None, {}
    return _text(value.get("code")), {name: item for name, item in value.items() if name != "code"}


def _error(value: JsonValue) -> ReplyError | None:
    code, params = _coded(value)
    return ReplyError(_UNKNOWN_ERROR if code is None else code, params) if isinstance(value, Mapping) else None


def _coded_object(told: ReplyError | Notice) -> JsonObject:
    return {"code": told.code, **told.params}


def _notices(value: JsonValue) -> Sequence[Notice] | None:
    if (listed := _list(value)) is None:
        return None
    read = [_coded(item) for item in listed[:MOST_READ]]
    return tuple(Notice(code, params) for code, params in read if code is not None)


def _moment(value: JsonValue) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def _reason(value: JsonValue) -> str:
    return (_text(value) or "")[:REASON_CHARS]


def _rating(value: JsonValue) -> Rating | None:
    if not isinstance(value, Mapping):
        return None
    rated_at, judged = _moment(value.get("rated_at")), _count(value.get("value"))
    if rated_at is None or judged not in (1, -1):
        return None
    tags = [tag for tag in (_list(value.get("tags")) or ())[:MOST_READ] if isinstance(tag, str)]
    return Rating(value=judged, reason=_reason(value.get("reason")), tags=tuple(tags), rated_at=rated_at)


def _rating_object(rating: Rating) -> JsonObject:
    return {
        "value": rating.value,
        "reason": rating.reason,
        "tags": list(rating.tags),
        "rated_at": rating.rated_at.isoformat(),
    }


def _vote(value: JsonValue) -> Vote | None:
    if not isinstance(value, Mapping):
        return None
    at, over = _moment(value.get("at")), (_list(value.get("over")) or ())[:MOST_READ]
    beaten = tuple(found for one in over if (found := _identifier(one)))
    return Vote(over=beaten, reason=_reason(value.get("reason")), at=at) if at and beaten else None


def _vote_object(vote: Vote) -> JsonObject:
    return {"over": [str(one) for one in vote.over], "reason": vote.reason, "at": vote.at.isoformat()}


def _listed(write: Callable[[Any], JsonValue]) -> Callable[[Any], JsonValue]:
    return lambda values: [write(value) for value in values]


_CONTEXT_FIELDS = tuple(one.name for one in fields(ContextUsed))
_CODEC = "codec"


def _kept(read: Callable[[JsonValue], Any], write: Callable[[Any], JsonValue] = _as_it_is) -> Mapping[str, _Codec]:
    return {_CODEC: _Codec(read, write)}


_TEXT, _COUNT, _LIST, _MODEL = _kept(_text), _kept(_count), _kept(_list), _kept(_choice, _choice_object)
_MARK = _kept(_precision, lambda precision: precision.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyFacts:
    """All that is kept of a reply beside its columns. None is not known, and stands for no key in the metadata."""

    finish_reason: str | None = field(default=None, metadata=_TEXT)
    """The server's word: "stop", or one of those that `events` names."""
    asked: Choice | None = field(default=None, metadata=_MODEL)
    """The model that was asked, where another one answered."""
    answered_by: Choice | None = field(default=None, metadata=_MODEL)
    reason: str | None = field(default=None, metadata=_TEXT)
    """Code of the error that kept the one that was asked from answering."""
    continues: UUID | None = field(default=None, metadata=_kept(_identifier, str))
    """The reply that this one begins with."""
    beside: UUID | None = field(default=None, metadata=_kept(_identifier, str))
    """The reply that this one was asked for to be compared with."""
    begun_by: Sequence[Choice] | None = field(default=None, metadata=_kept(_choices, _listed(_choice_object)))
    """Who wrote that beginning, in their order."""
    context_used: ContextUsed | None = field(default=None, metadata=_kept(_context, _context_object))
    options: JsonObject | None = field(default=None, metadata=_kept(_object))
    """The sampling options that the model was sent."""
    tokens: Precision | None = field(default=None, metadata=_MARK)
    """Whether the figure of completion tokens is exact."""
    prompt_tokens: Precision | None = field(default=None, metadata=_MARK)
    reasoning_tokens: Precision | None = field(default=None, metadata=_MARK)
    cached_tokens: int | None = field(default=None, metadata=_COUNT)
    """The prompt's tokens that the server had read before."""
    cost: Precision | None = field(default=None, metadata=_MARK)
    cost_thb: float | None = field(default=None, metadata=_kept(_number))
    reasoning: str | None = field(default=None, metadata=_TEXT)
    """All that the model thought, as one text."""
    reasoning_ms: int | None = field(default=None, metadata=_COUNT)
    """The time that the model thought, in milliseconds; not the thinking that the reply began with."""
    notices: Sequence[Notice] | None = field(default=None, metadata=_kept(_notices, _listed(_coded_object)))
    error: ReplyError | None = field(default=None, metadata=_kept(_error, _coded_object))
    audio_files: Sequence[JsonValue] | None = field(default=None, metadata=_LIST)
    function_calls: Sequence[JsonValue] | None = field(default=None, metadata=_LIST)
    rating: Rating | None = field(default=None, metadata=_kept(_rating, _rating_object))
    vote: Vote | None = field(default=None, metadata=_kept(_vote, _vote_object))
    purged: bool | None = field(default=None, metadata=_kept(_flag))
    """Nothing is left of the message but its place; of questions too."""
    fingerprint: str | None = field(default=None, metadata=_TEXT)
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
        found = (_fetchable(notice.params, "asked", "asked_model") for notice in self.notices or ())
        return next((choice for choice in found if choice), None)


_CODECS: Mapping[str, _Codec] = {one.name: one.metadata[_CODEC] for one in fields(ReplyFacts) if _CODEC in one.metadata}
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
    return _text(metadata.get("fingerprint"))


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
    return _rating(message.metadata["rating"]) if "rating" in message.metadata else None


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


def _fetchable(params: JsonObject, backend: str, model: str) -> Choice | None:
    return _choice({"backend": params.get(backend), "model": params.get(model)}) if params.get("fetchable") else None
