"""`/api/changes` is sent random parameters and headers: each answer is one that is described, and none is a failure.

The stream has no end, which Schemathesis would wait for (`./manage.sh fuzz`); here its first event is read.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from tests.api.conftest import Chat
from tests.api.streams import events_of
from tests.api.test_described_events import problems

ADDRESS = "/api/changes"
SEED, COUNT = 20261130, 120
VISIBLE = bytes(range(0x21, 0x7F))
ANY = bytes([*range(0x20, 0x7F), *range(0x80, 0x100)])
HEADERS = (
    *("Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cookie", "Content-Type", "Expect", "Forwarded"),
    *("Idempotency-Key", "If-Match", "If-None-Match", "If-Range", "Last-Event-ID", "Origin", "Prefer", "Range"),
    *("Referer", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Upgrade", "X-Forwarded-For", "X-Request-Id"),
)
LIKELY = (
    *(b"", b"*", b"0", b"-1", b"null", b"1e400", b"text/event-stream", b"gzip, br;q=0", b"bytes=0-", b"Bearer tc_x_y"),
    *(
        b'"quoted"',
        b'W/"weak", "b"',
        b"cross-site",
        b"https://example.org",
        b"respond-async",
        b"th;q=0.1,en",
        b"100-continue",
    ),
    *(b"thai_chat=x", b"navigate", b"websocket", b"%00", "ไทย".encode()),
)
NAMES = ("cursor", "limit", "after", "session_id", "everyone", "a", "ก", "[]", "__proto__", "", " ", "a" * 500)


def requests(chance: random.Random, http: httpx.AsyncClient) -> Iterator[httpx.Request]:
    def value() -> bytes:
        if chance.random() < 0.5:
            return chance.choice(LIKELY)
        return bytes(chance.choices(ANY, k=chance.randrange(60))).strip()

    for number in range(COUNT):
        names = chance.sample(HEADERS, chance.randrange(4))
        own = [(bytes(chance.choices(b"abcxyz-", k=8)), value())] if chance.random() < 0.2 else []
        headers = [*((name.encode(), value()) for name in names), *own]
        query = [(chance.choice(NAMES), value().decode("latin-1")) for _ in range(chance.choice((0, 0, 0, 1, 3)))]
        method = "GET" if number % 4 else chance.choice(("HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"))
        yield http.build_request(method, ADDRESS, headers=headers, params=query or None)


async def wrong(answer: httpx.Response, described: dict[str, Any]) -> list[str]:
    """Return what is not as described of an answer."""
    answers = described["paths"][ADDRESS]["get"]["responses"]
    is_get = answer.request.method == "GET"
    found = []
    if is_get and str(answer.status_code) not in answers:
        found.append(f"{answer.status_code} is not described")
    if "x-request-id" not in answer.headers:
        found.append("no X-Request-Id")
    if answer.status_code == 200 and is_get:
        if not answer.headers["content-type"].startswith("text/event-stream"):
            return [*found, answer.headers["content-type"]]
        first = await anext(events_of(answer))
        if first.name != "hello":
            found.append(first.name)
        return [*found, *problems(described, ADDRESS, "get", [first])]
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        body = await answer.aread()
        schema = {"$ref": "#/components/schemas/Error", "components": described["components"]}
        found += [error.message for error in Draft202012Validator(schema).iter_errors(answer.json())]
        content = answers.get(str(answer.status_code), {}).get("content", {}).get("application/json", {})
        examples = [described["components"]["examples"][name] for name in content.get("examples", {})]
        codes = [example["value"]["error"]["code"] for example in examples]
        if is_get and answer.json()["error"]["code"] not in codes:
            found.append(body.decode())
    return found


@pytest.mark.parametrize("seed", [SEED, SEED + 1], ids=["first", "second"])
async def test_random_requests_are_answered_as_described(chat: Chat, seed: int) -> None:
    described = (await chat.http.get("/openapi.json")).json()
    chance, statuses = random.Random(seed), set()
    async with asyncio.timeout(120):
        for request in requests(chance, chat.http):
            answer = await chat.http.send(request, stream=True)
            try:
                said = f"{request.method} {request.url} {request.headers.raw}: {answer.status_code}"
                assert answer.status_code < 500, said
                assert await wrong(answer, described) == [], said
                statuses.add(answer.status_code)
            finally:
                await answer.aclose()
        async with chat.http.stream("GET", ADDRESS) as answer:
            assert (await anext(events_of(answer))).name == "hello"
    assert {200, 400, 405} <= statuses


async def test_many_streams_that_are_left_open_end_the_oldest_and_fail_none(chat: Chat) -> None:
    opened = []
    for _ in range(34):
        answer = await chat.http.send(chat.http.build_request("GET", ADDRESS), stream=True)
        told = events_of(answer)
        assert (answer.status_code, (await anext(told)).name) == (200, "hello")
        opened.append((answer, told))
    async with asyncio.timeout(60):
        for _, told in opened[:2]:
            assert "crowded" in [event.name async for event in told]
    for answer, told in opened:
        await told.aclose()  # type: ignore[attr-defined]
        await answer.aclose()
