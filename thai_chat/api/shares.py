"""Links to snapshots of sessions: making, listing and ending them, and going on with one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from thai_chat.api.addresses import page_of
from thai_chat.api.dependencies import Address, Asking, Noting, Service, Sharing
from thai_chat.api.refusing import refuses
from thai_chat.api.repeating import SECRET_NOT_REPEATED, Repeated
from thai_chat.chat.changes import ANEW
from thai_chat.chat.statistics import zone_of
from thai_chat.chat.text import identifier
from thai_chat.domain.account_errors import TooManyAttempts
from thai_chat.domain.audit import Action, Detail
from thai_chat.domain.backend_errors import NoBackend
from thai_chat.domain.errors import MessageNotFound, SessionNotFound, UnreadableText
from thai_chat.domain.share_errors import (
    BadSharePassword,
    NothingToShare,
    ShareNotFound,
    SharePasswordNeeded,
    ShareTooLarge,
    TooManyShares,
    WrongSharePassword,
)
from thai_chat.domain.shares import LONGEST_S, ListedShare, ShareWish

router = APIRouter(prefix="/api/shares", tags=["shares"])
session_router = APIRouter(tags=["shares"])
"""Mounted by the application at each address of the sessions."""

_PASSWORD_CHARS = 1_000
"""More than a password may have: the rest of the check says how many that is."""


class ShareRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"expires_in_s": 604_800}})

    expires_in_s: int | None = Field(default=None, ge=1, le=LONGEST_S, description="None: it does not end by itself")
    password: Annotated[str, Field(max_length=_PASSWORD_CHARS)] | None = Field(
        default=None, description="4 to 200 characters, which whoever opens the link has to know", examples=[None]
    )
    leaf_id: UUID | None = Field(
        default=None, description="The last message of the branch that is shared; none: of the one that is shown"
    )
    with_system_prompt: bool = Field(default=False, description="Show the system prompt too")
    with_reasoning: bool = Field(default=False, description="Show what the model thought too")
    with_documents: bool = Field(default=False, description="Show the documents that were given too")
    timezone: str | None = Field(default=None, description="IANA name, in which the snapshot tells times")


class MadeShareBody(BaseModel):
    share_id: UUID
    url: str = Field(description="Only this answer has it")
    created_at: datetime
    expires_at: datetime | None
    has_password: bool


class ShareBody(BaseModel):
    share_id: UUID
    session_id: UUID
    session_name: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None = Field(description="When it was taken back; null: it was not")
    views: int
    viewed_at: datetime | None = Field(description="When it was opened last; null: never")
    has_password: bool


class SharesBody(BaseModel):
    shares: list[ShareBody] = Field(description="The newest first")


class ContinueRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: Annotated[str, Field(max_length=200)] = Field(description="The end of the link's address")
    password: Annotated[str, Field(max_length=_PASSWORD_CHARS)] | None = Field(
        default=None, description="Where the link has one", examples=[None]
    )


class ContinuedBody(BaseModel):
    session_id: UUID


@session_router.post(
    "/{session_id}/share",
    status_code=201,
    responses=refuses(
        *(SessionNotFound, MessageNotFound, NothingToShare, ShareTooLarge, TooManyShares, BadSharePassword),
        *(UnreadableText, *SECRET_NOT_REPEATED),
    ),
)
async def create_share(
    session_id: str,
    request: Request,
    shares: Sharing,
    person: Asking,
    notes: Noting,
    repeated: Repeated,
    body: ShareRequest | None = None,
) -> MadeShareBody:
    """Make a link to a snapshot of the session as it is now."""
    wanted = body or ShareRequest()
    wish = ShareWish(
        leaf_id=wanted.leaf_id,
        expires_in_s=wanted.expires_in_s,
        password=wanted.password or None,
        with_system_prompt=wanted.with_system_prompt,
        with_reasoning=wanted.with_reasoning,
        with_documents=wanted.with_documents,
        timezone=zone_of(wanted.timezone).key,
    )
    made = await shares.make(person, identifier(session_id), wish, idempotency_key=repeated.key())
    if not made.is_repeated:
        details: dict[str, Detail] = {"session_id": str(made.share.session_id)}
        notes.put(Action.SHARE_MADE, target=str(made.share.share_id), details=details)
    return MadeShareBody(
        share_id=made.share.share_id,
        url=f"{page_of(request, shares.public_url)}/s/{made.token}",
        created_at=made.share.created_at,
        expires_at=made.share.expires_at,
        has_password=made.share.password_hash is not None,
    )


@router.get("")
async def list_shares(shares: Sharing, person: Asking) -> SharesBody:
    """List one's links, the newest first; those that are over stay for 30 days."""
    return SharesBody(shares=[_body(one) for one in await shares.of(person)])


@router.delete("/{share_id}", status_code=204, responses=refuses(ShareNotFound))
async def delete_share(share_id: str, shares: Sharing, person: Asking, notes: Noting) -> None:
    """End a link: nobody can open it any more, and what it led to is forgotten."""
    revoked = identifier(share_id)
    await shares.revoke(person, revoked)
    notes.put(Action.SHARE_REVOKED, target=str(revoked))


@router.post(
    "/continue", responses=refuses(ShareNotFound, SharePasswordNeeded, WrongSharePassword, TooManyAttempts, NoBackend)
)
async def continue_share(
    body: ContinueRequest, shares: Sharing, service: Service, person: Asking, address: Address, notes: Noting
) -> ContinuedBody:
    """Make a session of one's own that begins with what a link leads to."""
    choice = service.default_choice(await service.permits.models_for(person))
    session_id = await shares.go_on(
        person,
        choice,
        body.token,
        password=body.password or None,
        address=address,
    )
    notes.put(Action.SHARE_CONTINUED, target=str(session_id))
    service.changes.tell(person.user_id, ANEW)
    return ContinuedBody(session_id=session_id)


def _body(listed: ListedShare) -> ShareBody:
    one = listed.share
    return ShareBody(
        share_id=one.share_id,
        session_id=one.session_id,
        session_name=listed.session_name,
        created_at=one.created_at,
        expires_at=one.expires_at,
        revoked_at=one.revoked_at,
        views=one.views,
        viewed_at=one.viewed_at,
        has_password=one.password_hash is not None,
    )
