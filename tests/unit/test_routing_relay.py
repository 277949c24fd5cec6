"""Who answers a program: retries, other servers, other models where the request means the same to them."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from tests.routing import BROKEN, MODEL, NOWHERE, QWEN, Time, at, busy, in_cloud, offered, routing
from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from tests.standins.relays import chat, embed, relayed, respond, said
from tests.standins.script import Fault, Script, openai_error
from tests.toy_backend import TOY, ToyBackend
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import (
    BackendError,
    BackendFailed,
    BackendTimeout,
    BackendUnreachable,
    NotOffered,
    RateLimited,
    ReplyCut,
)
from thai_chat.domain.errors import UnknownBackend
from thai_chat.domain.messages import Choice
from thai_chat.domain.ports.backend import BackendState
from thai_chat.domain.ports.relay import RelayCall
from thai_chat.domain.relay_errors import RelayRefused
from thai_chat.routing.breaker import SLOW_AFTER_S
from thai_chat.routing.preference import Rules
from thai_chat.routing.router import Router

REFUSED = openai_error(400, "n must be at least 1", param="n")
TOOL = {"type": "function", "function": {"name": "price_of"}}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
SOUND = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}


def asking(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "text", "text": "นี่คืออะไร"}, *parts]}]


CALLED = [{"role": "assistant", "tool_calls": [{"id": "c", "type": "function"}]}, {"role": "tool", "tool_call_id": "c"}]


@pytest.mark.parametrize(
    "call", [chat(), chat(stream=False), embed("ก"), respond()], ids=["chat", "whole", "vectors", "response"]
)
async def test_a_request_that_failed_is_sent_again(vllm: OpenAIStandin, call: RelayCall) -> None:
    vllm.script = BROKEN
    time = Time()
    time.while_asleep = lambda: setattr(vllm, "script", Script())
    async with routing(*at(vllm), retries=time.retries()) as router:
        who, answer = await relayed(router, MODEL, call)
    assert who == MODEL
    assert answer
    assert len(time.slept) == 1
    assert vllm.served == 2


@pytest.mark.parametrize("call", [chat(), embed("ก")], ids=["chat", "vectors"])
async def test_another_server_of_the_same_model_answers(
    pair: tuple[OpenAIStandin, OpenAIStandin], call: RelayCall
) -> None:
    first, second = pair
    first.script = BROKEN
    async with routing(*at(first, second)) as router:
        for _ in range(3):
            assert (await relayed(router, MODEL, call))[0] == MODEL
    assert second.served == 3


async def test_a_request_in_plain_text_is_answered_by_another_model(vllm: OpenAIStandin, ollama: OllamaStandin) -> None:
    vllm.script = BROKEN
    async with routing(*at(vllm, ollama)) as router:
        who, chunks = await relayed(router, MODEL, chat(messages=asking(), response_format={"type": "json_object"}))
    assert who == QWEN
    assert said(chunks) == "ตอบแทน"
    assert ollama.seen[0].body["model"] == QWEN.model


@pytest.mark.parametrize(
    "call",
    [
        chat(tools=[TOOL]),
        chat(functions=[TOOL["function"]]),
        chat(messages=[*asking(), *CALLED]),
        chat(messages=asking(PICTURE)),
        chat(messages=asking(SOUND)),
        chat(logit_bias={"1": 5}),
        embed("ก"),
        respond(),
    ],
    ids=["tools", "functions", "called", "picture", "sound", "tokens", "vectors", "response"],
)
async def test_what_another_model_may_not_understand_is_put_to_none(
    vllm: OpenAIStandin, ollama: OllamaStandin, call: RelayCall
) -> None:
    vllm.script = BROKEN
    async with routing(*at(vllm, ollama)) as router:
        with pytest.raises(BackendFailed):
            await relayed(router, MODEL, call)
    assert ollama.seen == []


@pytest.mark.parametrize("call", [chat(tools=[TOOL]), chat(messages=asking(SOUND))], ids=["tools", "sound"])
async def test_the_same_model_elsewhere_understands_the_same(
    vllm: OpenAIStandin, ollama: OllamaStandin, call: RelayCall
) -> None:
    vllm.script = BROKEN
    ollama.models["standin"] = 8192
    async with routing(*at(vllm, ollama)) as router:
        assert (await relayed(router, MODEL, call))[0] == Choice("ollama", "standin")


async def test_pictures_go_to_a_model_that_reads_them(vllm: OpenAIStandin, ollama: OllamaStandin) -> None:
    vllm.script = BROKEN
    ollama.capabilities[QWEN.model] = ["completion", "vision"]
    async with routing(*at(vllm, ollama)) as router:
        assert (await relayed(router, MODEL, chat(messages=asking(PICTURE))))[0] == QWEN


async def test_vectors_of_the_same_name_elsewhere_are_not_taken(vllm: OpenAIStandin, ollama: OllamaStandin) -> None:
    vllm.script = BROKEN
    ollama.models["standin"] = 8192
    async with routing(*at(vllm, ollama)) as router:
        with pytest.raises(BackendFailed):
            await relayed(router, MODEL, embed("ก"))
    assert ollama.seen == []


async def test_rules_hold_for_who_answers_instead(
    vllm: OpenAIStandin, ollama: OllamaStandin, cloud: OpenAIStandin
) -> None:
    vllm.script = BROKEN
    async with routing(*at(vllm), in_cloud(cloud)) as router:
        with pytest.raises(BackendFailed):
            await relayed(router, MODEL, chat())
    async with routing(*at(vllm, ollama), rules=Rules(fall_back=False)) as router:
        with pytest.raises(BackendFailed):
            await relayed(router, MODEL, chat())
    async with routing(*at(vllm, ollama)) as router:
        answer = router.relay(MODEL, chat(), may=lambda choice, listed: choice != QWEN)
        with pytest.raises(BackendFailed):
            await answer.begin()
        await answer.close()
    assert (cloud.seen, ollama.seen) == ([], [])


async def test_what_the_server_refuses_is_neither_repeated_nor_held_against_it(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    vllm.script = REFUSED
    async with routing(*at(vllm, ollama)) as router:
        for _ in range(7):
            with pytest.raises(RelayRefused):
                await relayed(router, MODEL, chat(n=0))
        assert offered(router, "vllm").state is BackendState.UP
    assert vllm.served == 7
    assert ollama.seen == []


async def test_failures_in_a_row_leave_the_server_alone(vllm: OpenAIStandin) -> None:
    vllm.script = BROKEN
    time = Time()
    async with routing(*at(vllm), retries=time.retries(rounds=1)) as router:
        for _ in range(7):
            with pytest.raises(BackendFailed):
                await relayed(router, MODEL, chat())
        assert offered(router, "vllm").state is BackendState.DOWN
    assert vllm.served == 5


async def test_a_quota_is_shown(vllm: OpenAIStandin) -> None:
    vllm.script = busy(retry_after="40")
    async with routing(*at(vllm)) as router:
        with pytest.raises(RateLimited) as raised:
            await relayed(router, MODEL, chat())
        assert raised.value.params["retry_after_s"] == 40
        assert offered(router, "vllm").state is BackendState.QUOTA


@pytest.mark.parametrize("fault", ["drop", "end", "error", "garbage"])
async def test_nobody_else_goes_on_with_an_answer_that_has_begun(
    vllm: OpenAIStandin, ollama: OllamaStandin, fault: Fault
) -> None:
    vllm.script = Script(fault=fault, fault_after=3)
    chunks: list[Any] = []
    async with routing(*at(vllm, ollama)) as router:
        with pytest.raises(BackendError):
            await relayed(router, MODEL, chat(), into=chunks)
    assert said(chunks) == "".join(vllm.script.tokens[:3])
    assert vllm.served == 1
    assert ollama.seen == []


async def test_a_role_alone_is_no_beginning(vllm: OpenAIStandin, ollama: OllamaStandin) -> None:
    vllm.script = Script(tokens=("", "สวัสดี"), fault="drop", fault_after=1)
    async with routing(*at(vllm, ollama)) as router:
        assert (await relayed(router, MODEL, chat()))[0] == QWEN
    assert ollama.served == 1


async def test_nothing_that_came_before_the_first_word_is_lost(vllm: OpenAIStandin) -> None:
    vllm.script = Script(tokens=("", "", "สวัสดี"))
    async with routing(*at(vllm)) as router:
        _, chunks = await relayed(router, MODEL, chat())
    assert [chunk["choices"][0]["delta"] for chunk in chunks[:3]] == [
        {"role": "assistant", "content": ""},
        {"content": ""},
        {"content": ""},
    ]


async def test_chunks_without_a_word_are_not_held_for_ever(vllm: OpenAIStandin) -> None:
    vllm.script = Script(tokens=("",) * 30, fault="hang", fault_after=30)
    async with routing(*at(vllm)) as router:
        answer = router.relay(MODEL, chat())
        async with asyncio.timeout(20):
            await answer.begin()
        await answer.close()


async def test_a_server_that_says_nothing_is_given_up_where_somebody_else_may_answer(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    vllm.script = Script(fault="silence")
    rules = Rules(first_word_s={"vllm": 0.1})
    async with routing(*at(vllm, ollama), rules=rules) as router:
        assert (await relayed(router, MODEL, chat()))[0] == QWEN
        assert offered(router, "vllm").state is BackendState.SLOW
    await vllm.until(lambda: vllm.running == 0)


async def test_an_answer_in_one_piece_may_take_longer_than_a_first_word(
    vllm: OpenAIStandin, ollama: OllamaStandin
) -> None:
    vllm.script = Script(fault="hang", never_streams=True)
    rules = Rules(first_word_s={"vllm": 0.01})
    async with routing(*at(vllm, ollama), rules=rules) as router:
        task = asyncio.create_task(relayed(router, MODEL, chat(stream=False)))
        await vllm.until(lambda: vllm.running == 1)
        await asyncio.wait({task}, timeout=0.1)
        assert not task.done()
        task.cancel()
        await asyncio.wait({task})
    assert ollama.seen == []


async def test_an_answer_in_one_piece_says_nothing_of_how_fast_a_server_is(vllm: OpenAIStandin) -> None:
    time = Time()
    vllm.script = Script(tokens=("ก",))
    async with routing(*at(vllm), retries=time.retries()) as router:
        for stream, state in ((False, BackendState.UP), (True, BackendState.SLOW)):
            vllm.may_end.clear()
            task = asyncio.create_task(relayed(router, MODEL, chat(stream=stream)))
            await vllm.until(lambda: vllm.running == 1)
            time.now_s += SLOW_AFTER_S + 1
            vllm.may_end.set()
            await task
            assert offered(router, "vllm").state is state


async def test_requests_are_counted_so_that_the_less_busy_server_is_asked(
    pair: tuple[OpenAIStandin, OpenAIStandin],
) -> None:
    for standin in pair:
        standin.script = Script(tokens=("ก",) * 10_000, delay_ms=5)
    async with routing(*at(*pair)) as router:
        answers = [router.relay(MODEL, chat()) for _ in range(4)]
        for answer in answers:
            await answer.begin()
        assert [standin.running for standin in pair] == [2, 2]
        for answer in answers:
            await answer.close()
            await answer.close()
        for standin in pair:
            await standin.until(lambda standin=standin: standin.running == 0)
        servers = router._preference.servers("vllm").servers
        assert [server.in_flight for server in servers] == [0, 0]


@pytest.mark.parametrize("begun", [False, True], ids=["before", "after"])
async def test_leaving_ends_the_request_before_and_after_the_first_word(vllm: OpenAIStandin, begun: bool) -> None:
    vllm.script = Script(tokens=("ก",) * 10_000, delay_ms=5) if begun else Script(fault="silence")
    async with routing(*at(vllm)) as router:
        answer = router.relay(MODEL, chat())
        task = asyncio.create_task(answer.begin())
        await vllm.until(lambda: vllm.running == 1)
        if begun:
            await task
            async with aclosing(answer.rest()) as chunks:
                await anext(chunks)
        else:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await answer.close()
        await vllm.until(lambda: vllm.running == 0)


async def test_an_answer_that_was_never_begun_is_closed_in_peace(vllm: OpenAIStandin) -> None:
    async with routing(*at(vllm)) as router:
        await router.relay(MODEL, chat()).close()
        with pytest.raises(UnknownBackend):
            router.relay(Choice("ollama", "x"), chat())
    assert vllm.seen == []


async def test_who_was_asked_is_told_why_when_nobody_answers(ollama: OllamaStandin) -> None:
    ollama.script = BROKEN
    async with routing(VLLMBackend(NOWHERE), *at(ollama)) as router:
        with pytest.raises(BackendUnreachable) as raised:
            await relayed(router, MODEL, chat())
    assert raised.value.params["backend"] == "vllm"
    assert not isinstance(raised.value, BackendTimeout | ReplyCut)


async def test_a_backend_without_a_way_for_programs_offers_none() -> None:
    router = Router([ToyBackend(2)], kinds=[TOY])
    with pytest.raises(NotOffered) as raised:
        await router.relay(Choice("toy", "bear:new"), chat()).begin()
    assert raised.value.params == {"backend": "toy", "model": "bear:new"}
    await router.close()
