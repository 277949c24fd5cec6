"""HEAD: answered as GET is, with the same headers and no body; what would come in parts is not begun."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import Message, Send

from thai_chat.gate.packing import is_json


class HeadAnswered(Exception):
    """All that HEAD asks for has been sent, so that the application need not go on."""


class Head:
    """The `send` of a HEAD request, which the application takes for a GET.

    Only JSON that is whole is let on: its length depends on how it is compressed. Raises HeadAnswered behind the
    headers of anything else, before a file is read or a stream has begun.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    async def __call__(self, message: Message) -> None:
        await self._send(message)
        if message["type"] != "http.response.start":
            return
        if "content-length" in Headers(raw=message["headers"]) and is_json(message):
            return
        await self._send({"type": "http.response.body", "more_body": True})
        await self._send({"type": "http.response.body"})
        raise HeadAnswered


def bodiless(send: Send) -> Send:
    """Return a `send` that leaves out every body."""

    async def without(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return without
