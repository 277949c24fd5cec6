"""`/api/webhooks` over HTTP, on a real PostgreSQL, with a receiver that is real too."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import BaseModel

from tests.accounts import make_account
from tests.foreign_exports import as_file, chatgpt_conversation
from tests.histories import OpenStores, opened
from tests.hooked import KEY, QUICK, is_signed
from tests.postgres_servers import PostgresServer
from tests.served import api_over
from tests.standins.openai_server import OpenAIStandin
from tests.standins.receiver import Receiver
from thai_chat.accounts.service import AccountRules, Accounts
from thai_chat.api import webhook_events
from thai_chat.backends.registry import KINDS, build_backends
from thai_chat.chat.service import ChatService
from thai_chat.domain.accounts import person_of_account
from thai_chat.domain.audit import Action, AuditQuery
from thai_chat.domain.people import Scope
from thai_chat.domain.webhook_hosts import WebhookHosts
from thai_chat.domain.webhooks import MOST_WEBHOOKS
from thai_chat.gate.gate import Gate
from thai_chat.gate.people import Holders
from thai_chat.routing.router import Router
from thai_chat.settings import Settings
from thai_chat.webhooks.sender import HttpSender
from thai_chat.webhooks.service import Webhooks
from thai_chat.webhooks.signing import Signer

EVENTS: dict[str, type[BaseModel]] = {
    "reply.finished": webhook_events.ReplyFinishedEvent,
    "session.created": webhook_events.SessionCreatedEvent,
    "feedback.given": webhook_events.FeedbackGivenEvent,
    "ping": webhook_events.PingEvent,
}


@dataclass(slots=True)
class World:
    http: httpx.AsyncClient
    stores: OpenStores
    accounts: Accounts
    receiver: Receiver
    hosts: WebhookHosts
    hooks: Webhooks
    service: ChatService

    async def key(self) -> dict[str, str]:
        """Return what a program of somebody new sends."""
        account = await make_account(self.accounts, password=None)
        person = person_of_account(account, uuid4())
        _, text = await self.accounts.keys.make(person, name="n8n", scopes=[Scope.CHAT])
        return {"Authorization": f"Bearer {text}"}

    async def make(self, mine: dict[str, str], **wanted: Any) -> dict[str, Any]:
        answer = await self.http.post("/api/webhooks", json={"url": self.receiver.url, **wanted}, headers=mine)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


@pytest.fixture
async def world(
    postgres: PostgresServer, own_database: str, standin: OpenAIStandin, tmp_path: Any
) -> AsyncIterator[World]:
    router = Router(build_backends(Settings(vllm_base_url=standin.base_url, ollama_host=None)), kinds=KINDS)
    await router.start()
    async with Receiver() as receiver, opened(postgres.address(own_database), tmp_path) as stores:
        storage = stores.storage
        service = ChatService(storage, router, max_history_messages=20)
        service.start()
        accounts = Accounts(storage, AccountRules(), service)
        accounts.start()
        hosts = WebhookHosts([receiver.host, "hooks.example.org"])
        hooks = Webhooks(storage.webhooks, storage.webhook_outbox, hosts, Signer(KEY), HttpSender(hosts), pace=QUICK)
        hooks.start()
        service.changes.also = hooks.wake
        with api_over(service, accounts, None, hooks) as api:
            app = Gate(api, who=Holders(accounts.by_cookie, accounts.by_key))
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
                yield World(http, stores, accounts, receiver, hosts, hooks, service)
        await hooks.close()
        await accounts.close()
        await service.close()
    await router.close()


async def test_a_program_makes_a_webhook_and_is_told_of_a_turn(world: World) -> None:
    mine = await world.key()
    made = await world.make(mine, name="n8n", events=["reply.finished", "session.created"])
    assert made["secret"].startswith("whsec_")
    assert made["enabled"]
    asked = await world.http.post("/chat", json={"query": "ขอสูตรส้มตำ"}, headers=mine)
    told = {one.told["type"]: one for one in await world.receiver.until(2)}
    finished = told["reply.finished"]
    assert finished.data["message_id"] == asked.json()["message_id"]
    assert told["session.created"].data["session_id"] == asked.json()["session_id"]
    assert is_signed(finished, made["secret"])
    assert "ส้มตำ" not in finished.body.decode()
    listed = await world.http.get(f"/api/webhooks/{made['webhook_id']}/deliveries", headers=mine)
    assert {one["delivery_id"] for one in listed.json()["deliveries"]} == {
        one.headers["webhook-id"] for one in told.values()
    }


async def test_a_secret_is_shown_once_and_logged_never(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    mine = await world.key()
    made = await world.make(mine)
    place = f"/api/webhooks/{made['webhook_id']}"
    world.receiver.status = 500
    await world.http.post(f"{place}/test", headers=mine)
    renewed = (await world.http.post(f"{place}/secret", headers=mine)).json()
    assert renewed["secret"] != made["secret"]
    assert renewed["previous_secret_until"]
    told = "".join(
        [(await world.http.get(path, headers=mine)).text for path in ("/api/webhooks", place, f"{place}/deliveries")]
    )
    for secret in (made["secret"], renewed["secret"]):
        assert secret not in told
        assert secret.removeprefix("whsec_") not in caplog.text
    assert world.receiver.url not in caplog.text


async def test_a_test_says_in_words_what_became_of_it(world: World) -> None:
    mine = await world.key()
    made = await world.make(mine)
    place = f"/api/webhooks/{made['webhook_id']}/test"
    good = (await world.http.post(place, headers=mine)).json()
    assert (good["state"], good["status_code"], good["error"], good["event"]) == ("delivered", 200, None, "ping")
    world.receiver.status = 503
    bad = (await world.http.post(place, headers={**mine, "Accept-Language": "en"})).json()
    assert (bad["state"], bad["error_code"], bad["error"]) == ("failed", "webhook_status", "The receiver answered 503.")
    thai = (await world.http.post(place, headers={**mine, "Accept-Language": "th"})).json()
    assert thai["error"] == "ผู้รับตอบ 503"


async def test_a_webhook_is_changed_and_deleted(world: World) -> None:
    mine = await world.key()
    made = await world.make(mine)
    place = f"/api/webhooks/{made['webhook_id']}"
    changed = await world.http.patch(place, json={"name": "ใหม่", "events": ["feedback.given"]}, headers=mine)
    assert (changed.json()["name"], changed.json()["events"]) == ("ใหม่", ["feedback.given"])
    assert changed.json()["url"] == made["url"]
    off = await world.http.patch(place, json={"enabled": False}, headers=mine)
    assert (off.json()["enabled"], off.json()["disabled_by"]) == (False, "person")
    on = await world.http.patch(place, json={"enabled": True}, headers=mine)
    assert (on.json()["enabled"], on.json()["disabled_by"]) == (True, None)
    assert (await world.http.get(place, headers=mine)).json() == on.json()
    assert (await world.http.delete(place, headers=mine)).status_code == 204
    assert (await world.http.get(place, headers=mine)).status_code == 404
    assert (await world.http.get("/api/webhooks", headers=mine)).json() == {"enabled": True, "webhooks": []}


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        ({"url": "https://evil.example/"}, 400, "webhook_host_not_allowed"),
        ({"url": "http://hooks.example.org/"}, 400, "webhook_host_not_allowed"),
        ({"url": "ftp://hooks.example.org/"}, 400, "bad_webhook_url"),
        ({"url": "https://hooks.example.org/", "events": []}, 400, "bad_input"),
        ({"url": "https://hooks.example.org/", "events": ["ping"]}, 400, "bad_input"),
        ({"url": "https://hooks.example.org/", "name": "a\nb"}, 400, "bad_input"),
        ({"url": "https://hooks.example.org/", "secret": "whsec_x"}, 400, "bad_input"),
        ({}, 400, "bad_input"),
    ],
    ids=["host", "no tls", "scheme", "no event", "ping", "name", "unknown field", "no url"],
)
async def test_what_can_not_be_is_refused(world: World, wanted: dict[str, Any], status: int, code: str) -> None:
    answer = await world.http.post("/api/webhooks", json=wanted, headers=await world.key())
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_nobody_sees_or_changes_what_is_somebody_elses(world: World) -> None:
    mine, others = await world.key(), await world.key()
    place = f"/api/webhooks/{(await world.make(mine))['webhook_id']}"
    assert (await world.http.get("/api/webhooks", headers=others)).json()["webhooks"] == []
    for method, path in (
        ("GET", place),
        ("PATCH", place),
        ("DELETE", place),
        ("POST", f"{place}/test"),
        ("POST", f"{place}/secret"),
        ("GET", f"{place}/deliveries"),
    ):
        body = {"json": {"name": "x"}} if method == "PATCH" else {}
        answer = await world.http.request(method, path, headers=others, **body)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "webhook_not_found"), path
    assert (await world.http.get(place, headers=mine)).json()["name"] == ""
    assert world.receiver.received == []


async def test_the_log_has_who_made_changed_and_deleted_a_webhook(world: World) -> None:
    mine = await world.key()
    made = await world.make(mine)
    place = f"/api/webhooks/{made['webhook_id']}"
    await world.http.patch(place, json={"include_content": True}, headers=mine)
    await world.http.post(f"{place}/secret", headers=mine)
    await world.http.delete(place, headers=mine)
    entries = [one for one in await world.accounts.audit.page(AuditQuery()) if one.target == made["webhook_id"]]
    assert [one.action for one in reversed(entries)] == [
        Action.WEBHOOK_MADE,
        Action.WEBHOOK_CHANGED,
        Action.WEBHOOK_SECRET_MADE,
        Action.WEBHOOK_DELETED,
    ]
    assert all(one.key_id for one in entries)
    assert "http" not in str([one.details for one in entries])


async def test_a_person_has_some_webhooks_and_no_more(world: World) -> None:
    mine = await world.key()
    made = [await world.make(mine) for _ in range(MOST_WEBHOOKS - 1)]
    wanted = {"url": world.receiver.url}
    two = await asyncio.gather(*(world.http.post("/api/webhooks", json=wanted, headers=mine) for _ in range(2)))
    assert sorted(answer.status_code for answer in two) == [201, 409]
    assert len((await world.http.get("/api/webhooks", headers=mine)).json()["webhooks"]) == len(made) + 1


async def test_temporary_sessions_and_imports_tell_nothing(world: World) -> None:
    mine = await world.key()
    await world.make(mine)
    hidden = str(uuid4())
    asked = {"query": "ลับ", "temporary": True}
    begun = await world.http.post(f"/api/sessions/{hidden}/messages", json=asked, headers=mine)
    assert begun.status_code == 200, begun.text
    files = [("files", ("chats.json", as_file([chatgpt_conversation()]), "application/json"))]
    imported = await world.http.post("/api/import", files=files, headers=mine)
    assert imported.json()["sessions"] == 1, imported.text
    last = await world.http.post("/chat", json={"query": "จริง"}, headers=mine)
    told = await world.receiver.until(2)
    assert [one.data["session_id"] for one in told] == 2 * [last.json()["session_id"]]


@pytest.mark.parametrize("include_content", [False, True], ids=["ids", "texts"])
async def test_what_is_sent_is_as_the_description_of_the_api_says(world: World, *, include_content: bool) -> None:
    mine = await world.key()
    made = await world.make(mine, include_content=include_content)
    asked = (await world.http.post("/chat", json={"query": "ขอสูตรส้มตำ"}, headers=mine)).json()
    message = f"/api/sessions/{asked['session_id']}/messages/{asked['message_id']}"
    await world.http.put(f"{message}/rating", json={"value": 1, "reason": "ดี"}, headers=mine)
    await world.http.post(f"/api/webhooks/{made['webhook_id']}/test", headers=mine)
    received = await world.receiver.until(4)
    described = (await world.http.get("/openapi.json", headers=mine)).json()
    assert {one.told["type"] for one in received} == set(described["webhooks"])
    for one in received:
        model = EVENTS[one.told["type"]].model_validate_json(one.body)
        assert set(one.told) == set(type(model).model_fields)
        assert set(one.data) <= set(type(model.data).model_fields)  # type: ignore[attr-defined]
        assert ("content" in one.data or "reason" in one.data or "session_name" in one.data) is (
            include_content and one.told["type"] != "ping"
        )
