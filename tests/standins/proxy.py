"""A reverse proxy at a port of its own, which tells the app about a request whatever a test wants."""

from __future__ import annotations

from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from tests.ports import free_port

_OWN = frozenset({"host", "connection", "keep-alive", "transfer-encoding", "content-length", "upgrade"})


@dataclass(slots=True)
class Proxy:
    upstream: str
    """The app's address."""
    port: int = field(default_factory=free_port)
    headers: dict[str, str] = field(default_factory=dict)
    """The headers that it sets; without `Host` there, the app is sent its own, as by a bare `proxy_pass`."""
    _runner: web.AppRunner | None = None
    _client: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Proxy:
        application = web.Application(client_max_size=10_000_000)
        application.router.add_route("*", "/{path:.*}", self._pass_on)
        self._client = aiohttp.ClientSession(auto_decompress=False)
        # Open pages hold their streams open for ever, and no time at all would mean to wait as long.
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._client
        assert self._runner
        await self._client.close()
        await self._runner.cleanup()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        assert self._client
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN} | self.headers
        async with self._client.request(
            request.method,
            self.upstream + request.path_qs,
            headers=headers,
            data=await request.read() or None,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(),
        ) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _OWN}
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            async for part in answer.content.iter_any():
                await response.write(part)
            await response.write_eof()
            return response
