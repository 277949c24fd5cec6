"""Scripts on pages of named sites use the API by a key, and nobody else does."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.accounts import make_account
from tests.api.conftest import Chat
from tests.api.test_heads import filled
from tests.api.test_walk import Walk, walk
from thai_chat.api.app import build_app
from thai_chat.domain.people import PersonRole, Scope
from thai_chat.gate.cors import Cors, shared_methods
from thai_chat.gate.doors import DOORS, Access, DoorKind
from thai_chat.gate.gate import Gate
from thai_chat.gate.people import Holders

__all__ = ("walk",)
NAMED = "https://app.example.org"
SCRIPT = {"Origin": NAMED, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
ASKING = {**SCRIPT, "Access-Control-Request-Headers": "authorization,content-type"}
FOREIGN = (
    "null",
    "https://evil.example",
    "http://app.example.org",
    "https://app.example.org:8443",
    "https://app.example.org.evil.example",
    "https://evil-app.example.org",
    "https://app.example.org/",
    "https://app.example.org,https://app.example.org",
    "HTTPS://APP.EXAMPLE.ORG",
    "",
)


def said_to_scripts(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


@pytest.fixture
async def shared(chat: Chat) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of a page where nobody signs in and one site is named."""
    gate = Gate(build_app(chat.service), cors=Cors(frozenset({NAMED})))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url="http://localhost") as http:
        yield http


@pytest_asyncio.fixture(loop_scope="module")
async def by_key(walk: Walk) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of a page with accounts where one site is named."""
    gate = Gate(
        build_app(walk.service, walk.accounts),
        who=Holders(walk.accounts.by_cookie, walk.accounts.by_key),
        cors=Cors(frozenset({NAMED})),
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url="http://localhost") as http:
        yield http


@pytest.mark.asyncio(loop_scope="module")
async def test_a_script_of_a_named_site_comes_in_by_a_key_and_never_by_a_cookie(
    walk: Walk, by_key: httpx.AsyncClient
) -> None:
    person = await make_account(walk.accounts, password=None, role=PersonRole.ADMINISTRATOR)
    key, cookie = await walk.key(person, Scope.CHAT), await walk.cookie(person)
    for site in ("cross-site", "same-site"):
        script = {**SCRIPT, "Sec-Fetch-Site": site}
        let_in = await by_key.get("/api/sessions", headers={**script, **key, **cookie})
        assert (let_in.status_code, let_in.headers["access-control-allow-origin"]) == (200, NAMED)
        for method, path in (("GET", "/api/sessions"), ("POST", "/chat"), ("DELETE", "/api/sessions")):
            refused = await by_key.request(method, path, headers={**script, **cookie}, json={"query": "x"})
            assert (refused.status_code, refused.json()["error"]["code"]) == (401, "sign_in_needed")
            assert refused.headers["access-control-allow-origin"] == NAMED
        assert "access-control-allow-credentials" not in let_in.headers
        assert "set-cookie" not in let_in.headers
    assert (await by_key.get("/api/sessions", headers=cookie)).status_code == 200


@pytest.mark.asyncio(loop_scope="module")
async def test_nobody_signs_in_nor_uses_a_page_from_a_named_site(walk: Walk, by_key: httpx.AsyncClient) -> None:
    key = await walk.key(walk.owner, Scope.ADMIN)
    refused = shared = 0
    for door in DOORS:
        if door.kind is DoorKind.EMBED:
            continue
        for method in door.methods:
            if method in shared_methods(door):
                assert door.kind is DoorKind.PRIVATE
                assert door.access_for(method) in (Access.PEOPLE, Access.ADMINISTRATORS)
                shared += 1
                continue
            answer = await by_key.request(method, filled(door.path, {}), headers={**SCRIPT, **key})
            assert answer.status_code == 403, f"{method} {door.path}"
            refused += 1
    assert refused > 20
    assert shared > 80


async def test_a_browser_that_asks_before_is_told_what_a_script_may_send(shared: httpx.AsyncClient) -> None:
    for door in DOORS:
        headers = {**ASKING, "Access-Control-Request-Method": "POST"}
        answer = await shared.options(filled(door.path, {}), headers=headers)
        if not shared_methods(door):
            assert answer.status_code in (403, 404), door.path
            assert "access-control-allow-methods" not in answer.headers
            continue
        assert (answer.status_code, answer.content) == (204, b""), door.path
        said = said_to_scripts(answer)
        assert said["access-control-allow-origin"] == NAMED
        assert said["access-control-allow-methods"].split(", ") == list(shared_methods(door))
        assert said["access-control-allow-headers"] == "Authorization, *"
        assert int(said["access-control-max-age"]) > 0
        assert "Origin" in answer.headers["vary"]


async def test_a_script_reads_errors_and_what_headers_say(shared: httpx.AsyncClient) -> None:
    asked = {"bad": {"query": 1}, "unknown": {"modle": 1}}
    answers = [await shared.post("/chat", headers=SCRIPT, json=body) for body in asked.values()]
    answers += [await shared.get(path, headers=SCRIPT) for path in ("/api/sessions", "/nothing", "/api/sessions/x")]
    answers += [await shared.put("/api/sessions", headers=SCRIPT), await shared.head("/api/sessions", headers=SCRIPT)]
    answers += [await shared.post("/chat", headers={**SCRIPT, "Content-Length": "1" + "0" * 30})]
    assert [answer.status_code for answer in answers] == [400, 400, 200, 404, 400, 405, 200, 413]
    for answer in answers:
        said = said_to_scripts(answer)
        assert said["access-control-allow-origin"] == NAMED
        exposed = said["access-control-expose-headers"].split(", ")
        assert {"ETag", "Location", "Retry-After", "X-Request-Id", "*"} <= set(exposed)
        assert said.keys() == {"access-control-allow-origin", "access-control-expose-headers"}
        assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("origin", FOREIGN, ids=[str(number) for number in range(len(FOREIGN))])
async def test_any_other_origin_is_refused_as_ever(shared: httpx.AsyncClient, origin: str) -> None:
    for asked in ({**SCRIPT, "Origin": origin}, {"Origin": origin}):
        for method in ("GET", "POST", "OPTIONS"):
            headers = {**asked, "Access-Control-Request-Method": "POST"} if method == "OPTIONS" else asked
            answer = await shared.request(method, "/api/sessions/x/messages", headers=headers)
            if origin or "Sec-Fetch-Site" in asked:
                assert answer.status_code == 403, f"{method} {asked}"
            assert said_to_scripts(answer) == {}
            assert "Origin" in answer.headers["vary"]


async def test_two_origins_are_none(shared: httpx.AsyncClient) -> None:
    twice = [("Origin", NAMED), ("Origin", NAMED), ("Sec-Fetch-Site", "cross-site")]
    answer = await shared.get("/api/sessions", headers=twice)
    assert (answer.status_code, said_to_scripts(answer)) == (403, {})


@pytest.mark.parametrize(
    "said",
    [
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Mode": "websocket", "Sec-Fetch-Dest": "empty"},
        {"Sec-Purpose": "prefetch"},
    ],
    ids=["image", "beacon", "form", "frame", "module", "socket", "prefetch"],
)
async def test_of_a_named_site_scripts_that_may_read_come_in_alone(
    shared: httpx.AsyncClient, said: dict[str, str]
) -> None:
    for method in ("GET", "POST"):
        answer = await shared.request(method, "/api/sessions", headers={**SCRIPT, **said})
        assert answer.status_code == 403
        assert "foreign_site" in answer.text


async def test_where_no_site_is_named_nothing_is_said_to_scripts(chat: Chat) -> None:
    for method in ("GET", "OPTIONS"):
        answer = await chat.http.request(method, "/api/sessions", headers=SCRIPT)
        assert (answer.status_code, said_to_scripts(answer)) == (403, {})
    assert "Origin" not in (await chat.http.get("/api/sessions")).headers["vary"]
