"""API keys and the audit log over HTTP, through the real gate over PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.accounts import Team, team
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens
from thai_chat.domain.accounts import Account
from thai_chat.domain.people import PersonRole

SECRET = "ความลับของมะลิ"


@pytest.fixture
async def people(postgres: Any, own_database: str, tmp_path: Path) -> AsyncIterator[Team]:
    script = Script(tokens=thai_tokens(5), delay_ms=1)
    async with (
        OpenAIStandin(models={"thai-model": 8192}, script=script) as standin,
        team(postgres.address(own_database), tmp_path, vllm=standin.base_url) as people,
    ):
        yield people


async def made(owner: httpx.AsyncClient, *scopes: str, **more: object) -> dict[str, Any]:
    answer = await owner.post("/api/keys", json={"name": "งานกลางคืน", "scopes": scopes or ["chat"], **more})
    assert answer.status_code == 201, answer.text
    key: dict[str, Any] = answer.json()
    return key


@asynccontextmanager
async def program(people: Team, key: str) -> AsyncIterator[httpx.AsyncClient]:
    async with people.browser(Authorization=f"Bearer {key}") as http:
        yield http


@pytest.fixture
async def mali(people: Team) -> Account:
    return await people.account()


async def test_a_key_is_shown_once_and_asks_in_its_owners_name(people: Team, mali: Account) -> None:
    async with people.signed_in(mali) as owner:
        key = await made(owner, "chat", expires_in_s=60)
        assert key["key"].startswith(f"tc_{key['key_id']}_")
        async with program(people, key["key"]) as http:
            me = (await http.get("/api/me")).json()
            assert (me["user_id"], me["entrance"], me["scopes"]) == (mali.user_id, "key", ["chat", "read"])
            told = await http.post("/chat", json={"query": SECRET})
            assert told.status_code == 200
            (session,) = (await owner.get("/api/sessions")).json()["sessions"]
            assert session["session_id"] == told.json()["session_id"]
        (listed,) = (await owner.get("/api/keys")).json()["keys"]
        assert {**listed, "used_at": None} == {**{name: key[name] for name in listed}, "used_at": None}
        assert key["key"] not in json.dumps(listed)


async def test_a_scope_opens_what_it_is_for(people: Team, mali: Account) -> None:
    async with people.signed_in(mali) as owner:
        read = await made(owner, "read")
        refused = await owner.post("/api/keys", json={"name": "x", "scopes": ["admin"]})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_administrator")
    async with program(people, read["key"]) as http:
        assert (await http.get("/api/sessions")).status_code == 200
        assert (await http.post("/api/export", json={})).status_code == 200
        for method, path, lacks in (
            ("POST", "/chat", "chat"),
            ("DELETE", f"/api/sessions/{uuid4()}", "chat"),
            ("GET", "/api/audit", "admin"),
        ):
            answer = await http.request(method, path, json={"query": SECRET})
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "scope_too_small")
            assert lacks in answer.json()["error"]["message"]


async def test_no_key_makes_keys_or_deletes_them(people: Team) -> None:
    boss = await people.account(role=PersonRole.ADMINISTRATOR)
    async with people.signed_in(boss) as owner:
        key = await made(owner, "admin")
    async with program(people, key["key"]) as http:
        assert (await http.get("/api/audit")).status_code == 200
        assert len((await http.get("/api/keys")).json()["keys"]) == 1
        for answer in (
            await http.post("/api/keys", json={"name": "x", "scopes": ["read"]}),
            await http.delete(f"/api/keys/{key['key_id']}"),
        ):
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "scope_too_small")


@pytest.mark.parametrize("said", ["tc_", "sk-1", "tc_aaaaaaaaaaaa_" + "A" * 43, "กุญแจ", "x" * 5000])
async def test_a_key_that_is_none_is_refused_as_json_and_no_cookie_helps(
    people: Team, mali: Account, said: str
) -> None:
    async with people.signed_in(mali) as owner:
        for accept in ("*/*", "text/html"):
            headers = {"Authorization": f"Bearer {said}".encode(), "Accept": accept}
            answer = await owner.get("/api/sessions", headers=headers)  # type: ignore[arg-type]
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "sign_in_needed")
            assert answer.headers["www-authenticate"] == "Bearer"
            assert (await owner.get("/healthz", headers=headers)).status_code == 200  # type: ignore[arg-type]
        assert (await owner.get("/api/sessions", headers={"Authorization": "Basic eDp5"})).status_code == 200


async def test_a_key_that_was_deleted_is_refused_at_once(people: Team, mali: Account) -> None:
    async with people.signed_in(mali) as owner:
        key = await made(owner)
        async with program(people, key["key"]) as http:
            assert (await http.get("/api/me")).status_code == 200
            assert (await owner.delete(f"/api/keys/{key['key_id']}")).status_code == 204
            assert (await http.get("/api/me")).status_code == 401
        assert (await owner.get("/api/keys")).json() == {"keys": []}
        for key_id in (key["key_id"], "%00", "%ED%A0%80", "ก" * 12):
            again = await owner.delete(f"/api/keys/{key_id}")
            assert (again.status_code, again.json()["error"]["code"]) == (404, "key_not_found")


async def test_a_key_of_somebody_else_is_not_found(people: Team, mali: Account) -> None:
    async with people.signed_in(mali) as owner, people.signed_in(await people.account()) as other:
        key = await made(owner)
        assert (await other.get("/api/keys")).json() == {"keys": []}
        assert (await other.delete(f"/api/keys/{key['key_id']}")).status_code == 404
        assert len((await owner.get("/api/keys")).json()["keys"]) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "  "},
        {"name": "x" * 101},
        {"name": "a\u0000b"},
        {"scopes": []},
        {"scopes": ["all"]},
        {"scopes": "read"},
        {"expires_in_s": 0},
        {"expires_in_s": 10**12},
        {"more": 1},
    ],
)
async def test_a_key_that_can_not_be_made_is_refused(people: Team, mali: Account, wrong: dict[str, object]) -> None:
    async with people.signed_in(mali) as owner:
        answer = await owner.post("/api/keys", json={"name": "x", "scopes": ["read"], **wrong})
        assert answer.status_code == 400
        assert next(iter(wrong)) in answer.json()["error"]["message"]


async def test_the_log_tells_administrators_what_was_done_and_never_a_text(people: Team, mali: Account) -> None:
    boss = await people.account(role=PersonRole.ADMINISTRATOR)
    async with people.signed_in(mali) as owner, people.signed_in(boss) as http:
        told = (await owner.post("/chat", json={"query": SECRET})).json()
        session_id = told["session_id"]
        key = await made(owner)
        exported = (await owner.get("/api/export")).content
        head = await owner.head("/api/export")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-disposition"].startswith("attachment")
        await owner.get(f"/api/sessions/{session_id}/export", params={"format": "md"})
        said = (await owner.get(f"/api/sessions/{session_id}/messages")).json()["history"]
        message_id = said[0]["message_id"]
        await owner.delete(f"/api/sessions/{session_id}/messages/{message_id}", params={"permanent": True})
        await owner.delete(f"/api/sessions/{session_id}", params={"permanent": True})
        await owner.delete("/api/sessions", params={"shelf": "trash"})
        await owner.post("/api/import", files={"file": ("แชต.json", exported, "application/json")})
        assert (await owner.get("/api/audit")).status_code == 403
        answer = await http.get("/api/audit", params={"account_id": str(mali.account_id), "limit": 500})
    entries = answer.json()["entries"]
    noted = [(entry["action"], entry["target"]) for entry in reversed(entries) if entry["action"] != "sign_in"]
    assert noted == [
        ("key_made", key["key_id"]),
        ("export", "all"),
        ("export", session_id),
        ("message_deleted", message_id),
        ("session_deleted", session_id),
        ("session_deleted", "trash"),
        ("import", None),
    ]
    assert {entry["name"] for entry in entries} == {mali.display_name}
    assert {entry["address"] for entry in entries} == {"127.0.0.1"}
    assert SECRET not in answer.text
    assert key["key"].rpartition("_")[2] not in answer.text


async def test_the_log_comes_in_pages(people: Team) -> None:
    boss = await people.account(role=PersonRole.ADMINISTRATOR)
    async with people.signed_in(boss) as http:
        for _ in range(5):
            await made(http)
        found, cursor = [], ""
        while True:
            wanted = {"action": "key_made", "limit": 2, **({"cursor": cursor} if cursor else {})}
            page = (await http.get("/api/audit", params=wanted)).json()
            found += [entry["target"] for entry in page["entries"]]
            if not (cursor := page["next"]):
                break
        assert found == [key["key_id"] for key in (await http.get("/api/keys")).json()["keys"]]
        for wrong in ({"cursor": "x"}, {"cursor": "2026-01-01~x"}, {"action": "x"}, {"account_id": "x"}, {"limit": 0}):
            assert (await http.get("/api/audit", params=wrong)).status_code == 400
