"""Changing the model in mid-session, and stopping what does not stream: over the API, real backends and stand-ins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.conftest import serving
from tests.histories import MemoryStores
from tests.routing import routing
from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.chat.service import ChatService

LONG = "น้ำใจคนไทย 🙏🏽 " * 80
PROMPT = "ตอบเป็นภาษาไทย"
LARGE = {"backend": "vllm", "model": "thai-model"}
SMALL = {"backend": "ollama", "model": "qwen3:8b"}
CLOUD = {"backend": "openai", "model": "gpt-5"}


@dataclass(frozen=True, slots=True)
class Three:
    http: httpx.AsyncClient
    vllm: OpenAIStandin
    ollama: OllamaStandin
    cloud: OpenAIStandin
    session_id: str

    async def ask(self, query: str, **more: object) -> dict[str, Any]:
        answer = await self.http.post("/chat", json={"query": query, "session_id": self.session_id, **more})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body


@pytest.fixture
async def three() -> AsyncIterator[Three]:
    async with AsyncExitStack() as stack:
        vllm = await stack.enter_async_context(OpenAIStandin(models={"thai-model": 32_768}))
        ollama = await stack.enter_async_context(OllamaStandin(models={"qwen3:8b": 40_960}))
        cloud = await stack.enter_async_context(OpenAIStandin(models={"gpt-5": None}))
        ollama.parameters["qwen3:8b"] = "num_ctx 2048"
        backends = VLLMBackend(vllm.base_url), OllamaBackend(ollama.address)
        router = await stack.enter_async_context(routing(*backends, OpenAIBackend(cloud.base_url, api_key="sk-test")))
        service = ChatService(MemoryStores().storage, router, max_history_messages=40)
        service.start()
        stack.push_async_callback(service.close)
        yield Three(await stack.enter_async_context(serving(service)), vllm, ollama, cloud, str(uuid4()))


def sent(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in body["messages"]]


async def test_the_whole_history_goes_over_to_another_model_and_back_without_what_was_thought(three: Three) -> None:
    three.vllm.script = Script(reasoning=("คิดลับ ๆ",), tokens=("คำตอบของ vLLM",))
    three.ollama.script = Script(reasoning=("คิดลับ ๆ",), tokens=("คำตอบของ Ollama",))
    three.cloud.script = Script(tokens=("คำตอบของ OpenAI",))
    await three.ask("หนึ่ง", **LARGE, session_options={"system_prompt": PROMPT})
    await three.ask("สอง", **SMALL)
    await three.ask("สาม", **CLOUD)
    await three.ask("สี่", **LARGE)
    talk = [
        ("system", PROMPT),
        ("user", "หนึ่ง"),
        ("assistant", "คำตอบของ vLLM"),
        ("user", "สอง"),
        ("assistant", "คำตอบของ Ollama"),
        ("user", "สาม"),
        ("assistant", "คำตอบของ OpenAI"),
        ("user", "สี่"),
    ]
    assert sent(three.ollama.seen[0].body) == talk[:4]
    assert sent(three.cloud.seen[0].body) == talk[:6]
    assert sent(three.vllm.seen[1].body) == talk


async def test_a_smaller_window_gets_the_newest_that_fits_and_what_was_left_out_is_told(three: Three) -> None:
    three.vllm.script = Script(tokens=(LONG,))
    await three.ask("หนึ่ง", **LARGE, session_options={"system_prompt": PROMPT})
    for question in ("สอง", "สาม", "สี่"):
        await three.ask(question)
    small = await three.ask("ห้า", **SMALL)
    roles = [role for role, _ in sent(three.ollama.seen[0].body)]
    texts = [text for _, text in sent(three.ollama.seen[0].body)]
    assert (texts[0], texts[-1]) == (PROMPT, "ห้า")
    assert roles[:2] == ["system", "user"]
    assert "สี่" in texts
    assert "หนึ่ง" not in texts
    used = small["metadata"]["context_used"]
    assert used["context_window"] == 2048
    assert used["messages_sent"] + used["messages_left_out"] == 8
    assert used["messages_sent"] == len(texts) - 2
    assert "prompt_truncated" not in str(small["metadata"])
    large = await three.ask("หก", **LARGE)
    assert large["metadata"]["context_used"]["messages_left_out"] == 0


async def test_a_reply_in_one_piece_is_stopped_at_its_server_within_a_second(three: Three) -> None:
    three.cloud.script = Script(refuse_streaming=True, fault="hang")
    asking = asyncio.create_task(three.ask("นานไหม", **CLOUD))
    await three.cloud.until(lambda: bool(three.cloud.seen) and not three.cloud.seen[-1].body["stream"])
    await three.http.post(f"/api/sessions/{three.session_id}/stop")
    await three.cloud.until(lambda: three.cloud.running == 0, timeout_s=1)
    assert three.cloud.seen[-1].left
    stopped = await asking
    assert [notice["code"] for notice in stopped["metadata"]["notices"]] == ["answer_not_streamed"]
    _, reply = (await three.http.get(f"/chat/history/{three.session_id}")).json()["history"]
    assert (reply["status"], reply["content"]) == ("stopped", "")


async def test_a_stop_while_a_model_is_being_loaded_frees_its_server_within_a_second(three: Three) -> None:
    three.ollama.may_load.clear()
    asking = asyncio.create_task(three.ask("นานไหม", **SMALL))
    await three.ollama.until(lambda: three.ollama.running == 1)
    await three.http.post(f"/api/sessions/{three.session_id}/stop")
    await three.ollama.until(lambda: three.ollama.running == 0, timeout_s=1)
    await asking
    _, reply = (await three.http.get(f"/chat/history/{three.session_id}")).json()["history"]
    assert (reply["status"], reply["content"], reply["completion_tokens"]) == ("stopped", "", 0)
    three.ollama.may_load.set()
    assert (await three.ask("แล้วตอนนี้"))["response"] == three.ollama.script.text
