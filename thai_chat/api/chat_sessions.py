"""`/api/chat/...`: starting a session, asking in it and reading it, under the addresses of an assistant's page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from thai_chat.api import messages, turns
from thai_chat.api.addition_schemas import MessageRequest, SessionRequest, new_session
from thai_chat.api.dependencies import Asking, Service
from thai_chat.api.refusing import refuses
from thai_chat.api.repeating import Repeated
from thai_chat.api.schemas import ChatBody
from thai_chat.api.session_schemas import SessionBody, session_body
from thai_chat.api.sessions import SESSION_MADE
from thai_chat.api.tags import tag_of
from thai_chat.api.windows import WindowBody, WindowQuery
from thai_chat.domain.errors import InvalidIdentifier, MessageNotFound, SessionNotFound, TooManyPlaces

router = APIRouter(prefix="/api/chat", tags=["chat"])


@router.post("/start", status_code=201, responses=SESSION_MADE)
async def start_chat(
    response: Response, service: Service, person: Asking, repeated: Repeated, body: SessionRequest | None = None
) -> SessionBody:
    """Start a session that is stored before anything is said in it, as `POST /api/conversations` does."""
    new = new_session(body, repeated.id_for(person, made="session"), repeated.key())
    session = await service.additions.create(person, new)
    response.headers["Location"] = f"/api/conversations/{session.session_id}"
    response.headers["ETag"] = tag_of(session)
    return session_body(session, running=False)


@router.post(
    "/{session_id}/message",
    response_model=ChatBody,
    responses=turns.ANSWERED_OR_KEPT,
)
async def send_chat_message(
    session_id: str,
    body: MessageRequest,
    request: Request,
    service: Service,
    person: Asking,
    repeated: Repeated,
    prefer: turns.Prefer = "",
) -> Response | ChatBody:
    """Say something in a session and return the reply, as `POST /api/conversations/{session_id}/messages` does."""
    return await turns.create_turn(session_id, body, request, service, person, repeated, prefer)


@router.get(
    "/{session_id}/history",
    response_model=WindowBody,
    responses=refuses(InvalidIdentifier, SessionNotFound, MessageNotFound, TooManyPlaces),
)
async def get_chat_history(
    session_id: str, request: Request, service: Service, person: Asking, wanted: Annotated[WindowQuery, Query()]
) -> Response:
    """Return what was said in a session, in pages, oldest first: the last messages, or those at one place."""
    return await messages.list_messages(session_id, request, service, person, wanted)
