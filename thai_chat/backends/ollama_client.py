"""The official `ollama` client over aiohttp, with what it leaves out: lines cut at LF alone, all that a card says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import httpx
import httpx_aiohttp
import ollama
from pydantic import BaseModel

from thai_chat.backends.address import certificates, without_credentials
from thai_chat.backends.bounds import UNPACKED, bound
from thai_chat.backends.lines import Lines
from thai_chat.backends.timeouts import KEEP_ALIVE_S, MAX_CONNECTIONS
from thai_chat.backends.translation import again_if_closed
from thai_chat.domain.errors import BackendGarbled


class Thinking(BaseModel):
    """`thinking` of `/api/show` (docs/capabilities/thinking.mdx)."""

    values: Sequence[bool | str] = ()


class Shown(ollama.ShowResponse):
    """What `/api/show` says, with the fields that the client's own class leaves out."""

    thinking: Thinking | None = None
    remote_host: str | None = None
    """Set for a model that runs in Ollama's cloud."""


class OllamaClient(ollama.AsyncClient):
    def __init__(self, host: str, *, connect_s: float) -> None:
        """`host` may hold "user:password@", for a proxy in front of Ollama."""
        address, authorization = without_credentials(host)
        super().__init__(
            address,
            headers={**UNPACKED, **({"Authorization": authorization} if authorization else {})},
            event_hooks={"response": [bound]},
            # aiohttp beneath halves the CPU time of a token. It reads no proxy from the environment.
            transport=_Transport(
                verify=certificates(address),
                limits=httpx.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=KEEP_ALIVE_S),
            ),
            # Reading has no limit here: who reads a stream counts from line to line.
            timeout=httpx.Timeout(None, connect=connect_s, pool=connect_s),
        )

    async def show(self, model: str) -> Shown:
        return await self._request(Shown, "POST", "/api/show", json={"model": model})

    async def close(self) -> None:
        await super().close()  # type: ignore[no-untyped-call]


class _Transport(httpx_aiohttp.AiohttpTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        ask = super().handle_async_request
        response = await again_if_closed(lambda: ask(request))
        return _Response(
            response.status_code,
            headers=response.headers,
            stream=response.stream,
            request=request,
            extensions=response.extensions,
        )


class _Response(httpx.Response):
    async def aiter_lines(self) -> AsyncIterator[str]:
        """Cuts at LF only. httpx would cut at U+0085 too, which Go leaves unescaped inside JSON."""
        lines = Lines()
        async for chunk in self.aiter_bytes():
            for line in lines.feed(chunk):
                if line.strip():
                    yield _json_object(line)
        for line in lines.end():
            yield _json_object(line)


def _json_object(line: bytes) -> str:
    """The client takes every line for an object and would fail on another value in ways of its own."""
    if not line.lstrip().startswith(b"{"):
        raise BackendGarbled("a line is no JSON object")
    return line.decode()
