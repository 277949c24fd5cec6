"""Every door and every route, walked with accounts on by those who must not come in."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from tests.accounts import make_account
from tests.api.expected_doors import ADMIN, ANYBODY, BROWSER, CHAT, EXPECTED, READ, body_for, question_for
from tests.api.test_doors import CLOSED, as_listed, routes_of
from tests.histories import opened
from tests.postgres_servers import PostgresServer
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script
from thai_chat.accounts.passwords import LinkPasswords, Passwords
from thai_chat.accounts.service import AccountRules, Accounts
from thai_chat.api.app import build_app
from thai_chat.backends.registry import KINDS, build_backends
from thai_chat.chat.service import ChatService
from thai_chat.domain.accounts import Account, SignIn, hash_of_token, new_token, person_of_account
from thai_chat.domain.people import PersonRole, Scope
from thai_chat.domain.webhook_hosts import WebhookHosts
from thai_chat.gate.doors import DOORS
from thai_chat.gate.gate import Gate
from thai_chat.gate.people import Holders
from thai_chat.routing.router import Router
from thai_chat.settings import Settings
from thai_chat.sharing.service import Shares
from thai_chat.ui.page import mount_page
from thai_chat.webhooks.sender import HttpSender
from thai_chat.webhooks.service import Webhooks
from thai_chat.webhooks.signing import Signer

pytestmark = pytest.mark.asyncio(loop_scope="module")
SECRET = "somtam-9f3k"
REPLY = ("larb-7t2q",)
HOUR = timedelta(hours=1)
POSSESSIONS = ("/api/export", "/api/presets", "/api/keys", "/api/shares", "/api/webhooks", "/api/invitations")


@dataclass(frozen=True, slots=True)
class Walk:
    http: httpx.AsyncClient
    accounts: Accounts
    service: ChatService
    routes: list[tuple[str, frozenset[str]]]
    owner: Account

    async def cookie(self, account: Account, *, began: datetime | None = None) -> dict[str, str]:
        """Sign somebody in for an hour from `began` on, and return what their browser sends."""
        at, token = began or datetime.now(UTC), new_token()
        sign_in = SignIn(
            sign_in_id=uuid4(), account_id=account.account_id, created_at=at, used_at=at, expires_at=at + HOUR
        )
        await self.accounts.storage.sign_ins.add(sign_in, hash_of_token(token))
        return {"Cookie": f"thai_chat={token}"}

    async def key(self, account: Account, scope: Scope, *, lasts: timedelta = HOUR) -> dict[str, str]:
        person = person_of_account(account, uuid4())
        _, text = await self.accounts.keys.make(person, name=SECRET, scopes=[scope], lasts=lasts)
        return {"Authorization": f"Bearer {text}"}

    async def go(self, method: str, door: str, ids: dict[str, str], headers: dict[str, str]) -> httpx.Response:
        """Ask at a door as its page would, and require that nothing of the owner's comes back."""
        path = re.sub(
            r"\{(\w+)(:\w+)?\}", lambda part: ids.get(part[1], str(uuid4()) if part[2] == ":uuid" else "x"), door
        )
        body = body_for(method, door)
        asked = {"json": body} if body or method in ("POST", "PUT", "PATCH") else {}
        answer = await self.http.request(method, path, headers=headers, params=question_for(door), **asked)  # type: ignore[arg-type]
        told = f"{answer.text}{answer.headers}"
        assert SECRET not in told, f"{method} {door}"
        assert REPLY[0] not in told, f"{method} {door}"
        return answer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def walk(
    postgres: PostgresServer, database_name: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Walk]:
    """Yield the whole app, once, because it takes seconds to build, and who owns what is said in it."""
    async with AsyncExitStack() as stack:
        script = Script(tokens=REPLY, delay_ms=0)
        standin = await stack.enter_async_context(OpenAIStandin(models={"thai-model": 8192}, script=script))
        stores = await stack.enter_async_context(
            opened(postgres.address(database_name), tmp_path_factory.mktemp("walk"))
        )
        router = Router(build_backends(Settings(vllm_base_url=standin.base_url, ollama_host=None)), kinds=KINDS)
        stack.push_async_callback(router.close)
        await router.start()
        service = ChatService(stores.storage, router, max_history_messages=40)
        stack.push_async_callback(service.close)
        service.start()
        accounts = Accounts(stores.storage, AccountRules(), service)
        stack.push_async_callback(accounts.close)
        accounts.start()
        passwords = Passwords()
        stack.callback(passwords.close)
        sharing = Shares(stores.storage.shares, stores.storage.transfer, LinkPasswords(passwords))
        stack.push_async_callback(sharing.close)
        hosts = WebhookHosts(["localhost:9"])
        hooks = Webhooks(
            stores.storage.webhooks, stores.storage.webhook_outbox, hosts, Signer(b"k" * 32), HttpSender(hosts)
        )
        stack.push_async_callback(hooks.close)
        app = mount_page(build_app(service, accounts, sharing, hooks), service)
        gate = Gate(app, who=Holders(accounts.by_cookie, accounts.by_key), heads=app.state.heads)
        transport = httpx.ASGITransport(gate, client=("127.0.0.1", 1))
        http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://localhost"))
        owner = await make_account(accounts, password=None, role=PersonRole.ADMINISTRATOR)
        service.changes.close()  # a stream of them never ends, and here answers are read to their end
        yield Walk(http, accounts, service, list(routes_of(app.routes)), owner)


async def possessions(walk: Walk) -> dict[str, str]:
    """Let the owner say and make something, and return the ids of it."""
    mine = await walk.cookie(walk.owner)
    told = (await walk.http.post("/chat", json={"query": SECRET}, headers=mine)).json()
    session = f"/api/sessions/{told['session_id']}"
    named = await walk.http.patch(session, json={"session_name": SECRET, "tags": [SECRET]}, headers=mine)
    options = {"preset_name": SECRET, "options": {"system_prompt": SECRET}}
    preset = await walk.http.post("/api/presets", json=options, headers=mine)
    key = await walk.http.post("/api/keys", json={"name": SECRET, "scopes": ["read"]}, headers=mine)
    share = await walk.http.post(f"{session}/share", json={"password": SECRET}, headers=mine)
    wanted = {"url": "https://localhost:9/hook", "name": SECRET}
    webhook = await walk.http.post("/api/webhooks", json=wanted, headers=mine)
    invitation = await walk.http.post("/api/invitations", json={"role": "user", "name": SECRET}, headers=mine)
    assert [made.status_code for made in (named, preset, key, share, webhook, invitation)] == [200] + 5 * [201]
    (signed_in, *_) = (await walk.http.get("/api/me/sign-ins", headers=mine)).json()["sign_ins"]
    return {
        "session_id": told["session_id"],
        "message_id": told["message_id"],
        "preset_id": preset.json()["preset_id"],
        "key_id": key.json()["key_id"],
        "share_id": share.json()["share_id"],
        "webhook_id": webhook.json()["webhook_id"],
        "invitation_id": invitation.json()["invitation_id"],
        "sign_in_id": signed_in["sign_in_id"],
        "account_id": str(walk.owner.account_id),
    }


async def all_of(walk: Walk) -> str:
    """Return all that the owner has, without times at which it was looked at."""
    mine = await walk.cookie(walk.owner)
    parts = [(await walk.http.get(part, headers=mine)).text for part in POSSESSIONS]
    assert SECRET in parts[0]
    return re.sub(r'"(exported_at|used_at)":("[^"]*"|null)', "", "".join(parts))


def steps(*levels: str) -> Iterator[tuple[str, str, str]]:
    """Yield door, method and who may come in."""
    for door, methods in EXPECTED.items():
        for method, level in methods.items():
            if level in levels:
                yield door, method, level


async def test_every_door_is_in_the_table_with_its_methods() -> None:
    doors = {door.path: set(door.methods) for door in DOORS}
    assert {door: set(methods) for door, methods in EXPECTED.items()} == doors


async def test_every_route_is_in_the_table_or_shut(walk: Walk) -> None:
    for path, methods in walk.routes:
        listed = as_listed(path)
        assert listed in CLOSED or methods <= EXPECTED.get(listed, {}).keys(), listed


async def test_the_description_of_the_api_tells_who_may_come_in_by_each_door(walk: Walk) -> None:
    described = (await walk.http.get("/openapi.json", headers=await walk.cookie(walk.owner))).json()
    assert {way["type"] for way in described["components"]["securitySchemes"].values()} == {"apiKey", "http"}
    ways = {ANYBODY: [], BROWSER: [{"session": []}]}
    told = 0
    for door, method, level in steps(ANYBODY, READ, CHAT, ADMIN, BROWSER):
        operation = described["paths"].get(re.sub(r":\w+}", "}", door), {}).get(method.lower())
        if operation:
            told += 1
            expected = ways.get(level, described["security"])
            assert operation.get("security", described["security"]) == expected, f"{method} {door}"
    assert told > 50


async def test_who_is_not_known_gets_nothing_by_any_door(walk: Walk) -> None:
    ids, others = await possessions(walk), await make_account(walk.accounts, password=None)
    disabled = await make_account(walk.accounts, password=None)
    ended, revoked = await walk.cookie(others), await walk.key(others, Scope.CHAT)
    (signed_in,) = await walk.accounts.storage.sign_ins.of(others.account_id)
    for headers in (ended, revoked):
        assert (await walk.http.get("/api/me", headers=headers)).status_code == 200
    strangers = {
        "nobody": {},
        "a made up cookie": {"Cookie": f"thai_chat={new_token()}"},
        "a session that has expired": await walk.cookie(others, began=datetime.now(UTC) - 2 * HOUR),
        "a session that was ended": ended,
        "a disabled account's session": await walk.cookie(disabled),
        "a made up key": {"Authorization": "Bearer tc_aaaaaaaaaaaa_" + 43 * "A"},
        "no key at all": {"Authorization": "Bearer sk-1", **await walk.cookie(walk.owner)},
        "a key that has expired": await walk.key(others, Scope.CHAT, lasts=timedelta(microseconds=1)),
        "a key that was revoked": revoked,
        "a disabled account's key": await walk.key(disabled, Scope.CHAT),
    }
    now = datetime.now(UTC)
    await walk.accounts.storage.accounts.change(disabled.account_id, lambda account: replace(account, disabled_at=now))
    await walk.accounts.storage.sign_ins.end(others.account_id, signed_in.sign_in_id)
    walk.accounts.browsers.end(others.account_id, signed_in.sign_in_id)
    for key in await walk.accounts.keys.of(person_of_account(others, uuid4())):
        if key.key_id in revoked["Authorization"]:
            await walk.accounts.keys.revoke(person_of_account(others, uuid4()), key.key_id)
    before = await all_of(walk)
    for who, headers in strangers.items():
        for door, method, _ in steps(READ, CHAT, ADMIN, BROWSER):
            answer = await walk.go(method, door, ids, headers)
            assert answer.status_code == 401, f"{who}: {method} {door}"
            assert method == "HEAD" or answer.json()["error"]["code"] in ("sign_in_needed", "invalid_api_key")
    assert await all_of(walk) == before


async def test_a_browser_that_nobody_is_signed_in_with_is_sent_to_sign_in(walk: Walk) -> None:
    for path, where in (("/", "/sign-in"), ("/docs", "/sign-in?next=%2Fdocs")):
        answer = await walk.http.get(path, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["location"]) == (303, where)


async def test_what_is_open_to_anybody_tells_nothing_of_anybodys(walk: Walk) -> None:
    ids = await possessions(walk)
    for door, method, _ in steps(ANYBODY):
        answer = await walk.go(method, door, ids, {})
        assert answer.status_code not in (401, 403), f"{method} {door}"
        assert answer.status_code < 500
    states = (await walk.http.get("/readyz")).json()
    assert states["backends"]["vllm"] == {"state": "up", "error": None}
    assert "thai-model" not in str(states)
    known = (await walk.http.get("/readyz", headers=await walk.cookie(walk.owner))).json()
    assert known["backends"]["vllm"]["models"] == ["thai-model"]


async def test_a_key_of_too_small_a_scope_and_who_is_no_administrator_are_refused(walk: Walk) -> None:
    ids, other = await possessions(walk), await make_account(walk.accounts, password=None)
    read, chat = await walk.key(walk.owner, Scope.READ), await walk.key(walk.owner, Scope.CHAT)
    admin = await walk.key(walk.owner, Scope.ADMIN)
    before = await all_of(walk)
    for headers, levels, code in (
        (read, (CHAT, ADMIN, BROWSER), "scope_too_small"),
        (chat, (ADMIN, BROWSER), "scope_too_small"),
        (admin, (BROWSER,), "scope_too_small"),
        (await walk.cookie(other), (ADMIN,), "not_administrator"),
    ):
        for door, method, _ in steps(*levels):
            answer = await walk.go(method, door, ids, headers)
            assert answer.status_code == 403, f"{method} {door}"
            assert method == "HEAD" or answer.json()["error"]["code"] == code, f"{method} {door}"
    assert await all_of(walk) == before


async def test_what_is_somebody_elses_is_not_found_by_any_door(walk: Walk) -> None:
    ids = await possessions(walk)
    other = await walk.cookie(await make_account(walk.accounts, password=None))
    before = await all_of(walk)
    for door, method, _ in steps(READ, CHAT, BROWSER):
        if (method, door) in (("POST", "/api/sign-out"), ("DELETE", "/api/me")):
            continue  # the other person would be gone
        answer = await walk.go(method, door, ids, other)
        assert answer.status_code < 500, f"{method} {door}"
        if "{" in door:
            expected = 204 if door.endswith("/leave") else 404  # leaving what is not there is fine
            assert answer.status_code == expected, f"{method} {door}"
    named = {"query": "x", "session_id": ids["session_id"]}
    assert (await walk.http.post("/chat", json=named, headers=other)).status_code == 404
    chosen = await walk.http.post("/api/export", json={"session_ids": [ids["session_id"]]}, headers=other)
    assert SECRET not in chosen.text
    assert await all_of(walk) == before


async def test_gradios_own_ways_are_shut_for_everybody(walk: Walk) -> None:
    event = {"data": [], "fn_index": 0, "session_hash": "of-somebody"}
    signed_in = await walk.cookie(walk.owner)
    assert (await walk.http.post("/gradio_api/run/predict", json=event)).status_code == 401
    assert (await walk.http.post("/gradio_api/run/predict", json=event, headers=signed_in)).status_code == 200
    for headers in ({}, signed_in):
        for method, path in (
            ("POST", "/gradio_api/queue/join"),
            ("GET", "/gradio_api/queue/data?session_hash=of-somebody"),
            ("POST", "/gradio_api/cancel"),
            ("POST", "/gradio_api/reset"),
            ("GET", "/gradio_api/heartbeat/of-somebody"),
            ("GET", "/gradio_api/stream/of-somebody"),
            ("GET", "/gradio_api/stream/of-somebody/1/2/playlist.m3u8"),
            *((method, path) for path in sorted(CLOSED) for method in ("GET", "POST")),
        ):
            filled = re.sub(r"\{.*?\}", "of-somebody", path)
            answer = await walk.http.request(method, filled, json=event, headers=headers)
            assert answer.status_code == 404, f"{method} {path}"
