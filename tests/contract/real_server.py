"""The contract against a server of your own; run by name only (docs/backends.md tells how).

    BACKEND=vllm BACKEND_URL=http://127.0.0.1:8000/v1 python -m pytest tests/contract/real_server.py

BACKEND_MODEL names a model (else the first listed one), BACKEND_KEY a key. Nothing is asserted on what is said.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest

from tests.standins.replies import ask, request, text_of
from thai_chat.backends.ollama import OllamaBackend
from thai_chat.backends.openai import OpenAIBackend
from thai_chat.backends.vllm import VLLMBackend
from thai_chat.domain.errors import ModelNotFound
from thai_chat.domain.events import Finished, Reasoning, Text, Usage
from thai_chat.domain.ports import Backend


@pytest.fixture
async def backend() -> AsyncIterator[Backend]:
    address, key = os.environ["BACKEND_URL"], os.environ.get("BACKEND_KEY")
    makers: dict[str, Callable[[], Backend]] = {
        "vllm": lambda: VLLMBackend(address, api_key=key),
        "ollama": lambda: OllamaBackend(address),
        "openai": lambda: OpenAIBackend(address, api_key=key or "none"),
    }
    backend = makers[os.environ["BACKEND"]]()
    yield backend
    await backend.close()


@pytest.fixture
async def model(backend: Backend) -> str:
    return os.environ.get("BACKEND_MODEL") or (await backend.models())[0].model


async def test_the_models_are_listed(backend: Backend, model: str) -> None:
    assert model in {info.model for info in await backend.models()}


async def test_a_reply_streams_and_ends_with_finished(backend: Backend, model: str) -> None:
    events = await ask(backend, request(model, "สวัสดีครับ ตอบสั้น ๆ นะ", options={"max_tokens": 64}))
    assert text_of(events) or any(isinstance(event, Reasoning) for event in events)
    assert isinstance(events[-1], Finished)
    counts = [event for event in events if isinstance(event, Usage)][-1]
    assert counts.completion_tokens


async def test_a_reply_can_be_stopped_and_the_next_one_comes(backend: Backend, model: str) -> None:
    async with aclosing(backend.stream(request(model, "นับหนึ่งถึงหนึ่งพัน"))) as events:
        async for event in events:
            if isinstance(event, Text | Reasoning):
                break
    assert (await ask(backend, request(model, "สวัสดี", options={"max_tokens": 4})))[-1]


async def test_replies_at_the_same_time_all_come(backend: Backend, model: str) -> None:
    asked = (ask(backend, request(model, "สวัสดี", options={"max_tokens": 16})) for _ in range(4))
    assert all(isinstance(events[-1], Finished) for events in await asyncio.gather(*asked))


async def test_an_unknown_model_is_not_found(backend: Backend) -> None:
    with pytest.raises(ModelNotFound):
        await ask(backend, request("there-is-no-such-model", options={"max_tokens": 4}))
