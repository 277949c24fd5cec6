"""PostgreSQL goes away: whoever was signed in stays so and goes on chatting, nobody new comes in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.accounts import PASSWORD, Team, sign_in, team, token_of
from tests.app import running_app
from tests.browser.signed_in import add_person
from tests.histories import is_stored, until
from tests.outages import Outage
from tests.postgres_servers import PostgresServer, Proxy
from tests.standins.openai_server import OpenAIStandin
from thai_chat.accounts import browsers, closing


@pytest.fixture(params=["refused", "hanging", "read-only"])
def outage(request: pytest.FixtureRequest, postgres: PostgresServer, proxy: Proxy, own_database: str) -> Outage:
    return Outage(postgres, proxy, own_database).of_kind(request.param)


@pytest.fixture
async def people(
    postgres: PostgresServer,
    proxy: Proxy,
    own_database: str,
    standin: OpenAIStandin,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Team]:
    """Yield an app that remembers nobody for longer than a moment without looking again."""
    monkeypatch.setattr(browsers, "FRESH_S", 0.0)
    monkeypatch.setattr(browsers, "STALE_S", 0.0)
    monkeypatch.setattr(closing, "LOOK_EVERY_S", 0.1)
    async with team(postgres.address(own_database, port=proxy.port), tmp_path, vllm=standin.base_url) as people:
        yield people


async def test_who_is_signed_in_goes_on_and_nobody_new_comes_in(people: Team, outage: Outage) -> None:
    account, other = await people.account(), await people.account()
    async with people.signed_in(account) as http, people.signed_in(other) as leaving, people.browser() as new:
        assert (await leaving.get("/api/me")).status_code == 200
        assert (await http.post("/chat", json={"query": "ก่อนฐานข้อมูลหาย"})).status_code == 200
        await asyncio.to_thread(outage.begin)
        told = await http.post("/chat", json={"query": "ระหว่างฐานข้อมูลหาย"})
        assert told.status_code == 200, told.text
        me = (await http.get("/api/me")).json()
        assert (me["user_id"], me["display_name"]) == (account.user_id, account.display_name)
        refused = await new.post("/api/sign-in", json={"name": account.name, "password": PASSWORD})
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "sign_in_unavailable")
        unknown = await new.get("/api/me", headers={"Cookie": f"thai_chat={'x' * 43}"})
        assert (unknown.status_code, unknown.json()["error"]["code"]) == (503, "sign_in_unavailable")
        assert (await new.get("/api/me")).status_code == 401
        assert (await new.get("/healthz", headers={"Cookie": f"thai_chat={'x' * 43}"})).status_code == 200
        left = token_of(leaving)
        assert (await leaving.post("/api/sign-out")).status_code == 204
        assert (await leaving.get("/api/me", headers=left)).status_code == 503
        await asyncio.to_thread(outage.end)
        await until(lambda: is_stored(people.stores), 20)
        assert (await leaving.get("/api/me", headers=left)).status_code == 401
        assert (await http.get("/api/me")).status_code == 200
        await sign_in(new, account.name)
        session_id = told.json()["session_id"]
        shown = (await new.get(f"/api/sessions/{session_id}/messages")).json()["history"]
        assert "ระหว่างฐานข้อมูลหาย" in [message["content"] for message in shown]


async def test_who_signed_out_stays_out_though_the_process_was_killed_before_it_could_be_told(
    postgres: PostgresServer, proxy: Proxy, own_database: str
) -> None:
    outage = Outage(postgres, proxy, own_database).of_kind("refused")
    address = postgres.address(own_database, port=proxy.port)
    async with running_app(AUTH="password", DATABASE_URL=address) as app:
        await add_person(app, "มะลิ")
        async with httpx.AsyncClient(base_url=app.address) as http:
            await sign_in(http, "มะลิ")
            cookie = token_of(http)
            assert (await http.get("/api/me")).status_code == 200
            await asyncio.to_thread(outage.begin)
            assert (await http.post("/api/sign-out")).status_code == 204
        await app.kill()
        await asyncio.to_thread(outage.end)
        await app.start()
        async with httpx.AsyncClient(base_url=app.address, headers=cookie) as http:
            assert (await http.get("/api/me")).status_code == 401
