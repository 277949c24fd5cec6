"""The shapes of search results."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from thai_chat.chat.search.searches import MessageResult, SearchResults, SessionResult


class ResultBody(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "session_id": "0199a1b2-0000-7000-8000-000000000000",
                "message_id": "0199a1b2-0000-7000-8000-000000000002",
                "session_name": "น้ำจิ้มข้าวมันไก่",
                "role": "assistant",
                "created_at": "2026-11-21T04:00:00+00:00",
                "snippet": "…ตำขิงกับกระเทียม แล้วใส่เต้าเจี้ยว…",
                "hits": [[4, 7]],
                "match": "literal",
                "backend": "vllm",
                "model": "my-thai-model",
                "status": "complete",
                "message_order": 2,
                "pinned": False,
                "archived": False,
            }
        }
    )

    session_id: UUID
    message_id: UUID
    session_name: str
    role: str
    created_at: datetime
    snippet: str = Field(
        description="A piece of the message, cut at whole clusters; … where it was cut. Of a reply without the "
        "signs of Markdown, but for those that were looked for"
    )
    hits: list[tuple[int, int]] = Field(
        description="Start and end in the snippet, in code points (not UTF-16 units)", examples=[[[4, 7]]]
    )
    match: Literal["literal", "form"] = Field(description="form: found in another form of an English word")
    backend: str | None
    model: str | None
    status: str
    message_order: int
    pinned: bool
    archived: bool


class SessionResultBody(BaseModel):
    session_id: UUID
    session_name: str
    hits: list[tuple[int, int]] = Field(description="Start and end in the name, in code points", examples=[[[0, 6]]])
    created_at: datetime
    updated_at: datetime
    message_count: int
    backend: str
    model: str
    pinned: bool
    archived: bool


class FoundBody(BaseModel):
    results: list[ResultBody] = Field(description="The messages that were found")
    next: str | None = Field(description="Give it as `cursor` for the next page; null on the last")
    sessions: list[SessionResultBody] = Field(description="Sessions whose names were found; on the first page only")
    suggestion: str | None = Field(description="The same keys in the other keyboard layout, when that was meant")
    complete: bool = Field(description="False while messages are still being indexed, after an import or an upgrade")
    unindexed: int = Field(description="Messages and names of sessions that can't be found yet; 0 when complete")
    memory: bool = Field(description="True when PostgreSQL is away: only what memory holds was looked through")


def results_body(found: SearchResults) -> FoundBody:
    return FoundBody(
        results=[_result_body(message) for message in found.messages],
        next=found.next,
        sessions=[_session_body(session) for session in found.sessions],
        suggestion=found.suggestion,
        complete=not found.unindexed,
        unindexed=found.unindexed,
        memory=found.is_memory,
    )


def _result_body(found: MessageResult) -> ResultBody:
    message, session = found.hit.message, found.hit.session
    return ResultBody(
        session_id=message.session_id,
        message_id=message.message_id,
        session_name=session.session_name,
        role=message.role,
        created_at=message.created_at.astimezone(UTC),
        snippet=found.snippet.text,
        hits=list(found.snippet.hits),
        match="literal" if found.hit.is_literal else "form",
        backend=message.backend,
        model=message.model,
        status=message.status,
        message_order=message.message_order,
        pinned=session.pinned_at is not None,
        archived=session.archived_at is not None,
    )


def _session_body(found: SessionResult) -> SessionResultBody:
    session = found.session
    return SessionResultBody(
        session_id=session.session_id,
        session_name=found.name.text,
        hits=list(found.name.hits),
        created_at=session.created_at.astimezone(UTC),
        updated_at=session.updated_at.astimezone(UTC),
        message_count=session.message_count,
        backend=session.backend,
        model=session.model,
        pinned=session.pinned_at is not None,
        archived=session.archived_at is not None,
    )
