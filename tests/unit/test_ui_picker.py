"""The picker tells the model for a session that has none yet."""

from __future__ import annotations

import pytest

from tests.histories import MemoryStores
from thai_chat.backends.registry import KINDS, build_backends
from thai_chat.chat.service import ChatService
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
