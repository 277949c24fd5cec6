"""A model server that answers with given bytes, as real ones were seen to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.standins.raw_connections import RawConnections
from tests.standins.server import as_json

MODEL = "m"
EVENTS = "text/event-stream"
JSON = "application/json"
_ANSWERS = Path(__file__).parents[1] / "wire"
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """One raw answer. `pieces` are sent one after the other, `pause_s` apart."""

    pieces: Sequence[bytes]
    kind: str = EVENTS
    status: str = "200 OK"
    headers: str = ""
    pause_s: float = 0.0
    breaks_off: bool = False
    """The connection ends without the end of the body."""


NOT_FOUND = Answer([b"Not Found"], "text/plain", "404 Not Found")


def answer_of(name: str, *, size: int = 1 << 20, pause_s: float = 0.0) -> Answer:
    """Return the recorded answer of that name, its body in pieces of `size` bytes; with a pause each event is a
    piece."""
    head, _, body = (_ANSWERS / f"{name}.http").read_bytes().partition(_HEAD_END)
    status, *fields = head.decode().split("\r\n")
    kind = next(field.partition(": ")[2] for field in fields if field.lower().startswith("content-type"))
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    if pause_s:
        pieces = [event + b"\n\n" for event in body.split(b"\n\n") if event.strip()]
    return Answer(pieces, kind, status.partition(" ")[2], pause_s=pause_s)


def listing(*names: str) -> Answer:
    models = [{"model": name, "name": name} for name in names]
    return Answer([as_json({"data": [{"id": name} for name in names], "models": models}).encode()], JSON)


@dataclass
class RawServer(RawConnections):
    """Answers a POST by `answers` in turn, the last one for ever; a GET by its path in `gets`."""

    answers: Sequence[Answer] = ()
    gets: dict[str, Answer] = field(default_factory=lambda: {"/v1/models": listing(MODEL), "/api/tags": listing(MODEL)})
    bodies: list[bytes] = field(default_factory=list)
    _asked: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(_HEAD_END)).decode("latin-1")
            line = head.partition("\r\n")[0]
            self.heads.append(line)
            method, path, _ = line.split(" ")
            if method == "POST":
                length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
                self.bodies.append(await reader.readexactly(length))
            await self._send(writer, self._answer_to(method, path))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _answer_to(self, method: str, path: str) -> Answer:
        if method == "GET":
            return self.gets.get(path, NOT_FOUND)
        if not path.endswith(("/chat/completions", "/responses", "/embeddings", "/api/chat")):
            return NOT_FOUND
        self._asked += 1
        return self.answers[min(self._asked, len(self.answers)) - 1]

    async def _send(self, writer: asyncio.StreamWriter, answer: Answer) -> None:
        head = f"HTTP/1.1 {answer.status}\r\nContent-Type: {answer.kind}\r\nTransfer-Encoding: chunked\r\n"
        writer.write(f"{head}{answer.headers}Connection: close\r\n\r\n".encode())
        for number, piece in enumerate(filter(None, answer.pieces)):
            if number:
                await asyncio.sleep(answer.pause_s)
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
        if not answer.breaks_off:
            writer.write(b"0\r\n\r\n")
            await writer.drain()
