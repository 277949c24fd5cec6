"""A whole answer before any of it goes out, for what is read, kept or made smaller on the way."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope


async def whole_answer(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """Return the head and the body of what `app` answers."""
    start: Message = {}
    parts: list[bytes] = []

    async def collect(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, collect)
    return start, b"".join(parts)


def nobody_leaves() -> Receive:
    """Return the `receive` of a request without a body whose client is never told to have gone.

    An app that hears it stops halfway, which must not be when others are given the same answer.
    """
    asked: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not asked:
            await asyncio.Future()
        return asked.pop()

    return receive
