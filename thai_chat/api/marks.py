"""`/api/sessions/{id}/messages/{id}`: rating and preferring a reply, deleting and restoring a message."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from thai_chat.api import errors
from thai_chat.api.dependencies import Asking, Noting, Service
from thai_chat.api.refusing import refuses
from thai_chat.api.schemas import MessageBody, message_body
from thai_chat.chat.marks import Judgement
from thai_chat.chat.text import identifier
from thai_chat.domain.audit import Action
from thai_chat.domain.errors import (
    BadReason,
    MessageNotFound,
    NotOtherReplies,
    OnlyReplies,
    ReplyRunning,
    SessionNotFound,
    UnreadableText,
)
from thai_chat.domain.fact_values import (
    RATING_TAGS,
    REASON_CHARS,
)

router = APIRouter(tags=["sessions"])
"""Mounted by the application at each address of the sessions."""

_REASON = Field(default="", description=f"In the person's own words, at most {REASON_CHARS} characters")


class RatingRequest(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"value": -1, "tags": ["wrong"], "reason": "ปีเกิดผิด"}}
    )

    value: Literal[1, -1] = Field(description="1 is good, -1 is not")
    reason: str = _REASON
    tags: list[str] = Field(default_factory=list, description=f"Some of {', '.join(RATING_TAGS)}")


class PreferenceRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    over: list[UUID] = Field(min_length=1, description="The replies to the same question that were not chosen")
    reason: str = _REASON


class MessagePatch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    deleted: bool = Field(description="true: out of what is shown, sent, searched and exported; false: back in place")


class DeletedBody(BaseModel):
    messages: list[MessageBody] = Field(description="In the order of arrival; at most the 500 newest")


@router.put(
    "/{session_id}/messages/{message_id}/rating",
    responses=refuses(SessionNotFound, MessageNotFound, OnlyReplies, BadReason, UnreadableText),
)
async def rate_message(
    session_id: str, message_id: str, body: RatingRequest, request: Request, service: Service, person: Asking
) -> MessageBody:
    """Rate a reply, in place of the rating before. It is in the message's `metadata` as `rating`."""
    judgement = Judgement(value=body.value, reason=body.reason, tags=body.tags)
    rated = await service.marks.rate(identifier(session_id), person, identifier(message_id), judgement)
    return message_body(rated, errors.language_of(request))


@router.delete(
    "/{session_id}/messages/{message_id}/rating",
    status_code=204,
    responses=refuses(SessionNotFound, MessageNotFound, OnlyReplies),
)
async def delete_rating(session_id: str, message_id: str, service: Service, person: Asking) -> None:
    """Take the rating of a reply back; fine when there is none."""
    await service.marks.rate(identifier(session_id), person, identifier(message_id), Judgement(value=None))


@router.put(
    "/{session_id}/messages/{message_id}/preference",
    responses=refuses(
        SessionNotFound, MessageNotFound, OnlyReplies, NotOtherReplies, BadReason, UnreadableText, ReplyRunning
    ),
)
async def prefer_message(
    session_id: str, message_id: str, body: PreferenceRequest, request: Request, service: Service, person: Asking
) -> MessageBody:
    """Choose a reply over others to the same question, in place of the choice before, and show it.

    It is in the message's `metadata` as `vote`.
    """
    chosen = await service.marks.prefer(
        identifier(session_id), person, identifier(message_id), body.over, reason=body.reason
    )
    return message_body(chosen, errors.language_of(request))


@router.delete(
    "/{session_id}/messages/{message_id}/preference",
    status_code=204,
    responses=refuses(SessionNotFound, MessageNotFound, OnlyReplies),
)
async def delete_preference(session_id: str, message_id: str, service: Service, person: Asking) -> None:
    """Take the choice of a reply back; fine when there is none."""
    await service.marks.prefer(identifier(session_id), person, identifier(message_id), ())


@router.patch("/{session_id}/messages/{message_id}", responses=refuses(SessionNotFound, MessageNotFound))
async def change_message(
    session_id: str, message_id: str, body: MessagePatch, request: Request, service: Service, person: Asking
) -> MessageBody:
    """Delete a message or restore it; what follows it stays. A reply that grows is stopped first."""
    do = service.marks.delete if body.deleted else service.marks.restore
    changed = await do(identifier(session_id), person, identifier(message_id))
    return message_body(changed, errors.language_of(request))


@router.delete(
    "/{session_id}/messages/{message_id}", status_code=204, responses=refuses(SessionNotFound, MessageNotFound)
)
async def delete_message(
    session_id: str, message_id: str, service: Service, person: Asking, notes: Noting, permanent: bool = False
) -> None:
    """Delete a message, which `PATCH {"deleted": false}` restores; `permanent` wipes it for good."""
    do = service.marks.purge if permanent else service.marks.delete
    await do(identifier(session_id), person, identifier(message_id))
    if permanent:
        details = {"session_id": str(identifier(session_id))}
        notes.put(Action.MESSAGE_DELETED, target=str(identifier(message_id)), details=details)


@router.get("/{session_id}/deleted", responses=refuses(SessionNotFound))
async def list_deleted_messages(session_id: str, request: Request, service: Service, person: Asking) -> DeletedBody:
    """List the messages of a session that can be restored."""
    found = await service.marks.deleted(identifier(session_id), person)
    return DeletedBody(messages=[message_body(message, errors.language_of(request)) for message in found])
