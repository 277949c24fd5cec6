"""People as administrators see and change them; who is kept out or gone is so everywhere, with all that they had."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from tests.accounts import PASSWORD, Team, team, token_of
from tests.histories import straight
from tests.postgres_servers import PostgresServer, Proxy
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens
from thai_chat.domain.accounts import Account
from thai_chat.domain.audit import AuditQuery
from thai_chat.domain.messages import Status
from thai_chat.domain.people import PersonRole
from thai_chat.domain.reads import ReadMessages
from thai_chat.history.postgres.sql.tables import metadata

ADMINISTRATOR = PersonRole.ADMINISTRATOR
SLOW = Script(tokens=thai_tokens(2000), delay_ms=20)
OUTLIVES = {"chat_audit", "chat_search_queue"}
"""The log of what was done, and notes of ids that the indexer takes away."""

INDEXES = ("chat_message_search", "chat_session_search")


@pytest.fixture
async def people(
    own_database: str, postgres: PostgresServer, proxy: Proxy, tmp_path: Path, standin: OpenAIStandin
) -> AsyncIterator[Team]:
    address = postgres.address(own_database, port=proxy.port)
    async with team(address, tmp_path, vllm=standin.base_url) as people:
        yield people


async def ask_slowly(http: httpx.AsyncClient, standin: OpenAIStandin) -> str:
    """Have a reply begun that takes long, and return its session."""
    standin.script = SLOW
    session_id = str(uuid4())
    body, later = {"query": "เล่าเรื่องยาว ๆ"}, {"Prefer": "respond-async"}
    asked = await http.post(f"/api/sessions/{session_id}/messages", json=body, headers=later)
    assert asked.status_code == 202, asked.text
    return session_id


async def change(http: httpx.AsyncClient, account: Account, **changes: object) -> httpx.Response:
    return await http.patch(f"/api/people/{account.account_id}", json=changes)


async def test_who_is_kept_out_is_signed_out_at_once_and_their_reply_ends(people: Team, standin: OpenAIStandin) -> None:
    boss, mali = await people.account("boss", role=ADMINISTRATOR), await people.account("มะลิ")
    async with people.signed_in(boss) as admin, people.signed_in(mali) as http:
        made = await http.post("/api/keys", json={"name": "k", "scopes": ["chat"]})
        key = {"Authorization": f"Bearer {made.json()['key']}"}
        session_id = await ask_slowly(http, standin)
        assert (await change(admin, mali, disabled=True)).status_code == 204
        async with people.browser() as other:
            assert (await other.get("/api/me", headers=key)).status_code == 401
            refused = await other.post("/api/sign-in", json={"name": "มะลิ", "password": PASSWORD})
            assert refused.json()["error"]["code"] == "wrong_credentials"
        assert (await http.get("/api/me")).status_code == 401
        stored = await people.stores.read(ReadMessages(UUID(session_id), mali.user_id, limit=10))
        assert [one.status for one in stored] == [Status.COMPLETE, Status.STOPPED]
        reset = await admin.post(f"/api/people/{mali.account_id}/reset")
        assert (reset.status_code, reset.json()["error"]["code"]) == (409, "account_disabled")
        (told,) = [one for one in (await admin.get("/api/people")).json()["people"] if one["name"] == "มะลิ"]
        assert (told["is_disabled"], told["sessions"]) == (True, 1)
        assert (await change(admin, mali, disabled=False)).status_code == 204
    async with people.signed_in(mali) as http:
        assert (await http.get(f"/api/sessions/{session_id}")).status_code == 200


async def test_a_role_is_changed_at_once_and_one_administrator_stays(people: Team) -> None:
    boss, mali = await people.account("boss", role=ADMINISTRATOR), await people.account("มะลิ")
    async with people.signed_in(boss) as admin, people.signed_in(mali) as http:
        for changes in ({"role": "user"}, {"disabled": True}):
            refused = await change(admin, boss, **changes)
            assert (refused.status_code, refused.json()["error"]["code"]) == (409, "last_administrator")
        refused = await admin.request("DELETE", f"/api/people/{boss.account_id}")
        assert refused.status_code == 409
        assert (await http.get("/api/people")).status_code == 403
        await change(admin, mali, role="administrator", display_name=" คุณมะลิ ")
        named = [(one["display_name"], one["role"]) for one in (await http.get("/api/people")).json()["people"]]
        assert named == [("boss", "administrator"), ("คุณมะลิ", "administrator")]
        demoted = await asyncio.gather(change(admin, mali, role="user"), change(http, boss, role="user"))
        assert sorted(answer.status_code for answer in demoted) in ([204, 403], [204, 409])
        left = [one for one in await people.accounts.storage.accounts.all() if one.role is ADMINISTRATOR]
        assert len(left) == 1


async def test_what_nobody_can_be_changed_to_is_refused(people: Team) -> None:
    boss = await people.account("boss", role=ADMINISTRATOR)
    async with people.signed_in(boss) as admin:
        names = ({"display_name": ""}, {"display_name": "a\0"}, {"display_name": "x" * 101})
        for changes in ({"role": "king"}, {"disabled": "maybe"}, {"x": 1}, *names):
            assert (await change(admin, boss, **changes)).status_code == 400
        for path in (f"/api/people/{uuid4()}", "/api/people/nobody"):
            for method in ("PATCH", "DELETE"):
                body = {"role": "user"} if method == "PATCH" else None
                assert (await admin.request(method, path, json=body)).status_code in (400, 404)
            assert (await admin.post(f"{path}/reset")).status_code in (400, 404)


async def traces(people: Team, account: Account) -> dict[str, int]:
    """Return in how many rows of each table anything is that belongs to or names the account."""
    patterns = [f"%{one}%" for one in (account.account_id, account.user_id, account.name)]
    found = {}
    async with straight(str(people.stores._address)) as history:
        for table in metadata.sorted_tables:
            query = text(f"SELECT count(*) FROM {table.name} t WHERE t::text LIKE ANY (:patterns)")
            found[table.name] = await history.database.run(
                lambda connection, query=query: connection.execute(query, {"patterns": patterns}).scalar_one()  # type: ignore[misc]
            )
    return {name: count for name, count in found.items() if count and name not in OUTLIVES}


async def test_who_deletes_their_account_leaves_nothing_anywhere(people: Team, standin: OpenAIStandin) -> None:
    await people.account("boss", role=ADMINISTRATOR)
    mali, other = await people.account("มะลิ"), await people.account("สมชาย")
    async with people.signed_in(mali) as http, people.signed_in(other) as theirs:
        for one in (http, theirs):
            assert (await one.post("/chat", json={"query": "สวัสดี"})).status_code == 200
            await one.post("/api/keys", json={"name": "k", "scopes": ["chat"]})
            await one.post("/api/presets", json={"preset_name": "ของฉัน", "options": {}})
        temporary = str(uuid4())
        body = {"query": "ไม่ต้องจำ", "temporary": True}
        assert (await http.post(f"/api/sessions/{temporary}/messages", json=body)).status_code == 200
        await ask_slowly(http, standin)
        kept = await traces(people, other)
        assert {"chat_sessions", "chat_accounts", "chat_keys", "chat_presets", "chat_sign_ins"} <= set(kept)

        wrong = await http.request("DELETE", "/api/me", json={"password": "ไม่ใช่รหัสผ่าน"})
        assert wrong.json()["error"]["code"] == "wrong_password"
        assert set(await traces(people, mali)) >= set(kept)
        stolen = token_of(http)
        assert (await http.request("DELETE", "/api/me", json={"password": PASSWORD})).status_code == 204
        assert dict(http.cookies) == {}
        assert await traces(people, mali) == {}
        assert (await http.get("/api/me", headers=stolen)).status_code == 401
        after = await traces(people, other)
        for index in INDEXES:  # which may have got to more by now
            assert after.pop(index, 0) >= kept.pop(index, 0)
        assert {name: after.get(name) for name in kept} == kept
        memory = people.stores._history._conversation._memory._held
        assert list(memory.of(mali.user_id)) == []
        assert list(people.stores.storage.conversation._held.of(mali.user_id)) == []  # type: ignore[attr-defined]
        again = await http.post("/api/sign-in", json={"name": "มะลิ", "password": PASSWORD})
        assert again.json()["error"]["code"] == "wrong_credentials"


async def test_a_key_can_not_delete_the_account_and_an_outage_deletes_nothing(people: Team, proxy: Proxy) -> None:
    await people.account("boss", role=ADMINISTRATOR)
    mali = await people.account("มะลิ")
    async with people.signed_in(mali) as http:
        made = await http.post("/api/keys", json={"name": "k", "scopes": ["chat"]})
        async with people.browser(authorization=f"Bearer {made.json()['key']}") as program:
            refused = await program.request("DELETE", "/api/me", json={"password": PASSWORD})
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "scope_too_small")
        proxy.refuse()
        refused = await http.request("DELETE", "/api/me", json={"password": PASSWORD})
        assert refused.status_code == 503
        proxy.resume()
    async with straight(str(people.stores._address)) as history:
        assert await history.storage.accounts.by_name("มะลิ") == mali


async def test_a_wrong_password_is_noted_with_what_it_was_for_and_who_gave_it(people: Team) -> None:
    mali = await people.account("มะลิ")
    async with people.signed_in(mali) as http:
        await http.request("DELETE", "/api/me", json={"password": "ไม่ใช่รหัสผ่าน"})
        await http.post("/api/me/password", json={"current": "ไม่ใช่รหัสผ่าน", "new": "ปลาทูสามตัวในน้ำ"})
    noted = await people.accounts.audit.page(AuditQuery(limit=10, account_id=mali.account_id))
    failed = [(one.action, one.name) for one in noted if one.outcome == "wrong_password"]
    assert failed == [("password_changed", "มะลิ"), ("account_deleted", "มะลิ")]


async def test_what_is_done_to_people_is_in_the_audit_log_without_a_secret(people: Team) -> None:
    boss = await people.account("boss", role=ADMINISTRATOR)
    async with people.signed_in(boss) as admin, people.browser() as http:
        token = (await admin.post("/api/invitations", json={"role": "user"})).json()["url"].rpartition("/")[2]
        made = await http.post("/api/sign-up", json={"token": token, "name": "มะลิ", "password": PASSWORD})
        (mali,) = [one for one in await people.accounts.storage.accounts.all() if one.name == made.json()["name"]]
        for changes in ({"role": "administrator"}, {"disabled": True}, {"disabled": False}, {"display_name": "m"}):
            assert (await change(admin, mali, **changes)).status_code == 204
        reset = (await admin.post(f"/api/people/{mali.account_id}/reset")).json()["url"].rpartition("/")[2]
        await admin.delete(f"/api/people/{mali.account_id}")
        told = (await admin.get("/api/audit")).json()["entries"]
    done = [one["action"] for one in reversed(told) if not one["action"].startswith("sign_in")]
    assert done == [
        *("invitation_made", "sign_up", "role_changed", "account_disabled", "account_enabled", "name_changed"),
        *("password_reset", "account_deleted"),
    ]
    assert {one["name"] for one in told} == {"boss", "มะลิ"}
    for secret in (token, reset, PASSWORD, dict(http.cookies)["thai_chat"]):
        assert secret not in str(told)
