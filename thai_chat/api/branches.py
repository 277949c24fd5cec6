"""`/api/sessions/{id}/branch`: a session of its own of what one of its branches says."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from thai_chat.api.addition_schemas import BranchRequest
from thai_chat.api.dependencies import Asking, Service
from thai_chat.api.refusing import refuses
from thai_chat.api.repeating import NOT_REPEATED, Repeated
from thai_chat.api.session_schemas import SessionBody, session_body
from thai_chat.api.tags import tag_of
from thai_chat.chat.text import identifier
from thai_chat.domain.addition_errors import BranchTooLong
from thai_chat.domain.errors import (
    HistoryUnavailable,
    ImportStopped,
    InvalidIdentifier,
    MessageNotFound,
    ReplyRunning,
    SessionNotFound,
)

router = APIRouter(tags=["sessions"])
"""Mounted by the application at each address of the sessions."""


@router.post(
    "/{session_id}/branch",
    status_code=201,
    responses=refuses(
        InvalidIdentifier,
        SessionNotFound,
        MessageNotFound,
        ReplyRunning,
        BranchTooLong,
        ImportStopped,
        HistoryUnavailable,
        *NOT_REPEATED,
    ),
)
async def branch_session(
    session_id: str,
    body: BranchRequest,
    request: Request,
    response: Response,
    service: Service,
    person: Asking,
    repeated: Repeated,
) -> SessionBody:
    """Make a new session of a branch: copies of its messages, from the first to the one that is named.

    It has the session's name (or another), options, labels and department. The session itself stays as it is.

    At most 10,000 messages are copied. While the database is away nothing can be branched.
    """
    branched = await service.branching.branch(
        identifier(session_id),
        person,
        identifier(body.message_id),
        new_id=repeated.id_for(person, made="branch"),
        idempotency_key=repeated.key(),
        name=body.name or "",
    )
    place = request.url.path.rsplit("/", 2)[0]
    response.headers["Location"] = f"{place}/{branched.session_id}"
    response.headers["ETag"] = tag_of(branched)
    return session_body(branched, running=False)
