"""The picker tells the model for a session that has none yet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.histories import MemoryStores
from tests.standins.openai_server import OpenAIStandin
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.registry import KINDS, build_backends
from thai_chat.chat.service import ChatService
from thai_chat.routing.pricing import Prices
from thai_chat.routing.router import Router
from thai_chat.settings import Settings
from thai_chat.ui.picker import picker_of


@pytest.mark.parametrize(
    ("settings", "default"),
    [
        (Settings(vllm_base_url=None, ollama_host=None), None),
        (
            Settings(vllm_base_url="http://127.0.0.1:1/v1", vllm_model="thai-model", ollama_host=None),
            {"backend": "vllm", "model": "thai-model"},
        ),
    ],
    ids=["no backend", "one backend"],
)
async def test_the_default_is_a_model_of_a_backend_that_is_set(settings: Settings, default: object) -> None:
    router = Router(build_backends(settings), kinds=KINDS)
    service = ChatService(MemoryStores().storage, router, max_history_messages=10)
    try:
        assert picker_of(service, "th")["default"] == default
    finally:
        await router.close()


async def test_what_says_nothing_is_left_out_and_a_price_is_told() -> None:
    async with OpenAIStandin(models=dict.fromkeys(["gpt-4o-mini", "text-embedding-3-small"])) as cloud:
        backend = OpenAIBackend(cloud.base_url, api_key="sk-x")
        router = Router([backend], kinds=KINDS, prices=Prices({"openai": "https://api.openai.com/v1"}))
        service = ChatService(MemoryStores().storage, router, max_history_messages=10)
        await router.start()
        try:
            await service.learn_prices()
            offered: Any = picker_of(service, "en")["backends"]
        finally:
            await router.close()
    assert offered[2]["models"] == [
        {
            "model": "gpt-4o-mini",
            "note": None,
            "state": "up",
            "context_window": 128_000,
            "price": {"input": 0.15, "output": 0.6},
        }
    ]
