"""The refusal of what no store can keep: each refuses the same, before it is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import orjson

from thai_chat.domain.errors import HistoryRefused
from thai_chat.domain.messages import (
    BACKEND_CHARS,
    FOLDER_CHARS,
    KEY_CHARS,
    MODEL_CHARS,
    SESSION_NAME_CHARS,
    USER_CHARS,
)
from thai_chat.domain.parts import PARTS_CHARS, Part, excess_of, parts_to_json, text_of
from thai_chat.domain.presets import Preset
from thai_chat.domain.searching import SearchQuery
from thai_chat.domain.writes import Checkpoint, FinishReply, Outcome, Write

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


def check(write: Write[Outcome] | Checkpoint) -> None:
    """Raise HistoryRefused for what PostgreSQL would refuse, so that every store refuses the same, and at once."""
    named = ("user_id", "session_name", "idempotency_key", "folder")
    fields: dict[str, object] = {name: getattr(write, name, None) for name in named}
    choice = getattr(write, "choice", None)
    if choice is not None:
        fields.update(backend=choice.backend, model=choice.model)
    for name, value in fields.items():
        if isinstance(value, str) and len(value) > _LIMITS[name]:
            raise HistoryRefused(f"{name} is longer than {_LIMITS[name]} characters")
    check_text(*(value for value in fields.values() if isinstance(value, str)))
    check_text(*(getattr(write, name, "") for name in ("question", "content", "reason")))
    check_text(*(getattr(write, "tags", None) or ()), getattr(write, "dept_id", None) or "")
    for name in ("metadata", "options"):
        value = getattr(write, name, None)
        if value and _ESCAPED_NUL.search(_json(value)):
            raise HistoryRefused(f"{name} has a NUL character")
    if parts := getattr(write, "parts", ()):
        _check_parts(parts, getattr(write, "question", "") or getattr(write, "content", ""))
    cost = write.figures.cost_usd if isinstance(write, FinishReply) else None
    if cost is not None and not (cost.is_finite() and abs(cost) <= _MAX_COST_USD):
        raise HistoryRefused("the cost is no price")


def _check_parts(parts: Sequence[Part], content: str) -> None:
    if excess := excess_of(parts):
        raise HistoryRefused(f"{excess[0]} of a part is longer than {excess[1]}")
    if text_of(parts) != content:
        raise HistoryRefused("the parts say something else than the content")
    text = parts_text(parts) or ""
    if len(text) > PARTS_CHARS:
        raise HistoryRefused(f"the parts are longer than {PARTS_CHARS} characters")
    if _ESCAPED_NUL.search(text):
        raise HistoryRefused("a part has a NUL character")


def check_preset(preset: Preset) -> None:
    """Raise HistoryRefused as `check` does."""
    limits = {"user_id": USER_CHARS, "preset_name": SESSION_NAME_CHARS, "backend": BACKEND_CHARS, "model": MODEL_CHARS}
    values = {name: value for name in limits if (value := getattr(preset, name)) is not None}
    for name, value in values.items():
        if len(value) > limits[name]:
            raise HistoryRefused(f"{name} is longer than {limits[name]} characters")
    check_text(*values.values())
    if _ESCAPED_NUL.search(json_text(preset.options)):
        raise HistoryRefused("options have a NUL character")


def check_query(query: SearchQuery) -> None:
    """Raise HistoryRefused for what no stored text can contain."""
    filters = query.filters
    check_text(query.user_id or "", filters.backend or "", filters.model or "", *(term.text for term in query.terms))


def check_text(*texts: str) -> None:
    """Raise HistoryRefused for NUL and lone surrogates."""
    for text in texts:
        if "\0" in text:
            raise HistoryRefused("the text has a NUL character")
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError as exc:
                raise HistoryRefused("the text has a lone surrogate") from exc


def json_text(value: Mapping[str, object]) -> str:
    """Return the value as JSON. Raises HistoryRefused where it holds what JSON can't."""
    return _json(value) if value else "{}"


def parts_text(parts: Sequence[Part]) -> str | None:
    """Return the parts as a row has them; None for plain text, which has none."""
    return _json(parts_to_json(parts)) if parts else None


def _json(value: Mapping[str, object] | Sequence[object]) -> str:
    try:
        return orjson.dumps(value).decode()
    except (TypeError, RecursionError) as exc:
        raise HistoryRefused("it can't be written as JSON") from exc
