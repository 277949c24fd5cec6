"""Writes as bytes for the journal, and what of a write no store can keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import orjson

from thai_chat.domain.errors import HistoryRefused
from thai_chat.domain.messages import (
    BACKEND_CHARS,
    FOLDER_CHARS,
    KEY_CHARS,
    MODEL_CHARS,
    SESSION_NAME_CHARS,
    BeginReply,
    BeginTurn,
    Checkpoint,
    Choice,
    Figures,
    FinishReply,
    Preset,
    PurgeSession,
    Status,
    UpdateSession,
    Write,
)
from thai_chat.domain.searching import SearchQuery
from thai_chat.history.postgres.sql.tables import USER_CHARS

_KINDS: Mapping[str, Callable[..., Write]] = {
    "begin_turn": BeginTurn,
    "begin_reply": BeginReply,
    "checkpoint": Checkpoint,
    "finish_reply": FinishReply,
    "update_session": UpdateSession,
    "purge_session": PurgeSession,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_IDS = ("session_id", "question_id", "reply_id", "parent_id", "leaf_id")
# Not the text of such an escape: there the backslash is itself escaped.
_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_LIMITS = {
    "user_id": USER_CHARS,
    "session_name": SESSION_NAME_CHARS,
    "idempotency_key": KEY_CHARS,
    "backend": BACKEND_CHARS,
    "model": MODEL_CHARS,
    "folder": FOLDER_CHARS,
}
_MAX_COST_USD = 999_999


def encode(write: Write) -> bytes:
    """One JSON object. Raises HistoryRefused where the write holds what JSON can't: lone surrogates, foreign types."""
    try:
        fields = {"kind": _NAMES[type(write)], **asdict(write)}
        if isinstance(write, FinishReply) and write.figures.cost_usd is not None:
            fields["figures"]["cost_usd"] = str(write.figures.cost_usd)
        return orjson.dumps(fields)
    except (TypeError, RecursionError) as exc:
        raise HistoryRefused(f"{_NAMES[type(write)]} can't be written as JSON") from exc


def decode(record: bytes) -> Write:
    """The write that `encode` was given. Raises HistoryRefused when the record is of another version or garbage."""
    try:
        fields: dict[str, Any] = orjson.loads(record)
        kind = _KINDS[fields.pop("kind")]
        for name in _IDS:
            if fields.get(name) is not None:
                fields[name] = UUID(fields[name])
        fields["at"] = datetime.fromisoformat(fields["at"]).astimezone(UTC)
        if fields.get("choice") is not None:
            fields["choice"] = Choice(**fields["choice"])
        if "figures" in fields:
            fields["figures"] = _figures(fields["figures"])
        if fields.get("tags") is not None:
            fields["tags"] = tuple(fields["tags"])
        if "status" in fields:
            fields["status"] = Status(fields["status"])
        return kind(**fields)
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation) as exc:
        raise HistoryRefused("the record is none of this version") from exc


def _figures(fields: dict[str, Any]) -> Figures:
    cost = fields.get("cost_usd")
    return Figures(**{**fields, "cost_usd": None if cost is None else Decimal(cost)})


def check(write: Write) -> None:
    """Raises HistoryRefused for what PostgreSQL would refuse, so that every store refuses the same, and at once."""
    named = ("user_id", "session_name", "idempotency_key", "folder")
    fields: dict[str, object] = {name: getattr(write, name, None) for name in named}
    choice = getattr(write, "choice", None)
    if choice is not None:
        fields.update(backend=choice.backend, model=choice.model)
    for name, value in fields.items():
        if isinstance(value, str) and len(value) > _LIMITS[name]:
            raise HistoryRefused(f"{name} is longer than {_LIMITS[name]} characters")
    check_text(*(value for value in fields.values() if isinstance(value, str)))
    check_text(getattr(write, "question", ""), getattr(write, "content", ""), *(getattr(write, "tags", None) or ()))
    for name in ("metadata", "options"):
        value = getattr(write, name, None)
        if value and _ESCAPED_NUL.search(_json(value)):
            raise HistoryRefused(f"{name} has a NUL character")
    cost = write.figures.cost_usd if isinstance(write, FinishReply) else None
    if cost is not None and not (cost.is_finite() and abs(cost) <= _MAX_COST_USD):
        raise HistoryRefused("the cost is no price")


def check_preset(preset: Preset) -> None:
    """As `check`."""
    limits = {"user_id": USER_CHARS, "preset_name": SESSION_NAME_CHARS, "backend": BACKEND_CHARS, "model": MODEL_CHARS}
    values = {name: value for name in limits if (value := getattr(preset, name)) is not None}
    for name, value in values.items():
        if len(value) > limits[name]:
            raise HistoryRefused(f"{name} is longer than {limits[name]} characters")
    check_text(*values.values())
    if _ESCAPED_NUL.search(json_text(preset.options)):
        raise HistoryRefused("options have a NUL character")


def check_query(query: SearchQuery) -> None:
    """Raises HistoryRefused for what no stored text can contain."""
    filters = query.filters
    check_text(query.user_id or "", filters.backend or "", filters.model or "", *(term.text for term in query.terms))


def check_text(*texts: str) -> None:
    """Raises HistoryRefused for NUL and lone surrogates."""
    for text in texts:
        if "\0" in text:
            raise HistoryRefused("the text has a NUL character")
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError as exc:
                raise HistoryRefused("the text has a lone surrogate") from exc


def json_text(value: Mapping[str, object]) -> str:
    return _json(value) if value else "{}"


def _json(value: Mapping[str, object]) -> str:
    try:
        return orjson.dumps(value).decode()
    except (TypeError, RecursionError) as exc:
        raise HistoryRefused("it can't be written as JSON") from exc
