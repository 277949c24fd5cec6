"""The app as programs meet it: over real sockets, by the official client, with a model server behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx
import openai

from tests.api.conftest import serving
from tests.histories import MemoryStores
from tests.standins.program_server import ProgramStandin
from tests.standins.script import Script, thai_tokens
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.registry import KINDS, build_backends
from thai_chat.chat.service import ChatService
from thai_chat.routing.router import Router, Rules
from thai_chat.settings import Settings

MODEL = "vllm/thai-model"
MODELS = {"thai-model": 8192, "scb10x/typhoon2": 4096, "openai/gpt-oss-20b": 4096, "bge-m3": 8192}
ASK = [{"role": "user", "content": "ข้าวมันไก่อร่อยไหม"}]


@dataclass(frozen=True, slots=True)
class Programs:
    http: httpx.AsyncClient
    standin: ProgramStandin
    service: ChatService
    clients: list[openai.AsyncOpenAI] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"{self.http.base_url}/v1"

    def client(self, *, retries: int = 0, key: str = "sk-none", **headers: str) -> openai.AsyncOpenAI:
        """Return a client that is closed with the app."""
        made = openai.AsyncOpenAI(base_url=self.address, api_key=key, max_retries=retries, default_headers=headers)
        self.clients.append(made)
        return made


@asynccontextmanager
async def programs(*, more: ProgramStandin | None = None) -> AsyncIterator[Programs]:
    """Yield the app over a stand-in as vLLM, and one `more` as OpenAI, which may answer for it."""
    async with AsyncExitStack() as stack:
        script = Script(tokens=thai_tokens(30), delay_ms=1)
        standin = await stack.enter_async_context(ProgramStandin(models=dict(MODELS), script=script))
        backends = build_backends(Settings(vllm_base_url=standin.base_url, ollama_host=None))
        if more:
            backends = [*backends, OpenAIBackend(more.base_url, api_key="sk-own")]
        router = Router(backends, kinds=KINDS, rules=Rules(fall_back_to_cloud=True))
        stack.push_async_callback(router.close)
        await router.start()
        service = ChatService(MemoryStores().storage, router, max_history_messages=40)
        stack.push_async_callback(service.close)
        service.start()
        app = Programs(await stack.enter_async_context(serving(service)), standin, service)
        try:
            yield app
        finally:
            for client in app.clients:
                await client.close()
