"""`/api/models/...`: loading a model before its first question, and fetching one that a server does not have."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from thai_chat import texts
from thai_chat.api import errors
from thai_chat.api.dependencies import Asking, Service
from thai_chat.api.refusing import refuses
from thai_chat.api.schemas import Short
from thai_chat.api.sse import HEADERS
from thai_chat.api.streaming import ErrorEvent, Events, PulledEvent, PullProgressEvent, events
from thai_chat.domain.errors import ThaiChatError, UnknownBackend, UnknownModel, trace_of
from thai_chat.domain.events import Progress

router = APIRouter(prefix="/api/models", tags=["models"])
logger = logging.getLogger(__name__)

PACE_S = 0.2
"""A server reports each layer many times a second."""
BEAT_S = 12.0
_PULL_EVENTS: Events = {"progress": PullProgressEvent, "completed": PulledEvent, "error": ErrorEvent}


class ModelChoice(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"backend": "ollama", "model": "llama3.2:latest"}}
    )

    backend: Short
    model: Short


@router.post("/prepare", status_code=202, responses=refuses(UnknownBackend, UnknownModel))
async def prepare_model(body: ModelChoice, service: Service, person: Asking) -> ModelChoice:
    """Have the model loaded, in the background and once; `/readyz` tells when that is done.

    Nothing happens where a server has its models loaded anyway.
    """
    choice = service.models.prepare(body.backend, body.model, await service.permits.models_for(person))
    return ModelChoice(backend=choice.backend, model=choice.model)


@router.post(
    "/pull",
    response_class=StreamingResponse,
    responses={200: {"content": events(_PULL_EVENTS)}, **refuses(UnknownBackend, UnknownModel)},
)
async def pull_model(body: ModelChoice, request: Request, service: Service, person: Asking) -> StreamingResponse:
    """Have the server fetch the model.

    Server-sent events: `progress` (`status`, `completed` and `total` in bytes), then one last `completed` (`backend`,
    `model`) or `error` (`code`, `message`). Leaving ends the fetch; the next one goes on from there.
    """
    steps = service.models.pull(body.backend, body.model, await service.permits.models_for(person))
    told = _events(steps, body, errors.language_of(request))
    return StreamingResponse(told, media_type="text/event-stream", headers=HEADERS)


async def _events(
    steps: AsyncGenerator[Progress, None], body: ModelChoice, language: texts.Language
) -> AsyncIterator[bytes]:
    try:
        async with aclosing(steps), aclosing(_paced(steps)) as paced:
            async for step in paced:
                yield _progress(step) if step else b": still here\n\n"
        yield _frame("completed", body.model_dump())
    except ThaiChatError as exc:
        yield _error(exc, language)
    except Exception as exc:  # noqa: BLE001 - the response has begun: only an event can tell of it
        logger.error("a fetch failed unexpectedly: %s", type(exc).__name__, extra=trace_of(exc))
        yield _error(ThaiChatError(), language)


async def _paced(steps: AsyncGenerator[Progress, None]) -> AsyncGenerator[Progress | None, None]:
    """Yield the newest step every PACE_S at most, the last one always; None is a sign of life after BEAT_S without a
    step."""
    loop = asyncio.get_running_loop()
    due_s, held, waiting = loop.time(), None, None
    try:
        while True:
            waiting = waiting or asyncio.create_task(_next(steps))
            await asyncio.wait({waiting}, timeout=max(0.0, due_s - loop.time()) if held else BEAT_S)
            if waiting.done():
                step, waiting = waiting.result(), None
                if step is None:
                    break
                held = step
            elif held is None:
                yield None
            if held and loop.time() >= due_s:
                due_s = loop.time() + PACE_S
                yield held
                held = None
        if held:
            yield held
    finally:
        if waiting:
            waiting.cancel()
            await asyncio.wait({waiting})


async def _next(steps: AsyncGenerator[Progress, None]) -> Progress | None:
    return await anext(steps, None)


def _progress(step: Progress) -> bytes:
    return _frame("progress", {"status": step.status, "completed": step.completed, "total": step.total})


def _error(error: ThaiChatError, language: texts.Language) -> bytes:
    return _frame("error", {"code": error.code, "message": texts.text(error.code, language, error.params)})


def _frame(name: str, body: object) -> bytes:
    return f"event: {name}\ndata: ".encode() + orjson.dumps(body) + b"\n\n"
