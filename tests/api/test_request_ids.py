"""Every answer has the id of its request, and so has each line of the log that the request causes."""

from __future__ import annotations

import asyncio
import json
import logging
import re

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from tests.api.conftest import Chat
from tests.standins.script import openai_error
from thai_chat.gate.gate import Gate
from thai_chat.observability import JsonFormatter, TextFormatter

MADE = re.compile(r"[0-9a-f]{32}")
GIVEN = "req_01HZX4/abc+DEF=.:@-9"


@pytest.mark.parametrize("given", [GIVEN, "x", "a" * 128])
async def test_a_plain_id_comes_back(chat: Chat, given: str) -> None:
    for method, path in (("GET", "/api/sessions"), ("GET", "/nothing"), ("HEAD", "/healthz"), ("OPTIONS", "/chat")):
        answer = await chat.http.request(method, path, headers={"X-Request-Id": given})
        assert answer.headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize(
    "given",
    [
        "",
        "a b",
        "a" * 129,
        "a\tb",
        "<script>",
        "ERROR: forged",
        "a;b",
        "a\\nb",
        "{x}",
        "%0a",
        "ก".encode(),
        b"\x1b[1m",
    ],
    ids=[str(number) for number in range(12)],
)
async def test_an_id_that_is_not_plain_is_replaced(chat: Chat, given: str | bytes) -> None:
    answer = await chat.http.get("/nothing", headers={"X-Request-Id": given})
    assert MADE.fullmatch(answer.headers["x-request-id"])


async def test_two_ids_are_none_and_each_request_has_its_own(chat: Chat) -> None:
    twice = await chat.http.get("/api/sessions", headers=[("X-Request-Id", "a"), ("X-Request-Id", "a")])
    ids = {twice.headers["x-request-id"]}
    ids |= {(await chat.http.get("/api/sessions")).headers["x-request-id"] for _ in range(5)}
    assert len(ids) == 6
    assert all(MADE.fullmatch(name) for name in ids)


async def test_what_is_no_http_is_answered_with_an_id(chat: Chat) -> None:
    reader, writer = await asyncio.open_connection(chat.http.base_url.host, chat.http.base_url.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: a\r\n b\r\nBad Header\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert re.search(rb"\r\nx-request-id: [0-9a-f]{32}\r\n", answer, re.IGNORECASE)


async def fails(scope: Scope, receive: Receive, send: Send) -> None:
    logging.getLogger("thai_chat.tests").warning("on the way")
    raise RuntimeError("a secret of the inside")


class Lines(logging.Handler):
    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


async def test_each_line_that_a_request_causes_has_its_id() -> None:
    text, as_json = Lines(TextFormatter()), Lines(JsonFormatter())
    logger = logging.getLogger("thai_chat.tests")
    transport = httpx.ASGITransport(Gate(fails), raise_app_exceptions=False)
    logger.addHandler(text)
    logger.addHandler(as_json)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            answer = await asyncio.create_task(http.get("/api/sessions", headers={"X-Request-Id": GIVEN}))
        logger.warning("outside")
    finally:
        logger.removeHandler(text)
        logger.removeHandler(as_json)
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, GIVEN)
    inside, outside = text.lines
    assert f" WARNING thai_chat.tests [{GIVEN}]: on the way" in inside
    assert outside.endswith(" WARNING thai_chat.tests: outside")
    first, second = map(json.loads, as_json.lines)
    assert first["request_id"] == GIVEN
    assert "request_id" not in second


async def test_a_reply_that_fails_is_logged_under_the_id_of_its_question(chat: Chat) -> None:
    lines = Lines(TextFormatter())
    logger = logging.getLogger("thai_chat")
    chat.standin.script = openai_error(500, "boom")
    logger.addHandler(lines)
    before = logger.level
    logger.setLevel(logging.INFO)
    try:
        answer = await chat.http.post("/chat", json={"query": "x"}, headers={"X-Request-Id": GIVEN})
    finally:
        logger.setLevel(before)
        logger.removeHandler(lines)
    assert answer.status_code == 502
    about = [line for line in lines.lines if "reply" in line]
    assert about
    assert all(f"[{GIVEN}]" in line for line in about)
