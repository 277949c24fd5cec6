"""The API over real sockets: uvicorn, the chat service, a history in memory, and the stand-in as vLLM."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest

from tests.histories import MemoryStores
from tests.served import api_over, listening
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens
from thai_chat.backends.registry import KINDS, build_backends
from thai_chat.chat.service import ChatService
from thai_chat.gate.gate import Gate
from thai_chat.gate.guests import Guests
from thai_chat.routing.router import Router
from thai_chat.settings import Settings


@dataclass(frozen=True, slots=True)
class Chat:
    http: httpx.AsyncClient
    standin: OpenAIStandin
    service: ChatService
    history: MemoryStores


@pytest.fixture
async def standin() -> AsyncIterator[OpenAIStandin]:
    async with OpenAIStandin(
        models={"thai-model": 8192, "other-model": 4096}, script=Script(tokens=thai_tokens(30), delay_ms=1)
    ) as server:
        yield server


@pytest.fixture
async def chat(standin: OpenAIStandin) -> AsyncIterator[Chat]:
    settings = Settings(vllm_base_url=standin.base_url, ollama_host=None)
    history = MemoryStores()
    router = Router(build_backends(settings), kinds=KINDS)
    await router.start()
    service = ChatService(history.storage, router, max_history_messages=settings.max_history_messages)
    service.start()
    try:
        async with serving(service) as http:
            yield Chat(http, standin, service, history)
    finally:
        await service.close()
        await router.close()


@asynccontextmanager
async def serving(
    service: ChatService, host: str = "127.0.0.1", guests: Guests | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    with api_over(service) as api:
        async with (
            listening(Gate(api), host, guests) as address,
            httpx.AsyncClient(base_url=address, timeout=20) as http,
        ):
            yield http
