"""Several servers of one backend: which of them is asked."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, aclosing

import pytest

from tests.routing import (
    BROKEN,
    MODEL,
    NOWHERE,
    QWEN,
    Time,
    notices_of,
    offered,
    question,
    reply,
    routing,
    text_of,
)
from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens
from tests.standins.server import Standin
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import BackendFailed
from thai_chat.domain.events import TextDelta
from thai_chat.domain.messages import MODEL_CHARS, Choice, Role
from thai_chat.domain.ports.backend import BackendState, PromptMessage
from thai_chat.routing.preference import Rules
from thai_chat.routing.retries import STRIKES_TO_OPEN
from thai_chat.routing.router import Router

LONG = Script(tokens=thai_tokens(10_000), delay_ms=5)


async def begun(stack: AsyncExitStack, router: Router) -> None:
    """Begin a reply that has said its first word and goes on until the stack is left."""
    events = await stack.enter_async_context(aclosing(router.stream(MODEL, question)))
    async for event in events:
        if isinstance(event, TextDelta):
            return


async def test_the_least_busy_server_is_chosen(pair: tuple[OpenAIStandin, OpenAIStandin]) -> None:
    first, second = pair
    first.script = second.script = LONG
    async with (
        routing(VLLMBackend(first.base_url), VLLMBackend(second.base_url)) as router,
        AsyncExitStack() as stack,
    ):
        for _ in range(6):
            await begun(stack, router)
        assert (first.running, second.running) == (3, 3)


async def test_idle_servers_take_turns(pair: tuple[OpenAIStandin, OpenAIStandin]) -> None:
    first, second = pair
    async with routing(VLLMBackend(first.base_url), VLLMBackend(second.base_url)) as router:
        for _ in range(4):
            await reply(router, MODEL)
    assert (len(first.seen), len(second.seen)) == (2, 2)


async def test_a_server_without_the_model_is_not_asked_for_it(pair: tuple[OpenAIStandin, OpenAIStandin]) -> None:
    first, second = pair
    second.models = {"typhoon2": 8192}
    async with routing(VLLMBackend(first.base_url), VLLMBackend(second.base_url)) as router:
        for _ in range(3):
            await reply(router, MODEL)
        assert [info.model for info in offered(router, "vllm").models] == ["standin", "typhoon2"]
    assert (len(first.seen), len(second.seen)) == (3, 0)


async def test_a_request_that_fails_on_one_server_goes_to_another_at_once(
    pair: tuple[OpenAIStandin, OpenAIStandin],
) -> None:
    first, second = pair
    first.script = BROKEN
    time = Time()
    backends = VLLMBackend(first.base_url), VLLMBackend(second.base_url)
    async with routing(*backends, retries=time.retries()) as router:
        events = await reply(router, MODEL)
    assert text_of(events) == second.script.text
    assert notices_of(events) == []
    assert time.slept == []


async def test_a_dead_server_of_several_is_seen_and_left_out(pair: tuple[OpenAIStandin, OpenAIStandin]) -> None:
    first, second = pair
    async with routing(VLLMBackend(NOWHERE), VLLMBackend(second.base_url)) as router:
        choices = offered(router, "vllm")
        assert choices.state is BackendState.UP
        assert choices.server_states == [BackendState.DOWN, BackendState.UP]
        for _ in range(3):
            assert text_of(await reply(router, MODEL)) == second.script.text
    assert first.seen == []


async def test_a_stuck_server_is_given_up_for_another(pair: tuple[OpenAIStandin, OpenAIStandin]) -> None:
    first, second = pair
    first.script = Script(fault="silence")
    backends = VLLMBackend(first.base_url), VLLMBackend(second.base_url)
    async with routing(*backends, rules=Rules(first_word_s={"vllm": 0.05})) as router:
        assert text_of(await reply(router, MODEL)) == second.script.text
        assert text_of(await reply(router, MODEL)) == second.script.text
        assert len(first.seen) == 1


async def test_the_smallest_window_of_the_servers_counts(pair: tuple[OpenAIStandin, OpenAIStandin]) -> None:
    first, second = pair
    second.models = {"standin": 4096}
    async with routing(VLLMBackend(first.base_url), VLLMBackend(second.base_url)) as router:
        assert router.context_window(MODEL) == 4096


@pytest.mark.parametrize("kind", ["vllm", "ollama"])
async def test_a_connection_that_closes_under_a_request_is_neither_told_nor_held_against_the_server(
    vllm: OpenAIStandin, ollama: OllamaStandin, kind: str
) -> None:
    standin: Standin = vllm if kind == "vllm" else ollama
    standin.closes_kept = True
    backend = VLLMBackend(vllm.base_url) if kind == "vllm" else OllamaBackend(ollama.address)
    choice, time = (MODEL if kind == "vllm" else QWEN), Time()
    async with routing(backend, retries=time.retries()) as router:
        for _ in range(STRIKES_TO_OPEN + 1):
            events = await reply(router, choice)
            assert text_of(events) == standin.script.text
            assert set(notices_of(events)) <= {"model_loading"}
        assert offered(router, kind).state is BackendState.UP
    assert standin.closed_kept > STRIKES_TO_OPEN
    assert time.slept == []


@pytest.mark.parametrize(
    "name", ["ไทย/โมเดลของฉัน:ล่าสุด", "hf.co/scb10x/typhoon2.1-gemma3:Q4_K_M", "/srv/โมเดล/" + "ก" * 200]
)
async def test_a_model_may_have_any_name(vllm: OpenAIStandin, name: str) -> None:
    vllm.models = {name: 8192, f"{name}2": 4096}
    async with routing(VLLMBackend(vllm.base_url, default_model=f"{name}2")) as router:
        first, second = (info.model for info in offered(router, "vllm").models)
        assert max(len(first), len(second)) <= MODEL_CHARS
        assert router.resolve("vllm", None) == Choice("vllm", second)
        assert router.context_window(Choice("vllm", first)) == 8192
        assert text_of(await reply(router, Choice("vllm", first))) == vllm.script.text
        assert await router.count_tokens(Choice("vllm", second), (PromptMessage(Role.USER, "ถาม"),)) == 4
        vllm.script = BROKEN
        for _ in range(2):
            with pytest.raises(BackendFailed):
                await reply(router, Choice("vllm", second))
        assert offered(router, "vllm").model_states == {second: BackendState.DOWN}
    assert [seen.model for seen in vllm.seen][:2] == [name, f"{name}2"]


async def test_a_model_of_ollama_without_its_tag_is_the_latest_wherever_it_is(ollama: OllamaStandin) -> None:
    ollama.models = {"typhoon2:latest": 2048}
    async with (
        OllamaStandin(models={"other:latest": 8192}) as without,
        routing(OllamaBackend(without.address), OllamaBackend(ollama.address)) as router,
    ):
        for choice in (router.resolve("ollama", "typhoon2"), router.resolve(None, "typhoon2")):
            assert choice == Choice("ollama", "typhoon2:latest")
        assert router.context_window(choice) == 2048
        for _ in range(2):
            assert text_of(await reply(router, choice)) == ollama.script.text
        assert router.resolve("ollama", "unknown") == Choice("ollama", "unknown")
    assert without.seen == []


async def test_of_idle_servers_the_one_that_loads_or_has_the_model_is_asked(ollama: OllamaStandin) -> None:
    async with (
        OllamaStandin(models={"qwen3:8b": 40_960}) as other,
        routing(OllamaBackend(ollama.address), OllamaBackend(other.address)) as router,
    ):
        ollama.may_load.clear()
        preparing = asyncio.create_task(router.prepare(QWEN))
        await ollama.until(lambda: bool(ollama.loads))
        replying = asyncio.create_task(reply(router, QWEN))
        await ollama.until(lambda: ollama.running == 2)
        ollama.may_load.set()
        await asyncio.gather(preparing, replying)
        for _ in range(2):
            await reply(router, QWEN)
        assert other.loads == []
        async with AsyncExitStack() as stack:
            ollama.script = other.script = LONG
            for _ in range(2):
                events = await stack.enter_async_context(aclosing(router.stream(QWEN, question)))
                async for event in events:
                    if isinstance(event, TextDelta):
                        break
            assert (ollama.running, other.running) == (1, 1)
