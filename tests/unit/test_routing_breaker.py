"""Servers that are left alone after failures, and how they come back."""

from __future__ import annotations

import asyncio

import pytest

from tests.routing import (
    BROKEN,
    MODEL,
    QWEN,
    Time,
    becomes,
    offered,
    reply,
    routing,
    text_of,
)
from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import BackendFailed, BackendTimeout, BackendUnreachable
from thai_chat.domain.events import Answering
from thai_chat.domain.messages import Choice
from thai_chat.domain.ports.backend import BackendState
from thai_chat.routing.breaker import FIRST_PAUSE_S, Breaker
from thai_chat.routing.retries import STRIKES_TO_OPEN
from thai_chat.routing.router import Router


async def fail_until_open(router: Router) -> None:
    for _ in range(2):
        assert Answering(QWEN, "backend_failed") in await reply(router, MODEL)


async def test_an_open_breaker_means_another_answers_at_once(vllm: OpenAIStandin, ollama: OllamaStandin) -> None:
    vllm.script = BROKEN
    time = Time()
    backends = VLLMBackend(vllm.base_url), OllamaBackend(ollama.address)
    async with routing(*backends, retries=time.retries()) as router:
        await fail_until_open(router)
        assert len(vllm.seen) == STRIKES_TO_OPEN
        slept = len(time.slept)
        assert Answering(QWEN, "backend_failed") in await reply(router, MODEL)
        assert (len(vllm.seen), len(time.slept)) == (STRIKES_TO_OPEN, slept)
        choices = offered(router, "vllm")
        assert (choices.state, choices.error_code) == (BackendState.DOWN, "backend_failed")


async def test_an_open_breaker_lets_one_probe_through(vllm: OpenAIStandin, ollama: OllamaStandin) -> None:
    vllm.script = BROKEN
    time = Time()
    backends = VLLMBackend(vllm.base_url), OllamaBackend(ollama.address)
    async with routing(*backends, retries=time.retries()) as router:
        await fail_until_open(router)
        time.now_s += FIRST_PAUSE_S
        vllm.script = Script(first_delay_ms=200)
        probe = asyncio.create_task(reply(router, MODEL))
        await vllm.until(lambda: vllm.running == 1)
        others = await asyncio.gather(*(reply(router, MODEL) for _ in range(5)))
        assert all(Answering(QWEN, "backend_failed") in events for events in others)
        assert text_of(await probe) == vllm.script.text
        assert len(vllm.seen) == STRIKES_TO_OPEN + 1
        assert text_of(await reply(router, MODEL)) == vllm.script.text


async def test_of_many_who_come_when_the_pause_is_over_one_alone_tries(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    vllm.script = BROKEN
    time = Time()
    backends = VLLMBackend(vllm.base_url), OllamaBackend(ollama.address)
    async with routing(*backends, retries=time.retries()) as router:
        await fail_until_open(router)
        time.now_s += FIRST_PAUSE_S
        vllm.script = Script(first_delay_ms=100)
        replies = await asyncio.gather(*(reply(router, MODEL) for _ in range(20)))
        assert len(vllm.seen) == STRIKES_TO_OPEN + 1
        assert sum(Answering(QWEN, "backend_failed") in events for events in replies) == 19


async def test_a_failed_probe_closes_the_door_for_longer(vllm: OpenAIStandin, ollama: OllamaStandin) -> None:
    vllm.script = BROKEN
    time = Time()
    backends = VLLMBackend(vllm.base_url), OllamaBackend(ollama.address)
    async with routing(*backends, retries=time.retries()) as router:
        await fail_until_open(router)
        time.now_s += FIRST_PAUSE_S
        assert offered(router, "vllm").state is BackendState.UP
        await reply(router, MODEL)
        assert len(vllm.seen) == STRIKES_TO_OPEN + 1
        time.now_s += FIRST_PAUSE_S
        await reply(router, MODEL)
        assert len(vllm.seen) == STRIKES_TO_OPEN + 1
        assert offered(router, "vllm").state is BackendState.DOWN


async def test_a_stopped_probe_gives_its_place_back(vllm: OpenAIStandin, ollama: OllamaStandin) -> None:
    vllm.script = BROKEN
    time = Time()
    backends = VLLMBackend(vllm.base_url), OllamaBackend(ollama.address)
    async with routing(*backends, retries=time.retries()) as router:
        await fail_until_open(router)
        time.now_s += FIRST_PAUSE_S
        vllm.script = Script(fault="silence")
        probe = asyncio.create_task(reply(router, MODEL))
        await vllm.until(lambda: vllm.running == 1)
        probe.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probe
        vllm.script = Script()
        assert text_of(await reply(router, MODEL)) == vllm.script.text


async def test_an_open_breaker_is_of_one_model_alone(vllm: OpenAIStandin) -> None:
    vllm.models = {"standin": 8192, "other": 8192}
    vllm.scripts["standin"] = BROKEN
    async with routing(VLLMBackend(vllm.base_url)) as router:
        for _ in range(2):
            with pytest.raises(BackendFailed):
                await reply(router, MODEL)
        assert offered(router, "vllm").state is BackendState.UP
        assert offered(router, "vllm").model_states == {"standin": BackendState.DOWN}
        assert text_of(await reply(router, Choice("vllm", "other"))) == vllm.script.text


async def test_with_nobody_else_to_ask_an_open_breaker_tells_the_last_error(vllm: OpenAIStandin) -> None:
    vllm.script = BROKEN
    async with routing(VLLMBackend(vllm.base_url)) as router:
        for _ in range(3):
            with pytest.raises(BackendFailed) as caught:
                await reply(router, MODEL)
    assert len(vllm.seen) == STRIKES_TO_OPEN
    assert caught.value.params == {"backend": "vllm", "model": "standin", "status": 500}


async def test_a_server_that_came_back_is_asked_at_once() -> None:
    async with OpenAIStandin() as standin:
        port, models = standin.port, standin.models
        async with routing(VLLMBackend(standin.base_url)) as router:
            await standin.stop()
            for _ in range(2):
                with pytest.raises(BackendUnreachable):
                    await reply(router, MODEL)
            await becomes(router, "vllm", BackendState.DOWN)
            async with OpenAIStandin(port=port, models=models) as again:
                await becomes(router, "vllm", BackendState.UP)
                assert text_of(await reply(router, MODEL)) == again.script.text


def test_a_breaker_forgives_failures_only_after_a_whole_reply() -> None:
    breaker = Breaker()
    for _ in range(STRIKES_TO_OPEN - 1):
        breaker.failed(BackendFailed(), is_probe=False)
        breaker.first_word(0.1)
    assert breaker.lets_through
    breaker.failed(BackendFailed(), is_probe=False)
    assert not breaker.lets_through
    breaker.first_word(0.1)  # of a request that had been let through before
    breaker.whole_reply()
    assert breaker.is_idle


def test_one_time_out_is_enough_to_leave_a_server_alone() -> None:
    breaker = Breaker()
    breaker.failed(BackendTimeout(), is_probe=False)
    assert not breaker.lets_through
    assert breaker.state is BackendState.SLOW


def test_many_failures_at_once_close_the_door_once() -> None:
    time = Time()
    breaker = Breaker(clock=time.clock)
    for _ in range(100):
        breaker.failed(BackendFailed(), is_probe=False)
    time.now_s += FIRST_PAUSE_S
    assert breaker.lets_through
