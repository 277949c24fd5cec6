"""Models that are open to some people alone: neither a default nor a fall-back leads to another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from tests.routing import BROKEN, QWEN, at, routing
from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from thai_chat.domain.backend_errors import BackendFailed, NoBackend
from thai_chat.domain.errors import UnknownModel
from thai_chat.domain.events import TextDelta
from thai_chat.domain.messages import Choice, Role
from thai_chat.domain.ports.backend import PromptMessage
from thai_chat.domain.ports.quotas import MayUse
from thai_chat.routing.router import ModelPrompt, Router

FIRST, SECOND = Choice("vllm", "typhoon2"), Choice("vllm", "shared")


@pytest.fixture
async def vllm() -> AsyncIterator[OpenAIStandin]:
    async with OpenAIStandin(models={"typhoon2": 32_768, "shared": 8192}) as standin:
        yield standin


def all_but(*closed: Choice) -> MayUse:
    backends = {choice.backend for choice in closed}
    return lambda choice, is_listed: choice not in closed and (is_listed or choice.backend not in backends)


async def text_of(router: Router, choice: Choice, may: MayUse | None) -> str:
    async def prompt_for(choice: Choice, window: int | None) -> ModelPrompt:
        return ModelPrompt([PromptMessage(Role.USER, "สวัสดี")])

    async with aclosing(router.stream(choice, prompt_for, may=may)) as events:
        return "".join([event.text async for event in events if isinstance(event, TextDelta)])


async def test_defaults_are_the_first_models_that_are_open(vllm: OpenAIStandin, ollama: OllamaStandin) -> None:
    async with routing(*at(vllm, ollama)) as router:
        assert router.default_choice(all_but(FIRST)) == SECOND
        assert router.resolve("vllm", None, all_but(FIRST)) == SECOND
        assert router.default_choice(all_but(FIRST, SECOND)) == QWEN
        assert router.resolve(None, QWEN.model, all_but(FIRST)) == QWEN
        for backend, model in (("vllm", "typhoon2"), (None, "typhoon2"), ("vllm", "by-no-list")):
            with pytest.raises(UnknownModel):
                router.resolve(backend, model, all_but(FIRST))
        assert router.resolve("vllm", "by-no-list") == Choice("vllm", "by-no-list")
        for backend in (None, "vllm"):
            with pytest.raises(UnknownModel):
                router.resolve(backend, None, lambda choice, is_listed: False)
    async with routing() as nowhere:
        with pytest.raises(NoBackend):
            nowhere.resolve(None, None, all_but(FIRST))


async def test_nobody_answers_for_another_to_whom_that_model_is_not_open(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    vllm.script = BROKEN
    async with routing(*at(vllm, ollama)) as router:
        assert await text_of(router, FIRST, all_but(SECOND)) == "ตอบแทน"
        others = {info.model for backend in router.choices() if backend.name == "ollama" for info in backend.models}
        closed = all_but(*(Choice("ollama", model) for model in others))
        with pytest.raises(BackendFailed):
            await text_of(router, FIRST, closed)
