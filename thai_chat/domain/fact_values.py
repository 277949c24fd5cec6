"""The values of facts about replies, and the form that each has in a row's metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from thai_chat.domain.events import Notice
from thai_chat.domain.json_types import JsonObject, JsonValue
from thai_chat.domain.messages import Choice

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
        return fetchable(self.params, "backend", "model")


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


def _as_it_is(value: Any) -> Any:
    return value


class Codec(NamedTuple):
    """Reads a value of a fact from the metadata, and writes it there."""

    read: Callable[[JsonValue], Any]
    """Gives None for what it does not understand."""
    write: Callable[[Any], JsonValue] = _as_it_is


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

TEXT, COUNT, NUMBER, FLAG = Codec(_text), Codec(_count), Codec(_number), Codec(_flag)
LIST, OBJECT = Codec(_list), Codec(_object)
IDENTIFIER = Codec(_identifier, str)
PRECISION = Codec(_precision, lambda precision: precision.value)
MODEL = Codec(_choice, _choice_object)
MODELS = Codec(_choices, _listed(_choice_object))
CONTEXT = Codec(_context, _context_object)
NOTICES = Codec(_notices, _listed(_coded_object))
ERROR = Codec(_error, _coded_object)
RATING = Codec(_rating, _rating_object)
VOTE = Codec(_vote, _vote_object)


def fetchable(params: JsonObject, backend: str, model: str) -> Choice | None:
    """Return the model under these names in the params of an error or a notice, where its server can fetch it."""
    return _choice({"backend": params.get(backend), "model": params.get(model)}) if params.get("fetchable") else None
