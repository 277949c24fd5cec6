"""How much of a server's answer is taken in: no answer, however large or however packed, fills this process.

The text of a reply has its own bound (`chat/replies/growing.py`); these are for all that surrounds it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

import httpx
import httpx2

from thai_chat.domain.backend_errors import BackendGarbled, WebPage

BODY_BYTES = 16 * 1024 * 1024
"""The most bytes of an answer in one piece: a list of models, a model's card, a reply that does not stream."""
VECTORS_BYTES = 64 * 1024 * 1024
"""The most bytes of vectors: 1,000 of 3,072 numbers each, written out."""
STREAM_BYTES = 1024 * 1024 * 1024
"""The most bytes of a streamed reply. Around a few letters a server sends some 400 bytes, so this is many times the
longest reply."""
ERROR_BYTES = 64 * 1024
"""The most bytes of an error's body; what is behind it is left unread, since the status tells the most."""
MOST_MODELS = 2_000
"""The most models of a server's list, in its own order; the largest public list has some 600."""
REASON_CHARS = 60
"""The most characters of the word that a server has for the end of a reply."""

UNPACKED = {"Accept-Encoding": "identity"}
"""The headers of every request: a few kilobytes of a packed answer may be gigabytes, and what is local gains nothing by
it."""
_STREAMS = b'"stream":true'


class _Url(Protocol):
    @property
    def path(self) -> str: ...


class _Request(Protocol):
    @property
    def content(self) -> bytes: ...
    @property
    def url(self) -> _Url: ...


class _Headers(Protocol):
    def get(self, key: str, default: str) -> str: ...


class Response(Protocol):
    """The common part of the responses of httpx and httpx2."""

    stream: object

    @property
    def request(self) -> _Request: ...
    @property
    def headers(self) -> _Headers: ...
    @property
    def status_code(self) -> int: ...


async def bound(response: Response) -> None:
    """Bound a response, as an event hook of a client, called when the headers are there.

    Reading beyond the bound raises BackendGarbled, reading a page for people WebPage; of an error's body the rest is
    left out.
    """
    is_packed = response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity")
    kind = response.headers.get("content-type", "")
    if response.status_code >= 400:
        response.stream = _Body(response.stream, 0 if is_packed else ERROR_BYTES, ends=True)
    elif is_packed:
        response.stream = _Body(response.stream, 0)
    elif is_page(kind):
        response.stream = _Body(response.stream, 0, error=WebPage("a web page came"))
    elif response.request.url.path.endswith("/embeddings"):
        response.stream = _Body(response.stream, VECTORS_BYTES)
    else:
        is_stream = not kind.startswith("application/json") and _STREAMS in response.request.content
        response.stream = _Body(response.stream, STREAM_BYTES if is_stream else BODY_BYTES)


def is_page(kind: str, body: str = "") -> bool:
    """Tell whether an answer is a page for people: by the content type, or by how the body begins where that says
    nothing."""
    return kind.lower().startswith(("text/html", "application/xhtml")) or body[:1_000].lstrip(
        "\ufeff \t\r\n"
    ).startswith("<")


class _Body(httpx.AsyncByteStream, httpx2.AsyncByteStream):
    """The bytes of another stream, up to a bound."""

    def __init__(self, stream: object, limit: int, *, ends: bool = False, error: BackendGarbled | None = None) -> None:
        assert isinstance(stream, httpx.AsyncByteStream | httpx2.AsyncByteStream)
        self._stream = stream
        self._limit = limit
        self._ends = ends
        self._error = error or BackendGarbled(f"more than {limit} bytes")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._limit
        async for chunk in self._stream:
            if len(chunk) > left:
                if not self._ends:
                    raise self._error
                yield chunk[:left]
                return
            left -= len(chunk)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
