"""A whole answer before any of it goes out, for what is read, kept or made smaller on the way."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Scope


async def whole_answer(app: ASGIApp, scope: Scope) -> tuple[Message, bytes]:
    """Return the head and the body of what `app` answers to a request without a body.

    The app is never told that the client has gone: it would stop halfway, and others are given the same answer.
    """
    start: Message = {}
    parts: list[bytes] = []
    asked: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not asked:
            await asyncio.Future()
        return asked.pop()

    async def collect(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, collect)
    return start, b"".join(parts)
