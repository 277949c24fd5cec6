"""Static files on their way out: compressed once and kept in memory, with what caches may do with them."""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from thai_chat.gate.collecting import nobody_leaves, whole_answer
from thai_chat.gate.packing import Effort, Encoding, encoding_for, pack

MOST_KEPT_BYTES = 24_000_000
REST_S = 20.0
"""So long the utmost effort waits, for it takes seconds of CPU in all, which the page that is opening needs."""
_UTMOST_BYTES = 600_000
"""Brotli takes seconds for its last tenth of a larger file."""
_PACKABLE = re.compile(r"\.(?:js|mjs|css|svg|json|map|ico|html|txt|wasm|webmanifest)$", re.IGNORECASE)
_ALIAS = re.compile(r"//|/\.{1,2}(?:/|$)")
"""Another address for a file that has one: answered, not kept, for there is no end of them."""
_HASHED = re.compile(r"/assets/(?:.+/)?[^/]+-[\w-]{8,10}\.\w+$")
"""Vite names a file by what is in it; a digit more keeps two names apart."""
_FOR_EVER = "public, max-age=31536000, immutable"
_ASKED_AGAIN = "no-cache"


@dataclass(frozen=True, slots=True)
class PackedFile:
    headers: list[tuple[bytes, bytes]]
    body: bytes
    etag: str


@dataclass(slots=True)
class Files:
    """The compressed files that were asked for. One of them is read from the disk once as long as the process lives."""

    most_bytes: int = MOST_KEPT_BYTES
    rest_s: float = REST_S
    kept_bytes: int = 0
    _kept: dict[tuple[str, Encoding], PackedFile] = field(default_factory=dict)
    """The one that was asked for last is the last."""
    _work: set[asyncio.Task[None]] = field(default_factory=set)
    _improving: set[tuple[str, Encoding]] = field(default_factory=set)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def serve(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a file of `app`; with a part of one, or uncompressed, just as `app` does."""
        asked = Headers(scope=scope)
        encoding = encoding_for(asked)
        path = scope["path"]
        plain = _without(scope, b"accept-encoding")
        cached = _caching(path, scope["query_string"])
        if encoding is None or "range" in asked or not _PACKABLE.search(path) or _ALIAS.search(path):
            await app(plain, receive, _marking(send, cached))
            return
        file = self._found(path, encoding) or await self._load(app, plain, send, encoding)
        if file is None:
            return
        headers = MutableHeaders(raw=list(file.headers))
        headers.setdefault("Cache-Control", cached)
        if is_known(asked, file.etag):
            for name in ("Content-Length", "Content-Encoding", "Content-Type"):
                del headers[name]
            await send({"type": "http.response.start", "status": 304, "headers": headers.raw})
            await send({"type": "http.response.body"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": headers.raw})
        await send({"type": "http.response.body", "body": file.body})

    async def settled(self) -> None:
        """Return when all that was asked for is as small as it gets."""
        await asyncio.gather(*self._work)

    def _found(self, path: str, encoding: Encoding) -> PackedFile | None:
        file = self._kept.pop((path, encoding), None)
        if file:
            self._kept[path, encoding] = file
        return file

    async def _load(self, app: ASGIApp, scope: Scope, send: Send, encoding: Encoding) -> PackedFile | None:
        """Return a file of `app`, compressed quickly; the utmost is done later. None where what it said went out."""
        whole = _without({**scope, "method": "GET"}, b"if-none-match", b"if-modified-since")
        start, body = await whole_answer(app, whole, nobody_leaves())
        headers = MutableHeaders(raw=list(start["headers"]))
        if start["status"] != 200 or "content-encoding" in headers:
            await send(start)
            await send({"type": "http.response.body", "body": body})
            return None
        etag = etag_of(body)
        headers["ETag"] = etag
        headers["Content-Encoding"] = encoding
        headers.add_vary_header("Accept-Encoding")
        del headers["Accept-Ranges"]
        file = self._keep(scope["path"], encoding, headers, await _pack(body, encoding, Effort.QUICK), etag)
        if (scope["path"], encoding) in self._improving:
            return file
        self._improving.add((scope["path"], encoding))
        improving = asyncio.create_task(self._improve(scope["path"], encoding, headers, body, etag))
        self._work.add(improving)
        improving.add_done_callback(self._work.discard)
        return file

    async def _improve(self, path: str, encoding: Encoding, headers: MutableHeaders, body: bytes, etag: str) -> None:
        effort = Effort.UTMOST if len(body) <= _UTMOST_BYTES else Effort.THOROUGH
        await asyncio.sleep(self.rest_s)
        async with self._one_at_a_time:
            packed = await _pack(body, encoding, effort)
        self._improving.discard((path, encoding))
        if (path, encoding) in self._kept:
            self._keep(path, encoding, headers, packed, etag)

    def _keep(self, path: str, encoding: Encoding, headers: MutableHeaders, packed: bytes, etag: str) -> PackedFile:
        own = MutableHeaders(raw=list(headers.raw))
        own["Content-Length"] = str(len(packed))
        file = PackedFile(own.raw, packed, etag)
        if before := self._kept.pop((path, encoding), None):
            self.kept_bytes -= len(before.body)
        self._kept[path, encoding] = file
        self.kept_bytes += len(packed)
        while self.kept_bytes > self.most_bytes:
            self.kept_bytes -= len(self._kept.pop(next(iter(self._kept))).body)
        return file


def etag_of(body: bytes) -> str:
    """Return the same tag for a text whatever its encoding: a weak one."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'


def is_known(asked: Headers, etag: str) -> bool:
    """Tell whether the client has what this tag names."""
    known = asked.get("if-none-match", "")
    return known.strip() == "*" or etag.removeprefix("W/") in (
        tag.strip().removeprefix("W/") for tag in known.split(",")
    )


async def _pack(body: bytes, encoding: Encoding, effort: Effort) -> bytes:
    return await asyncio.to_thread(pack, body, encoding, effort)


def _caching(path: str, query: bytes) -> str:
    # Gradio's theme is asked for by the sum of what is in it.
    is_named = _HASHED.search(path) or (path == "/theme.css" and query.startswith(b"v="))
    return _FOR_EVER if is_named else _ASKED_AGAIN


def _marking(send: Send, cached: str) -> Send:
    """Return a `send` that says how long what is found may be kept, where that is not said."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] in (200, 206, 304):
            headers = MutableHeaders(raw=list(message["headers"]))
            headers.setdefault("Cache-Control", cached)
            headers.add_vary_header("Accept-Encoding")
            message = {**message, "headers": headers.raw}
        await send(message)

    return marked


def _without(scope: Scope, *names: bytes) -> Scope:
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name not in names]}
