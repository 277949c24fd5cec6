"""How much of a server's answer is taken in: no answer, however large or however packed, fills this process.

The text of a reply has its own bound (`chat/live_reply.py`); these are for all that surrounds it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

import httpx
import httpx2

from thai_chat.domain.errors import BackendGarbled

BODY_BYTES = 16 * 1024 * 1024
"""Of an answer in one piece: a list of models, a model's card, a reply that does not stream."""
STREAM_BYTES = 1024 * 1024 * 1024
"""Of a streamed reply. Around a few letters a server sends some 400 bytes, so this is many times the longest reply."""
ERROR_BYTES = 64 * 1024
"""Of an error's body; what is behind it is left unread, since the status tells the most."""
MOST_MODELS = 2_000
"""Of those that a server lists, in its own order; the largest public list has some 600."""
REASON_CHARS = 60
"""Of the word that a server has for the end of a reply."""

UNPACKED = {"Accept-Encoding": "identity"}
"""For every request: a few kilobytes of a packed answer may be gigabytes, and what is local gains nothing by it."""
_STREAMS = b'"stream":true'


class _Request(Protocol):
    @property
    def content(self) -> bytes: ...


class _Headers(Protocol):
    def get(self, key: str, default: str) -> str: ...


class Response(Protocol):
    """What httpx and httpx2 have in common."""

    stream: object

    @property
    def request(self) -> _Request: ...
    @property
    def headers(self) -> _Headers: ...
    @property
    def status_code(self) -> int: ...


async def bound(response: Response) -> None:
    """As an event hook of a client, called when the headers are there. Reading beyond the bound raises BackendGarbled
    or, of an error's body, ends it."""
    is_packed = response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity")
    if response.status_code >= 400:
        response.stream = _Body(response.stream, 0 if is_packed else ERROR_BYTES, ends=True)
    elif is_packed:
        response.stream = _Body(response.stream, 0)
    else:
        response.stream = _Body(response.stream, STREAM_BYTES if _may_stream(response) else BODY_BYTES)


def _may_stream(response: Response) -> bool:
    """It was asked to, and does not say that it doesn't."""
    kind = response.headers.get("content-type", "")
    return not kind.startswith(("application/json", "text/html")) and _STREAMS in response.request.content


class _Body(httpx.AsyncByteStream, httpx2.AsyncByteStream):
    """The bytes of another stream, up to a bound."""

    def __init__(self, stream: object, limit: int, *, ends: bool = False) -> None:
        assert isinstance(stream, httpx.AsyncByteStream | httpx2.AsyncByteStream)
        self._stream = stream
        self._limit = limit
        self._ends = ends

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._limit
        async for chunk in self._stream:
            if len(chunk) > left:
                if not self._ends:
                    raise BackendGarbled(f"more than {self._limit} bytes")
                yield chunk[:left]
                return
            left -= len(chunk)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
