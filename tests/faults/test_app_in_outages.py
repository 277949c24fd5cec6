"""The whole app while PostgreSQL is away: turns are answered as if nothing had happened, and stored afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import partial

import httpx
import pytest
import pytest_asyncio

from tests.app import running_app
from tests.chats import Chat, client_of, database_of, until_stored
from tests.outages import KINDS, Outage
from tests.pgbouncer import PgBouncer
from tests.postgres_servers import PostgresServer, Proxy, replicas
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens

SCRIPTS = {"standin": Script(tokens=thai_tokens(40), delay_ms=10), "slow": Script(tokens=thai_tokens(250), delay_ms=20)}
HANG_S = 2.0


@dataclass(frozen=True, slots=True)
class Place:
    """An app, its PostgreSQL, and the network between them."""

    http: httpx.AsyncClient
    postgres: PostgresServer
    proxy: Proxy
    database: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def standin() -> AsyncIterator[OpenAIStandin]:
    async with OpenAIStandin(models=dict.fromkeys(SCRIPTS, 8192), scripts=dict(SCRIPTS)) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(standin: OpenAIStandin, postgres: PostgresServer) -> AsyncIterator[Place]:
    proxy = Proxy(postgres.port)
    database = postgres.new_database()
    address = postgres.address(database, port=proxy.port)
    try:
        async with running_app(VLLM_BASE_URL=standin.base_url, DATABASE_URL=address) as app, client_of(app) as http:
            yield Place(http, postgres, proxy, database)
    finally:
        proxy.close()


@pytest.fixture
def outage(request: pytest.FixtureRequest, place: Place) -> Iterator[Outage]:
    outage = Outage(place.postgres, place.proxy, place.database).of_kind(request.param)
    yield outage
    outage.undo()


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def rows(postgres: PostgresServer, database: str, *chats: Chat) -> list[list[tuple[object, ...]]]:
    """Return the rows that PostgreSQL itself has of each chat, in order."""
    query = (
        "SELECT message_order, role, status, content FROM chat_messages WHERE session_id = %s ORDER BY message_order"
    )
    ask = partial(postgres.query, query, database=database)
    return [await asyncio.to_thread(ask, chat.session_id) for chat in chats]


def turns(*questions_and_replies: tuple[str, str]) -> list[tuple[object, ...]]:
    """Return the rows of such turns, all of them complete."""
    said = [
        (role, text) for turn in questions_and_replies for role, text in zip(("user", "assistant"), turn, strict=True)
    ]
    return [(order, role, "complete", text) for order, (role, text) in enumerate(said, 1)]


@pytest.mark.parametrize("outage", KINDS, indirect=True)
async def test_chats_go_on_through_an_outage_and_are_stored_within_five_seconds_of_its_end(
    outage: Outage, place: Place
) -> None:
    short, long = SCRIPTS["standin"].text, SCRIPTS["slow"].text
    running, fresh = Chat(place.http), Chat(place.http)
    await running.ask_and_read("ก่อนดับ")
    running.model = "slow"
    await running.ask("ถามไว้แล้วดับ")
    await running.follow(until_chars=100)
    await asyncio.to_thread(outage.begin)
    assert await fresh.ask_and_read("แชตใหม่ตอนดับ") == short
    assert await running.follow() == long
    assert [message["content"] for message in await running.messages()] == ["ก่อนดับ", short, "ถามไว้แล้วดับ", long]
    running.model = "standin"
    assert await running.ask_and_read("ถามต่อตอนดับ") == short
    database = await database_of(place.http)
    assert (database["state"], database["waiting"], database["journal"]) == ("memory", 3, True)
    await asyncio.to_thread(outage.end)
    await until_stored(place.http)
    assert await fresh.ask_and_read("กลับมาแล้ว") == short
    in_database = await rows(place.postgres, place.database, running, fresh)
    assert in_database[0] == turns(("ก่อนดับ", short), ("ถามไว้แล้วดับ", long), ("ถามต่อตอนดับ", short))
    assert in_database[1] == turns(("แชตใหม่ตอนดับ", short), ("กลับมาแล้ว", short))


@pytest.mark.parametrize("moment", ["before", "during", "after"])
async def test_a_hang_delays_a_turn_by_two_seconds_at_most_and_once(moment: str, place: Place) -> None:
    """With a reply of 5 s that runs through it, so that what is answered late shows in the whole."""
    text = SCRIPTS["slow"].text
    chat, other = Chat(place.http, "slow"), Chat(place.http)
    await other.ask_and_read("ก่อน")
    pace_s = SCRIPTS["slow"].at(250)
    if moment == "before":
        await asyncio.to_thread(place.proxy.hang)
    async with asyncio.timeout(pace_s + HANG_S + 1.5):
        await chat.ask("ถาม")
        if moment == "during":
            await chat.follow(until_chars=50)
            await asyncio.to_thread(place.proxy.hang)
        assert await chat.follow() == text
        if moment == "after":
            await asyncio.to_thread(place.proxy.hang)
    async with asyncio.timeout(HANG_S + 1.5):
        await other.ask("ถามต่อ")
    async with asyncio.timeout(1.5):
        await Chat(place.http).ask("อีกคน")
    assert (await database_of(place.http))["state"] == "memory"
    await asyncio.to_thread(place.proxy.resume)
    await until_stored(place.http)
    assert await rows(place.postgres, place.database, chat) == [turns(("ถาม", text))]


async def test_a_turn_that_is_sent_again_in_an_outage_is_one_turn(place: Place) -> None:
    chat = Chat(place.http)
    first = await chat.ask("ส่งก่อนดับ", key="ก่อน")
    await chat.follow()
    await asyncio.to_thread(place.proxy.refuse)
    assert await chat.ask("ส่งก่อนดับ", key="ก่อน") == first
    second = await chat.ask("ส่งตอนดับ", key="ตอนดับ")
    assert await chat.ask("ส่งตอนดับ", key="ตอนดับ") == second
    await chat.follow()
    await asyncio.to_thread(place.proxy.resume)
    await until_stored(place.http)
    assert await chat.ask("ส่งตอนดับ", key="ตอนดับ") == second
    text = SCRIPTS["standin"].text
    assert await rows(place.postgres, place.database, chat) == [turns(("ส่งก่อนดับ", text), ("ส่งตอนดับ", text))]


async def test_a_second_question_is_refused_in_plain_words_in_an_outage_too(place: Place) -> None:
    chat = Chat(place.http, "slow")
    await asyncio.to_thread(place.proxy.refuse)
    await chat.ask("ถามแรก")
    await chat.follow(until_chars=20)
    refused = await chat.send("ถามซ้อน")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "reply_running")
    await chat.stop()
    await chat.follow()
    assert [m["status"] for m in await chat.messages()] == ["complete", "stopped"]
    await asyncio.to_thread(place.proxy.resume)
    await until_stored(place.http)


async def test_a_failover_with_chats_running_costs_no_turn_and_needs_no_hand(standin: OpenAIStandin) -> None:
    with replicas() as (primary, standby):
        name = primary.new_database()
        hosts = f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}"
        address = f"postgresql://chat@{hosts}/{name}?target_session_attrs=read-write"
        async with running_app(VLLM_BASE_URL=standin.base_url, DATABASE_URL=address) as app, client_of(app) as http:
            chats = [Chat(http) for _ in range(3)]
            running = Chat(http, "slow")
            await asyncio.gather(*(chat.ask_and_read("ก่อน") for chat in chats))
            await running.ask("ระหว่าง")
            await running.follow(until_chars=50)
            await asyncio.to_thread(primary.crash)
            await asyncio.gather(*(chat.ask_and_read("ตอนที่ไม่มีตัวหลัก") for chat in chats))
            await asyncio.to_thread(standby.promote)
            await until_stored(http)
            await asyncio.gather(*(chat.ask_and_read("หลัง") for chat in chats))
            assert await running.follow() == SCRIPTS["slow"].text
            await until_stored(http)
        text = SCRIPTS["standin"].text
        expected = turns(("ก่อน", text), ("ตอนที่ไม่มีตัวหลัก", text), ("หลัง", text))
        assert await rows(standby, name, *chats, running) == [expected] * 3 + [turns(("ระหว่าง", SCRIPTS["slow"].text))]


async def test_an_app_chats_through_pgbouncer_and_through_its_death(
    standin: OpenAIStandin, postgres: PostgresServer, pgbouncer: PgBouncer
) -> None:
    name = postgres.new_database()
    address = postgres.address(name, port=pgbouncer.port)
    async with running_app(VLLM_BASE_URL=standin.base_url, DATABASE_URL=address) as app, client_of(app) as http:
        chat = Chat(http)
        await chat.ask_and_read("ก่อน")
        await asyncio.to_thread(pgbouncer.crash)
        await chat.ask_and_read("ตอนดับ")
        assert (await database_of(http))["state"] == "memory"
        await asyncio.to_thread(pgbouncer.start)
        await until_stored(http)
        await chat.ask_and_read("หลัง")
    text = SCRIPTS["standin"].text
    assert await rows(postgres, name, chat) == [turns(("ก่อน", text), ("ตอนดับ", text), ("หลัง", text))]


async def test_a_stale_view_is_told_of_what_is_newer_in_an_outage_and_after_it(place: Place) -> None:
    chat = Chat(place.http)
    await chat.ask_and_read("ก่อนดับ")
    seen = (await chat.messages())[-1]["message_id"]

    async def from_stale_view(**more: str) -> httpx.Response:
        body = {"query": "จากแท็บเก่า", "last_seen_message_id": seen, **more}
        return await place.http.post(f"/api/sessions/{chat.session_id}/messages", json=body)

    await asyncio.to_thread(place.proxy.refuse)
    await chat.ask_and_read("ตอนดับ")
    refused = await from_stale_view()
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "newer_messages")
    seen = (await chat.messages())[-1]["message_id"]
    once, twice = [await from_stale_view(idempotency_key="คีย์") for _ in range(2)]
    assert once.json()["message_id"] == twice.json()["message_id"]
    await asyncio.to_thread(place.proxy.resume)
    await until_stored(place.http)
    assert (await from_stale_view()).status_code == 409
    assert [message["content"] for message in await chat.messages()][::2] == ["ก่อนดับ", "ตอนดับ", "จากแท็บเก่า"]
