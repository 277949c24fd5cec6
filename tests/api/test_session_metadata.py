"""Metadata of sessions and their departments are changed by name; an outage does not stop it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.conftest import Chat
from tests.api.test_repeating import app
from tests.histories import is_stored, opened, straight, until
from tests.postgres_servers import PostgresServer, Proxy
from tests.standins.openai_server import OpenAIStandin
from thai_chat.domain.people import LOCAL
from thai_chat.domain.reads import ReadSession

NAMES = ["/api/sessions", "/api/conversations", "/conversations"]
METADATA = {"app": "portal", "config": {"k": 3, "theme": "dark"}}


async def made(http: httpx.AsyncClient, **body: object) -> str:
    answer = await http.post("/conversations", json={"title": "วันลา", "dept_id": "hr", "metadata": METADATA, **body})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def kept(http: httpx.AsyncClient, session_id: str) -> dict[str, Any]:
    metadata: dict[str, Any] = (await http.get(f"/conversations/{session_id}")).json()["metadata"]
    return metadata


async def listed(http: httpx.AsyncClient, dept_id: str) -> tuple[list[str], int]:
    body = (await http.get("/api/sessions", params={"dept_id": dept_id, "total": True})).json()
    return [one["session_id"] for one in body["sessions"]], body["total"]


async def test_metadata_is_merged_in_postgresql_and_the_list_finds_the_new_department(
    standin: OpenAIStandin, database_url: str, tmp_path: Path
) -> None:
    old, new = uuid4().hex, uuid4().hex
    async with opened(database_url, tmp_path) as stores, app(stores, standin) as http:
        for name in NAMES:
            session_id = await made(http, dept_id=old)
            patch = {"app": None, "config": {"theme": None, "size": 2}, "dept_id": new}
            answer = await http.patch(f"{name}/{session_id}", json={"metadata": patch, "pinned": True})
            assert answer.status_code == 200, answer.text
            wanted = {"config": {"k": 3, "size": 2}, "dept_id": new}
            assert (answer.json()["metadata"], answer.json()["dept_id"]) == (wanted, new)
            assert await kept(http, session_id) == wanted
            assert (await listed(http, new), await listed(http, old)) == (([session_id], 1), ([], 0))
            answer = await http.patch(f"{name}/{session_id}", json={"metadata": {"dept_id": None}})
            assert (answer.json()["metadata"], answer.json()["dept_id"]) == ({"config": wanted["config"]}, None)
            assert await listed(http, new) == ([], 0)


async def test_many_patches_at_once_lose_nothing(standin: OpenAIStandin, database_url: str, tmp_path: Path) -> None:
    async with opened(database_url, tmp_path) as stores, app(stores, standin) as http:
        session_id = await made(http, metadata={})
        bodies = [{"metadata": {f"name{number}": number, "all": {str(number): True}}} for number in range(12)]
        answers = await asyncio.gather(*(http.patch(f"/api/sessions/{session_id}", json=body) for body in bodies))
        assert {answer.status_code for answer in answers} == {200}
        found = await kept(http, session_id)
        assert (len(found), len(found["all"])) == (14, 12)


async def test_metadata_is_changed_only_as_it_was_seen(chat: Chat) -> None:
    session_id = await made(chat.http)
    address = f"/api/sessions/{session_id}"
    headers = {"If-Match": (await chat.http.get(address)).headers["ETag"]}
    answers = [await chat.http.patch(address, json={"metadata": {"n": n}}, headers=headers) for n in (1, 2)]
    assert [answer.status_code for answer in answers] == [200, 412]
    assert answers[1].json()["error"]["code"] == "changed_meanwhile"
    assert (await kept(chat.http, session_id))["n"] == 1
    assert answers[0].headers["ETag"] == (await chat.http.get(address)).headers["ETag"] != headers["If-Match"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"metadata": {"imported": None}}, "reserved_metadata"),
        ({"metadata": {"fingerprint": "x"}}, "reserved_metadata"),
        ({"metadata": {"a": "x" * 20_000}}, "metadata_too_large"),
        ({"metadata": {"b": "x" * 15_000}}, "metadata_too_large"),
        ({"metadata": {"a": "\0"}}, "history_refused"),
        ({"metadata": {"dept_id": 5}}, "bad_department"),
        ({"metadata": {"dept_id": "x" * 101}}, "bad_department"),
        ({"metadata": {"dept_id": "hr"}, "dept_id": "it"}, "bad_input"),
        ({"metadata": ["a"]}, "bad_input"),
    ],
    ids=["imported", "fingerprint", "large", "large together", "NUL", "number", "long", "two departments", "list"],
)
async def test_what_is_no_metadata_is_refused_and_changes_nothing(chat: Chat, body: dict[str, Any], code: str) -> None:
    session_id = await made(chat.http, metadata={"a": "x" * 15_000})
    address = f"/api/sessions/{session_id}"
    before = (await chat.http.get(address)).json(), await kept(chat.http, session_id)
    refused = await chat.http.patch(address, json={"session_name": "อื่น", **body})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, code)
    assert ((await chat.http.get(address)).json(), await kept(chat.http, session_id)) == before


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
async def test_a_number_that_json_cannot_hold_is_refused_and_does_not_become_null(chat: Chat, number: str) -> None:
    session_id = await made(chat.http)
    body, headers = f'{{"metadata": {{"config": {{"k": {number}}}}}}}', {"Content-Type": "application/json"}
    for method, address in (("PATCH", f"/api/sessions/{session_id}"), ("POST", "/conversations")):
        refused = await chat.http.request(method, address, content=body, headers=headers)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "bad_input")
    assert await kept(chat.http, session_id) == {**METADATA, "dept_id": "hr"}


async def test_metadata_is_as_large_as_it_was_sent(chat: Chat) -> None:
    session_id = await made(chat.http, dept_id=None, metadata={})
    for count, status in ((9_996, 200), (9_997, 400)):
        body = json.dumps({"metadata": {"a": [1] * count}}, separators=(",", ":"))
        headers = {"Content-Type": "application/json"}
        answer = await chat.http.patch(f"/api/sessions/{session_id}", content=body, headers=headers)
        assert answer.status_code == status


async def test_a_department_may_stand_in_the_metadata_of_a_new_session_too(chat: Chat) -> None:
    session_id = await made(chat.http, dept_id=None, metadata={"dept_id": "it", "a": 1})
    assert await kept(chat.http, session_id) == {"dept_id": "it", "a": 1}
    assert await listed(chat.http, "it") == ([session_id], 1)
    refused = await chat.http.post("/conversations", json={"dept_id": "hr", "metadata": {"dept_id": "it"}})
    assert refused.status_code == 400


async def test_metadata_of_an_outage_is_merged_into_what_others_changed_meanwhile(
    postgres: PostgresServer,
    proxy: Proxy,
    database_name: str,
    standin: OpenAIStandin,
    tmp_path: Path,
) -> None:
    here, there = postgres.address(database_name, port=proxy.port), postgres.address(database_name)
    async with opened(here, tmp_path / "here") as stores, app(stores, standin) as http:
        session_id = await made(http)
        proxy.refuse()
        body = {"metadata": {"app": None, "config": {"k": 4}, "dept_id": "outage"}}
        answer = await http.patch(f"/conversations/{session_id}", json=body)
        assert answer.status_code == 200, answer.text
        assert await kept(http, session_id) == {"config": {"k": 4, "theme": "dark"}, "dept_id": "outage"}
        assert (await listed(http, "outage"))[0] == [session_id]
        async with opened(there, tmp_path / "there") as others, app(others, standin) as other:
            patched = await other.patch(f"/conversations/{session_id}", json={"metadata": {"meanwhile": [1]}})
            assert patched.status_code == 200
        proxy.resume()
        await until(lambda: is_stored(stores))
        assert (await stores.state()).refused_writes == 0
        wanted = {"config": {"k": 4, "theme": "dark"}, "meanwhile": [1], "dept_id": "outage"}
        assert await kept(http, session_id) == wanted
        assert await listed(http, "outage") == ([session_id], 1)
    async with straight(there) as direct:
        stored = await direct.read(ReadSession(UUID(session_id), LOCAL.user_id))
        assert stored.metadata == wanted
