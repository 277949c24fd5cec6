"""The events of Gradio's page, of which only what ours sends goes on: the number of a handler, which is told nothing.

Gradio takes more in an event than its handlers ask for. A value in the form of its files makes it copy the file or
fetch the address that is named, and each name of a session makes it keep what that session was last shown.
"""

from __future__ import annotations

import orjson
from starlette.types import Message, Receive

from thai_chat.domain.errors import BadEvent
from thai_chat.gate.doors import PAGE_EVENTS


async def read_event(receive: Receive) -> bytes:
    """Return the body of an event, made anew of what is needed of it. Raises BadEvent, HTTPException."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise BadEvent
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return _rebuilt(b"".join(parts))


def replayed(body: bytes, receive: Receive) -> Receive:
    """Give out the body, and after it what else comes."""
    is_given = False

    async def replay() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _rebuilt(body: bytes) -> bytes:
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadEvent from None
    if not isinstance(event, dict):
        raise BadEvent
    data, number = event.get("data"), event.get("fn_index")
    if type(number) is not int or not 0 <= number < len(PAGE_EVENTS):
        raise BadEvent
    if data != []:
        raise BadEvent
    return orjson.dumps({"data": [], "fn_index": number})
