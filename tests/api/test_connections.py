"""Requests that never end, and more connections than the server takes, over real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from tests.api.conftest import Chat
from thai_chat.gate import gate
from thai_chat.gate.connections import Connection
from thai_chat.gate.doors import BodyLimit, Door

END_S = 10
"""The longest that a test waits for a connection to be closed."""


async def opened(chat: Chat, sent: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", chat.http.base_url.port)
    writer.write(sent)
    await writer.drain()
    return reader, writer


async def answer_to(reader: asyncio.StreamReader) -> bytes:
    """Return all that comes until the server closes or breaks the connection off."""
    parts = []
    with suppress(ConnectionResetError):
        async with asyncio.timeout(END_S):
            while part := await reader.read(65_536):
                parts.append(part)
    return b"".join(parts)


async def is_given_up(plain: socket.socket) -> bool:
    """Tell whether the server breaks the connection off, which is seen by writing: nothing is read from it."""
    async with asyncio.timeout(END_S):
        while True:
            try:
                await asyncio.get_running_loop().sock_sendall(plain, b" ")
            except OSError:
                return True
            await asyncio.sleep(0.05)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "head_s", 0.3)
    monkeypatch.setattr(Connection, "rest_s", 0.3)
    hurried = BodyLimit(4_000_000, pause_s=0.3, whole_s=0.6)
    monkeypatch.setattr(gate, "door_of", lambda path: Door(path, ("POST",), body=hurried))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("sent", [b"", b"GET /heal", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: "])
async def test_a_request_whose_head_does_not_come_is_given_up(chat: Chat, sent: bytes) -> None:
    reader, writer = await opened(chat, sent)
    assert await answer_to(reader) == b""
    writer.close()


@pytest.mark.usefixtures("impatient")
async def test_a_head_that_drips_is_given_up_too(chat: Chat) -> None:
    reader, writer = await opened(chat, b"GET /healthz HTTP/1.1\r\nX-A: ")

    async def drip() -> None:
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    assert await answer_to(reader) == b""
    dripping.cancel()
    writer.close()


HEAD = b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"


@pytest.mark.usefixtures("impatient")
async def test_a_body_that_does_not_come_is_told_so_and_given_up(chat: Chat) -> None:
    reader, writer = await opened(chat, HEAD + b'{"query": "')
    answer = await answer_to(reader)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"body_too_slow"' in answer
    writer.close()


@pytest.mark.usefixtures("impatient")
async def test_a_body_that_drips_is_given_up_when_its_whole_time_is_over(chat: Chat) -> None:
    reader, writer = await opened(chat, HEAD + b'{"query": "')

    async def drip() -> None:
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    assert (await answer_to(reader)).startswith(b"HTTP/1.1 408 ")
    dripping.cancel()
    writer.close()


@pytest.mark.usefixtures("impatient")
async def test_the_rest_of_a_refused_body_is_not_waited_for(chat: Chat) -> None:
    reader, writer = await opened(chat, HEAD.replace(b"localhost", b"evil.example"))
    assert b'"foreign_host"' in await answer_to(reader)
    writer.close()


async def test_an_answer_that_takes_its_time_is_not_given_up(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "head_s", 0.2)
    chat.standin.script = type(chat.standin.script)(tokens=("ช้า",) * 20, delay_ms=40)
    answer = await chat.http.post("/chat", json={"query": "ค่อย ๆ ตอบ"})
    assert answer.json()["response"] == "ช้า" * 20


@pytest.fixture
async def full(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Chat]:
    """Yield a server that answers five connections, which strangers hold."""
    monkeypatch.setattr(Connection, "most", 5)
    monkeypatch.setattr(Connection, "room_for_probes", 3)
    held = [await opened(chat, b"GET /readyz HT") for _ in range(5)]
    await asyncio.sleep(0.1)
    yield chat
    for _, writer in held:
        writer.close()


async def test_when_too_many_are_connected_probes_are_answered_and_others_told_to_wait(full: Chat) -> None:
    reader, writer = await opened(full, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert (await answer_to(reader)).startswith(b"HTTP/1.1 200 ")
    writer.close()
    reader, writer = await opened(full, b"GET /api/sessions HTTP/1.1\r\nHost: localhost\r\nAccept-Language: th\r\n\r\n")
    answer = await answer_to(reader)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 5" in answer.lower()
    assert b'"server_busy"' in answer
    writer.close()


async def test_when_there_is_no_room_at_all_who_says_nothing_makes_it(full: Chat) -> None:
    more = [await opened(full, b"GET /api/sessions HT") for _ in range(6)]
    reader, writer = await opened(full, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert (await answer_to(reader)).startswith(b"HTTP/1.1 200 ")
    for _, other in (*more, (reader, writer)):
        other.close()


async def test_a_client_that_leaves_its_answer_unread_is_given_up(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "unread_s", 0.3)
    monkeypatch.setattr(Connection, "head_s", 60)
    with socket.socket() as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.setblocking(False)
        await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", chat.http.base_url.port))
        await asyncio.get_running_loop().sock_sendall(
            plain, b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200
        )
        assert await is_given_up(plain)


async def test_when_they_have_gone_everybody_is_answered_again(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "most", 5)
    monkeypatch.setattr(Connection, "head_s", 0.3)
    held = [await opened(chat, b"GET /readyz HT") for _ in range(5)]
    for reader, _ in held:
        await answer_to(reader)
    assert (await chat.http.get("/api/sessions")).status_code == 200
    for _, writer in held:
        writer.close()
