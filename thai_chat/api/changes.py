"""`/api/changes`: one stream of what changes in a person's sessions, by ids; the page reads the rest where it is.

Each event is `hello` (once, at first), `changed`, `began`, `ended`, `deleted`, `anew`, `crowded` (the last
one: too many pages follow), or a `beat`, which says that the server lives.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from thai_chat.api.dependencies import Asking, Service
from thai_chat.api.sse import HEADERS
from thai_chat.api.streaming import EmptyEvent, Events, HelloEvent, ReplyEvent, SessionEvent, events
from thai_chat.chat.changes import Change, Changes
from thai_chat.domain.people import Person

router = APIRouter(tags=["sessions"])

BEAT_S = 1.0
"""A page that hears nothing for a little longer knows that the server is away."""
_BEAT = b"event: beat\ndata: 1\n\n"
_EVENTS: Events = {
    "hello": HelloEvent,
    "began": ReplyEvent,
    "ended": ReplyEvent,
    "changed": SessionEvent,
    "deleted": SessionEvent,
    "anew": EmptyEvent,
    "crowded": EmptyEvent,
}
_EXAMPLE = 'event: hello\ndata: {"page":"4f1c","changed_ms_ago":null}\n\nevent: beat\ndata: 1\n\n'


@router.get(
    "/api/changes",
    response_class=StreamingResponse,
    responses={200: {"content": events(_EVENTS, example=_EXAMPLE)}, 204: {"description": "The server is about to end"}},
)
async def follow_changes(request: Request, service: Service, person: Asking) -> Response:
    """Follow what changes in all sessions. Events carry ids and never a text; a slow reader is told to read `anew`.

    `hello` has the version of the page, and how many milliseconds ago the last change was, null for a minute or more.
    204 when the server is about to end.
    """
    if service.changes.is_closed:
        return Response(status_code=204)
    frames = _frames(service.changes, person, request.app.state.page_version)
    return StreamingResponse(frames, media_type="text/event-stream", headers=HEADERS)


async def _frames(changes: Changes, person: Person, page_version: str) -> AsyncIterator[bytes]:
    with changes.following(person) as follower:
        last_s = changes.since_last_s(person)
        yield _frame("hello", {"page": page_version, "changed_ms_ago": None if last_s is None else int(last_s * 1000)})
        while (told := await follower.next(BEAT_S)) is not None:
            yield b"".join(map(_told, told)) or _BEAT


def _told(change: Change) -> bytes:
    ids = {"session_id": change.session_id, "reply_id": change.reply_id}
    return _frame(change.kind, {name: value for name, value in ids.items() if value})


def _frame(name: str, body: object) -> bytes:
    return f"event: {name}\ndata: ".encode() + orjson.dumps(body) + b"\n\n"
