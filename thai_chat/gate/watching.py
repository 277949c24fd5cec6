"""Streams of events that end when the session of whoever follows them does."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import Message, Scope, Send

from thai_chat.domain.account_errors import SignInNeeded
from thai_chat.domain.errors import ThaiChatError
from thai_chat.gate.people import Who

LOOK_EVERY_S = 2.0


class Watched:
    """The `send` of one request of somebody who has signed in: a stream of events is cut off when they no longer have.

    The task that answers is cancelled then, and `is_over` says why.
    """

    def __init__(self, send: Send, who: Who, scope: Scope) -> None:
        self.is_over = False
        self._send = send
        self._who, self._scope = who, scope
        self._answering = asyncio.current_task()
        self._looking: asyncio.Task[None] | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = Headers(raw=message.get("headers", [])).get("content-type", "")
            if kind.startswith("text/event-stream"):
                self._looking = asyncio.create_task(self._look())
        await self._send(message)

    def close(self) -> None:
        if self._looking:
            self._looking.cancel()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                is_known = await self._who(self._scope) is not None
            except SignInNeeded:
                is_known = False
            except ThaiChatError:
                continue  # that nobody can tell now ends nothing
            if not is_known:
                self.is_over = True
                if self._answering:
                    self._answering.cancel()
                return
