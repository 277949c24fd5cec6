"""`GET /api/audit`: who did what and when, for administrators."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from thai_chat.api.cursors import cursor_of, read_cursor
from thai_chat.api.dependencies import People
from thai_chat.api.refusing import refuses
from thai_chat.chat.text import identifier
from thai_chat.domain.audit import MOST_ENTRIES, Action, AuditCursor, AuditEntry, AuditQuery
from thai_chat.domain.errors import InvalidCursor, InvalidIdentifier

router = APIRouter(prefix="/api/audit", tags=["people"])


class EntryBody(BaseModel):
    entry_id: UUID
    at: datetime
    action: str = Field(description="What was done", examples=["sign_in"])
    outcome: str = Field(description="done, else a code that says why not", examples=["done"])
    name: str = Field(description="Of who did it, or the one that was tried")
    account_id: UUID | None = Field(description="The account of who did it; null where nobody is known")
    key_id: str | None = Field(description="The API key by which it was done")
    target: str | None = Field(description="The thing that it was done to: an id, or a name")
    address: str
    details: Mapping[str, Any] = Field(description="What else is known of it; never a text", examples=[{}])


class AuditBody(BaseModel):
    entries: list[EntryBody] = Field(description="The newest first")
    next: str | None = Field(description="Give it as `cursor` for the next page; null on the last")


@router.get("", responses=refuses(InvalidIdentifier, InvalidCursor))
async def list_audit_entries(
    people: People,
    limit: Annotated[int, Query(ge=1, le=MOST_ENTRIES, description="The most that come in one answer")] = 100,
    cursor: Annotated[str | None, Query(max_length=100, description="`next` of the page before")] = None,
    action: Annotated[Action | None, Query(description="Only what was done so")] = None,
    account_id: Annotated[str | None, Query(description="Only what this account did")] = None,
) -> AuditBody:
    """List what people have done: signing in, keys, exports, deletions and the like; never a text."""
    found = await people.audit.page(
        AuditQuery(
            limit=limit + 1,
            before=_before(cursor) if cursor else None,
            action=action,
            account_id=identifier(account_id) if account_id else None,
        )
    )
    shown = found[:limit]
    return AuditBody(
        entries=[_body(entry) for entry in shown],
        next=cursor_of(shown[-1].at, shown[-1].entry_id) if len(found) > limit else None,
    )


def _body(entry: AuditEntry) -> EntryBody:
    return EntryBody(
        entry_id=entry.entry_id,
        at=entry.at.astimezone(UTC),
        action=entry.action,
        outcome=entry.outcome,
        name=entry.name,
        account_id=entry.account_id,
        key_id=entry.key_id or None,
        target=entry.target or None,
        address=entry.address,
        details=entry.details,
    )


def _before(cursor: str) -> AuditCursor:
    at, entry_id = read_cursor(cursor)
    return AuditCursor(at=at, entry_id=entry_id)
