"""`/v1/chat/completions`, `/v1/embeddings` and `/v1/responses`: what programs ask goes through to a model server."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from thai_chat.api.dependencies import Asking, Service
from thai_chat.api.errors import language_of, status_of
from thai_chat.api.openai_door import bodies
from thai_chat.api.openai_door.descriptions import ANSWERS, BODIES
from thai_chat.api.openai_door.streaming import BEAT_S, events, left_with, model_of, whole
from thai_chat.chat.relays import ProgramAnswer, ProgramRequest
from thai_chat.chat.service import ChatService
from thai_chat.domain.people import Person
from thai_chat.domain.ports.relay import RelayKind

router = APIRouter(prefix="/v1", tags=["openai"])
ANSWERED_BY = "x-thai-chat-answered-by"


def _described(kind: RelayKind) -> dict[str, Any]:
    return {"openapi_extra": {"requestBody": BODIES[kind]}, "responses": ANSWERS[kind], "response_class": Response}


@router.post("/chat/completions", **_described(RelayKind.CHAT))
async def create_chat_completion(request: Request, service: Service, person: Asking) -> Response:
    """Answer a conversation, as OpenAI's API of the same name does.

    What stands in the body goes to the model server as it is, and its answer comes back as it is; only `model` is the
    id of the model that answered. With `stream` the answer comes as server-sent events, each a chunk, and ends with
    `data: [DONE]`; one that breaks ends with `data: {"error": ...}`. Nothing is stored, unless a session is named: then
    the last message of the user and the answer are kept in it as a turn. A model sees what `messages` has, and nothing
    else of the session.
    """
    return await _answer(request, service, person, RelayKind.CHAT)


@router.post("/embeddings", **_described(RelayKind.EMBEDDINGS))
async def create_embeddings(request: Request, service: Service, person: Asking) -> Response:
    """Turn texts into vectors, as OpenAI's API of the same name does. No other model ever answers."""
    return await _answer(request, service, person, RelayKind.EMBEDDINGS)


@router.post("/responses", **_described(RelayKind.RESPONSES))
async def create_response(request: Request, service: Service, person: Asking) -> Response:
    """Pass a request on to a server that has OpenAI's Responses API; 404 where the model's server does not."""
    return await _answer(request, service, person, RelayKind.RESPONSES)


async def _answer(request: Request, service: ChatService, person: Person, kind: RelayKind) -> Response:
    asked = await bodies.read(request, kind)
    answer = await service.relays.ask(
        ProgramRequest(person=person, model=asked.model, call=asked.call, session_id=asked.session_id)
    )
    try:
        async with left_with(request, answer):
            if not asked.call.stream:
                content = await whole(answer)
                return Response(content, media_type="application/json", headers=_headers(answer))
            # Who waits longer than that hears that it goes on, and later who answers.
            await answer.has_begun(BEAT_S)
    except BaseException:
        answer.leave()
        raise
    streamed = events(answer, kind, language_of(request), status_of)
    return StreamingResponse(streamed, media_type="text/event-stream", headers=_headers(answer))


def _headers(answer: ProgramAnswer) -> dict[str, str]:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    if answer.answered_by:
        headers[ANSWERED_BY] = header_text(model_of(answer))
    if answer.session_id:
        headers[bodies.SESSION] = str(answer.session_id)
    return headers


def header_text(text: str) -> str:
    """Return the text as a header can have it: what is no printable ASCII becomes `?`, blanks at its ends go."""
    return "".join(sign if " " <= sign <= "~" else "?" for sign in text).strip()
