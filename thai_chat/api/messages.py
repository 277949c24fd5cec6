"""`/api/sessions/{session_id}/messages`: a window on what a session shows, and the versions of one message."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from thai_chat.api import errors
from thai_chat.api.dependencies import Asking, Service
from thai_chat.api.refusing import refuses
from thai_chat.api.schemas import (
    VersionsBody,
    message_body,
)
from thai_chat.api.windows import WindowBody, WindowQuery, window_response
from thai_chat.chat.service import ChatService
from thai_chat.chat.text import identifier
from thai_chat.chat.windows import Window
from thai_chat.domain.errors import (
    InvalidIdentifier,
    MessageNotFound,
    MessageOnOtherBranch,
    SessionNotFound,
    TooManyPlaces,
)
from thai_chat.domain.people import Person

router = APIRouter(tags=["sessions"])
"""Mounted by the application at each address of the sessions."""


@router.get(
    "/{session_id}/messages",
    response_model=WindowBody,
    responses=refuses(SessionNotFound, MessageNotFound, MessageOnOtherBranch, InvalidIdentifier, TooManyPlaces),
)
async def list_messages(
    session_id: str,
    request: Request,
    service: Service,
    person: Asking,
    wanted: Annotated[WindowQuery, Query()],
) -> Response:
    """Return a window on the shown branch, oldest first, with its session: the last messages, or those at one place.

    A reply that still grows is in it with the text so far.
    """
    window = await _window(service, identifier(session_id), person, wanted)
    return window_response(
        window,
        running=window.session.session_id in service.sessions.running(),
        language=errors.language_of(request),
        is_after=wanted.after is not None or wanted.after_order is not None,
    )


@router.get("/{session_id}/messages/{message_id}/versions", responses=refuses(SessionNotFound, MessageNotFound))
async def list_versions(
    session_id: str, message_id: str, request: Request, service: Service, person: Asking
) -> VersionsBody:
    """Return all versions of a message, itself included, oldest first: the last 50 of them.

    A reply that still grows is among them with the text so far.
    """
    found = await service.windows.versions(identifier(session_id), person, identifier(message_id))
    language = errors.language_of(request)
    return VersionsBody(versions=[message_body(message, language) for message in found])


async def _window(service: ChatService, session_id: UUID, person: Person, wanted: WindowQuery) -> Window:
    places = (wanted.before_order, wanted.after_order, wanted.before, wanted.after, wanted.around)
    if sum(place is not None for place in places) > 1:
        raise TooManyPlaces
    if near := wanted.before or wanted.after:
        order = (await service.windows.message(session_id, person, identifier(near))).message_order
        before_order, after_order = (order, None) if wanted.before else (None, order)
        return await service.windows.window(
            session_id, person, limit=wanted.limit, before_order=before_order, after_order=after_order
        )
    if wanted.around is not None:
        return await service.windows.around(session_id, person, identifier(wanted.around), limit=wanted.limit)
    return await service.windows.window(
        session_id, person, limit=wanted.limit, before_order=wanted.before_order, after_order=wanted.after_order
    )
