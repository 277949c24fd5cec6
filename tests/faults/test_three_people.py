"""Three people at once do what comes to their minds, through an outage and a kill: nothing of one is ever another's.

Each says a secret of their own in all that they write, and their model answers with it. Whatever the server tells one
of them is looked through for the secrets of the others.
"""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest

from tests.accounts import PASSWORD, sign_in
from tests.app import App, running_app
from tests.chats import ASYNC, until_away, until_stored
from tests.postgres_servers import PostgresServer, Proxy
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script
from thai_chat.accounts.passwords import Passwords
from thai_chat.domain.accounts import Account
from thai_chat.history.postgres.accounts import PostgresAccounts
from thai_chat.history.postgres.connections import Database

SECRETS = {"มะลิ": "ดอกลีลาวดีสีม่วง", "สมชาย": "กุญแจใต้กระถาง", "Robert": "heronsquadron"}
MODELS = dict(zip(SECRETS, ("one", "two", "three"), strict=True))
SETTINGS = {"AUTH": "password", "QUOTA_REQUESTS_MINUTE": "100000", "QUOTA_RUNNING_REPLIES": "1000"}
ACTIONS = 25
"""So many does each do in each part of the test."""
NOT_THEIRS = {404, 409, 503}
"""The answers to what is somebody else's: not found; while PostgreSQL is away also that it can't be told now."""


@dataclass(slots=True)
class Visitor:
    """Somebody with a browser, and what they know of others: ids, as from a log or over a shoulder."""

    name: str
    http: httpx.AsyncClient
    rng: random.Random
    sessions: list[str] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)
    """Sessions and messages in them."""
    keys: list[tuple[str, str]] = field(default_factory=list)
    """Sessions and idempotency keys of questions in them."""
    presets: list[str] = field(default_factory=list)
    shares: list[str] = field(default_factory=list)
    others: list[Visitor] = field(default_factory=list)
    seen: int = 0
    """The answers that were looked through."""
    refused: int = 0
    """How many of them refused what is somebody else's."""

    @property
    def secret(self) -> str:
        return SECRETS[self.name]

    async def does(self) -> None:
        action = self.rng.choice(DEEDS)
        await action(self)

    async def asks_for(self, method: str, path: str, **given: object) -> httpx.Response:
        """Return an answer that has nothing of another's; None of the server's failures is unexpected."""
        answer = await self.http.request(method, path, **given)  # type: ignore[arg-type]
        self.look_through(answer.text)
        assert answer.status_code < 500 or answer.status_code == 503, answer.text
        assert answer.status_code not in (401, 403), f"{method} {path} {answer.text}"
        return answer

    def look_through(self, text: str) -> None:
        self.seen += 1
        told = {text, json.dumps(text), text.encode().decode("unicode_escape", "replace") if "\\u" in text else text}
        for name, secret in SECRETS.items():
            if name != self.name:
                assert not any(secret in one for one in told), f"{self.name} was told of {name}: {text[:300]}"

    async def is_refused(self, method: str, path: str, **given: object) -> None:
        answer = await self.asks_for(method, path, **given)
        assert answer.status_code in NOT_THEIRS, f"{method} {path}: {answer.status_code} {answer.text}"
        self.refused += 1

    def of_another(self, what: Callable[[Visitor], list[str]]) -> str:
        """Return an id of somebody else's; one that nobody has when there is none yet."""
        found = [one for other in self.others for one in what(other)]
        return self.rng.choice(found) if found else str(uuid.uuid4())

    def message_of_another(self) -> tuple[str, str]:
        found = [one for other in self.others for one in other.messages]
        return self.rng.choice(found) if found else (str(uuid.uuid4()), str(uuid.uuid4()))


async def ask(one: Visitor) -> None:
    session_id = one.rng.choice([*one.sessions[-3:], str(uuid.uuid4())])
    key = uuid.uuid4().hex
    body = {"query": f"{one.secret} {one.rng.random()}", "model": MODELS[one.name], "idempotency_key": key}
    answer = await one.asks_for("POST", f"/api/sessions/{session_id}/messages", json=body, headers=ASYNC)
    if answer.status_code == 202:
        if session_id not in one.sessions:
            one.sessions.append(session_id)
        one.messages.append((session_id, answer.json()["message_id"]))
        one.keys.append((session_id, key))


async def ask_where_another_is(one: Visitor) -> None:
    session_id = one.of_another(lambda other: other.sessions)
    if not any(session_id in other.sessions for other in one.others):
        return
    body = {"query": f"{one.secret} ที่อื่น", "model": MODELS[one.name]}
    await one.is_refused("POST", f"/api/sessions/{session_id}/messages", json=body, headers=ASYNC)


async def ask_with_anothers_key(one: Visitor) -> None:
    found = [pair for other in one.others for pair in other.keys]
    if found:
        session_id, key = one.rng.choice(found)
        body = {"query": f"{one.secret} ซ้ำ", "model": MODELS[one.name], "idempotency_key": key}
        await one.is_refused("POST", f"/api/sessions/{session_id}/messages", json=body, headers=ASYNC)


async def open_own(one: Visitor) -> None:
    if one.sessions:
        answer = await one.asks_for("GET", f"/api/sessions/{one.rng.choice(one.sessions)}/messages")
        assert answer.status_code in (200, 503)


async def open_anothers(one: Visitor) -> None:
    session_id = one.of_another(lambda other: other.sessions)
    path = one.rng.choice(["", "/messages", "/deleted", "/export?format=json", "/export?format=md", "/events"])
    await one.is_refused("GET", f"/api/sessions/{session_id}{path}")


async def change_anothers(one: Visitor) -> None:
    session_id, message_id = one.message_of_another()
    method, path, body = one.rng.choice(
        [
            ("PATCH", "", {"session_name": one.secret}),
            ("POST", f"/messages/{message_id}/replies", {}),
            ("PATCH", f"/messages/{message_id}", {"deleted": True}),
            ("PUT", f"/messages/{message_id}/rating", {"value": 1}),
            ("PUT", f"/messages/{message_id}/preference", {"over": [str(uuid.uuid4())]}),
            ("POST", "/share", {}),
        ]
    )
    await one.is_refused(method, f"/api/sessions/{session_id}{path}", json=body)


async def read_anothers_versions(one: Visitor) -> None:
    session_id, message_id = one.message_of_another()
    await one.is_refused("GET", f"/api/sessions/{session_id}/messages/{message_id}/versions")


async def delete_anothers(one: Visitor) -> None:
    """Delete what is another's: as nothing is there for them that is fine, and what it did is seen in the end."""
    session_id, message_id = one.message_of_another()
    path = one.rng.choice([f"{session_id}?permanent=true", f"{session_id}/messages/{message_id}?permanent=true"])
    await one.asks_for("DELETE", f"/api/sessions/{path}")


async def stop_anothers(one: Visitor) -> None:
    await one.is_refused("POST", f"/api/sessions/{one.of_another(lambda other: other.sessions)}/stop")


async def look_around(one: Visitor) -> None:
    path = one.rng.choice(
        [
            "/api/sessions?limit=200",
            "/api/sessions/labels",
            "/api/statistics",
            "/api/statistics/questions",
            "/api/statistics/sessions",
            "/api/statistics/messages",
            "/api/presets",
            "/api/models",
            "/api/shares",
            "/api/keys",
            "/api/me",
            "/api/me/sign-ins",
            "/api/export",
            "/readyz",
        ]
    )
    await one.asks_for("GET", path)


async def search(one: Visitor) -> None:
    for secret in SECRETS.values():
        answer = await one.http.get("/api/search", params={"q": secret})
        if answer.status_code != 200:
            assert answer.status_code == 503, answer.text
            continue
        one.seen += 1
        found = answer.json()["results"]
        assert secret == one.secret or found == [], f"{one.name} found {secret}"
        # Imports and questions without an answer make sessions too that are not among the person's own here.
        assert not {hit["session_id"] for hit in found} & {id_ for other in one.others for id_ in other.sessions}


async def make_preset(one: Visitor) -> None:
    body = {"preset_name": f"{one.secret} {one.rng.random()}", "options": {"temperature": 0.3}}
    answer = await one.asks_for("POST", "/api/presets", json=body)
    if answer.status_code < 300:
        one.presets.append(answer.json()["preset_id"])


async def change_anothers_preset(one: Visitor) -> None:
    preset_id = one.of_another(lambda other: other.presets)
    await one.is_refused("PATCH", f"/api/presets/{preset_id}", json={"preset_name": one.secret})


async def import_under_anothers_ids(one: Visitor) -> None:
    session_id, message_id = one.message_of_another()
    said = {"message_id": message_id, "session_id": session_id, "role": "user", "content": f"{one.secret} นำเข้า"}
    whole = {"format": "thai-chat", "version": 1, "sessions": [{"session_id": session_id, "messages": [said]}]}
    await one.asks_for("POST", "/api/import", files={"file": ("own.json", json.dumps(whole))})


DEEDS: list[Callable[[Visitor], Awaitable[None]]] = [
    *[ask] * 6,
    *[open_own, look_around, search] * 2,
    ask_where_another_is,
    ask_with_anothers_key,
    open_anothers,
    change_anothers,
    read_anothers_versions,
    delete_anothers,
    stop_anothers,
    make_preset,
    change_anothers_preset,
    import_under_anothers_ids,
]


@pytest.fixture
async def model() -> AsyncIterator[OpenAIStandin]:
    """Yield a server on which each one's model says their secret."""
    scripts = {model: Script(tokens=tuple(f"{SECRETS[name]} ") * 6, delay_ms=5) for name, model in MODELS.items()}
    async with OpenAIStandin(models=dict.fromkeys(scripts, 8192), scripts=scripts) as server:
        yield server


async def make_accounts(address: str) -> dict[str, Account]:
    """Store the accounts, in a database that has its tables."""
    database, passwords, made = Database(address), Passwords(), {}
    for name in SECRETS:
        made[name] = await PostgresAccounts(database).add(
            Account(
                account_id=uuid.uuid4(),
                user_id=uuid.uuid4().hex,
                name=name,
                display_name=name,
                password_hash=await passwords.hash(PASSWORD),
                created_at=datetime.now(UTC),
            )
        )
    await database.close()
    passwords.close()
    return made


async def all_do(visitors: list[Visitor], actions: int = ACTIONS) -> None:
    async def does(one: Visitor) -> None:
        for _ in range(actions):
            await one.does()

    await asyncio.gather(*(does(one) for one in visitors))


async def all_do_until_killed(visitors: list[Visitor], app: App) -> None:
    async def does(one: Visitor) -> None:
        while True:
            try:
                await one.does()
            except httpx.TransportError:
                return

    doing = asyncio.gather(*(does(one) for one in visitors))
    await asyncio.sleep(1)
    await app.kill()
    await doing


def rows_of_others(postgres: PostgresServer, database: str, accounts: dict[str, Account]) -> list[tuple[object, ...]]:
    """Return what is stored of one's words with another, wherever there are words."""
    wrong: list[tuple[object, ...]] = []
    for name, account in accounts.items():
        for query in (
            "SELECT s.user_id, m.content FROM chat_messages m JOIN chat_sessions s USING (session_id) "
            "WHERE strpos(m.content || s.session_name, %s) > 0",
            "SELECT user_id, preset_name FROM chat_presets WHERE strpos(preset_name, %s) > 0",
            "SELECT user_id, snapshot::text FROM chat_shares WHERE strpos(snapshot::text, %s) > 0",
        ):
            found = postgres.query(query, SECRETS[name], database=database)
            wrong += [row for row in found if row[0] != account.user_id]
    return wrong


@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_of_one_is_ever_anothers(seed: int, model: OpenAIStandin, postgres: PostgresServer) -> None:
    proxy = Proxy(postgres.port)
    database = postgres.new_database()
    address = postgres.address(database, port=proxy.port)
    try:
        async with (
            running_app(VLLM_BASE_URL=model.base_url, DATABASE_URL=address, **SETTINGS) as app,
            AsyncExitStack() as stack,
        ):
            accounts = await make_accounts(address)
            visitors = [
                Visitor(
                    name,
                    await stack.enter_async_context(httpx.AsyncClient(base_url=app.address, timeout=60)),
                    random.Random(seed * 10 + number),
                )
                for number, name in enumerate(SECRETS)
            ]
            for one in visitors:
                one.others = [other for other in visitors if other is not one]
                await sign_in(one.http, one.name)
            await all_do(visitors)
            await asyncio.to_thread(proxy.refuse)
            await until_away(visitors[0].http)
            await all_do(visitors)
            await asyncio.to_thread(proxy.resume)
            await until_stored(visitors[0].http, within_s=20)
            await all_do_until_killed(visitors, app)
            await app.start()
            await until_stored(visitors[0].http, within_s=20)
            await all_do(visitors)
            await until_stored(visitors[0].http, within_s=20)
            assert await asyncio.to_thread(rows_of_others, postgres, database, accounts) == []
            for one in visitors:
                assert one.seen > ACTIONS
                assert one.refused > 5
                for session_id in one.sessions:
                    assert (await one.http.get(f"/api/sessions/{session_id}")).status_code == 200
    finally:
        proxy.close()
