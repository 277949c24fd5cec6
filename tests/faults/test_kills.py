"""The app dies at any moment: what was said is there, once and in order, and no reply grows for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest

from tests.app import App, running_app
from tests.chats import Chat, client_of
from tests.postgres_servers import installations, serving
from tests.standins.openai_server import OpenAIStandin

LOST_S = 1.0
STALE_WITHIN_S = 30


@pytest.fixture(params=["postgresql", "embedded"])
async def app(request: pytest.FixtureRequest, standin: OpenAIStandin) -> AsyncIterator[App]:
    """Over a server of its own, or over the one that it brings with it."""
    if request.param == "embedded":
        async with running_app(VLLM_BASE_URL=standin.base_url) as running:
            yield running
        return
    with serving(next(iter(installations().values())), fsync="on") as postgres:
        address = postgres.address(postgres.new_database())
        async with running_app(VLLM_BASE_URL=standin.base_url, DATABASE_URL=address) as running:
            yield running


async def follow_until_it_dies(chat: Chat) -> None:
    with suppress(httpx.TransportError):
        await chat.follow()


async def until_interrupted(chat: Chat) -> None:
    async with asyncio.timeout(STALE_WITHIN_S):
        while "streaming" in {message["status"] for message in await chat.messages()}:  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def test_kill_9_in_the_middle_of_replies_keeps_the_questions_and_all_but_the_last_second(
    app: App, standin: OpenAIStandin
) -> None:
    whole = standin.scripts["slow"].text
    async with client_of(app) as http:
        chats = [Chat(http, "slow") for _ in range(3)]
        for chat in chats:
            await Chat.ask_and_read(chat, "คำถามก่อน") if chat is chats[0] else None
            await chat.ask("เล่าเรื่องยาวๆ 📖")
        following = [asyncio.create_task(follow_until_it_dies(chat)) for chat in chats]
        await standin.until(lambda: all(seen.pieces_sent > 150 for seen in standin.seen))
        await app.kill()
        killed_at_s = time.monotonic()
        await asyncio.gather(*following)
        await app.start()
        for chat in chats:
            await until_interrupted(chat)
            *_, question, reply = await chat.messages()
            assert question["content"] == "เล่าเรื่องยาวๆ 📖"
            assert reply["status"] == "interrupted"
            assert whole.startswith(reply["content"])
            assert len(reply["content"]) >= chat.chars_at(killed_at_s - LOST_S) > 0
            chat.model = "standin"
            assert await chat.ask_and_read("คำถามต่อไป") == standin.scripts["standin"].text
            found = await chat.messages()
            assert [m["message_order"] for m in found] == list(range(1, len(found) + 1))
            assert [m["content"] for m in found[::2]] == chat.acknowledged
