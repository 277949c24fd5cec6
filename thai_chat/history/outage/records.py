"""Writes as bytes for the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import orjson

from thai_chat.domain.errors import HistoryRefused
from thai_chat.domain.messages import Choice, Figures, Role, Status
from thai_chat.domain.parts import parts_from_json, parts_to_json
from thai_chat.domain.writes import (
    AddMessage,
    BeginReply,
    BeginTurn,
    Checkpoint,
    CreateSession,
    DeleteMessage,
    FinishReply,
    PreferReply,
    PurgeMessage,
    PurgeSession,
    RateReply,
    ResetSession,
    SingleWrite,
    UpdateSession,
)

_KINDS: Mapping[str, Callable[..., SingleWrite]] = {
    "begin_turn": BeginTurn,
    "begin_reply": BeginReply,
    "checkpoint": Checkpoint,
    "finish_reply": FinishReply,
    "create_session": CreateSession,
    "add_message": AddMessage,
    "update_session": UpdateSession,
    "reset_session": ResetSession,
    "purge_session": PurgeSession,
    "rate_reply": RateReply,
    "prefer_reply": PreferReply,
    "delete_message": DeleteMessage,
    "purge_message": PurgeMessage,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_IDS = ("session_id", "question_id", "reply_id", "message_id", "parent_id", "leaf_id")


def encode(write: SingleWrite) -> bytes:
    """Return one JSON object.

    Raises HistoryRefused where the write holds what JSON can't: lone surrogates, foreign types.
    """
    try:
        fields = {"kind": _NAMES[type(write)], **asdict(write)}
        if fields.pop("parts", ()):  # without them an earlier version reads the record too
            fields["parts"] = parts_to_json(getattr(write, "parts", ()))
        for name in ("beside", "temporary", "dept_id"):  # nor without these
            if not fields.get(name) and fields.get(name) != "":
                fields.pop(name, None)
        if fields.get("metadata", ...) is None:
            del fields["metadata"]
        for name in ("expected", "metadata_bytes"):  # they counted when the write was taken
            fields.pop(name, None)
        if isinstance(write, FinishReply) and write.figures.cost_usd is not None:
            fields["figures"]["cost_usd"] = str(write.figures.cost_usd)
        return orjson.dumps(fields)
    except (TypeError, RecursionError) as exc:
        raise HistoryRefused(f"{_NAMES[type(write)]} can't be written as JSON") from exc


def decode(record: bytes) -> SingleWrite:
    """Return the write that `encode` was given. Raises HistoryRefused for a record of another version, or garbage."""
    try:
        fields: dict[str, Any] = orjson.loads(record)
        kind = _KINDS[fields.pop("kind")]
        for name in _IDS:
            if fields.get(name) is not None:
                fields[name] = UUID(fields[name])
        fields["at"] = datetime.fromisoformat(fields["at"]).astimezone(UTC)
        if fields.get("choice") is not None:
            fields["choice"] = Choice(**fields["choice"])
        if fields.get("tags") is not None:
            fields["tags"] = tuple(fields["tags"])
        if "over" in fields:
            fields["over"] = tuple(map(UUID, fields["over"]))
        for name, read in _READ.items():
            if name in fields:
                fields[name] = read(fields[name])
        return kind(**fields)
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation) as exc:
        raise HistoryRefused("the record is none of this version") from exc


def _figures(fields: dict[str, Any]) -> Figures:
    cost = fields.get("cost_usd")
    return Figures(**{**fields, "cost_usd": None if cost is None else Decimal(cost)})


_READ: Mapping[str, Callable[[Any], object]] = {
    "figures": _figures,
    "role": Role,
    "status": Status,
    "parts": parts_from_json,
}
