"""Links, keys, invitations and webhooks with an idempotency key: each is made once, and its secret is told again for a
day to the same request alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg2
import pytest

from tests.accounts import PASSWORD, make_account, sign_in
from tests.histories import OpenStores, opened
from tests.history_writes import whole_turn
from tests.hooked import KEY
from tests.postgres_servers import PostgresServer
from tests.served import api_over, listening
from thai_chat.accounts.passwords import LinkPasswords, Passwords
from thai_chat.accounts.service import AccountRules, Accounts
from thai_chat.chat.service import ChatService
from thai_chat.domain.once import OnceKeys
from thai_chat.domain.people import PersonRole
from thai_chat.domain.webhook_hosts import WebhookHosts
from thai_chat.gate.gate import Gate
from thai_chat.gate.people import Holders
from thai_chat.history.postgres.keys import PostgresKeys
from thai_chat.history.postgres.people import PostgresInvitations
from thai_chat.history.postgres.shares import PostgresShares
from thai_chat.history.postgres.webhooks import PostgresWebhooks
from thai_chat.routing.router import Router
from thai_chat.sharing.service import Shares
from thai_chat.webhooks.sender import HttpSender
from thai_chat.webhooks.service import Webhooks
from thai_chat.webhooks.signing import Signer

KINDS = ["share", "key", "invitation", "webhook"]
ONCE = OnceKeys(b"a key of this installation alone")


@dataclass(slots=True)
class World:
    """Processes of one installation, and an administrator's browser in each."""

    stores: OpenStores
    browsers: list[httpx.AsyncClient]
    accounts: list[Accounts]
    session_id: str = ""
    later: timedelta = timedelta()

    @property
    def http(self) -> httpx.AsyncClient:
        return self.browsers[0]

    def request(self, kind: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Return the address of a kind of thing, a body, and what makes it another one."""
        return {
            "share": (f"/api/sessions/{self.session_id}/share", {"expires_in_s": 900}, {"with_reasoning": True}),
            "key": ("/api/keys", {"name": "งานกลางคืน", "scopes": ["read"]}, {"scopes": ["chat"]}),
            "invitation": ("/api/invitations", {"role": "user", "name": "มะลิ"}, {"role": "administrator"}),
            "webhook": ("/api/webhooks", {"url": "https://hooks.example.org/a"}, {"include_content": True}),
        }[kind]

    async def make(self, kind: str, key: str | None, *, process: int = 0, **more: object) -> httpx.Response:
        address, body, _ = self.request(kind)
        headers = {"Idempotency-Key": key} if key else {}
        return await self.browsers[process].post(address, json={**body, **more}, headers=headers)

    async def listed(self, kind: str) -> list[dict[str, Any]]:
        address = "/api/shares" if kind == "share" else self.request(kind)[0]
        (found,) = [value for value in (await self.http.get(address)).json().values() if isinstance(value, list)]
        return list(found)


def named(made: Mapping[str, Any], kind: str) -> tuple[str, str]:
    """Return the id and the secret of what was made."""
    return str(made[f"{kind}_id"]), str(made.get("key") or made.get("secret") or made["url"].rpartition("/")[2])


def twice(add: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
    """Return what stores a thing as if the connection had been lost after the first time, before the answer came."""

    async def stored(*given: object, **named: object) -> object:
        await add(*given, **named)
        return await add(*given, **named)

    return stored


@asynccontextmanager
async def process(world: World) -> AsyncIterator[str]:
    storage, rules = world.stores.storage, AccountRules()

    def clock() -> datetime:
        return datetime.now(UTC) + world.later

    service = ChatService(storage, Router([], kinds=()), max_history_messages=20)
    accounts = Accounts(storage, rules, service, ONCE)
    accounts.keys._clock = accounts.invitations._now = clock
    passwords = Passwords(memory_kib=8, passes=1)
    sharing = Shares(storage.shares, storage.transfer, LinkPasswords(passwords), once=ONCE, clock=clock)
    hosts = WebhookHosts(["hooks.example.org"])
    hooks = Webhooks(storage.webhooks, storage.webhook_outbox, hosts, Signer(KEY), HttpSender(hosts), clock=clock)
    accounts.start()
    world.accounts.append(accounts)
    try:
        with api_over(service, accounts, sharing, hooks) as app:
            async with listening(Gate(app, who=Holders(accounts.by_cookie, accounts.by_key))) as address:
                yield address
    finally:
        await hooks.close()
        await sharing.close()
        await accounts.close()
        passwords.close()
        await service.close()


@pytest.fixture
async def world(postgres: PostgresServer, own_database: str, tmp_path: Path) -> AsyncIterator[World]:
    async with opened(postgres.address(own_database), tmp_path) as stores:
        world = World(stores, [], [])
        async with process(world) as one, process(world) as other:
            boss = await make_account(world.accounts[0], role=PersonRole.ADMINISTRATOR)
            turn = await whole_turn(stores, boss.user_id)
            world.session_id = str(turn.session.session_id)
            async with (
                httpx.AsyncClient(base_url=one, timeout=20) as here,
                httpx.AsyncClient(base_url=other, timeout=20) as there,
            ):
                for http in (here, there):
                    await sign_in(http, boss.name)
                    world.browsers.append(http)
                yield world


@pytest.mark.parametrize("kind", KINDS)
async def test_many_at_once_in_two_processes_make_one_and_are_told_its_secret(world: World, kind: str) -> None:
    answers = await asyncio.gather(*(world.make(kind, '"k1"', process=number % 2) for number in range(8)))
    assert {answer.status_code for answer in answers} == {201}, answers[0].text
    made = {named(answer.json(), kind) for answer in answers}
    assert len(made) == 1
    (thing_id, secret), (listed,) = made.pop(), await world.listed(kind)
    assert listed[f"{kind}_id"] == thing_id
    again = await world.make(kind, "k1")
    assert again.json() == answers[0].json()
    other = await world.make(kind, "k2")
    assert other.status_code == 201
    assert named(other.json(), kind)[1] != secret
    without = [named((await world.make(kind, None)).json(), kind) for _ in "12"]
    assert without[0][0] != without[1][0]


@pytest.mark.parametrize("kind", KINDS)
async def test_another_request_with_the_key_is_refused(world: World, kind: str) -> None:
    assert (await world.make(kind, "k1")).status_code == 201
    refused = await world.make(kind, "k1", process=1, **world.request(kind)[2])
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "key_reused")
    assert len(await world.listed(kind)) == 1
    refused = await world.make(kind, '"unfinished')
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "bad_key")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_day_later_the_secret_is_not_told_any_more(world: World, kind: str) -> None:
    made, secret = named((await world.make(kind, "k1")).json(), kind)
    world.later = timedelta(hours=24, seconds=5)
    late = await world.make(kind, "k1", process=1)
    assert (late.status_code, late.json()["error"]["code"]) == (409, "already_made")
    assert made in late.json()["error"]["message"]
    assert secret not in late.text
    assert len(await world.listed(kind)) == 1


@pytest.mark.parametrize("kind", ["key", "invitation", "webhook"])
async def test_what_was_deleted_is_made_anew_with_another_secret(world: World, kind: str) -> None:
    made, secret = named((await world.make(kind, "k1")).json(), kind)
    assert (await world.http.delete(f"{world.request(kind)[0]}/{made}")).status_code == 204
    again = await world.make(kind, "k1")
    assert again.status_code == 201
    assert named(again.json(), kind)[0] == made
    assert named(again.json(), kind)[1] != secret


async def test_the_secret_that_is_told_again_opens_what_it_is_for(world: World) -> None:
    for kind in KINDS:
        await world.make(kind, "k1")
    key, link, invited = [
        named((await world.make(kind, "k1", process=1)).json(), kind)[1] for kind in ("key", "share", "invitation")
    ]
    async with httpx.AsyncClient(base_url=world.http.base_url, timeout=20) as somebody:
        headers = {"Authorization": f"Bearer {key}"}
        assert (await somebody.get("/api/sessions", headers=headers)).status_code == 200
        assert (await somebody.get(f"/s/{link}")).status_code == 200
        body = {"token": invited, "name": "มะลิ", "password": PASSWORD}
        assert (await somebody.post("/api/sign-up", json=body)).status_code == 201
    used = await world.make("invitation", "k1")
    assert (used.status_code, named(used.json(), "invitation")[1]) == (201, invited)
    revoked = named((await world.make("share", "k1")).json(), "share")[0]
    assert (await world.http.delete(f"/api/shares/{revoked}")).status_code == 204
    again = await world.make("share", "k1")
    assert (again.status_code, named(again.json(), "share")) == (201, (revoked, link))
    assert (await world.http.get(f"/s/{link}")).status_code == 404


async def test_a_webhook_with_a_new_secret_or_other_settings_is_not_told_again(world: World) -> None:
    made, _ = named((await world.make("webhook", "k1")).json(), "webhook")
    assert (await world.http.post(f"/api/webhooks/{made}/secret")).status_code == 200
    renewed = await world.make("webhook", "k1")
    assert (renewed.status_code, renewed.json()["error"]["code"]) == (409, "already_made")
    assert (await world.http.patch(f"/api/webhooks/{made}", json={"name": "n8n"})).status_code == 200
    changed = await world.make("webhook", "k1")
    assert (changed.status_code, changed.json()["error"]["code"]) == (422, "key_reused")


async def test_a_key_is_one_persons_and_nothing_is_noted_twice(world: World) -> None:
    other = await make_account(world.accounts[0], role=PersonRole.ADMINISTRATOR)
    mine = [(await world.make(kind, "k1")).json() for kind in ("key", "invitation", "webhook")]
    for kind in KINDS:
        await world.make(kind, "k1")
    async with httpx.AsyncClient(base_url=world.http.base_url, timeout=20) as http:
        await sign_in(http, other.name)
        for kind, made in zip(("key", "webhook"), (mine[0], mine[2]), strict=True):
            address, body, _ = world.request(kind)
            theirs = (await http.post(address, json=body, headers={"Idempotency-Key": "k1"})).json()
            assert named(theirs, kind)[0] != named(made, kind)[0]
            assert named(theirs, kind)[1] != named(made, kind)[1]
    for accounts in world.accounts:
        await accounts.audit.flush()
    entries = (await world.http.get("/api/audit", params={"limit": 500})).json()["entries"]
    noted = [entry["target"] for entry in entries if entry["action"].endswith("_made")]
    assert len(noted) == len(set(noted)) == 6


@pytest.mark.parametrize("key", ["k1", None], ids=["key", "no key"])
async def test_what_is_stored_again_after_a_lost_connection_is_noted(
    world: World, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    for store in (PostgresShares, PostgresKeys, PostgresInvitations, PostgresWebhooks):
        monkeypatch.setattr(store, "add", twice(store.add))
    for kind in KINDS:
        made = await world.make(kind, key)
        assert made.status_code == 201, made.text
        assert [one[f"{kind}_id"] for one in await world.listed(kind)] == [named(made.json(), kind)[0]]
    await world.accounts[0].audit.flush()
    entries = (await world.http.get("/api/audit", params={"limit": 500})).json()["entries"]
    noted = sorted(entry["action"] for entry in entries if entry["action"].endswith("_made"))
    assert noted == [f"{kind}_made" for kind in sorted(KINDS)]


async def test_no_secret_is_kept(world: World, postgres: PostgresServer, own_database: str) -> None:
    key = uuid4().hex
    secrets = [named((await world.make(kind, key)).json(), kind)[1] for kind in KINDS]
    for accounts in world.accounts:
        await accounts.audit.flush()
    with psycopg2.connect(postgres.address(own_database)) as connection, connection.cursor() as cursor:
        for table in ("chat_shares", "chat_keys", "chat_invitations", "chat_webhooks", "chat_audit"):
            cursor.execute(f"SELECT * FROM {table}")
            kept = str([[bytes(one) if isinstance(one, memoryview) else one for one in row] for row in cursor])
            assert len(kept) > 2
            for secret in (*secrets, key):
                assert secret.rpartition("_")[2] not in kept
