"""A live reply as server-sent events: `started`, `delta`, `reasoning`, `notice`, then one `completed` or `error`.

Every event has the id `<reply>.<number>`; a client that comes back with it (`Last-Event-ID`, or `after`) goes on
behind it without a gap or a repetition.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import assert_never

import orjson
from fastapi.responses import StreamingResponse

from thai_chat import texts
from thai_chat.api.schemas import chat_body
from thai_chat.chat.live import LiveReply
from thai_chat.domain.errors import InvalidCursor
from thai_chat.domain.events import Completed, Delta, Failed, LiveEvent, Notice, Started, Thought
from thai_chat.texts import Language

PACE_S = 0.08
"""Followers are woken by the time, not by the token."""
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def number_of(position: str, reply: LiveReply) -> int:
    """The event number in an id or in a bare number; 0 when the id is of another reply. Raises InvalidCursor."""
    reply_id, _, number = position.rpartition(".")
    if not number.isdecimal():
        raise InvalidCursor
    return int(number) if reply_id in ("", reply.reply_id.hex) else 0


def stream(reply: LiveReply, *, after: int, language: Language) -> StreamingResponse:
    return StreamingResponse(_frames(reply, after, language), media_type="text/event-stream", headers=_HEADERS)


async def _frames(reply: LiveReply, after: int, language: Language) -> AsyncIterator[bytes]:
    prefix = f"id: {reply.reply_id.hex}."
    async for number, event in reply.follow(after, pace_s=PACE_S):
        if event is None:
            yield b": still here\n\n"
            continue
        name, body = _body(event, language)
        yield f"{prefix}{number}\nevent: {name}\ndata: ".encode() + orjson.dumps(body) + b"\n\n"


def _body(event: LiveEvent, language: Language) -> tuple[str, object]:
    match event:
        case Delta(text):
            return "delta", {"text": text}
        case Thought(text):
            return "reasoning", {"text": text}
        case Started():
            return "started", {
                "session_id": event.session_id,
                "message_id": event.message_id,
                "backend": event.backend,
                "model": event.model,
            }
        case Notice():
            return "notice", {"code": event.code, "message": texts.text(event.code, language, event.params)}
        case Failed():
            return "error", {"code": event.code, "message": texts.text(event.code, language, event.params)}
        case Completed():
            body = chat_body(event.question, event.reply, event.conversation_length)
            return "completed", body.model_dump(mode="json")
        case _:
            assert_never(event)
