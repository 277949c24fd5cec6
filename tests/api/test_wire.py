"""Answers of real model servers, by the API: the stream ends with a last word, and what it said is what is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.api.conftest import serving
from tests.api.streams import events_of, require_stream, text_of
from tests.histories import MemoryStores
from tests.recorded import FAILING, OF_OLLAMA, WHOLE
from tests.standins.raw_server import MODEL, RawServer, answer_of
from thai_chat.backends.registry import KINDS, build_backends
from thai_chat.chat.service import ChatService
from thai_chat.routing.router import Router, Rules
from thai_chat.settings import Settings


@asynccontextmanager
async def answering(name: str) -> AsyncIterator[httpx.AsyncClient]:
    async with RawServer([answer_of(name, size=7)]) as server:
        is_ollama = name in OF_OLLAMA
        settings = Settings(
            vllm_base_url=None if is_ollama else f"{server.address}/v1",
            ollama_host=server.address if is_ollama else None,
        )
        router = Router(build_backends(settings), kinds=KINDS, rules=Rules(fall_back=False))
        await router.start()
        service = ChatService(MemoryStores().storage, router, max_history_messages=20)
        service.start()
        try:
            async with serving(service) as http:
                yield http
        finally:
            await service.close()
            await router.close()


async def told(http: httpx.AsyncClient, name: str) -> tuple[str, str, dict[str, object]]:
    """Return the text of the stream, its last event's name, and the stored reply."""
    question = {"query": "สวัสดี", "stream": True, "model": MODEL}
    async with http.stream("POST", "/chat", json=question) as response:
        require_stream(response)
        events = [event async for event in events_of(response)]
    history = await http.get(f"/chat/history/{events[0].body['session_id']}")
    return text_of(events), events[-1].name, history.json()["history"][-1]


@pytest.mark.parametrize("name", WHOLE)
async def test_a_recorded_reply_is_whole_in_the_stream_and_in_the_history(name: str) -> None:
    async with answering(name) as http:
        text, last, stored = await told(http, name)
    assert (text, last) == (WHOLE[name], "completed")
    assert (stored["content"], stored["status"]) == (WHOLE[name], "complete")


@pytest.mark.parametrize("name", FAILING)
async def test_a_recorded_failure_keeps_the_words_before_it(name: str) -> None:
    async with answering(name) as http:
        text, last, stored = await told(http, name)
    assert (text, last) == (FAILING[name], "error")
    assert (stored["content"], stored["status"]) == (FAILING[name], "failed")
