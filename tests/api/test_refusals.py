"""Refusals and their form: always `{"error": {"code", "message"}}`, in the reader's language."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from tests.api.conftest import Chat
from tests.standins.script import openai_error
from thai_chat.api.app import build_app
from thai_chat.gate.gate import Gate
from thai_chat.ui.page import mount_page

THAI = {"Accept-Language": "th"}
NOBODY = "01900000-0000-7000-8000-00000000dead"


@pytest.fixture
async def with_page(chat: Chat) -> AsyncIterator[httpx.AsyncClient]:
    """Yield the API with the page mounted behind it, as it is served."""
    app = Gate(mount_page(build_app(chat.service), chat.service))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        yield http


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing", 404, "not_found"),
        ("POST", "/conversations/1/2/3", 404, "not_found"),
        ("GET", "/chat/nothing/here", 404, "not_found"),
        ("GET", "/gradio_api/info", 404, "not_found"),
        ("PUT", "/chat", 405, "http_405"),
        ("DELETE", "/api/statistics", 405, "http_405"),
    ],
)
async def test_what_no_route_answers_is_refused_by_the_api_and_not_by_the_page(
    with_page: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await with_page.request(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert (await with_page.get("/")).headers["content-type"].startswith("text/html")


async def test_a_method_that_a_route_has_not_is_told_those_that_it_has(with_page: httpx.AsyncClient) -> None:
    assert (await with_page.put("/api/sessions")).headers["allow"] == "GET, HEAD, POST, DELETE, OPTIONS"
    assert (await with_page.get(f"/api/sessions/{uuid4()}/stop")).headers["allow"] == "POST, OPTIONS"


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", "/api/search?q=a&untill=2026-01-01"),
        ("GET", "/api/sessions?limt=5"),
        ("GET", "/api/conversations?limt=5"),
        ("GET", "/api/statistics?form=2026-01-01"),
        ("GET", "/api/export?fromat=md"),
        ("GET", f"/chat/history/{NOBODY}?befor=x"),
        ("GET", f"/api/sessions/{NOBODY}/messages?after_ordr=3"),
        ("POST", "/chat?stream=true"),
        ("GET", "/api/presets?x=1"),
    ],
)
async def test_a_parameter_that_a_route_has_not_is_refused_and_named(chat: Chat, method: str, address: str) -> None:
    answer = await chat.http.request(method, address, json={"query": "x"} if method == "POST" else None)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_input")
    wrong = address.partition("?")[2].split("&")[-1].partition("=")[0]
    assert wrong in answer.json()["error"]["message"]
    assert (await chat.http.get("/healthz?t=1")).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7862", "a@localhost", "localhost@evil", "", "localhost.evil", "localhost."]
)
async def test_under_a_name_that_is_not_this_machines_nothing_is_answered(chat: Chat, host: str) -> None:
    for path in ("/healthz", "/api/sessions", "/nothing"):
        answer = await chat.http.get(path, headers={"Host": host, **THAI})
        assert answer.status_code == 400
        if host:  # else the server refuses it before the app
            assert answer.json()["error"]["code"] == "foreign_host"
            assert "localhost" in answer.json()["error"]["message"]


OPENED = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}


@pytest.mark.parametrize("opened", [OPENED, {"Accept": "text/html,*/*;q=0.8"}])
async def test_who_opens_the_page_under_a_wrong_name_gets_a_page_that_repeats_it(
    chat: Chat, opened: dict[str, str]
) -> None:
    answer = await chat.http.get("/", headers={"Host": "chat.lan:80", **opened, **THAI})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert '<html lang="th"' in answer.text
    assert "“chat.lan”" in answer.text
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["content-security-policy"].startswith("default-src 'none';")
    assert answer.headers["cache-control"] == "no-store"


async def test_no_name_writes_into_the_page_that_refuses_it(chat: Chat) -> None:
    answer = await chat.http.get("/", headers={"Host": "<script>1</script>", **OPENED})
    assert "<script>" not in answer.text
    answer = await chat.http.get("/", headers={"Host": f"{'a' * 5000}.lan", **OPENED})
    assert len(answer.content) < 3000


async def test_programs_and_scripts_of_the_page_get_no_page(chat: Chat) -> None:
    for asked in ({"Accept": "*/*"}, {"Accept": "text/html", "Sec-Fetch-Mode": "cors"}):
        answer = await chat.http.get("/", headers={"Host": "chat.lan", **asked})
        assert answer.json()["error"]["code"] == "foreign_host"


async def test_under_an_address_instead_of_a_name_probes_alone_are_answered(chat: Chat) -> None:
    for host in ("10.0.0.7:7862", "[::2]"):
        assert (await chat.http.get("/healthz", headers={"Host": host})).status_code == 200
        assert (await chat.http.get("/readyz", headers={"Host": host})).status_code == 200
        assert (await chat.http.get("/api/sessions", headers={"Host": host})).status_code == 400


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:7862", "[::1]:7862", "[::1]"])
async def test_every_name_of_this_machine_is_answered(chat: Chat, host: str) -> None:
    assert (await chat.http.get("/healthz", headers={"Host": host})).status_code == 200


async def test_a_client_that_asks_too_often_is_told_when_to_come_again(chat: Chat) -> None:
    chat.standin.script = openai_error(429, "Rate limit reached", code="rate_limit_exceeded", retry_after="36.2")
    answer = await chat.http.post("/chat", json={"query": "ถามถี่ไป"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate_limited")
    assert int(answer.headers["retry-after"]) == math.ceil(36.2)


async def test_a_body_that_is_no_json_is_not_told_to_have_a_wrong_field(chat: Chat) -> None:
    answer = await chat.http.post("/chat", content=b'{"query": "x', headers={"Content-Type": "application/json"})
    told = "The body has to be a JSON object, sent with Content-Type: application/json."
    assert answer.json()["error"] == {"code": "bad_input", "message": told}


@pytest.mark.parametrize(
    ("address", "body", "told"),
    [
        (
            "/messages",
            {"role": "assistant", "content": "x", "stream": True},
            "A message that no model answers takes its text as content, and can't have: stream.",
        ),
        (
            "/messages",
            {"query": "x", "metadata": {"a": 1}},
            "A question takes no metadata; only a message that no model answers does.",
        ),
        ("/messages", {"query": "x", "content": "y"}, "Give query or content, not both with different texts."),
        ("", {"title": "x", "session_name": "y"}, "Give title or session_name, not both with different texts."),
    ],
    ids=["options", "metadata", "texts", "names"],
)
async def test_fields_that_do_not_go_together_are_told_so(
    chat: Chat, address: str, body: dict[str, object], told: str
) -> None:
    session_id = (await chat.http.post("/api/sessions")).json()["session_id"]
    below = f"/api/sessions/{session_id}{address}" if address else "/api/sessions"
    answer = await chat.http.post(below, json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, {"code": "bad_input", "message": told})
