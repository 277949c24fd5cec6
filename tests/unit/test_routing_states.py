"""The state of a model that is told: up, loading, slow, without quota."""

from __future__ import annotations

import asyncio

import pytest

from tests.routing import (
    MODEL,
    QWEN,
    Time,
    becomes,
    busy,
    notices_of,
    offered,
    reply,
    routing,
)
from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, ollama_error
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import BackendBusy, ModelTooLarge, RateLimited
from thai_chat.domain.ports.backend import BackendState
from thai_chat.routing.breaker import SLOW_AFTER_S, SLOW_FOR_S, Breaker


async def test_a_used_up_quota_is_shown_and_forgotten_by_itself(vllm: OpenAIStandin) -> None:
    vllm.script = busy(retry_after="40")
    time = Time()
    async with routing(VLLMBackend(vllm.base_url), retries=time.retries()) as router:
        with pytest.raises(RateLimited):
            await reply(router, MODEL)
        choices = offered(router, "vllm")
        assert (choices.state, choices.error_code) == (BackendState.QUOTA, "rate_limited")
        time.now_s += 40
        assert offered(router, "vllm").state is BackendState.UP


async def test_a_full_queue_is_shown_as_slow_for_a_while(ollama: OllamaStandin) -> None:
    ollama.script = ollama_error(503, "server busy, please try again. maximum pending requests exceeded")
    time = Time()
    async with routing(OllamaBackend(ollama.address), retries=time.retries()) as router:
        with pytest.raises(BackendBusy):
            await reply(router, QWEN)
        assert offered(router, "ollama").state is BackendState.SLOW
        time.now_s += SLOW_FOR_S
        assert offered(router, "ollama").state is BackendState.UP


async def test_a_model_that_is_being_loaded_is_shown_as_loading_beside_the_others(ollama: OllamaStandin) -> None:
    ollama.models["other"] = 8192
    ollama.may_load.clear()
    async with routing(OllamaBackend(ollama.address)) as router:
        preparing = asyncio.create_task(router.prepare(QWEN))
        await ollama.until(lambda: bool(ollama.loads))
        assert offered(router, "ollama").state is BackendState.UP
        assert offered(router, "ollama").model_states == {QWEN.model: BackendState.LOADING}
        ollama.may_load.set()
        await preparing
        assert offered(router, "ollama").model_states == {}


async def test_a_model_that_is_too_large_is_not_tried_again_and_says_nothing_of_its_server(
    ollama: OllamaStandin,
) -> None:
    ollama.script = ollama_error(500, "model requires more system memory (9.1 GiB) than is available (5.6 GiB)")
    time = Time()
    async with routing(OllamaBackend(ollama.address), retries=time.retries()) as router:
        with pytest.raises(ModelTooLarge):
            await reply(router, QWEN)
        assert len(ollama.seen) == 1
        assert offered(router, "ollama").state is BackendState.UP


def test_a_model_whose_first_word_took_long_counts_as_slow_for_a_while() -> None:
    time = Time()
    breaker = Breaker(clock=time.clock)
    breaker.first_word(30.0)
    breaker.whole_reply()
    assert (breaker.state, breaker.lets_through) == (BackendState.SLOW, True)
    time.now_s += SLOW_FOR_S
    assert breaker.state is BackendState.UP


@pytest.mark.parametrize("is_cold", [True, False], ids=["loaded first", "in memory"])
async def test_a_first_word_that_waited_for_its_model_to_be_loaded_is_not_slow(
    ollama: OllamaStandin, is_cold: bool
) -> None:
    time = Time()
    async with routing(OllamaBackend(ollama.address), retries=time.retries()) as router:
        if not is_cold:
            await router.prepare(QWEN)
        ollama.may_load.clear()
        replying = asyncio.create_task(reply(router, QWEN))
        await ollama.until(lambda: ollama.running == 1)
        time.now_s += SLOW_AFTER_S + 1
        ollama.may_load.set()
        await replying
        assert offered(router, "ollama").state is (BackendState.UP if is_cold else BackendState.SLOW)


async def test_a_first_word_of_a_server_that_was_seen_to_load_is_not_slow(vllm: OpenAIStandin) -> None:
    vllm.health_status, vllm.health_body = 503, '{"error": {"message": "Loading model", "code": 503}}'
    vllm.script = Script(first_delay_ms=100)
    time = Time()
    async with routing(VLLMBackend(vllm.base_url), retries=time.retries()) as router:
        assert offered(router, "vllm").state is BackendState.LOADING
        replying = asyncio.create_task(reply(router, MODEL))
        await vllm.until(lambda: vllm.running == 1)
        time.now_s += SLOW_AFTER_S + 1
        await replying
        vllm.health_status = 200
        await becomes(router, "vllm", BackendState.UP)


async def test_a_model_that_is_asked_twice_says_once_that_it_is_loading(ollama: OllamaStandin) -> None:
    ollama.script = ollama_error(500, "llama runner process has terminated")
    time = Time()

    def mend() -> None:
        ollama.script = Script()

    time.while_asleep = mend
    async with routing(OllamaBackend(ollama.address), retries=time.retries(chance=1.0)) as router:
        events = await reply(router, QWEN)
    assert len(ollama.seen) == 2
    assert notices_of(events) == ["model_loading"]
