"""A model server that never stops: it lists one model, and then sends the same bytes for as long as anybody reads."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.standins.raw_connections import RawConnections
from tests.standins.server import as_json

MODEL = "flood"
EVENTS = "text/event-stream"
LINES = "application/x-ndjson"
_AT_ONCE = 64 * 1024
_PAGES = Path("/proc/self/statm")


@dataclass
class Flood(RawConnections):
    """Answers every POST, and with `floods_lists` every GET too, with `beginning` and then `piece` without an end."""

    piece: bytes
    beginning: bytes = b""
    kind: str = EVENTS
    status: str = "200 OK"
    headers: str = ""
    floods_lists: bool = False
    pause_s: float = 0.0
    """Between two writes."""
    sent_bytes: int = 0
    running: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    async def until_left(self, *, timeout_s: float = 10.0) -> None:
        """Wait until nobody reads any more."""
        async with asyncio.timeout(timeout_s):
            while self.running:  # noqa: ASYNC110 - seen when the next write fails
                await asyncio.sleep(0.01)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heads.append(head)
            if head.startswith("POST "):
                length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
                await reader.readexactly(length)
            if any(path in head for path in ("/tokenize ", "/apply-template ", "/health ", "/api/show ")):
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            elif head.startswith("GET ") and not self.floods_lists:
                listed = as_json({"data": [{"id": MODEL}], "models": [{"model": MODEL, "name": MODEL}]}).encode()
                writer.write(_head("200 OK", "application/json", f"Content-Length: {len(listed)}\r\n") + listed)
            else:
                await self._flood(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _flood(self, writer: asyncio.StreamWriter) -> None:
        self.running += 1
        try:
            writer.write(_head(self.status, self.kind, self.headers) + self.beginning)
            pieces = self.piece * max(1, _AT_ONCE // max(1, len(self.piece))) if not self.pause_s else self.piece
            while pieces:
                writer.write(pieces)
                await writer.drain()
                self.sent_bytes += len(pieces)
                await asyncio.sleep(self.pause_s)
        finally:
            self.running -= 1


def chunk(**delta: str) -> bytes:
    """Return an event of a streamed chat completion."""
    return f"data: {as_json({'choices': [{'delta': delta}]})}\n\n".encode()


def line(**message: str) -> bytes:
    """Return a part of Ollama's reply."""
    return f"{as_json({'model': MODEL, 'message': {'role': 'assistant', **message}, 'done': False})}\n".encode()


@contextmanager
def memory() -> Iterator[list[float]]:
    """Yield a list whose only item is, at the end, by how many MB this process was larger than at the beginning at
    most."""
    grown, ended = [0.0], threading.Event()
    before = _resident_mb()

    def watch() -> None:
        while not ended.is_set():
            grown[0] = max(grown[0], _resident_mb() - before)
            time.sleep(0.005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield grown
    finally:
        ended.set()
        watcher.join()


def _resident_mb() -> float:
    return int(_PAGES.read_text().split()[1]) * 4096 / 1e6


def _head(status: str, kind: str, headers: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{headers}Connection: close\r\n\r\n".encode()
