"""Several servers of one backend, tries that are repeated, and servers that are left alone after failures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing

import pytest

from tests.routing import NOWHERE, Time, becomes, notices_of, offered, question, reply, routing, text_of
from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, ollama_error, openai_error, thai_tokens
from tests.standins.server import Standin
from thai_chat.backends.ollama import OllamaBackend
from thai_chat.backends.vllm import VLLMBackend
from thai_chat.domain.errors import (
    BackendBusy,
    BackendFailed,
    BackendTimeout,
    BackendUnreachable,
    ModelNotFound,
    ModelTooLarge,
    RateLimited,
)
from thai_chat.domain.events import Answering, Notice, RoutedEvent, Text
from thai_chat.domain.messages import MODEL_CHARS, Choice, Role
from thai_chat.domain.ports import BackendState, PromptMessage
from thai_chat.routing.breaker import FIRST_PAUSE_S, SLOW_AFTER_S, SLOW_FOR_S, Breaker
from thai_chat.routing.preference import Rules
from thai_chat.routing.retries import STRIKES_TO_OPEN
from thai_chat.routing.router import Router

MODEL = Choice("vllm", "standin")
QWEN = Choice("ollama", "qwen3:8b")
BROKEN = openai_error(500, "CUDA error", kind="InternalServerError", code=500)
LONG = Script(tokens=thai_tokens(10_000), delay_ms=5)


def busy(retry_after: str = "") -> Script:
    return openai_error(429, "Rate limit reached", code="rate_limit_exceeded", retry_after=retry_after)


@pytest.fixture
async def pair() -> AsyncIterator[tuple[OpenAIStandin, OpenAIStandin]]:
    async with OpenAIStandin() as first, OpenAIStandin() as second:
        yield first, second


@pytest.fixture
async def vllm() -> AsyncIterator[OpenAIStandin]:
    async with OpenAIStandin() as standin:
        yield standin


@pytest.fixture
async def ollama() -> AsyncIterator[OllamaStandin]:
    async with OllamaStandin(models={"qwen3:8b": 40_960}, script=Script(tokens=("ตอบ", "แทน"))) as standin:
        yield standin


async def begun(stack: AsyncExitStack, router: Router) -> None:
    """A reply that has said its first word and goes on until the stack is left."""
    events = await stack.enter_async_context(aclosing(router.stream(MODEL, question)))
    async for event in events:
        if isinstance(event, Text):
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


async def test_notices_of_a_wait_are_given_only_when_it_is_felt(vllm: OpenAIStandin) -> None:
    vllm.script = BROKEN
    events: list[RoutedEvent] = []
    async with routing(VLLMBackend(vllm.base_url), retries=Time().retries(chance=0.1)) as router:
        with pytest.raises(BackendFailed):
            await reply(router, MODEL, into=events)
    assert events == []


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


def test_a_model_whose_first_word_took_long_counts_as_slow_for_a_while() -> None:
    time = Time()
    breaker = Breaker(clock=time.clock)
    breaker.first_word(30.0)
    breaker.whole_reply()
    assert (breaker.state, breaker.lets_through) == (BackendState.SLOW, True)
    time.now_s += SLOW_FOR_S
    assert breaker.state is BackendState.UP


def test_many_failures_at_once_close_the_door_once() -> None:
    time = Time()
    breaker = Breaker(clock=time.clock)
    for _ in range(100):
        breaker.failed(BackendFailed(), is_probe=False)
    time.now_s += FIRST_PAUSE_S
    assert breaker.lets_through


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
                    if isinstance(event, Text):
                        break
            assert (ollama.running, other.running) == (1, 1)
