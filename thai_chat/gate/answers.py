"""The answer to one request on its way out: it gets its headers, and the gate knows whether it has begun."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from thai_chat.gate.doors import DoorKind
from thai_chat.gate.headers import STRICT, complete


class Answer:
    """The `send` of one request. `kind` is None where there is no door."""

    def __init__(self, send: Send, request_id: str, kind: DoorKind | None = None) -> None:
        self.kind = kind
        self.request_id = request_id
        self.policy = STRICT
        """The Content-Security-Policy, where a page of Gradio's does not bring its own."""
        self.cors: Mapping[str, str] | None = None
        """Headers that say which other site's script may read it; None where no site is named."""
        self.has_begun = False
        self._send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": list(message.get("headers", ()))}
            headers = MutableHeaders(raw=message["headers"])
            complete(headers, self.kind, self.policy, request_id=self.request_id)
            if self.cors is not None and self.kind in (None, DoorKind.PRIVATE):
                headers.add_vary_header("Origin")
                headers.update(self.cors)
        await self.pass_on(message)

    async def pass_on(self, message: Message) -> None:
        """Send what has all of its headers."""
        self.has_begun = True
        await self._send(message)

    async def tell(self, status: int, headers: Mapping[str, str]) -> None:
        """Answer by headers alone."""
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        self.kind = None
        await self({"type": "http.response.start", "status": status, "headers": raw})
        await self({"type": "http.response.body"})
