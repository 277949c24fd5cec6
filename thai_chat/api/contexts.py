"""`/api/sessions/{id}/messages/{id}`: one message with all that belongs to it, and the documents it was made with."""

from __future__ import annotations

from contextlib import suppress

from fastapi import APIRouter, Request

from thai_chat.api import errors
from thai_chat.api.addition_schemas import ContextsBody, ContextsRequest, MessageDetailBody, context_body, detail_body
from thai_chat.api.dependencies import Asking, Service
from thai_chat.api.refusing import refuses
from thai_chat.chat.contexts import Context
from thai_chat.chat.text import identifier
from thai_chat.domain.addition_errors import MetadataTooLarge, TooManyContexts
from thai_chat.domain.errors import (
    HistoryUnavailable,
    InvalidIdentifier,
    MessageNotFound,
    SessionNotFound,
    UnreadableText,
)
from thai_chat.domain.transfer import GivenDocument

router = APIRouter(tags=["sessions"])
"""Mounted by the application at each address of the sessions."""

_NOT_THERE = (InvalidIdentifier, SessionNotFound, MessageNotFound, HistoryUnavailable)


@router.get("/{session_id}/messages/{message_id}", responses=refuses(*_NOT_THERE))
async def get_message(
    session_id: str, message_id: str, request: Request, service: Service, person: Asking
) -> MessageDetailBody:
    """Return one message with its versions, its contexts and its function calls.

    A reply that still grows comes with the text so far. A message that was deleted is not found.
    """
    session, meant = identifier(session_id), identifier(message_id)
    versions = list(await service.windows.versions(session, person, meant))
    message = next((one for one in versions if one.message_id == meant), None)
    if message is None:  # it is older than the last 50 versions
        message = await service.windows.message(session, person, meant)
    contexts: list[GivenDocument] | None = None
    with suppress(HistoryUnavailable, MessageNotFound):  # it is known before PostgreSQL has it, in an outage
        contexts = list(await service.contexts.of(session, person, meant))
    return detail_body(message, versions, contexts, errors.language_of(request))


@router.get("/{session_id}/messages/{message_id}/contexts", responses=refuses(*_NOT_THERE))
async def list_contexts(session_id: str, message_id: str, service: Service, person: Asking) -> ContextsBody:
    """Return the documents that a message was made with, the best score first."""
    meant = identifier(message_id)
    found = await service.contexts.of(identifier(session_id), person, meant)
    return ContextsBody(message_id=meant, contexts=[context_body(one) for one in found])


@router.post(
    "/{session_id}/messages/{message_id}/contexts",
    status_code=201,
    responses=refuses(*_NOT_THERE, TooManyContexts, MetadataTooLarge, UnreadableText),
)
async def create_contexts(
    session_id: str, message_id: str, body: ContextsRequest, service: Service, person: Asking
) -> ContextsBody:
    """Keep documents that a message was made with, and return all that it has then.

    A document that the message has already, with the same `doc_id` and `content`, is kept once, with the score and the
    metadata that came last: so the request may be sent again. They are exported and imported with the session, and go
    when the message is deleted for good.
    """
    meant = identifier(message_id)
    given = [
        Context(doc_id=one.doc_id, content=one.content, score=one.score, metadata=one.metadata) for one in body.contexts
    ]
    found = await service.contexts.put(identifier(session_id), person, meant, given)
    return ContextsBody(message_id=meant, contexts=[context_body(one) for one in found])
