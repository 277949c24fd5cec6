"""`/chat`: one question and its answer, as the consultation assistant's clients know it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from thai_chat.api import errors, sse
from thai_chat.api.asked import ASKED
from thai_chat.api.dependencies import Asking, Service
from thai_chat.api.refusing import refuses
from thai_chat.api.repeating import Repeated
from thai_chat.api.schemas import ChatBody, ChatRequest, HistoryBody, TurnRequest, chat_body, message_body
from thai_chat.chat.asking import Asked, ComparedModel, Question
from thai_chat.chat.service import ChatService
from thai_chat.chat.text import identifier
from thai_chat.domain.errors import SessionNotFound
from thai_chat.domain.events import Failed
from thai_chat.domain.people import Person

router = APIRouter(tags=["chat"])

HISTORY_MESSAGES = 10_000
"""The longest history that comes in one answer."""


@router.post("/chat", response_model=ChatBody, responses=ASKED)
async def chat(
    body: ChatRequest, request: Request, service: Service, person: Asking, repeated: Repeated
) -> Response | ChatBody:
    """Ask a model. Answers when the reply is whole; with `stream` as server-sent events from its start."""
    asked = await service.ask(question_of(body, person, body.session_id, key=repeated.key(body.idempotency_key)))
    return await answer(service, asked, request, stream=body.stream)


@router.get("/chat/history/{session_id}", responses=refuses(SessionNotFound))
async def chat_history(
    session_id: str, request: Request, service: Service, person: Asking, before_order: int | None = None
) -> HistoryBody:
    """Return the shown branch, oldest first; a reply that still grows with what it has.

    Of a long one the last 10,000 messages come, and `has_earlier` is true.
    """
    meant = identifier(session_id)
    _, found = await service.windows.messages(meant, person, limit=HISTORY_MESSAGES + 1, before_order=before_order)
    shown = found[-HISTORY_MESSAGES:]
    language = errors.language_of(request)
    return HistoryBody(
        session_id=meant,
        history=[message_body(message, language) for message in shown],
        has_earlier=len(shown) < len(found),
    )


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
