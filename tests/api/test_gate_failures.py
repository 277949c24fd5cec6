"""Failures at the gate or behind it are answered like all else: in the one form of errors, with every header."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.api.conftest import Chat
from thai_chat.domain.errors import ThaiChatError
from thai_chat.gate import gate
from thai_chat.gate.connections import Connection
from thai_chat.gate.doors import BodyLimit, Door, door_of
from thai_chat.gate.gate import Gate

DOORS = ["/", "/docs", "/healthz", "/api/sessions", "/static/x.js", "/gradio_api/run/predict"]
EVENT = b'{"data": [], "fn_index": 0}'
SMALL = BodyLimit(1000, pause_s=0.3, whole_s=0.6)


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    config = uvicorn.Config(Gate(app), http=Connection, port=0, log_config=None, lifespan="off", proxy_headers=False)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers nothing to wait on
        await asyncio.sleep(0.005)
    address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        async with httpx.AsyncClient(base_url=address, timeout=20) as http:
            yield http
    finally:
        server.should_exit = True
        await running


async def fails(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("a secret of the inside")


async def fails_in_our_words(scope: Scope, receive: Receive, send: Send) -> None:
    raise ThaiChatError("where it came from")


async def answers_and_fails(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 500})
    await send({"type": "http.response.body", "body": b"half", "more_body": scope["path"] != "/"})
    raise RuntimeError("a secret of the inside")


async def says_nothing(scope: Scope, receive: Receive, send: Send) -> None:
    return


def is_headed(answer: httpx.Response) -> bool:
    headers = answer.headers
    return (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store") and (
        "default-src 'none'" in headers["content-security-policy"]
    )


@pytest.mark.parametrize("path", DOORS)
async def test_an_error_behind_the_gate_is_answered_with_all_headers(path: str) -> None:
    async with serving(fails) as http:
        answer = await http.request("POST" if "run" in path else "GET", path, content=EVENT if "run" in path else None)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert is_headed(answer)
    assert "secret" not in answer.text


@pytest.mark.parametrize("app", [fails, fails_in_our_words])
async def test_an_error_that_is_no_refusal_is_logged_once(app: ASGIApp, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(app) as http:
        answer = await http.get("/api/sessions")
        missing = await http.get("/not-there")
    assert (answer.status_code, answer.json()["error"]["code"], missing.status_code) == (500, "internal", 404)
    assert len(tracebacks(caplog)) == 1


@pytest.mark.parametrize("app", [answers_and_fails, says_nothing])
async def test_a_page_that_fails_when_it_has_begun_is_no_page(app: ASGIApp) -> None:
    async with serving(app) as http:
        answer = await http.get("/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert is_headed(answer)


async def test_an_answer_that_fails_in_its_middle_is_cut_off() -> None:
    async with serving(answers_and_fails) as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get("/api/sessions")


async def test_an_error_of_the_gates_own_is_answered_with_all_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: str) -> Door:
        raise ValueError(path)

    monkeypatch.setattr(gate, "door_of", broken)
    async with serving(fails) as http:
        answer = await http.get("/")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert is_headed(answer)


async def test_a_length_without_end_is_too_long() -> None:
    app = httpx.ASGITransport(Gate(fails))
    async with httpx.AsyncClient(transport=app, base_url="http://localhost") as http:
        answer = await http.post("/chat", headers={"Content-Length": "9" * 5000}, content=b"")
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "question_too_long")


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    def small(path: str) -> Door | None:
        door = door_of(path)
        return door and Door(door.path, ("GET", "POST"), door.kind, SMALL)

    monkeypatch.setattr(gate, "door_of", small)
    monkeypatch.setattr(Connection, "rest_s", 0.3)


async def reads(scope: Scope, receive: Receive, send: Send) -> None:
    await Request(scope, receive).body()


async def reads_in_a_group(scope: Scope, receive: Receive, send: Send) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(reads(scope, receive, send))


async def begins_and_reads(scope: Scope, receive: Receive, send: Send) -> None:
    async def without_end() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.01)

    await StreamingResponse(without_end())(scope, receive, send)


CHUNK = b"258\r\n" + b"x" * 600 + b"\r\n"
BODIES = {"too long": CHUNK * 2, "stalled": CHUNK}


async def exchanged(http: httpx.AsyncClient, method: str, path: str, sent: bytes) -> tuple[bytes, bytes]:
    """Return the head and the body of the answer to a request whose body does not end, until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", http.base_url.port)
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    writer.write(head.encode() + sent)
    async with asyncio.timeout(20):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return head, body


def tracebacks(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.exc_info]


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("app", [reads, reads_in_a_group])
@pytest.mark.parametrize("path", ["/chat", "/api/import", "/theme.css", "/", "/gradio_api/run/predict"])
async def test_a_body_without_end_is_refused_wherever_it_is_read(
    app: ASGIApp, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(app) as http:
        for sent, status, code in (("too long", 413, b"_too_l"), ("stalled", 408, b"body_too_slow")):
            head, body = await exchanged(http, "POST", path, BODIES[sent])
            assert head.startswith(f"HTTP/1.1 {status} ".encode())
            assert b"content-security-policy: default-src 'none'" in head.lower()
            assert code in body
    assert tracebacks(caplog) == []


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("sent", BODIES.values(), ids=BODIES)
async def test_a_body_that_goes_on_behind_the_beginning_of_an_answer_ends_the_connection(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(begins_and_reads) as http:
        head, body = await exchanged(http, "GET", "/api/sessions", sent)
    assert head.startswith(b"HTTP/1.1 200 ")
    assert not body.endswith(b"0\r\n\r\n")
    assert tracebacks(caplog) == []


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("sent", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("path", ["/api/sessions/00000000-0000-4000-8000-000000000000/events", "/api/models", "/docs"])
async def test_the_application_leaves_a_body_that_nobody_reads_without_a_traceback(
    chat: Chat, path: str, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    head, _ = await exchanged(chat.http, "GET", path, sent)
    assert head.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 404 ", b"HTTP/1.1 413 ", b"HTTP/1.1 408 "))
    assert tracebacks(caplog) == []


@pytest.mark.parametrize("sent", [b"\x16\x03\x01 hello\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"])
async def test_what_is_no_http_is_answered_with_all_headers(chat: Chat, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", chat.http.base_url.port)
    writer.write(sent)
    async with asyncio.timeout(20):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-security-policy: default-src 'none'" in head.lower()
    assert b'"bad_input"' in body


async def test_a_body_that_breaks_behind_the_beginning_of_an_answer_leaves_no_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving(begins_and_reads) as http:
        reader, writer = await asyncio.open_connection("127.0.0.1", http.base_url.port)
        writer.write(b"GET /api/sessions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        async with asyncio.timeout(20):
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
            writer.write(b"no chunk\r\n")
            await reader.read()
        writer.close()
    assert tracebacks(caplog) == []
