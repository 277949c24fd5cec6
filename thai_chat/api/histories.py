"""A session's history as clients see it, written page by page, and what the session adds up to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from thai_chat.api.message_json import messages_in_parts, to_json
from thai_chat.api.schemas import MESSAGE_EXAMPLE, HistoryBody
from thai_chat.chat.histories import MOST_LAST, History
from thai_chat.domain.messages import Message, Role, Session
from thai_chat.domain.reads import BranchCounts
from thai_chat.texts import Language

_AT_ONCE = 200
"""Messages that are written in one go: a millisecond's work."""
_STATUS_EXAMPLE: dict[str, Any] = {
    "session_id": MESSAGE_EXAMPLE["session_id"],
    "session_name": "สวัสดี",
    "is_active": True,
    "running": False,
    "backend": MESSAGE_EXAMPLE["backend"],
    "model": "my-thai-model",
    "created_at": "2026-11-21T03:59:59Z",
    "updated_at": "2026-11-21T04:00:00Z",
    "first_message_at": "2026-11-21T03:59:59Z",
    "last_message_at": "2026-11-21T03:59:59Z",
    "last_ended_at": "2026-11-21T04:00:00Z",
    "duration_seconds": 1.0,
    "conversation_length": 2,
    "messages_by_role": {"user": 1, "assistant": 1, "system": 0},
    "message_count": 2,
}
_HISTORY_EXAMPLE: dict[str, Any] = {
    "session_id": MESSAGE_EXAMPLE["session_id"],
    "total": 2,
    "has_earlier": True,
    "siblings": {},
    "history": [MESSAGE_EXAMPLE],
}


class HistoryQuery(BaseModel):
    """Without any of it all messages come."""

    limit: int | None = Field(default=None, ge=1, le=MOST_LAST, description="The last ones alone: at most so many")
    before: str | None = Field(default=None, description="A message's id: the ones before it")
    before_order: int | None = Field(default=None, description="The ones below this `message_order`")


class WholeHistoryBody(HistoryBody):
    model_config = ConfigDict(json_schema_extra={"example": _HISTORY_EXAMPLE})

    total: int | None = Field(
        description="How many messages the session shows, also those that are not in this answer; null while the "
        "database is away and not all of them are at hand"
    )


class ChatStatusBody(BaseModel):
    """The figures of a session. They count what it shows: other branches and deleted messages are not."""

    model_config = ConfigDict(json_schema_extra={"example": _STATUS_EXAMPLE})

    session_id: UUID
    session_name: str
    is_active: bool = Field(description="False while it is in the trash")
    running: bool = Field(description="Whether a reply grows in it")
    backend: str
    model: str
    created_at: datetime
    updated_at: datetime = Field(description="When something was asked last")
    first_message_at: datetime | None = Field(description="Null when nothing is shown")
    last_message_at: datetime | None = Field(
        description="The last message's `timestamp`; a reply has that of its question. Null when nothing is shown"
    )
    last_ended_at: datetime | None = Field(
        description="When the last message was whole, as a reply is when it ends; now while one grows. Null when "
        "nothing is shown"
    )
    duration_seconds: float = Field(description="From `first_message_at` to `last_ended_at`")
    conversation_length: int = Field(description="The messages that it shows")
    messages_by_role: dict[str, int] = Field(description="The same by role: user, assistant, system")
    message_count: int = Field(description="All messages that it has, on every branch")


class LoadedBody(ChatStatusBody, WholeHistoryBody):
    model_config = ConfigDict(json_schema_extra={"example": {**_STATUS_EXAMPLE, **_HISTORY_EXAMPLE}})


def status_body(session: Session, counts: BranchCounts, *, running: bool) -> ChatStatusBody:
    first_at, ended_at = counts.first_at, counts.ended_at
    if running and ended_at:
        ended_at = max(ended_at, datetime.now(UTC))
    return ChatStatusBody(
        session_id=session.session_id,
        session_name=session.session_name,
        is_active=session.is_active,
        running=running,
        backend=session.backend,
        model=session.model,
        created_at=session.created_at.astimezone(UTC),
        updated_at=session.updated_at.astimezone(UTC),
        first_message_at=first_at,
        last_message_at=counts.last_at,
        last_ended_at=ended_at,
        duration_seconds=(ended_at - first_at).total_seconds() if first_at and ended_at else 0.0,
        conversation_length=counts.total,
        messages_by_role={role.value: counts.by_role.get(role, 0) for role in Role},
        message_count=session.message_count,
    )


async def history_response(
    head: Mapping[str, object], history: History, language: Language, *, name: str = "history"
) -> Response:
    """Answer with the fields of `head` and, as `name`, the history; where it is long, part by part as it is read.

    A database that goes away in the middle ends the connection: what has come is then no whole answer.
    """
    fields = {
        "session_id": history.session.session_id,
        **head,
        "total": history.total,
        "has_earlier": history.has_earlier,
        "siblings": {},
    }
    parts = _parts(to_json(fields)[:-1] + f',"{name}":['.encode(), history, language)
    if history.others is None:
        return Response(b"".join([part async for part in parts]), media_type="application/json")
    return StreamingResponse(parts, media_type="application/json")


async def _parts(beginning: bytes, history: History, language: Language) -> AsyncGenerator[bytes]:
    """Yield the answer in small parts; everybody else has a turn between them."""
    async for messages in _pages(history):
        for part in messages_in_parts(messages, language, most=_AT_ONCE):
            yield beginning + part
            beginning = b","
            await asyncio.sleep(0)
    yield (b"" if beginning == b"," else beginning) + b"]}"


async def _pages(history: History) -> AsyncGenerator[Sequence[Message]]:
    yield history.messages
    if history.others:
        async for messages in history.others:
            yield messages
