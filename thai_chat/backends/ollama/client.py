"""The official `ollama` client over aiohttp, with what it leaves out: lines cut at LF alone, all that a card says."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import httpx
import httpx_aiohttp
import ollama
from pydantic import BaseModel

from thai_chat.backends.address import base_of, certificates, without_credentials
from thai_chat.backends.bounds import UNPACKED, bound
from thai_chat.backends.failures import NO_SUCH_ROUTE
from thai_chat.backends.json_text import Halves, clean, lenient
from thai_chat.backends.lines import Lines
from thai_chat.backends.listing import entries
from thai_chat.backends.timeouts import KEEP_ALIVE_S, MAX_CONNECTIONS
from thai_chat.backends.translation import again_if_closed
from thai_chat.domain.backend_errors import BackendGarbled

_BOM = b"\xef\xbb\xbf"
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


class Thinking(BaseModel):
    """`thinking` of `/api/show` (docs/capabilities/thinking.mdx)."""

    values: Sequence[bool | str] = ()


class Shown(ollama.ShowResponse):
    """The answer of `/api/show`, with the fields that the client's own class leaves out."""

    thinking: Thinking | None = None
    remote_host: str | None = None
    """Set for a model that runs in Ollama's cloud."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model in a list, as far as it is told: Ollama's like leave out what they don't have."""

    model: str
    digest: str = ""
    context_length: int = 0


class OllamaClient(ollama.AsyncClient):
    def __init__(self, host: str, *, connect_s: float) -> None:
        """Take the server's address, which may hold "user:password@", for a proxy in front of Ollama."""
        address, authorization = without_credentials(base_of(host).removesuffix("/v1"))
        super().__init__(
            address,
            follow_redirects=False,
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

    async def listed(self) -> list[Entry]:
        """Return the models that the server has. Raises BackendGarbled for what is no list."""
        return await self._entries("/api/tags")

    async def running(self) -> list[Entry]:
        """Return the models in memory; none of a server that does not tell."""
        try:
            return await self._entries("/api/ps")
        except ollama.ResponseError as error:
            if error.status_code in NO_SUCH_ROUTE:
                return []
            raise

    async def _entries(self, path: str) -> list[Entry]:
        answer = await self._request_raw("GET", path)  # type: ignore[no-untyped-call]
        return [
            Entry(
                model=str(entry["id"]),
                digest=digest if isinstance(digest := entry.get("digest"), str) else "",
                context_length=window if isinstance(window := entry.get("context_length"), int) else 0,
            )
            for entry in entries(lenient(answer.content))
        ]

    async def post(self, path: str, content: bytes) -> httpx.Response:
        """Send a program's JSON to the part of the server that speaks OpenAI's protocol."""
        headers = {"Content-Type": "application/json", "Accept": "*/*"}
        client: httpx.AsyncClient = self._client
        return await client.send(
            client.build_request("POST", f"/v1{path}", content=content, headers=headers), stream=True
        )

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
        """Yield the lines, cut at LF only. httpx would cut at U+0085 too, which Go leaves unescaped inside JSON."""
        lines, reader = Lines(), _Objects()
        async for chunk in self.aiter_bytes():
            for line in lines.feed(chunk):
                if line.strip():
                    yield reader.read(line)
        for line in lines.end():
            if line.strip():
                yield reader.read(line)


class _Objects:
    """A reader that gives the client one object a line, whose texts are of whole characters."""

    def __init__(self) -> None:
        self._halves: dict[str, Halves] | None = None
        """The halves of characters by the field of the message; None while no character came in halves."""

    def read(self, line: bytes) -> str:
        """Return a line as text that holds a JSON object.

        Raises BackendGarbled: the client takes every line for an object and would fail in ways of its own.
        """
        line = line.strip().removeprefix(_BOM)
        if not line.startswith(b"{"):
            raise BackendGarbled("a line is no JSON object")
        if self._halves is None and not _HALF.search(line):
            try:
                return line.decode()
            except UnicodeDecodeError:
                pass
        if self._halves is None:
            self._halves = {"content": Halves(), "thinking": Halves()}
        part = lenient(line)
        message = part.get("message") if isinstance(part, dict) else None
        if isinstance(part, dict) and isinstance(message, dict):
            for name, halves in self._halves.items():
                if isinstance(piece := message.get(name) or "", str):
                    message[name] = halves.feed(piece) + (halves.end() if part.get("done") else "")
        return json.dumps(clean(part))
