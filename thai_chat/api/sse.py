"""A live reply as server-sent events: `started`, `delta`, `reasoning`, `notice`, then one `completed` or `error`.

`rethought` is rare: all that `delta` and `reasoning` have said before was thought, and its `text` takes their place.

Every event has the id `<reply>.<number>`; a client that comes back with it (`Last-Event-ID`, or `after`) goes on
behind it without a gap or a repetition.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import assert_never

import orjson
from fastapi.responses import StreamingResponse

from thai_chat import texts
from thai_chat.api.schemas import chat_body
from thai_chat.domain.errors import InvalidCursor
from thai_chat.domain.events import (
    BecameReasoning,
    Completed,
    Failed,
    LiveEvent,
    Notice,
    ReasoningDelta,
    Started,
    TextDelta,
)
from thai_chat.domain.messages import Message
from thai_chat.domain.ports.reply_log import ReplyLog
from thai_chat.texts import Language

logger = logging.getLogger(__name__)

PACE_S = 0.08
"""Followers are woken by the time, not by the token."""
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def number_of(position: str, reply: ReplyLog) -> int:
    """Return the event number in an id or in a bare number; 0 when the id is of another reply. Raises InvalidCursor."""
    reply_id, _, number = position.rpartition(".")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise InvalidCursor
    return min(int(number), reply.event_count) if reply_id in ("", reply.reply_id.hex) else 0


def stream(reply: ReplyLog, *, after: int, language: Language) -> StreamingResponse:
    return StreamingResponse(_frames(reply, after, language), media_type="text/event-stream", headers=HEADERS)


def stored(reply: Message, result: Completed | Failed, *, language: Language) -> StreamingResponse:
    """Answer a repeated turn whose reply has ended with a stream of its begin and end."""
    started = Started(reply.session_id, reply.message_id, reply.backend or "", reply.model or "")
    frames = [
        _frame(f"{reply.message_id.hex}.{number}", event, language) for number, event in enumerate((started, result), 1)
    ]
    return StreamingResponse(iter(frames), media_type="text/event-stream", headers=HEADERS)


async def _frames(reply: ReplyLog, after: int, language: Language) -> AsyncIterator[bytes]:
    async for number, event in reply.follow(after, pace_s=PACE_S):
        if event is None:
            yield b": still here\n\n"
            continue
        try:
            frame = _frame(f"{reply.reply_id.hex}.{number}", event, language)
        except Exception:  # whatever it is, whoever waits must hear the end
            logger.exception("event %d of a reply can't be written", number)
            yield _frame(f"{reply.reply_id.hex}.{reply.event_count}", Failed("internal", {}), language)
            return
        yield frame


def _frame(event_id: str, event: LiveEvent, language: Language) -> bytes:
    name, body = _body(event, language)
    return f"id: {event_id}\nevent: {name}\ndata: ".encode() + orjson.dumps(body) + b"\n\n"


def _body(event: LiveEvent, language: Language) -> tuple[str, object]:
    match event:
        case TextDelta(text):
            return "delta", {"text": text}
        case ReasoningDelta(text):
            return "reasoning", {"text": text}
        case BecameReasoning(text):
            return "rethought", {"text": text}
        case Started():
            return "started", {
                "session_id": event.session_id,
                "message_id": event.message_id,
                "backend": event.backend,
                "model": event.model,
            }
        case Notice():
            return "notice", {
                "code": event.code,
                "message": texts.text(event.code, language, event.params),
                "passing": event.is_passing,
                "seconds": event.params.get("seconds"),
                # Who is asked now, when that is somebody else than before.
                "backend": event.params.get("answered"),
                "model": event.params.get("answered_model"),
            }
        case Failed():
            return "error", {"code": event.code, "message": texts.text(event.code, language, event.params)}
        case Completed():
            body = chat_body(event.question, event.reply, event.conversation_length, language)
            return "completed", body.model_dump(mode="json")
        case _:
            assert_never(event)
