"""The app dies at any moment: what was said is there, once and in order, and no reply grows for ever."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest

from tests.app import App, running_app
from tests.chats import Chat, client_of, database_of, until_away, until_stored
from tests.postgres_servers import PostgresServer, Proxy, installations, serving
from tests.standins.openai_server import OpenAIStandin

STALE_WITHIN_S = 20


@pytest.fixture(params=["postgresql", "embedded", "embedded, killed too"])
async def app(request: pytest.FixtureRequest, standin: OpenAIStandin) -> AsyncIterator[App]:
    """Yield an app over a server of its own, or over the one that it brings with it, which lives on without it or does
    not."""
    if request.param == "postgresql":
        with serving(next(iter(installations().values())), fsync="on") as postgres:
            address = postgres.address(postgres.new_database())
            async with running_app(VLLM_BASE_URL=standin.base_url, DATABASE_URL=address) as running:
                yield running
        return
    async with running_app(VLLM_BASE_URL=standin.base_url) as running:
        yield running


@pytest.fixture
async def remote(
    standin: OpenAIStandin, postgres: PostgresServer, proxy: Proxy, own_database: str
) -> AsyncIterator[App]:
    """Yield an app over PostgreSQL behind the proxy."""
    address = postgres.address(own_database, port=proxy.port)
    async with running_app(VLLM_BASE_URL=standin.base_url, DATABASE_URL=address) as running:
        yield running
        await asyncio.to_thread(proxy.resume)


def kill_embedded_postgres(app: App) -> None:
    """Kill the postmaster with kill -9."""
    pid = (app.folder / "data" / "postgres" / "postmaster.pid").read_text().split()[0]
    os.kill(int(pid), signal.SIGKILL)


async def follow_until_it_dies(chat: Chat) -> None:
    with suppress(httpx.TransportError):
        await chat.follow()


async def until_interrupted(chat: Chat) -> None:
    async with asyncio.timeout(STALE_WITHIN_S):
        while "streaming" in {message["status"] for message in await chat.messages()}:  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def is_whole(chat: Chat) -> None:
    """Require that every acknowledged question is there, once and in order, each with one reply."""
    found = await chat.messages()
    assert [message["message_order"] for message in found] == list(range(1, len(found) + 1))
    assert [message["role"] for message in found] == ["user", "assistant"] * (len(found) // 2)
    assert [message["content"] for message in found[::2]] == chat.acknowledged


async def test_kill_9_in_the_middle_of_replies_keeps_the_questions_and_all_but_the_last_second(
    app: App, standin: OpenAIStandin, request: pytest.FixtureRequest
) -> None:
    async with client_of(app) as http:
        chats = [Chat(http), Chat(http, "slow"), Chat(http, "slow")]
        await chats[0].ask_and_read("คำถามก่อน")
        chats[0].model = "slow"
        for chat in chats:
            await chat.ask("เล่าเรื่องยาวๆ 📖")
        following = [asyncio.create_task(follow_until_it_dies(chat)) for chat in chats]
        await standin.until(lambda: all(seen.pieces_sent >= 100 for seen in standin.seen))
        if "killed too" in request.node.name:
            kill_embedded_postgres(app)
        await app.kill()
        killed_at_s = time.monotonic()
        await asyncio.gather(*following)
        await app.start()
        for chat in chats:
            await until_interrupted(chat)
            reply = (await chat.messages())[-1]
            assert reply["status"] == "interrupted"
            assert standin.scripts["slow"].text.startswith(reply["content"])
            assert len(reply["content"]) >= chat.kept_at_least(killed_at_s) > 0
            chat.model = "standin"
            assert await chat.ask_and_read("คำถามต่อไป") == standin.scripts["standin"].text
            await is_whole(chat)


async def test_a_turn_sent_again_after_kill_9_is_one_turn(remote: App, standin: OpenAIStandin) -> None:
    async with client_of(remote) as http:
        chat = Chat(http, "endless")
        first = await chat.ask("ส่งแล้วเครื่องดับ", key="กุญแจ")
        await chat.follow(until_chars=10)
        await remote.kill()
        await remote.start()
        again = await chat.send("ส่งแล้วเครื่องดับ", key="กุญแจ")
        assert (again.status_code, again.json()["message_id"]) == (202, first)
        assert (await http.get(f"/api/sessions/{chat.session_id}/events")).status_code == 204
        assert len(await chat.messages()) == 2
        assert len(standin.seen) == 1


async def test_kill_9_in_an_outage_loses_nothing_however_often(remote: App, proxy: Proxy) -> None:
    async with client_of(remote) as http:
        chat, growing = Chat(http), [Chat(http, "endless") for _ in range(2)]
        await chat.ask_and_read("ก่อนดับ")
        await asyncio.to_thread(proxy.refuse)
        for number in range(2):
            await chat.ask_and_read(f"ตอนดับ {number}")
            await growing[number].ask("ยังเล่าไม่จบ")
            await growing[number].follow(until_chars=300)
            await remote.kill()
            await remote.start()
            assert (await database_of(http))["waiting"] == 2 * (number + 1)
        await chat.ask_and_read("หลังเริ่มใหม่")
        await asyncio.to_thread(proxy.resume)
        await until_stored(http)
        await is_whole(chat)
        assert {message["status"] for message in await chat.messages()} == {"complete"}
        for other in growing:
            await until_interrupted(other)
            await is_whole(other)
            reply = (await other.messages())[-1]
            assert reply["status"] == "interrupted"
            assert len(reply["content"]) > 200


async def test_kill_9_while_postgresql_hangs_costs_no_more_than_the_last_second(remote: App, proxy: Proxy) -> None:
    """In the two seconds before the hang is an outage."""
    async with client_of(remote) as http:
        chat = Chat(http, "endless")
        await chat.ask("ถามแล้วค้าง")
        await chat.follow(until_chars=100)
        await asyncio.to_thread(proxy.hang)
        following = asyncio.create_task(follow_until_it_dies(chat))
        await asyncio.sleep(1.7)
        await remote.kill()
        killed_at_s = time.monotonic()
        await following
        await asyncio.to_thread(proxy.resume)
        await remote.start()
        await until_stored(http)
        reply = (await chat.messages())[-1]
        assert len(reply["content"]) >= chat.kept_at_least(killed_at_s) > 100


async def test_sigterm_in_an_outage_keeps_what_was_said_up_to_then(remote: App, proxy: Proxy) -> None:
    async with client_of(remote) as http:
        chat = Chat(http, "endless")
        await asyncio.to_thread(proxy.hang)
        await chat.ask("ถามตอนค้าง")
        seen = await chat.follow(until_chars=100)
        assert remote.process
        remote.process.terminate()
        async with asyncio.timeout(20):
            await remote.process.wait()
        assert "lost" not in remote.log
        await asyncio.to_thread(proxy.resume)
        await remote.start()
        await until_stored(http)
        question, reply = await chat.messages()
        assert (question["content"], reply["status"]) == ("ถามตอนค้าง", "interrupted")
        assert reply["content"].startswith(seen)


async def test_the_app_brings_its_own_database_back_when_that_dies(standin: OpenAIStandin) -> None:
    async with running_app(VLLM_BASE_URL=standin.base_url) as app, client_of(app) as http:
        chat = Chat(http, "slow")
        await chat.ask("เล่าไปเรื่อยๆ")
        await chat.follow(until_chars=50)
        kill_embedded_postgres(app)
        other = Chat(http)
        await other.ask_and_read("ถามตอนฐานข้อมูลตาย")
        await until_stored(http, within_s=15)
        assert await chat.follow() == standin.scripts["slow"].text
        await is_whole(chat)
        await is_whole(other)
        assert (await chat.messages())[-1]["content"] == standin.scripts["slow"].text


async def test_with_a_full_disk_memory_goes_on_and_says_so(remote: App, proxy: Proxy, standin: OpenAIStandin) -> None:
    """The kernel refuses the process every file beyond 4 kB, as a full disk does."""
    assert remote.process
    unlimited = resource.RLIM_INFINITY
    async with client_of(remote) as http:
        chat = Chat(http)
        await asyncio.to_thread(proxy.refuse)
        resource.prlimit(remote.process.pid, resource.RLIMIT_FSIZE, (4096, unlimited))
        for number in range(5):
            assert await chat.ask_and_read(f"ดิสก์เต็ม {number}") == standin.scripts["standin"].text
        assert await database_of(http) == {
            "state": "memory",
            "waiting": 5,
            "journal": False,
            "refused": 0,
            "unindexed": 0,
        }
        resource.prlimit(remote.process.pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))
        await chat.ask_and_read("มีที่ว่างแล้ว")
        async with asyncio.timeout(20):
            while not (await database_of(http))["journal"]:
                await Chat(http).ask_and_read("เขียนได้หรือยัง")
        await remote.kill()
        await asyncio.to_thread(proxy.resume)
        await remote.start()
        await until_stored(http)
        await is_whole(chat)


async def test_two_apps_over_one_database_and_one_folder_lose_nothing_in_an_outage(
    remote: App, proxy: Proxy, standin: OpenAIStandin
) -> None:
    second = App(remote.folder, remote.environment)
    await second.start()
    async with client_of(remote) as http, client_of(second) as other_http:
        chat, other = Chat(http), Chat(other_http)
        other.session_id = chat.session_id
        await chat.ask_and_read("ทางหนึ่ง ก่อนดับ")
        await other.messages()
        await asyncio.to_thread(proxy.refuse)
        await until_away(http)
        await until_away(other_http)
        await chat.ask_and_read("ทางหนึ่ง")
        await other.ask_and_read("ทางสอง")
        await second.kill()
        await chat.ask_and_read("ทางหนึ่ง อีกครั้ง")
        await remote.kill()
        await asyncio.to_thread(proxy.resume)
        await remote.start()
        await until_stored(http)
        found = await chat.messages()
    assert sorted(m["content"] for m in found[::2]) == sorted(chat.acknowledged + other.acknowledged)
    assert {m["content"] for m in found[1::2]} == {standin.scripts["standin"].text}
    assert [m["message_order"] for m in found] == list(range(1, 9))
