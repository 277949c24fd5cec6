"""Connections as the web server holds them: the head of a request has to arrive in time, and their number is limited.

uvicorn waits for ever for the rest of a request, and its own limit of connections refuses the probes too.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any, ClassVar, cast
from uuid import uuid4

import h11
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from thai_chat.domain.errors import BadInput, ServerBusy
from thai_chat.gate.doors import DoorKind, door_of
from thai_chat.gate.guests import Guests
from thai_chat.gate.headers import complete
from thai_chat.gate.refusals import refusal
from thai_chat.gate.request_ids import request_id_of

FILES = 65_536
KEPT_FOR_OTHERS = 300
"""Descriptors for the database, the journal, model servers and files."""


def most_connections() -> int:
    """Raise this process' limit of open files as far as it may go, and return how many connections fit into it.

    Half of the rest, because each running reply may hold a connection to a model server too.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return max(64, (min(soft, FILES) - KEPT_FOR_OTHERS) // 2)


class Connection(H11Protocol):
    """uvicorn's protocol, with a deadline for what a client has begun to send."""

    head_s: ClassVar[float] = 10
    """The time for the head of a request, from the connection or the last answer on."""
    rest_s: ClassVar[float] = 30
    """The time for the rest of a body that was answered already, which is thrown away."""
    unread_s: ClassVar[float] = 60
    """The time in which a client has to read something of what waits for it."""
    most: ClassVar[int] = 1000
    """The connections that are answered; above it only probes are. Above it and `room_for_probes` who says nothing
    makes room."""
    room_for_probes: ClassVar[int] = 32

    guests: ClassVar[Guests | None] = None
    """Whose connections are answered; None: everybody's."""

    _deadline: asyncio.TimerHandle | None = None
    _waits_for: str = ""
    _reader: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast("asyncio.Transport", Joining(transport, self.loop)))
        if len(self.connections) > self.most + self.room_for_probes:
            self._make_room()
        if len(self.connections) > self.most:
            self.app = _Crowded(self.app)
        if self.guests:
            self.app = self.guests.guarded(self.app, transport)
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP as all else is answered; within an answer nothing more can be said."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = refusal(BadInput(), {"type": "http", "headers": []})
            answer.headers["Connection"] = "close"
            complete(answer.headers, None, request_id=uuid4().hex)
            for event in (
                h11.Response(status_code=answer.status_code, headers=answer.raw_headers, reason=b"Bad Request"),
                h11.Data(data=bytes(answer.body)),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_for("")
        self._watch_reader(None)
        super().connection_lost(exc)

    def handle_events(self) -> None:
        super().handle_events()
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()
        if self.transport.is_closing():
            self._watch_reader(self.transport.get_write_buffer_size())

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._watch_reader(self.transport.get_write_buffer_size())

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reader(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._watch_reader(None)
        super().resume_writing()

    def _watch_reader(self, unread_bytes: int | None) -> None:
        """Break off, now or later, when a client leaves unread what waits for it; None ends the watch."""
        if self._reader:
            self._reader.cancel()
        self._reader = self.loop.call_later(self.unread_s, self._look_at_reader, unread_bytes) if unread_bytes else None

    def _look_at_reader(self, unread_bytes: int) -> None:
        left_bytes = self.transport.get_write_buffer_size()
        if left_bytes >= unread_bytes:
            self.transport.abort()
        else:
            self._watch_reader(left_bytes)

    def _make_room(self) -> None:
        """Break off a connection that has asked for nothing yet, or this one when there is none."""
        silent = (one for one in self.connections if isinstance(one, Connection) and one is not self)
        next((one for one in silent if one._waits_for == "head"), self).transport.abort()

    def _watch(self) -> None:
        if self.conn.their_state is h11.IDLE:
            self._wait_for("head", 2 if isinstance(self.app, _Crowded) else self.head_s)
        elif self.conn.their_state is h11.SEND_BODY and self.cycle.response_complete:
            self._wait_for("rest", 2 if isinstance(self.app, _Crowded) else self.rest_s)
        else:  # the gate limits the time of a body that is read
            self._wait_for("")

    def _wait_for(self, what: str, limit_s: float = 0) -> None:
        if what == self._waits_for:
            return
        if self._deadline:
            self._deadline.cancel()
        self._waits_for = what
        self._deadline = self.loop.call_later(limit_s, self.transport.abort) if what else None


class Joining:
    """A transport that sends the head of an answer in one go with what follows it in the same turn of the loop."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(b"HTTP/"):
            self._head = data
            self._loop.call_soon(self._send_head)
            return
        self._transport.write(data)

    def close(self) -> None:
        self._send_head()
        self._transport.close()

    def _send_head(self) -> None:
        if self._head and not self._transport.is_closing():
            self.write(b"")


class _Crowded:
    """Answers a connection that is one too many: probes as ever, all else by 503."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        door = door_of(scope.get("path", ""))
        if scope["type"] == "http" and not (door and door.kind is DoorKind.PROBE):
            answer = refusal(ServerBusy(), scope)
            answer.headers["Connection"] = "close"
            complete(answer.headers, None, request_id=request_id_of(scope))
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)
