"""`/api/sessions`: the list, a session's messages and turns, and following or stopping its live reply."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from thai_chat.api import errors, sse
from thai_chat.api.chat import answer, question_of
from thai_chat.api.dependencies import Owner, Service
from thai_chat.api.schemas import (
    AcceptedBody,
    ChatBody,
    HistoryBody,
    SessionsBody,
    TurnRequest,
    message_body,
    session_body,
)
from thai_chat.chat.service import WINDOW
from thai_chat.chat.text import identifier
from thai_chat.domain.errors import InvalidCursor
from thai_chat.domain.ports import SessionCursor

router = APIRouter(prefix="/api/sessions", tags=["sessions"])

Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("")
async def sessions(
    service: Service, owner: Owner, limit: Limit = 50, cursor: str | None = None, name_contains: str = ""
) -> SessionsBody:
    """Newest first, in pages."""
    before = _read_cursor(cursor) if cursor else None
    found = await service.sessions(owner, limit=limit, before=before, name_contains=name_contains)
    running = service.running_sessions()
    return SessionsBody(
        sessions=[session_body(session, running=session.session_id in running) for session in found],
        next=f"{found[-1].updated_at.isoformat()}~{found[-1].session_id}" if len(found) == limit else None,
    )


@router.get("/{session_id}/messages")
async def messages(
    session_id: str, service: Service, owner: Owner, limit: Limit = WINDOW, before_order: int | None = None
) -> HistoryBody:
    """The last messages of the shown branch, oldest first; `before_order` pages back."""
    found = await service.history(identifier(session_id), owner, limit=limit, before_order=before_order)
    return HistoryBody(session_id=identifier(session_id), history=[message_body(message) for message in found])


@router.post("/{session_id}/messages", response_model=ChatBody, responses={202: {"model": AcceptedBody}})
async def turn(
    session_id: str,
    body: TurnRequest,
    request: Request,
    service: Service,
    owner: Owner,
    prefer: Annotated[str, Header()] = "",
) -> Response | ChatBody:
    """A turn, as `/chat` takes it; with `Prefer: respond-async` (RFC 7240) answered as soon as it is stored."""
    asked = await service.ask(question_of(body, owner, session_id))
    if "respond-async" not in prefer:
        return await answer(service, asked, request, stream=body.stream)
    reply = asked.turn.reply
    accepted = AcceptedBody(
        session_id=reply.session_id,
        message_id=reply.message_id,
        backend=reply.backend or "",
        model=reply.model or "",
        question=message_body(asked.turn.question),
    )
    return JSONResponse(accepted.model_dump(mode="json"), 202, {"Preference-Applied": "respond-async"})


@router.get("/{session_id}/events")
async def events(
    session_id: str,
    request: Request,
    service: Service,
    owner: Owner,
    message_id: str | None = None,
    after: str = "0",
) -> Response:
    """Follow the live reply from its start, or behind `after`; 204 when there is none (or another than meant)."""
    meant: UUID | None = identifier(message_id) if message_id else None
    live = await service.live_reply(identifier(session_id), owner, message_id=meant)
    if live is None:
        return Response(status_code=204)
    position = sse.number_of(request.headers.get("last-event-id") or after, live)
    if live.result and position == live.event_count:
        return Response(status_code=204)
    return sse.stream(live, after=position, language=errors.language_of(request))


@router.post("/{session_id}/stop", status_code=204)
async def stop(session_id: str, service: Service, owner: Owner) -> None:
    """Ends the request to the model and keeps the text so far; fine when nothing runs any more."""
    await service.stop(identifier(session_id), owner)


def _read_cursor(cursor: str) -> SessionCursor:
    at, _, session_id = cursor.partition("~")
    try:
        return SessionCursor(updated_at=datetime.fromisoformat(at), session_id=UUID(session_id))
    except ValueError as exc:
        raise InvalidCursor from exc
