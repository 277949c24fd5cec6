"""A program that webhooks are sent to: it keeps what comes, and answers as a test wants."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

WAIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Received:
    headers: dict[str, str]
    body: bytes
    path: str

    @property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.body)
        return told

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.told["data"]
        return data


@dataclass(slots=True)
class Receiver:
    """One server on 127.0.0.1. Use it as an async context manager inside the test's own loop."""

    port: int = 0
    status: int = 200
    statuses: list[int] = field(default_factory=list)
    """The answers to the next requests, before `status`."""
    answer_headers: dict[str, str] = field(default_factory=dict)
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is not set, nobody gets an answer."""
    received: list[Received] = field(default_factory=list)
    waiting: int = 0
    most_waiting: int = 0
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def of(self, event: str) -> list[Received]:
        return [one for one in self.received if one.told["type"] == event]

    async def until(self, count: int, event: str | None = None) -> list[Received]:
        """Return what has come, as soon as there are so many of it."""

        def found() -> list[Received]:
            return self.of(event) if event else self.received

        async with asyncio.timeout(WAIT_S), self._came:
            await self._came.wait_for(lambda: len(found()) >= count)
        return found()

    async def __aenter__(self) -> Self:
        self.answers.set()
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        app = web.Application()
        app.add_routes([web.post("/{path:.*}", self._take)])
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Go away; the port stays what it was. Safe to call twice."""
        runner, self._runner = self._runner, None
        if runner:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        one = Received(headers, await request.read(), request.path)
        status = self.statuses.pop(0) if self.statuses else self.status
        async with self._came:
            self.received.append(one)
            self.waiting += 1
            self.most_waiting = max(self.most_waiting, self.waiting)
            self._came.notify_all()
        try:
            await self.answers.wait()
        finally:
            self.waiting -= 1
        return web.Response(status=status, headers=self.answer_headers, text="x" * 100_000)
