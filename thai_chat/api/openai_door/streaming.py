"""An answer as a program gets it: whole, or as events, each chunk as it comes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import orjson
from fastapi import Request

from thai_chat.api.openai_door import errors
from thai_chat.chat.relays import ProgramAnswer
from thai_chat.domain.backend_errors import ReplyCut
from thai_chat.domain.errors import ThaiChatError
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.ports.relay import RelayKind
from thai_chat.texts import Language

BEAT_S = 12.0
"""Programs and proxies hear from an answer at least so often. Clients skip comments."""
PACE_S = 0.04
"""Chunks that come faster than this go out together, behind the first one: a write takes most of a chunk's CPU."""
_NAME = re.compile(r"[\w.-]{1,100}")
_BEAT = b": keep-alive\n\n"


@asynccontextmanager
async def left_with(request: Request, answer: ProgramAnswer) -> AsyncIterator[None]:
    """End the answer when the program closes its connection meanwhile."""
    watching = asyncio.create_task(_until_gone(request, answer))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.wait({watching})


async def _until_gone(request: Request, answer: ProgramAnswer) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    answer.leave()


async def whole(answer: ProgramAnswer) -> bytes:
    """Return the one object of an answer that is no stream. Raises what the answer failed with."""
    found: list[JsonObject] = []
    while (taken := await answer.take(BEAT_S)) != []:
        found += taken or ()
    if not found:
        raise ReplyCut
    return orjson.dumps(named(found[0], model_of(answer)))


async def events(
    answer: ProgramAnswer, kind: RelayKind, language: Language, status_of: Callable[[type[ThaiChatError]], int]
) -> AsyncIterator[bytes]:
    """Yield the answer as server-sent events. One that breaks ends with an error, and without `[DONE]`."""
    loop = asyncio.get_running_loop()
    try:
        while (taken := await answer.take(BEAT_S)) != []:
            if taken is None:
                yield _BEAT
                continue
            due_s = loop.time() + PACE_S
            model = model_of(answer)
            yield b"".join([_frame(named(one, model), kind) for one in taken])
            if (early_s := due_s - loop.time()) > 0:
                await answer.is_over_within(early_s)
        if kind is RelayKind.CHAT:
            yield b"data: [DONE]\n\n"
    except ThaiChatError as error:
        told = errors.told(error, status_of(type(error)), language)
        yield _frame({"type": "error", **told} if kind is RelayKind.RESPONSES else {"error": told}, kind)
    finally:
        answer.leave()


def model_of(answer: ProgramAnswer) -> str:
    """Return the id of the model that answers."""
    choice = answer.answered_by
    return f"{choice.backend}/{choice.model}" if choice else ""


def named(passed: JsonObject, model: str) -> JsonObject:
    """Return an object of the answer with the model's id as `/v1/models` has it."""
    if "model" in passed:
        return {**passed, "model": model}
    inner = passed.get("response")
    if isinstance(inner, dict) and "model" in inner:
        return {**passed, "response": {**inner, "model": model}}
    return passed


def _frame(passed: JsonObject, kind: RelayKind) -> bytes:
    if kind is RelayKind.RESPONSES:
        kind_told = str(passed.get("type"))
        name = kind_told if _NAME.fullmatch(kind_told) else "message"  # a line's end in it would begin another event
        return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(passed) + b"\n\n"
    return b"data: " + orjson.dumps(passed) + b"\n\n"
