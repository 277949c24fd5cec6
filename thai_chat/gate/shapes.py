"""Errors in the one form where others answer: Gradio's routes, and files that are served as they are."""

from __future__ import annotations

from starlette.types import Message, Send

from thai_chat.domain.errors import BadEvent, BadInput, NoSuchRange, NotFound, ThaiChatError
from thai_chat.gate.doors import RUN, Door, DoorKind

_KINDS: dict[int, type[ThaiChatError]] = {400: BadInput, 403: NotFound, 404: NotFound, 416: NoSuchRange}
"""The answer to who asks for a file that is not served: that it may not be read is not told."""


class Unshaped(Exception):
    """Somebody else's error was about to leave; `error` is to be answered instead."""

    def __init__(self, error: ThaiChatError) -> None:
        super().__init__(error.code)
        self.error = error


def shaping(send: Send, door: Door) -> Send:
    """Return a `send` that raises Unshaped in place of an error that has another form."""
    if door.kind is not DoorKind.STATIC and door.path != RUN:
        return send

    async def shaped(message: Message) -> None:
        if message["type"] == "http.response.start" and 400 <= message["status"] < 500:
            raise Unshaped(BadEvent() if door.path == RUN else _KINDS.get(message["status"], BadInput)())
        await send(message)

    return shaped
