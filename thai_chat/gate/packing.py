"""Compression on the way out: which encoding a client takes, whole texts, and JSON as it passes."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from enum import Enum
from typing import Literal, get_args

import brotli
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Scope, Send

from thai_chat.gate.packed_tags import known_tag, tag_packed

Encoding = Literal["br", "gzip"]
ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)
"""The best one first."""

_SMALLEST_BYTES = 1000
"""Less fits into one packet anyway."""
_AT_ONCE_BYTES = 200_000
"""More than this is compressed in a thread."""


class Effort(Enum):
    """How hard to compress, as the levels of (brotli, gzip)."""

    STREAMED = (1, 4)
    QUICK = (5, 6)
    THOROUGH = (9, 9)
    UTMOST = (11, 9)


def encoding_for(headers: Headers) -> Encoding | None:
    """Return the best encoding that `Accept-Encoding` allows."""
    taken = set()
    for part in headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = part.strip().partition(";")
        if weight.replace(" ", "").removeprefix("q=").strip("0.") or not weight:
            taken.add(name.strip())
    return next((encoding for encoding in ENCODINGS if encoding in taken), None)


def pack(body: bytes, encoding: Encoding, effort: Effort) -> bytes:
    quality, level = effort.value
    if encoding == "br":
        packed: bytes = brotli.compress(body, mode=brotli.MODE_TEXT, quality=quality)
        return packed
    return gzip.compress(body, level, mtime=0)


class _Stream:
    """Compresses a body of unknown length; each part can be read as soon as it is there."""

    def __init__(self, encoding: Encoding) -> None:
        quality, level = Effort.STREAMED.value
        if encoding == "br":
            self._brotli = brotli.Compressor(mode=brotli.MODE_TEXT, quality=quality)
        else:
            self._brotli = None
            self._gzip = zlib.compressobj(level, wbits=31)

    def add(self, part: bytes, *, is_last: bool) -> bytes:
        if self._brotli is not None:
            packed: bytes = self._brotli.process(part) + (self._brotli.finish() if is_last else self._brotli.flush())
            return packed
        return self._gzip.compress(part) + self._gzip.flush(zlib.Z_FINISH if is_last else zlib.Z_SYNC_FLUSH)


def packing(send: Send, scope: Scope) -> Send:
    """Return a `send` that compresses JSON for who takes it, and passes everything else as it is.

    Event streams are no JSON, and what has an encoding or is a part of something is left alone.
    """
    headers = Headers(scope=scope)
    return _Packing(send, encoding_for(headers), headers.get("if-none-match", ""))


class _Packing:
    def __init__(self, send: Send, encoding: Encoding | None, known: str) -> None:
        self._send = send
        self._known = known
        """The tags of what the client has."""
        self._encoding = encoding
        self._start: Message | None = None
        """The head of an answer that waits for the first part of its body."""
        self._stream: _Stream | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self._stream is not None:
            await self._send_part(message)
        elif self._start is not None:
            await self._send_first(self._start, message)
        else:
            await self._send(message)

    async def _begin(self, start: Message) -> None:
        if not is_json(start):
            await self._send(known_tag(start, self._known) if self._known and start["status"] == 304 else start)
            return
        headers = MutableHeaders(raw=list(start["headers"]))
        headers.add_vary_header("Accept-Encoding")
        start = {**start, "headers": headers.raw}
        if self._encoding is None:
            await self._send(start)
        else:
            self._start = start

    async def _send_first(self, start: Message, message: Message) -> None:
        self._start = None
        assert self._encoding
        body, more = message.get("body", b""), message.get("more_body", False)
        if not more and len(body) < _SMALLEST_BYTES:
            await self._send(start)
            await self._send(message)
            return
        headers = MutableHeaders(raw=start["headers"])
        headers["Content-Encoding"] = self._encoding
        tag_packed(headers, self._encoding)
        del headers["Content-Length"]
        if more:
            self._stream = _Stream(self._encoding)
            await self._send(start)
            await self._send_part(message)
            return
        packed = await _packed(body, self._encoding)
        headers["Content-Length"] = str(len(packed))
        await self._send(start)
        await self._send({**message, "body": packed})

    async def _send_part(self, message: Message) -> None:
        assert self._stream
        more = message.get("more_body", False)
        body, add = message.get("body", b""), self._stream.add
        if len(body) > _AT_ONCE_BYTES:
            body = await asyncio.to_thread(add, body, is_last=not more)
        else:
            body = add(body, is_last=not more)
        await self._send({**message, "body": body})


async def _packed(body: bytes, encoding: Encoding) -> bytes:
    if len(body) > _AT_ONCE_BYTES:
        return await asyncio.to_thread(pack, body, encoding, Effort.STREAMED)
    return pack(body, encoding, Effort.STREAMED)


def is_json(start: Message) -> bool:
    """Tell whether the body of an answer is JSON that can be compressed."""
    headers = Headers(raw=start["headers"])
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return (
        kind in ("application/json", "application/x-ndjson", "application/jsonl")
        and start["status"] not in (204, 206, 304)
        and "content-encoding" not in headers
    )
