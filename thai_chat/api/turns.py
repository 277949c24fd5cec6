"""Turns of a session: asking, asking for another reply, following what grows, and stopping it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from thai_chat.api import errors, sse
from thai_chat.api.addition_schemas import MessageRequest
from thai_chat.api.asked import ASKED, FOLLOWED
from thai_chat.api.chat import answer, question_of
from thai_chat.api.dependencies import Asking, Service
from thai_chat.api.refusing import Responses, refuses
from thai_chat.api.repeating import Repeated
from thai_chat.api.schemas import (
    AcceptedBody,
    AgainRequest,
    AlsoBody,
    ChatBody,
    MessageBody,
    message_body,
)
from thai_chat.chat.additions import NewMessage
from thai_chat.chat.asking import Again, Asked
from thai_chat.chat.sent import sent_with
from thai_chat.chat.service import ChatService
from thai_chat.chat.text import identifier
from thai_chat.domain.errors import (
    InvalidCursor,
    SessionNotFound,
)
from thai_chat.domain.people import Person
from thai_chat.texts import Language

router = APIRouter(tags=["sessions"])
"""Mounted by the application at each address of the sessions."""

Prefer = Annotated[str, Header()]
_ACCEPTED = {
    "model": AcceptedBody,
    "description": "With `Prefer: respond-async`: the question is stored, and its reply has begun",
    "headers": {"Preference-Applied": {"description": "`respond-async`", "schema": {"type": "string"}}},
}
ANSWERED_OR_KEPT: Responses = {
    201: {"model": MessageBody, "description": "The message was kept, and no model asked"},
    202: _ACCEPTED,
    **ASKED,
}


@router.post(
    "/{session_id}/messages",
    response_model=ChatBody,
    responses=ANSWERED_OR_KEPT,
)
async def create_turn(
    session_id: str,
    body: MessageRequest,
    request: Request,
    service: Service,
    person: Asking,
    repeated: Repeated,
    prefer: Prefer = "",
) -> Response | ChatBody:
    """Take a turn, as `/chat` does; with `Prefer: respond-async` (RFC 7240) answered as soon as it is stored.

    With the role `assistant` or `system`, or with `reply` false, the message is kept below the last one, and no model
    is asked: 201.
    """
    if not body.is_asked:
        return await _kept(service, session_id, body, request, person, repeated.key(body.idempotency_key))
    asked = await service.ask(question_of(body, person, session_id, key=repeated.key(body.idempotency_key)))
    if "respond-async" in prefer:
        return _accepted(asked, errors.language_of(request))
    return await answer(service, asked, request, stream=body.stream)


@router.post(
    "/{session_id}/messages/{message_id}/replies", response_model=ChatBody, responses={202: _ACCEPTED, **ASKED}
)
async def create_reply(
    session_id: str,
    message_id: str,
    body: AgainRequest,
    request: Request,
    service: Service,
    person: Asking,
    repeated: Repeated,
    prefer: Prefer = "",
) -> Response | ChatBody:
    """Ask for another reply to a question (or to that of a reply); those before it stay. Answered as a turn is."""
    asked = await service.ask_again(
        Again(
            person=person,
            session_id=identifier(session_id),
            message_id=identifier(message_id),
            continues=body.continues,
            last_seen_id=identifier(body.last_seen_message_id) if body.last_seen_message_id else None,
            beside=body.beside,
            options=body.options,
            backend=body.backend,
            model=body.model,
            idempotency_key=repeated.key(body.idempotency_key),
        )
    )
    if "respond-async" in prefer:
        return _accepted(asked, errors.language_of(request))
    return await answer(service, asked, request, stream=body.stream)


@router.get(
    "/{session_id}/events",
    response_class=StreamingResponse,
    responses={**FOLLOWED, 204: {"description": "No such reply grows"}, **refuses(SessionNotFound, InvalidCursor)},
)
async def follow_reply(
    session_id: str,
    request: Request,
    service: Service,
    person: Asking,
    message_id: str | None = None,
    after: str = "0",
) -> Response:
    """Follow the live reply from its start, or behind `after`; 204 when there is none (or another than meant).

    A reply that grows beside it, to be compared, is followed by its `message_id`.
    """
    meant: UUID | None = identifier(message_id) if message_id else None
    live = await service.live_reply(identifier(session_id), person, message_id=meant)
    if live is None:
        return Response(status_code=204)
    position = sse.number_of(request.headers.get("last-event-id") or after, live)
    if live.result and position == live.event_count:
        return Response(status_code=204)
    return sse.stream(live, after=position, language=errors.language_of(request))


@router.post("/{session_id}/stop", status_code=204, responses=refuses(SessionNotFound))
async def stop_reply(session_id: str, service: Service, person: Asking, message_id: str | None = None) -> None:
    """End the requests to models and keep the texts so far; fine when nothing runs any more.

    `message_id` stops one of the replies that are compared, and leaves the others.
    """
    await service.stop(identifier(session_id), person, message_id=identifier(message_id) if message_id else None)


def _accepted(asked: Asked, language: Language) -> JSONResponse:
    reply = asked.turn.reply
    accepted = AcceptedBody(
        session_id=reply.session_id,
        message_id=reply.message_id,
        backend=reply.backend or "",
        model=reply.model or "",
        question=message_body(asked.turn.question, language),
        also=[
            AlsoBody(message_id=turn.reply.message_id, backend=turn.reply.backend or "", model=turn.reply.model or "")
            for turn in asked.also
        ],
    )
    return JSONResponse(accepted.model_dump(mode="json"), 202, {"Preference-Applied": "respond-async"})


async def _kept(
    service: ChatService, session_id: str, body: MessageRequest, request: Request, person: Person, key: str | None
) -> JSONResponse:
    sent = sent_with(body.audio_files, body.function_calls)
    new = NewMessage(role=body.role, text=body.content or "", idempotency_key=key, metadata=body.metadata, sent=sent)
    message = (await service.additions.add(identifier(session_id), person, new)).message
    told = message_body(message, errors.language_of(request)).model_dump(mode="json")
    return JSONResponse(told, 201, {"Location": f"{request.url.path}/{message.message_id}"})
