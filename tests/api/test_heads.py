"""HEAD wherever GET is: the same headers, no body, and nothing begun; OPTIONS tells what an address takes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from starlette.types import Scope

from tests.api.conftest import Chat
from tests.standins.script import Script, thai_tokens
from thai_chat.api.app import build_app
from thai_chat.domain.errors import TooManyRequests
from thai_chat.domain.people import LOCAL, Person
from thai_chat.gate.cors import Cors
from thai_chat.gate.doors import DOORS, FRAMED, RUN, DoorKind
from thai_chat.gate.gate import Gate
from thai_chat.gate.headers import Framed
from thai_chat.ui import diagrams
from thai_chat.ui.page import mount_page

ENCODINGS = ("identity", "gzip", "br")
CHANGING = ("date", "x-request-id")
"""Headers that are of one answer alone."""


@pytest.fixture
async def served(chat: Chat) -> AsyncIterator[httpx.AsyncClient]:
    chat.service.changes.close()  # a stream of them never ends, and here answers are read to their end
    mounted = mount_page(build_app(chat.service), chat.service)
    app = Gate(mounted, heads=mounted.state.heads, framed=Framed(diagrams.path(), diagrams.script_hashes))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        yield http


def headers_of(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in CHANGING}


def filled(path: str, ids: dict[str, str]) -> str:
    path = path.replace(FRAMED, f"/{diagrams.path()}")
    return re.sub(r"\{(\w+)(:uuid)?.*?\}", lambda part: ids.get(part[1], str(uuid4()) if part[2] else "x"), path)


async def test_head_has_the_headers_of_get_and_no_body_at_every_door(chat: Chat, served: httpx.AsyncClient) -> None:
    said = (await served.post("/chat", json={"query": "ยาว" * 400})).json()
    ids = {"session_id": said["session_id"], "message_id": said["message_id"]}
    found = 0
    for door in DOORS:
        if "GET" not in door.methods:
            continue
        path = filled(door.path, ids)
        for encoding in ENCODINGS:
            asked = {"Accept-Encoding": encoding}
            got = await served.get(path, headers=asked)
            head = await served.head(path, headers=asked)
            if door.kind is DoorKind.RETURN:
                assert head.status_code == 405
                continue
            assert (head.status_code, headers_of(head)) == (got.status_code, headers_of(got)), f"{path} {encoding}"
            assert head.content == b""
            found += got.status_code == 200
    assert found > 60


async def test_over_a_connection_that_stays_no_byte_of_a_body_follows(chat: Chat) -> None:
    for path in ("/api/sessions", "/api/models", "/nothing", "/healthz"):
        head = await chat.http.head(path)
        assert head.content == b""
        assert int(head.headers["content-length"]) > 0
        assert (await chat.http.get(path)).content


async def test_head_of_a_stream_ends_at_once_and_begins_nothing(chat: Chat) -> None:
    chat.standin.script = Script(tokens=thai_tokens(30), fault="hang", fault_after=2)
    told = await chat.http.post(
        f"/api/sessions/{uuid4()}/messages", json={"query": "รอ"}, headers={"Prefer": "respond-async"}
    )
    session = f"/api/sessions/{told.json()['session_id']}"
    head = await chat.http.head(f"{session}/events")
    assert (head.status_code, head.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    for _ in range(40):  # more than may follow: one that was kept would have crowded out another
        assert (await chat.http.head("/api/changes")).headers["content-type"].startswith("text/event-stream")
    async with chat.http.stream("GET", "/api/changes") as changes:
        assert "event: hello" in await anext(changes.aiter_text())
    assert (await chat.http.post(f"{session}/stop")).status_code == 204


async def test_options_tells_what_every_door_takes(served: httpx.AsyncClient) -> None:
    for door in DOORS:
        if door.kind is DoorKind.EMBED:
            continue  # which is not there where the page is embedded nowhere
        answer = await served.options(filled(door.path, {}))
        assert (answer.status_code, answer.content) == (204, b""), door.path
        assert answer.headers["allow"].split(", ") == [*door.methods, "OPTIONS"]
        assert answer.headers["cache-control"] == "no-store"
        assert "content-length" not in answer.headers
    assert (await served.options("/nothing")).status_code == 404
    assert (await served.options(RUN, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403


async def test_options_asks_nobody_who_it_is_and_counts_for_no_limit(chat: Chat) -> None:
    async def who(scope: Scope) -> Person | None:
        raise AssertionError("looked up")

    def limit(person: Person | None, address: str) -> None:
        raise AssertionError("counted")

    gate = Gate(build_app(chat.service), who=who, limit=limit, cors=Cors(frozenset({"https://app.example.org"})))
    before = {"Origin": "https://app.example.org", "Access-Control-Request-Method": "POST"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url="http://localhost") as http:
        for headers in ({}, before):
            assert (await http.options("/chat", headers=headers)).status_code == 204


async def test_a_head_request_of_a_stream_counts_as_any_other(chat: Chat) -> None:
    counted: list[str] = []

    async def who(scope: Scope) -> Person | None:
        counted.append(scope["method"])
        return LOCAL

    def limit(person: Person | None, address: str) -> None:
        raise TooManyRequests(what="requests_minute", limit=1, retry_after_s=7)

    gate = Gate(build_app(chat.service), who=who, limit=limit)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url="http://localhost") as http:
        head = await http.head("/api/changes")
        assert (head.status_code, head.headers["retry-after"], head.content) == (429, "7", b"")
        assert counted == ["HEAD"]


@pytest.mark.parametrize(
    "smuggled",
    [
        "Content-Length: 4\r\nContent-Length: 40\r\n",
        "Host: evil.example\r\n",
        "Content-Length: 4, 40\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Content-Length: -4\r\n",
    ],
    ids=["lengths", "hosts", "list", "encodings", "negative"],
)
async def test_what_two_servers_could_read_in_two_ways_is_refused(chat: Chat, smuggled: str) -> None:
    inner = "GET /api/sessions HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for method in ("HEAD", "OPTIONS", "POST"):
        reader, writer = await asyncio.open_connection(chat.http.base_url.host, chat.http.base_url.port)
        writer.write(f"{method} /chat HTTP/1.1\r\nHost: localhost\r\n{smuggled}\r\nabcd{inner}".encode())
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        assert re.match(rb"HTTP/1\.1 (400|501) ", answer), answer
        assert answer.count(b"HTTP/1.1 ") == 1
