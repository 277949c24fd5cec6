"""The API over real sockets for short tests: what costs more than the test itself is done once, or not waited for."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI

from thai_chat.accounts.service import Accounts
from thai_chat.api.app import build_app
from thai_chat.chat.service import ChatService
from thai_chat.gate.connections import Connection
from thai_chat.gate.gate import Gate
from thai_chat.gate.guests import Guests
from thai_chat.sharing.service import Shares
from thai_chat.webhooks.service import Webhooks

_idle: list[FastAPI] = []


@contextmanager
def api_over(
    service: ChatService,
    accounts: Accounts | None = None,
    sharing: Shares | None = None,
    told: Webhooks | None = None,
) -> Iterator[FastAPI]:
    """Yield the API over these. It is one that an earlier test used, as FastAPI makes its routes anew for each."""
    app = _idle.pop() if _idle else build_app(service)
    app.state.service, app.state.accounts, app.state.shares, app.state.webhooks = service, accounts, sharing, told
    app.openapi_schema = None
    yield app
    _idle.append(app)


class _Server(uvicorn.Server):
    """Ends at once when nothing is under way; uvicorn's own looks ten times a second whether it may."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.asked_to_end = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._loop.call_soon_threadsafe(self.asked_to_end.set)

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.asked_to_end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(3):
            await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)


@asynccontextmanager
async def listening(app: Gate, host: str = "127.0.0.1", guests: Guests | None = None) -> AsyncIterator[str]:
    """Serve an app to whom the guests let in, and yield its address."""

    class OwnConnection(Connection):
        pass

    OwnConnection.guests = guests
    config = uvicorn.Config(
        app,
        http=OwnConnection,
        host=host,
        port=0,
        log_config=None,
        lifespan="off",
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers nothing to wait on
        await asyncio.sleep(0.005)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        server.asked_to_end.set()
        await running
