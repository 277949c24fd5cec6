"""Tries that are repeated, after which pauses, and which are not."""

from __future__ import annotations

import asyncio

import pytest

from tests.routing import (
    BROKEN,
    MODEL,
    QWEN,
    Time,
    busy,
    offered,
    reply,
    routing,
    text_of,
)
from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, openai_error
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import BackendFailed, ModelNotFound, RateLimited
from thai_chat.domain.events import Answering, Notice, RoutedEvent
from thai_chat.domain.messages import Choice
from thai_chat.domain.ports.backend import BackendState
from thai_chat.routing.breaker import FIRST_PAUSE_S
from thai_chat.routing.preference import Rules
from thai_chat.routing.retries import STRIKES_TO_OPEN


async def test_retry_after_is_waited_for(vllm: OpenAIStandin) -> None:
    vllm.script = busy(retry_after="3")
    time = Time()

    def free() -> None:
        vllm.script = Script()

    time.while_asleep = free
    async with routing(VLLMBackend(vllm.base_url), retries=time.retries(chance=0.0)) as router:
        events = await reply(router, MODEL)
    assert time.slept == [3.0]
    said = {"backend": "vllm", "model": "standin", "reason": "rate_limited", "seconds": 3}
    assert events[0] == Notice("retrying", said, is_passing=True)
    assert text_of(events) == vllm.script.text


async def test_a_server_that_asks_for_more_patience_is_not_waited_for(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    vllm.script = busy(retry_after="3600")
    time = Time()
    backends = VLLMBackend(vllm.base_url), OllamaBackend(ollama.address)
    async with routing(*backends, retries=time.retries()) as router:
        assert Answering(QWEN, "rate_limited") in await reply(router, MODEL)
        assert Answering(QWEN, "rate_limited") in await reply(router, MODEL)
    assert time.slept == []
    assert len(vllm.seen) == 1


@pytest.mark.parametrize("trouble", [busy(retry_after="2"), BROKEN], ids=["busy", "broken"])
async def test_one_servers_long_patience_keeps_nobody_from_asking_the_other_again(
    pair: tuple[OpenAIStandin, OpenAIStandin], trouble: Script
) -> None:
    first, second = pair
    first.script, second.script = trouble, busy(retry_after="3600")
    time = Time()

    def free() -> None:
        first.script = Script()

    time.while_asleep = free
    backends = VLLMBackend(first.base_url), VLLMBackend(second.base_url)
    async with routing(*backends, retries=time.retries(chance=0.5)) as router:
        assert text_of(await reply(router, MODEL)) == first.script.text
    assert time.slept == [2.25 if trouble.retry_after else 0.25]
    assert (len(first.seen), len(second.seen)) == (2, 1)


async def test_an_overloaded_server_is_asked_again_when_it_said(vllm: OpenAIStandin) -> None:
    vllm.script = openai_error(503, "Service Unavailable", retry_after="3")
    time = Time()
    async with routing(VLLMBackend(vllm.base_url), retries=time.retries(chance=0.0)) as router:
        for _ in range(3):
            with pytest.raises(BackendFailed):
                await reply(router, MODEL)
        assert time.slept == [3.0] * 3
        assert len(vllm.seen) == STRIKES_TO_OPEN, "for ever overloaded is a failure like others"
        time.now_s += FIRST_PAUSE_S
        vllm.script = openai_error(503, "Service Unavailable", retry_after="60")
        with pytest.raises(BackendFailed):
            await reply(router, MODEL)
        assert offered(router, "vllm").state is BackendState.DOWN
        time.now_s += 59
        with pytest.raises(BackendFailed):
            await reply(router, MODEL)
        assert len(vllm.seen) == STRIKES_TO_OPEN + 1
        assert offered(router, "vllm").state is BackendState.DOWN


async def test_a_failed_try_is_repeated_after_growing_pauses_and_not_for_ever(vllm: OpenAIStandin) -> None:
    vllm.script = BROKEN
    time = Time()
    async with routing(VLLMBackend(vllm.base_url), retries=time.retries(rounds=4)) as router:
        with pytest.raises(BackendFailed):
            await reply(router, MODEL)
    assert time.slept == [0.5, 1.0, 2.0]
    assert len(vllm.seen) == 4


async def test_the_pauses_are_spread_by_chance(vllm: OpenAIStandin) -> None:
    vllm.script = BROKEN
    time = Time()
    async with routing(VLLMBackend(vllm.base_url), retries=time.retries(chance=0.25)) as router:
        with pytest.raises(BackendFailed):
            await reply(router, MODEL)
    assert time.slept == [0.125, 0.25]


async def test_the_tries_end_after_their_time_in_all(vllm: OpenAIStandin) -> None:
    vllm.script = busy(retry_after="9")
    time = Time()
    async with routing(VLLMBackend(vllm.base_url), retries=time.retries(rounds=10, chance=0.0)) as router:
        with pytest.raises(RateLimited):
            await reply(router, MODEL)
    assert time.slept == [9.0, 9.0]


async def test_what_will_not_change_is_not_tried_again(vllm: OpenAIStandin) -> None:
    time = Time()
    async with routing(VLLMBackend(vllm.base_url), rules=Rules(fall_back=False), retries=time.retries()) as router:
        with pytest.raises(ModelNotFound):
            await reply(router, Choice("vllm", "gone"))
    assert len(vllm.seen) == 1


async def test_stop_ends_the_wait_for_a_retry(vllm: OpenAIStandin) -> None:
    vllm.script = busy(retry_after="9")
    asleep = asyncio.Event()

    class Patient(Time):
        async def sleep(self, seconds: float) -> None:
            asleep.set()
            await asyncio.Event().wait()

    async with routing(VLLMBackend(vllm.base_url), retries=Patient().retries()) as router:
        task = asyncio.create_task(reply(router, MODEL))
        await asleep.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(vllm.seen) == 1


async def test_notices_of_a_wait_are_given_only_when_it_is_felt(vllm: OpenAIStandin) -> None:
    vllm.script = BROKEN
    events: list[RoutedEvent] = []
    async with routing(VLLMBackend(vllm.base_url), retries=Time().retries(chance=0.1)) as router:
        with pytest.raises(BackendFailed):
            await reply(router, MODEL, into=events)
    assert events == []
