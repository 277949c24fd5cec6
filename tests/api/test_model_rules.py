"""Models that are not open to everybody: who sees them, who may ask them, and by which ways nobody comes around."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from starlette.types import Scope

from tests.accounts import Team, team
from tests.api.conftest import Chat
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens
from thai_chat.accounts.service import AccountRules
from thai_chat.api.app import build_app
from thai_chat.domain.people import Entrance, Person, PersonRole, with_person
from thai_chat.ui.page import mount_page

OPEN, DEAR = "open-model", "dear-model"
RULES = AccountRules(admin_reads_chats=True)


@pytest.fixture
async def models() -> AsyncIterator[OpenAIStandin]:
    scripts = {OPEN: Script(tokens=thai_tokens(5)), DEAR: Script(tokens=thai_tokens(5))}
    async with OpenAIStandin(models={DEAR: 8192, OPEN: 8192}, scripts=scripts) as server:
        yield server


@pytest.fixture
async def people(own_database: str, postgres: Any, tmp_path: Path, models: OpenAIStandin) -> AsyncIterator[Team]:
    async with team(postgres.address(own_database), tmp_path, rules=RULES, vllm=models.base_url) as people:
        async with people.signed_in(await people.account(role=PersonRole.ADMINISTRATOR)) as boss:
            answer = await boss.put(f"/api/model-rules/vllm/{DEAR}", json={"roles": ["administrator"]})
            assert answer.status_code == 200, answer.text
        yield people


async def listed(http: httpx.AsyncClient) -> Sequence[str]:
    return [one["model"] for one in (await http.get("/api/models")).json()["models"]]


async def ask(http: httpx.AsyncClient, **more: object) -> httpx.Response:
    return await http.post("/chat", json={"query": "ข้าวมันไก่", **more})


async def test_a_list_has_only_what_its_reader_may_use(people: Team) -> None:
    async with people.signed_in(await people.account()) as http:
        assert await listed(http) == [OPEN]
        assert (await http.get("/readyz")).json()["backends"]["vllm"]["models"] == [OPEN]
    async with people.signed_in(await people.account(role=PersonRole.ADMINISTRATOR)) as http:
        assert sorted(await listed(http)) == [DEAR, OPEN]
    async with people.browser() as nobody:
        assert DEAR not in (await nobody.get("/readyz")).text


async def test_the_pickers_list_is_the_readers_own(people: Team) -> None:
    mali = await people.account()
    boss = await people.account(role=PersonRole.ADMINISTRATOR)
    mounted = mount_page(build_app(people.service, people.accounts), people.service)
    found = {}
    for account in (mali, boss):
        person = Person(
            user_id=account.user_id,
            name=account.name,
            role=account.role,
            entrance=Entrance.SESSION,
            account_id=account.account_id,
        )

        async def asked_by(scope: Scope, receive: Any, send: Any, person: Person = person) -> None:
            await mounted(with_person(scope, person), receive, send)

        async with httpx.AsyncClient(transport=httpx.ASGITransport(asked_by), base_url="http://localhost") as http:
            answer = await http.post("/gradio_api/run/predict", json={"data": [], "fn_index": 0, "session_hash": "x"})
        content = orjson.loads(answer.json()["data"][0])
        vllm = next(backend for backend in content["backends"] if backend["name"] == "vllm")
        found[account.role] = ([one["model"] for one in vllm["models"]], content["default"]["model"])
        assert content["may_share"] is (account.role is PersonRole.ADMINISTRATOR)
        assert [one["what"] for one in content["limits"]][:2] == ["requests_minute", "running_replies"]
    assert found[PersonRole.USER] == ([OPEN], OPEN)
    assert set(found[PersonRole.ADMINISTRATOR][0]) == {OPEN, DEAR}


async def test_asking_for_another_model_is_refused_in_plain_words_by_every_way(
    people: Team, models: OpenAIStandin
) -> None:
    async with people.signed_in(await people.account()) as http:
        dear = {"backend": "vllm", "model": DEAR}
        told = await ask(http, backend="vllm", model=OPEN)
        session_id = told.json()["session_id"]
        messages = (await http.get(f"/chat/history/{session_id}")).json()["history"]
        ways = [
            await ask(http, **dear),
            await ask(http, backend="vllm", model=DEAR.upper()),
            await ask(http, backend="vllm", model="a-name-that-is-not-listed"),
            await ask(http, model=DEAR),
            await ask(http, compare=[dear]),
            await http.post(f"/api/sessions/{session_id}/messages/{messages[0]['message_id']}/replies", json=dear),
            await http.post("/api/models/prepare", json=dear),
            await http.post("/api/models/pull", json=dear),
        ]
        for answer in ways:
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_model"), answer.text
        refused = await http.post("/chat", json={"query": "x", **dear}, headers={"Accept-Language": "th"})
        assert refused.json()["error"]["message"] == "ไม่มีโมเดลนี้ให้คุณใช้ที่นี่ เลือกโมเดลอื่น"
        assert (await ask(http)).json()["model"] == OPEN
        assert {seen.body["model"] for seen in models.seen if "messages" in (seen.body or {})} == {OPEN}


async def test_a_session_goes_on_with_a_model_that_is_open_when_its_own_is_closed(people: Team) -> None:
    mali = await people.account()
    async with people.signed_in(await people.account(role=PersonRole.ADMINISTRATOR)) as boss:
        path = f"/api/model-rules/vllm/{DEAR}"
        await boss.put(path, json={"accounts": [str(mali.account_id)]})
        assert sorted(await listed(boss)) == [OPEN]
        async with people.signed_in(mali) as http:
            told = (await ask(http, backend="vllm", model=DEAR)).json()
            assert told["model"] == DEAR
            await boss.put(path, json={"roles": [], "accounts": []})
            again = (await ask(http, session_id=told["session_id"])).json()
            assert again["model"] == OPEN
            assert (await boss.delete(path)).status_code == 204
            assert sorted(await listed(http)) == [DEAR, OPEN]
            for gone in (path, "/api/model-rules/vllm/%00", "/api/model-rules/%ED%A0%80/x"):
                assert (await boss.delete(gone)).status_code == 404
        assert (await boss.get("/api/model-rules")).json() == {"rules": []}
        for name in ("a%00b", "x" * 101):
            assert (await boss.put(f"/api/model-rules/vllm/{name}", json={})).status_code == 400
            assert (await boss.delete(f"/api/model-rules/vllm/{name}")).status_code in (400, 404)
        for body, status in (({"roles": ["guest"]}, 400), ({"accounts": [str(uuid4())]}, 404)):
            assert (await boss.put(path, json=body)).status_code == status


async def test_who_goes_on_with_a_link_gets_a_model_that_is_open_to_them(people: Team) -> None:
    async with people.signed_in(await people.account(role=PersonRole.ADMINISTRATOR)) as boss:
        told = (await ask(boss, backend="vllm", model=DEAR)).json()
        made = (await boss.post(f"/api/sessions/{told['session_id']}/share")).json()
    async with people.signed_in(await people.account()) as http:
        body = {"token": made["url"].rpartition("/")[2]}
        session_id = (await http.post("/api/shares/continue", json=body)).json()["session_id"]
        session = (await http.get(f"/api/sessions/{session_id}")).json()
    assert session["model"] == OPEN


async def test_only_administrators_share_presets_where_there_are_accounts(people: Team) -> None:
    async with people.signed_in(await people.account()) as mali:
        own = (await mali.post("/api/presets", json={"preset_name": "ของมะลิ", "options": {}})).json()
        refused = await mali.patch(f"/api/presets/{own['preset_id']}", json={"is_shared": True})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "only_administrators_share")
        async with people.signed_in(await people.account(role=PersonRole.ADMINISTRATOR)) as boss:
            made = (await boss.post("/api/presets", json={"preset_name": "ของทุกคน", "options": {}})).json()
            path = f"/api/presets/{made['preset_id']}"
            assert (await boss.patch(path, json={"is_shared": True})).status_code == 200
            seen = (await mali.get("/api/presets")).json()["presets"]
            assert [(one["preset_name"], one["is_own"]) for one in seen] == [("ของทุกคน", False), ("ของมะลิ", True)]
            for method, body in (("PATCH", {"preset_name": "x"}), ("DELETE", None)):
                answer = await mali.request(method, path, json=body)
                assert answer.status_code == 404


async def test_without_accounts_presets_are_shared_as_before(chat: Chat) -> None:
    made = (await chat.http.post("/api/presets", json={"preset_name": "ร่วม", "options": {}})).json()
    shared = await chat.http.patch(f"/api/presets/{made['preset_id']}", json={"is_shared": True})
    assert shared.json()["is_shared"] is True
    assert (await chat.http.get("/api/me/limits")).json()["error"]["code"] == "no_accounts"
