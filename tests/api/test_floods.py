"""A reply without an end is ended here: what came is kept and the model is told nothing more, in bounded memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.api.conftest import serving
from tests.api.streams import events_of
from tests.histories import MemoryStores
from tests.standins.flood import MODEL, Flood, chunk, memory
from thai_chat.backends.registry import KINDS, build_backends
from thai_chat.chat.replies.growing import REPLY_CHARS
from thai_chat.chat.service import ChatService
from thai_chat.routing.router import Router
from thai_chat.settings import Settings

MOST_MB = 120
ASK = {"query": "เล่าไปเรื่อย ๆ", "backend": "vllm", "model": MODEL}


@asynccontextmanager
async def chat_with(flood: Flood) -> AsyncIterator[httpx.AsyncClient]:
    router = Router(build_backends(Settings(vllm_base_url=f"{flood.address}/v1", ollama_host=None)), kinds=KINDS)
    await router.start()
    service = ChatService(MemoryStores().storage, router, max_history_messages=40)
    service.start()
    try:
        async with serving(service) as http:
            http.timeout = httpx.Timeout(60)
            yield http
    finally:
        await service.close()
        await router.close()


async def stored(http: httpx.AsyncClient, session_id: str) -> dict[str, Any]:
    history = (await http.get(f"/chat/history/{session_id}")).json()["history"]
    reply: dict[str, Any] = history[-1]
    return reply


async def test_a_reply_without_an_end_is_cut_and_what_came_is_kept() -> None:
    async with Flood(chunk(content="ก็ไม่จบ ")) as flood, chat_with(flood) as http:
        with memory() as grown:
            answer = await http.post("/chat", json=ASK)
            assert answer.status_code == 200
            await flood.until_left()
        reply = await stored(http, answer.json()["session_id"])
    assert reply["status"] == "complete"
    assert reply["content"] == ("ก็ไม่จบ " * REPLY_CHARS)[:REPLY_CHARS]
    assert reply["metadata"]["finish_reason"] == "too_long"
    assert {"code": "reply_too_long", "chars": "1,000,000"} in reply["metadata"]["notices"]
    assert grown[0] < MOST_MB


async def test_the_last_letter_of_a_reply_that_is_cut_is_whole() -> None:
    async with Flood(chunk(content="ที่" * 7)) as flood, chat_with(flood) as http:
        answer = await http.post("/chat", json=ASK)
        reply = await stored(http, answer.json()["session_id"])
    assert REPLY_CHARS - 3 < len(reply["content"]) <= REPLY_CHARS
    assert reply["content"].endswith("ที่")


async def test_those_who_follow_a_reply_without_an_end_are_told_all_of_it_in_bounded_memory() -> None:
    async with Flood(chunk(content="กขคง")) as flood, chat_with(flood) as http:
        said, notices, last = 0, [], ""
        with memory() as grown:
            async with http.stream("POST", "/chat", json=ASK | {"stream": True}) as response:
                async for event in events_of(response):
                    said += len(event.body["text"]) if event.name == "delta" else 0
                    notices += [event.body["code"]] if event.name == "notice" else []
                    last = event.name
        assert (said, notices, last) == (REPLY_CHARS, ["reply_too_long"], "completed")
    assert grown[0] < MOST_MB


async def test_thinking_without_an_end_is_cut_and_told_as_a_reply_that_says_nothing() -> None:
    async with Flood(chunk(reasoning="คิดไม่จบ ")) as flood, chat_with(flood) as http:
        with memory() as grown:
            answer = await http.post("/chat", json=ASK)
            await flood.until_left()
        assert answer.json()["error"]["code"] == "only_thinking"
        sessions = (await http.get("/api/sessions")).json()["sessions"]
        reply = await stored(http, sessions[0]["session_id"])
    assert reply["status"] == "failed"
    assert REPLY_CHARS - 3 < len(reply["metadata"]["reasoning"]) <= REPLY_CHARS
    assert "thinking_too_long" in [notice["code"] for notice in reply["metadata"]["notices"]]
    assert grown[0] < MOST_MB


async def test_one_event_that_is_longer_than_a_reply_is_cut_too() -> None:
    async with Flood(chunk(content="ข้าว" * 1_000_000)) as flood, chat_with(flood) as http:
        answer = await http.post("/chat", json=ASK)
        await flood.until_left()
        reply = await stored(http, answer.json()["session_id"])
    assert len(reply["content"]) == REPLY_CHARS
    assert reply["status"] == "complete"


@pytest.mark.parametrize("blank", [" ", "\n", "\u3000\n"])
async def test_white_space_without_an_end_is_no_reply(blank: str) -> None:
    async with Flood(chunk(content=blank * 20)) as flood, chat_with(flood) as http:
        with memory() as grown:
            answer = await http.post("/chat", json=ASK)
            await flood.until_left()
        assert answer.json()["error"]["code"] == "empty_reply"
    assert grown[0] < MOST_MB
