"""How rows of the tables become sessions and messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Label, case, func, literal_column

from thai_chat.domain.messages import NO_FIGURES, STALE_AFTER, Figures, Message, Role, Session, Status
from thai_chat.domain.parts import parts_from_json
from thai_chat.history.postgres.sql.tables import chat_messages, chat_sessions

STALE = f"interval '{STALE_AFTER.total_seconds():.0f} s'"

SESSION_FIELDS = (
    "session_id",
    "user_id",
    "session_name",
    "backend",
    "model",
    "created_at",
    "updated_at",
    "message_count",
    "is_active",
    "leaf_id",
    "pinned_at",
    "archived_at",
    "deleted_at",
    "branched_from_id",
    "context_snapshot",
    "metadata",
    "has_branches",
    "options",
    "tags",
    "folder",
)
MESSAGE_FIELDS = (
    "message_id",
    "session_id",
    "parent_id",
    "role",
    "content",
    "message_order",
    "status",
    "backend",
    "model",
    "created_at",
    "prompt_tokens",
    "completion_tokens",
    "first_token_ms",
    "latency_ms",
    "reasoning_tokens",
    "cost_usd",
    "metadata",
    "parts",
    "deleted_at",
)

_UNKNOWN = (None,) * len(MESSAGE_FIELDS[10:16])
_ROLES = {role.value: role for role in Role}
_STATUSES = {status.value: status for status in Status}

SESSION_SQL = ", ".join(f"s.{name}" for name in SESSION_FIELDS)


def message_sql(table: str) -> str:
    """Return the MESSAGE_FIELDS of `table` as SQL, with the status as it is shown.

    Sign of life and clock are both the database's, so that no process's clock can make another's reply look dead.
    """
    stale = f"{table}.checkpointed_at < clock_timestamp() - {STALE}"
    status = f"CASE WHEN {table}.status = 'streaming' AND {stale} THEN 'interrupted' ELSE {table}.status END AS status"
    return ", ".join(status if name == "status" else f"{table}.{name}" for name in MESSAGE_FIELDS)


MESSAGE_SQL = message_sql("m")
NO_PARTS = "NULL::jsonb"
"""Stands in place of the parts where only a piece of the text is shown."""
SESSION_COLUMNS = [chat_sessions.c[name] for name in SESSION_FIELDS]


def _shown_status() -> Label[str]:
    stale = chat_messages.c.checkpointed_at < func.clock_timestamp() - literal_column(STALE)
    return case(((chat_messages.c.status == "streaming") & stale, "interrupted"), else_=chat_messages.c.status).label(
        "status"
    )


MESSAGE_COLUMNS = [_shown_status() if name == "status" else chat_messages.c[name] for name in MESSAGE_FIELDS]


def session_of(row: Sequence[Any]) -> Session:
    """Return the session of a row that begins with SESSION_FIELDS."""
    values: Mapping[str, Any] = dict(zip(SESSION_FIELDS, row, strict=False))
    times = {name: _utc(values[name]) for name in ("pinned_at", "archived_at", "deleted_at")}
    created_at, updated_at = values["created_at"].astimezone(UTC), values["updated_at"].astimezone(UTC)
    lists = {"tags": tuple(values["tags"])}
    return Session(**{**values, **times, **lists, "created_at": created_at, "updated_at": updated_at})


def message_of(row: Sequence[Any]) -> Message:
    """Return the message of a row that begins with MESSAGE_FIELDS."""
    (message_id, session_id, parent_id, role, content, order, status, backend, model, created_at) = row[:10]
    figures = tuple(row[10:16])
    return Message(
        message_id=message_id,
        session_id=session_id,
        parent_id=parent_id,
        role=_ROLES[role],
        content=content,
        message_order=order,
        status=_STATUSES[status],
        backend=backend,
        model=model,
        created_at=created_at.astimezone(UTC),
        figures=NO_FIGURES if figures == _UNKNOWN else _figures(figures),
        metadata=row[16],
        parts=() if row[17] is None else parts_from_json(row[17]),
        deleted_at=_utc(row[18]),
    )


def _figures(values: Sequence[Any]) -> Figures:
    prompt_tokens, completion_tokens, first_token_ms, latency_ms, reasoning_tokens, cost_usd = values
    return Figures(
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        first_token_ms=first_token_ms,
        latency_ms=latency_ms,
        reasoning_tokens=reasoning_tokens,
        cost_usd=cost_usd,
    )


def _utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)
