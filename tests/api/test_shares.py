"""Links to snapshots over HTTP, on a real PostgreSQL: who can do what, and what is behind a link."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.datastructures import Headers
from starlette.types import Scope

from tests.histories import PostgresStores, straight, until
from tests.history_writes import ANSWER, QUESTION, again, delete, finish, purge, update, whole_reply, whole_turn
from tests.postgres_servers import PostgresServer
from tests.served import api_over
from tests.standins.openai_server import OpenAIStandin
from thai_chat.accounts.passwords import LinkPasswords, Passwords
from thai_chat.accounts.service import AccountRules, Accounts
from thai_chat.backends.registry import KINDS, build_backends
from thai_chat.chat.service import ChatService
from thai_chat.domain.audit import AuditQuery
from thai_chat.domain.facts import ReplyFacts
from thai_chat.domain.messages import Turn
from thai_chat.domain.people import LOCAL, Person
from thai_chat.domain.shares import MOST_SHARES, SNAPSHOT_BYTES
from thai_chat.gate.gate import Gate
from thai_chat.routing.router import Router
from thai_chat.settings import Settings
from thai_chat.sharing.service import Shares

OWNER = "มะลิ"
PROMPT = "ตอบเป็นกลอนสี่เท่านั้น"
THOUGHT = "ฉันคิดเรื่องน้ำจิ้มอยู่"


@dataclass(slots=True)
class World:
    http: httpx.AsyncClient
    history: PostgresStores
    accounts: Accounts
    now: datetime

    async def share(self, turn: Turn, **wanted: Any) -> dict[str, Any]:
        address = f"/api/sessions/{turn.session.session_id}/share"
        made = await self.http.post(address, json=wanted, headers=as_person(OWNER))
        assert made.status_code == 201, made.text
        body: dict[str, Any] = made.json()
        return body

    async def shares(self, who: str = OWNER) -> list[dict[str, Any]]:
        listed = await self.http.get("/api/shares", headers=as_person(who))
        shares: list[dict[str, Any]] = listed.json()["shares"]
        return shares


def as_person(user_id: str) -> dict[str, str]:
    return {"x-who": user_id.encode().hex()}


async def person_in(scope: Scope) -> Person:
    return replace(LOCAL, user_id=bytes.fromhex(Headers(scope=scope).get("x-who", "")).decode())


@pytest.fixture
async def history(postgres: PostgresServer, own_database: str) -> AsyncIterator[PostgresStores]:
    async with straight(postgres.address(own_database)) as history:
        yield history


@pytest.fixture
async def world(history: PostgresStores, standin: OpenAIStandin) -> AsyncIterator[World]:
    settings = Settings(vllm_base_url=standin.base_url, ollama_host=None)
    router = Router(build_backends(settings), kinds=KINDS)
    await router.start()
    service = ChatService(history.storage, router, max_history_messages=20)
    service.start()
    storage = history.storage
    accounts = Accounts(storage, AccountRules())
    world = World(httpx.AsyncClient(), history, accounts, datetime.now(UTC))
    passwords = Passwords(memory_kib=64, passes=1)
    sharing = Shares(storage.shares, storage.transfer, LinkPasswords(passwords), clock=lambda: world.now)
    with api_over(service, accounts, sharing) as api:
        app = httpx.ASGITransport(Gate(api, who=person_in))
        async with httpx.AsyncClient(transport=app, base_url="http://localhost") as world.http:
            yield world
    await sharing.close()
    await accounts.close()
    passwords.close()
    await service.close()
    await router.close()


async def test_a_link_shows_what_was_said_when_it_was_made(world: World) -> None:
    turn = await whole_turn(world.history, OWNER)
    made = await world.share(turn)
    assert made["url"].startswith("http://localhost/s/")
    assert len(made["url"].rpartition("/")[2]) >= 22  # 128 bits
    await whole_turn(world.history, OWNER, turn.session.session_id, question="ข้อความใหม่")
    page = await world.http.get(made["url"])
    assert page.status_code == 200
    assert QUESTION in page.text
    assert ANSWER in page.text
    assert "typhoon-8b" in page.text
    assert "ข้อความใหม่" not in page.text
    for inside in (turn.session.session_id, turn.question.message_id, turn.reply.message_id, made["share_id"], "vllm"):
        assert str(inside) not in page.text


async def test_only_what_is_ticked_is_shared(world: World) -> None:
    turn = await whole_turn(world.history, OWNER)
    await world.history.write(update(turn, options={"system_prompt": PROMPT}))
    write = again(turn)
    await world.history.write(write)
    await world.history.write(finish(write, metadata=ReplyFacts(reasoning=THOUGHT).to_metadata()))
    await add_document(world, str(write.reply_id))
    plain = (await world.http.get((await world.share(turn))["url"])).text
    assert PROMPT not in plain
    assert THOUGHT not in plain
    assert "สูตรลับ" not in plain
    ticked = await world.share(turn, with_system_prompt=True, with_reasoning=True, with_documents=True)
    page = (await world.http.get(ticked["url"])).text
    for shared in (PROMPT, THOUGHT, "สูตรลับ", "ตำรา.pdf"):
        assert shared in page


async def add_document(world: World, message_id: str) -> None:
    def add(connection: Any) -> None:
        connection.exec_driver_sql(
            "INSERT INTO message_contexts (id, message_id, doc_id, content) VALUES (%s, %s, 'ตำรา.pdf', 'สูตรลับ')",
            (str(uuid4()), message_id),
        )

    await world.history.database.run(add)


async def test_another_branch_is_shared_by_its_last_message(world: World) -> None:
    turn = await whole_turn(world.history, OWNER)
    await whole_reply(world.history, turn, "คำตอบที่สอง")
    shown = (await world.http.get((await world.share(turn))["url"])).text
    assert "คำตอบที่สอง" in shown
    assert ANSWER not in shown
    other = (await world.http.get((await world.share(turn, leaf_id=str(turn.reply.message_id)))["url"])).text
    assert ANSWER in other
    assert "คำตอบที่สอง" not in other
    elsewhere = await whole_turn(world.history, OWNER)
    refused = await world.http.post(
        f"/api/sessions/{turn.session.session_id}/share",
        json={"leaf_id": str(elsewhere.reply.message_id)},
        headers=as_person(OWNER),
    )
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "message_not_found")


async def test_a_deleted_message_is_not_shared(world: World) -> None:
    turn = await whole_turn(world.history, OWNER)
    await world.history.write(delete(turn, turn.question.message_id))
    page = (await world.http.get((await world.share(turn))["url"])).text
    assert QUESTION not in page
    assert ANSWER in page


@pytest.mark.parametrize("prefix", ["/api/sessions", "/api/conversations", "/conversations"])
async def test_nobody_elses_session_is_shared_nor_link_seen_nor_ended(world: World, prefix: str) -> None:
    turn = await whole_turn(world.history, OWNER)
    refused = await world.http.post(f"{prefix}/{turn.session.session_id}/share", headers=as_person("สมชาย"))
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "session_not_found")
    made = await world.share(turn)
    assert await world.shares("สมชาย") == []
    ended = await world.http.delete(f"/api/shares/{made['share_id']}", headers=as_person("สมชาย"))
    assert (ended.status_code, ended.json()["error"]["code"]) == (404, "share_not_found")
    assert (await world.http.get(made["url"])).status_code == 200


async def test_links_that_lead_nowhere_are_one_and_the_same_page(world: World) -> None:
    turns = [await whole_turn(world.history, OWNER) for _ in range(4)]
    urls = [(await world.share(turn))["url"] for turn in turns]
    ended = await world.share(turns[0], expires_in_s=60)
    for share in await world.shares():
        if share["session_id"] == str(turns[1].session.session_id):
            gone = await world.http.delete(f"/api/shares/{share['share_id']}", headers=as_person(OWNER))
            assert gone.status_code == 204
    await world.history.write(update(turns[2], deleted=True))
    await world.history.write(purge(turns[3]))
    world.now += timedelta(seconds=61)
    unknown = "http://localhost/s/" + "A" * 43
    answers = [await world.http.get(url) for url in (ended["url"], *urls[1:], unknown, unknown + "A" * 100)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert (await world.http.get(urls[0])).status_code == 200


async def test_the_list_tells_views_and_nothing_secret(world: World) -> None:
    turn = await whole_turn(world.history, OWNER)
    made = await world.share(turn, expires_in_s=3600, password="น้ำจิ้มลับ")
    await world.http.get(made["url"])  # asks for the password: no view
    await world.http.head(made["url"])
    for _ in range(2):
        assert (await world.http.post(made["url"], data={"password": "น้ำจิ้มลับ"})).status_code == 200
    await until(lambda: has_views(world, 2))
    (listed,) = await world.shares()
    assert listed["session_name"] == turn.session.session_name
    assert (listed["has_password"], listed["revoked_at"]) == (True, None)
    assert datetime.fromisoformat(listed["expires_at"]) == world.now + timedelta(hours=1)
    assert listed.keys() >= {"share_id", "session_id", "created_at", "viewed_at"}
    assert made["url"].rpartition("/")[2] not in str(listed)
    assert "argon2" not in str(listed)


async def has_views(world: World, count: int) -> bool:
    return bool((await world.shares())[0]["views"] == count)


async def test_a_password_is_asked_for_and_guesses_are_counted(world: World) -> None:
    turn = await whole_turn(world.history, OWNER)
    made = await world.share(turn, password="น้ำจิ้มลับ")
    asked = await world.http.get(made["url"], headers={"Accept-Language": "th"})
    assert asked.status_code == 200
    assert QUESTION not in asked.text
    assert '<form method="post">' in asked.text
    for _ in range(10):
        wrong = await world.http.post(made["url"], data={"password": "ลองเดา"}, headers={"Accept-Language": "th"})
        assert (wrong.status_code, "รหัสผ่านไม่ถูกต้อง" in wrong.text) == (403, True)
        assert QUESTION not in wrong.text
    stopped = await world.http.post(made["url"], data={"password": "น้ำจิ้มลับ"})
    assert stopped.status_code == 429
    assert int(stopped.headers["retry-after"]) > 0
    body = {"token": made["url"].rpartition("/")[2], "password": "น้ำจิ้มลับ"}
    again = await world.http.post("/api/shares/continue", json=body, headers=as_person("สมชาย"))
    assert (again.status_code, again.json()["error"]["code"]) == (429, "too_many_attempts")


async def test_somebody_goes_on_with_it_as_a_session_of_their_own(world: World, standin: OpenAIStandin) -> None:
    turn = await whole_turn(world.history, OWNER)
    await world.history.write(update(turn, options={"system_prompt": PROMPT}))
    made = await world.share(turn, password="ลับสุด", with_system_prompt=True)
    body = {"token": made["url"].rpartition("/")[2]}
    asked = await world.http.post("/api/shares/continue", json=body, headers=as_person("สมชาย"))
    assert (asked.status_code, asked.json()["error"]["code"]) == (403, "share_password_needed")
    body["password"] = "ลับสุด"
    answer = await world.http.post("/api/shares/continue", json=body, headers=as_person("สมชาย"))
    assert answer.status_code == 200, answer.text
    session_id = answer.json()["session_id"]
    assert session_id != str(turn.session.session_id)
    said = await world.http.post(
        f"/api/sessions/{session_id}/messages", json={"query": "แล้วน้ำซุปล่ะ"}, headers=as_person("สมชาย")
    )
    assert said.status_code == 200, said.text
    sent = standin.seen[-1].body["messages"]
    assert [one["content"] for one in sent] == [PROMPT, QUESTION, ANSWER, "แล้วน้ำซุปล่ะ"]
    shown = await world.http.get(f"/api/sessions/{session_id}/messages", headers=as_person("สมชาย"))
    assert len(shown.json()["history"]) == 4
    mine = await world.http.get(f"/api/sessions/{session_id}", headers=as_person(OWNER))
    assert mine.status_code == 404


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"expires_in_s": 0}, "bad_input"),
        ({"expires_in_s": 10**10}, "bad_input"),
        ({"password": "ab"}, "bad_share_password"),
        ({"password": "a" * 201}, "bad_share_password"),
        ({"passwort": "lang genug"}, "bad_input"),
        ({"timezone": "Asia/Nowhere"}, "bad_input"),
    ],
)
async def test_what_can_not_be_is_refused(world: World, wanted: dict[str, Any], code: str) -> None:
    turn = await whole_turn(world.history, OWNER)
    address = f"/api/sessions/{turn.session.session_id}/share"
    answer = await world.http.post(address, json=wanted, headers=as_person(OWNER))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert await world.shares() == []


async def test_a_session_that_is_too_large_or_empty_is_told_so(world: World) -> None:
    turn = await whole_turn(world.history, OWNER)
    write = again(turn)
    await world.history.write(write)
    await world.history.write(finish(write, "ก" * (SNAPSHOT_BYTES // 3 + 1)))
    address = f"/api/sessions/{turn.session.session_id}/share"
    answer = await world.http.post(address, headers=as_person(OWNER))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "share_too_large")
    for message in (turn.question, turn.reply):
        await world.history.write(delete(turn, message.message_id))
    await world.history.write(delete(turn, write.reply_id))
    answer = await world.http.post(address, headers=as_person(OWNER))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "nothing_to_share")


async def test_open_links_are_so_many_at_most(world: World) -> None:
    turn = await whole_turn(world.history, OWNER)
    made = await world.share(turn, expires_in_s=60)

    def multiply(connection: Any) -> None:
        connection.exec_driver_sql(
            "INSERT INTO chat_shares (share_id, token_hash, user_id, session_id, snapshot, created_at, expires_at) "
            "SELECT gen_random_uuid(), number::text::bytea, user_id, session_id, '{}', created_at, expires_at "
            "FROM chat_shares, generate_series(2, %s) number",
            (MOST_SHARES,),
        )

    await world.history.database.run(multiply)
    address = f"/api/sessions/{turn.session.session_id}/share"
    answer = await world.http.post(address, headers=as_person(OWNER))
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "too_many_shares")
    world.now += timedelta(days=31)
    await world.share(turn)
    assert made["share_id"] not in {share["share_id"] for share in await world.shares()}
    assert len(await world.shares()) == 1


async def test_what_is_kept_has_no_token_and_nothing_of_a_link_that_was_ended(world: World) -> None:
    turn = await whole_turn(world.history, OWNER)
    made = await world.share(turn, password="น้ำจิ้มลับ")

    def row(connection: Any) -> str:
        return str(connection.exec_driver_sql("SELECT s::text FROM chat_shares s").scalar_one())

    kept = await world.history.database.run(row)
    assert made["url"].rpartition("/")[2] not in kept
    assert "น้ำจิ้มลับ" not in kept
    assert QUESTION in kept
    await world.http.delete(f"/api/shares/{made['share_id']}", headers=as_person(OWNER))
    assert QUESTION not in await world.history.database.run(row)
    (listed,) = await world.shares()
    assert listed["revoked_at"]


async def test_the_audit_log_has_who_shared_and_never_a_token(world: World) -> None:
    turn = await whole_turn(world.history, OWNER)
    made = await world.share(turn, password="น้ำจิ้มลับ")
    token = made["url"].rpartition("/")[2]
    body = {"token": token, "password": "น้ำจิ้มลับ"}
    went_on = await world.http.post("/api/shares/continue", json=body, headers=as_person("สมชาย"))
    session_id = went_on.json()["session_id"]
    await world.http.delete(f"/api/shares/{made['share_id']}", headers=as_person(OWNER))
    entries = await world.accounts.audit.page(AuditQuery())
    assert [(entry.action, entry.target) for entry in reversed(entries)] == [
        ("share_made", made["share_id"]),
        ("share_continued", session_id),
        ("share_revoked", made["share_id"]),
    ]
    assert token not in str(entries)
    assert "น้ำจิ้มลับ" not in str(entries)
