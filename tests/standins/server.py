"""The common part of the stand-in model servers: scripts by model, requests under way, playing a script, the command
line."""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from tests.standins.script import Script, script_from_json, thai_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

_WRITE_BYTES = 32_768


def _set(event: asyncio.Event) -> asyncio.Event:
    event.set()
    return event


@dataclass(slots=True)
class Seen:
    """A chat request and what became of it."""

    model: str
    body: dict[str, Any]
    headers: dict[str, str]
    script: Script
    path: str = ""
    pieces_sent: int = 0
    running: bool = True
    left: bool = False
    """The client closed the connection before the end."""
    first_sent_at: float = 0
    """When the first piece was written, in seconds since 1970."""
    last_sent_at: float = 0

    @property
    def summarises(self) -> bool:
        """Responses API: a summary of the thinking was asked for."""
        return bool((self.body.get("reasoning") or {}).get("summary"))

    @property
    def text_sent(self) -> str:
        return "".join((*self.script.reasoning, *self.script.tokens)[: self.pieces_sent])


@dataclass(slots=True)
class Standin:
    """One server on 127.0.0.1. Use it as an async context manager inside the test's own loop."""

    models: dict[str, int | None] = field(default_factory=lambda: {"standin": 8192})
    """Model names with their context windows."""
    script: Script = field(default_factory=Script)
    scripts: dict[str, Script] = field(default_factory=dict)
    """By model, before `script`."""
    api_key: str | None = None
    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    served: int = 0
    keep_requests: bool = True
    closes_kept: bool = False
    """Close a kept connection just when a POST has come on it, as a server does whose patience is over."""
    closed_kept: int = 0
    clients: list[object] = field(default_factory=list)
    """Where each POST came from: of two on one connection it is the same."""
    may_end: asyncio.Event = field(default_factory=lambda: _set(asyncio.Event()))
    """While it is not set, the last piece of every reply waits."""
    _runner: web.AppRunner | None = None
    _waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = field(default_factory=list)
    _running: int = 0
    _connections: set[object] = field(default_factory=set)
    """The connections that have had a request, while `closes_kept`."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> int:
        """Chat requests being answered now."""
        return self._running

    def routes(self) -> Sequence[web.RouteDef]:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024**2, middlewares=[self._keeping])
        app.add_routes(self.routes())
        app.add_routes(
            [
                web.get("/control/state", self._state),
                web.post("/control/script", self._set_script),
                web.post("/control/reset", self._reset),
            ]
        )
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, backlog=1024)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Go away as a stopped process does: open connections end, new ones are refused. Safe to call twice."""
        runner, self._runner = self._runner, None
        if runner:
            await runner.cleanup()

    def script_for(self, model: str) -> Script:
        return self.scripts.get(model, self.script)

    async def until(self, fact: Callable[[], bool], *, timeout_s: float = 60) -> None:
        """Wait until `fact()` is true; it is looked at whenever something happens here."""
        if fact():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((fact, future))
        await asyncio.wait_for(future, timeout_s)

    def changed(self) -> None:
        for fact, future in tuple(self._waiting):
            if future.done():
                self._waiting.remove((fact, future))
            elif fact():
                future.set_result(None)

    @contextmanager
    def watch(self, seen: Seen) -> Iterator[None]:
        """Count a request as running, and note when its client left."""
        if self.keep_requests:
            self.seen.append(seen)
        self._running += 1
        self.changed()
        try:
            yield
        except (asyncio.CancelledError, ConnectionResetError):
            seen.left = True
            raise
        finally:
            seen.running = False
            self._running -= 1
            self.served += 1
            self.changed()

    async def play(self, response: web.StreamResponse, frames: Sequence[bytes], seen: Seen) -> None:
        """Write each frame when it is due: on an absolute schedule, all that are due in one go."""
        loop = asyncio.get_running_loop()
        start, script = loop.time(), seen.script
        at = 0
        while at < len(frames):
            wait = start + script.at(at) - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            if at == len(frames) - 1:
                await self.may_end.wait()
            due, size = at + 1, len(frames[at])
            free = len(frames) if self.may_end.is_set() else len(frames) - 1
            while due < free and size < _WRITE_BYTES and start + script.at(due) <= loop.time():
                size += len(frames[due])
                due += 1
            seen.last_sent_at = time.time()
            seen.first_sent_at = seen.first_sent_at or seen.last_sent_at
            await response.write(frames[at] if due == at + 1 else b"".join(frames[at:due]))
            seen.pieces_sent = at = due
            if self._waiting:
                self.changed()

    @web.middleware
    async def _keeping(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.method == "POST" and request.transport:
            self.clients.append(request.transport.get_extra_info("peername"))
        if self.closes_kept:
            if request.method == "POST" and request.transport in self._connections:
                self.closed_kept += 1
                drop(request)
                return web.Response()
            self._connections.add(request.transport)
        response = await handler(request)
        await asyncio.sleep(self.script.end_delay_ms / 1000)
        return response

    async def _state(self, request: web.Request) -> web.Response:
        requests = [
            {
                "model": seen.model,
                "body": seen.body,
                "pieces_sent": seen.pieces_sent,
                "text_sent": seen.text_sent,
                "running": seen.running,
                "left": seen.left,
                "first_sent_at": seen.first_sent_at,
                "last_sent_at": seen.last_sent_at,
            }
            for seen in self.seen
        ]
        return web.json_response({"running": self.running, "served": self.served, "requests": requests})

    async def _set_script(self, request: web.Request) -> web.Response:
        body = await request.json()
        model = body.pop("model", None)
        try:
            script = script_from_json(body)
        except (TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        if model is None:
            self.script = script
        else:
            self.scripts[model] = script
        return web.json_response({})

    async def _reset(self, request: web.Request) -> web.Response:
        self.scripts.clear()
        self.seen.clear()
        self.served = 0
        return web.json_response({})


async def hang(response: web.StreamResponse | None = None) -> None:
    """Wait until the client leaves."""
    await asyncio.Event().wait()


def drop(request: web.Request) -> None:
    """Cut the connection as a crash does: no end of the response."""
    if request.transport is not None:
        request.transport.abort()


def run(make: Callable[[], Standin]) -> None:
    """Run the command line of a stand-in: print its address, serve until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--model", action="append", help="name, or name=context window; may be repeated")
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--delay-ms", type=float, default=20)
    parser.add_argument("--first-delay-ms", type=float, default=0)
    parser.add_argument("--keep-requests", action="store_true", help="keep every request for /control/state")
    given = parser.parse_args()
    standin = make()
    standin.port = given.port
    standin.keep_requests = given.keep_requests
    standin.script = Script(
        tokens=thai_tokens(given.tokens), delay_ms=given.delay_ms, first_delay_ms=given.first_delay_ms
    )
    if given.model:
        pairs = (name.partition("=") for name in given.model)
        standin.models = {name: int(window) if window else None for name, _, window in pairs}

    async def serve() -> None:
        async with standin:
            print(standin.address, flush=True)
            await asyncio.Event().wait()

    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        sys.exit(0)


@contextmanager
def standin_process(module: str, *arguments: str) -> Iterator[str]:
    """Run a stand-in in a process of its own, and yield its address."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address, f"{module} did not start"
            yield address
        finally:
            process.terminate()


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
