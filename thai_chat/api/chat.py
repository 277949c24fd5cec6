"""`/chat`: one question and its answer, as the consultation assistant's clients know it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from thai_chat.api import errors, sse
from thai_chat.api.asked import ASKED
from thai_chat.api.dependencies import Asking, Service
from thai_chat.api.histories import (
    ChatStatusBody,
    HistoryQuery,
    LoadedBody,
    WholeHistoryBody,
    history_response,
    status_body,
)
from thai_chat.api.refusing import refuses
from thai_chat.api.repeating import Repeated
from thai_chat.api.schemas import ChatBody, ChatRequest, TurnRequest, chat_body
from thai_chat.chat.asking import Asked, ComparedModel, Question
from thai_chat.chat.sent import sent_with
from thai_chat.chat.service import ChatService
from thai_chat.chat.text import identifier
from thai_chat.domain.errors import (
    InvalidIdentifier,
    MessageNotFound,
    NewerMessages,
    ReplyRunning,
    SessionNotFound,
    TooManyPlaces,
)
from thai_chat.domain.events import Failed
from thai_chat.domain.people import Person
from thai_chat.domain.reads import BranchCounts

router = APIRouter(tags=["chat"])

SessionId = Annotated[str, Query(description="The session's id")]


@router.post("/chat", response_model=ChatBody, responses=ASKED)
async def chat(
    body: ChatRequest, request: Request, service: Service, person: Asking, repeated: Repeated
) -> Response | ChatBody:
    """Ask a model. Answers when the reply is whole; with `stream` as server-sent events from its start."""
    asked = await service.ask(question_of(body, person, body.session_id, key=repeated.key(body.idempotency_key)))
    return await answer(service, asked, request, stream=body.stream)


@router.get(
    "/chat/history/{session_id}",
    response_model=WholeHistoryBody,
    responses=refuses(InvalidIdentifier, TooManyPlaces, SessionNotFound, MessageNotFound),
)
async def chat_history(
    session_id: str, request: Request, service: Service, person: Asking, wanted: Annotated[HistoryQuery, Query()]
) -> Response:
    """Return all of the shown branch, oldest first; a reply that still grows with what it has.

    `limit` gives the last messages alone, `before` those before a message. A long answer comes in parts.
    """
    history = await service.histories.read(
        identifier(session_id),
        person,
        limit=wanted.limit,
        before_id=identifier(wanted.before) if wanted.before else None,
        before_order=wanted.before_order,
    )
    return await history_response({}, history, errors.language_of(request))


@router.post(
    "/chat/load-session",
    response_model=LoadedBody,
    responses=refuses(InvalidIdentifier, SessionNotFound),
)
async def load_chat_session(session_id: SessionId, request: Request, service: Service, person: Asking) -> Response:
    """Return a session to go on with: its status, and all of its shown branch as `GET /chat/history` has it."""
    session, counts = await service.histories.counted(identifier(session_id), person)
    history = await service.histories.read(session.session_id, person)
    status = status_body(session, counts, running=session.session_id in service.sessions.running())
    return await history_response(status.model_dump(exclude={"session_id"}), history, errors.language_of(request))


@router.get("/chat/status", responses=refuses(InvalidIdentifier, SessionNotFound))
async def chat_status(session_id: SessionId, service: Service, person: Asking) -> ChatStatusBody:
    """Return what a session adds up to: how long it has lasted, and what it shows."""
    session, counts = await service.histories.counted(identifier(session_id), person)
    return status_body(session, counts, running=session.session_id in service.sessions.running())


@router.post("/chat/reset", responses=refuses(InvalidIdentifier, SessionNotFound, ReplyRunning, NewerMessages))
async def reset_chat_session(session_id: SessionId, service: Service, person: Asking) -> ChatStatusBody:
    """Begin a session anew: nothing that was said in it is shown or sent to a model any more.

    Nothing is lost: the next question is another version of the first, and `PATCH /api/sessions/{session_id}` with one
    of the earlier messages as `shown_message_id` shows them again. Resetting twice changes nothing.
    """
    session = await service.sessions.reset(identifier(session_id), person)
    return status_body(session, BranchCounts(), running=False)


def question_of(body: TurnRequest, person: Person, session_id: str | None, *, key: str | None) -> Question:
    return Question(
        person=person,
        text=body.query,
        session_id=identifier(session_id) if session_id else None,
        backend=body.backend,
        model=body.model,
        idempotency_key=key,
        edits=identifier(body.edits) if body.edits else None,
        last_seen_id=identifier(body.last_seen_message_id) if body.last_seen_message_id else None,
        options=body.options,
        session_options=body.session_options,
        temporary=body.temporary,
        compare=[ComparedModel(one.backend, one.model) for one in body.compare],
        metadata=sent_with(body.audio_files, body.function_calls),
    )


async def answer(service: ChatService, asked: Asked, request: Request, *, stream: bool) -> Response | ChatBody:
    """Answer with the events of the reply, or its end. Raises what the reply failed with."""
    if stream and asked.live:
        return sse.stream(asked.live, after=0, language=errors.language_of(request))
    result = await service.reply_of(asked)
    if stream:
        return sse.stored(asked.turn.reply, result, language=errors.language_of(request))
    if isinstance(result, Failed):
        return errors.failed(result, request)
    language = errors.language_of(request)
    return chat_body(result.question, result.reply, result.conversation_length, language)
