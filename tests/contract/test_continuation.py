"""Going on with a reply that is there already: by the server itself where it can, else by asking the model to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.standins.llamacpp import demo, loaded
from tests.standins.openai_server import OpenAIStandin
from tests.standins.replies import ask, request, text_of
from tests.standins.script import Script, openai_error
from thai_chat.backends.continuation import INSTRUCTION
from thai_chat.backends.llamacpp.backend import DEMO_MODEL
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import BackendFailed, OnlyReasoning, ReplyCut
from thai_chat.domain.events import Finished, ReasoningDelta, TextDelta
from thai_chat.domain.ports.backend import ReplyRequest

BEGUN = "อาหารไทยที่คนทั่วโลกรู้จักคือต้มยำกุ้ง ผัดไท"
REST = ("ย", " และ", "ส้มตำ")


def continuing(begun: str = BEGUN) -> ReplyRequest:
    return replace(request("standin", "แนะนำอาหารไทย"), continues=begun)


def sent(standin: OpenAIStandin, at: int = -1) -> list[tuple[str, str]]:
    body = standin.seen[at].body
    return [(message["role"], message["content"]) for message in body.get("messages") or body["input"]]


async def test_vllm_goes_on_with_the_message_itself(standin: OpenAIStandin, vllm: VLLMBackend) -> None:
    standin.script = Script(tokens=REST)
    events = await ask(vllm, continuing())
    assert text_of(events) == "ย และส้มตำ"
    assert sent(standin) == [("user", "แนะนำอาหารไทย"), ("assistant", BEGUN)]
    assert standin.seen[0].body["continue_final_message"] is True
    assert standin.seen[0].body["add_generation_prompt"] is False


async def test_a_reply_from_its_start_has_none_of_this(standin: OpenAIStandin, vllm: VLLMBackend) -> None:
    await ask(vllm, request())
    assert "continue_final_message" not in standin.seen[0].body


async def test_openai_is_asked_in_words_and_what_it_says_again_is_cut(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    standin.script = Script(tokens=("ทั่วโลกรู้จักคือ", "ต้มยำกุ้ง ผัดไท", *REST), delay_ms=1)
    events = await ask(openai, continuing())
    assert text_of(events) == "ย และส้มตำ"
    assert events[-1] == Finished("stop")
    assert sent(standin) == [("user", "แนะนำอาหารไทย"), ("assistant", BEGUN), ("user", INSTRUCTION)]


async def test_a_responses_only_model_goes_on_too(standin: OpenAIStandin, openai: OpenAIBackend) -> None:
    standin.script = Script(responses_only=True, tokens=(BEGUN, *REST))
    assert text_of(await ask(openai, continuing())) == "ย และส้มตำ"
    assert sent(standin)[-2:] == [("assistant", BEGUN), ("user", INSTRUCTION)]


@pytest.mark.parametrize(
    "refusal",
    [
        Script(refuses_prefill=True, tokens=REST),
        Script(refused_params=("continue_final_message",), tokens=REST),
    ],
)
async def test_a_server_that_can_not_go_on_by_itself_is_asked_in_words_and_that_is_remembered(
    standin: OpenAIStandin, vllm: VLLMBackend, refusal: Script
) -> None:
    standin.script = refusal
    for _ in range(2):
        assert text_of(await ask(vllm, continuing())) == "ย และส้มตำ"
    assert ["continue_final_message" in seen.body for seen in standin.seen] == [True, False, False]
    assert sent(standin)[-1] == ("user", INSTRUCTION)


async def test_a_request_that_is_wrong_in_itself_fails_in_words_too(standin: OpenAIStandin, vllm: VLLMBackend) -> None:
    standin.script = openai_error(400, "no")
    with pytest.raises(BackendFailed):
        await ask(vllm, continuing())
    assert len(standin.seen) == 3


@pytest.mark.parametrize("finish_reason", ["stop", "length"])
async def test_a_continuation_that_is_always_taken_for_thinking_is_asked_for_in_words(
    standin: OpenAIStandin, vllm: VLLMBackend, finish_reason: str
) -> None:
    standin.script = Script(prefill_is_thinking="always", tokens=REST, finish_reason=finish_reason)
    for _ in range(2):
        events = await ask(vllm, continuing())
        assert text_of(events) == "ย และส้มตำ"
        assert sum(isinstance(event, Finished) for event in events) == 1
        assert not any(isinstance(event, ReasoningDelta) for event in events)
    assert ["continue_final_message" in seen.body for seen in standin.seen] == [True, True, False, False]


async def test_a_reasoning_parser_is_told_that_the_rest_of_a_reply_is_no_thinking(
    standin: OpenAIStandin, vllm: VLLMBackend
) -> None:
    standin.script = Script(prefill_is_thinking="unless_told", tokens=REST)
    asked = continuing()
    asked = replace(asked, options={"chat_template_kwargs": {"enable_thinking": True, "tone": "formal"}})
    for _ in range(2):
        events = await ask(vllm, asked)
        assert text_of(events) == "ย และส้มตำ"
        assert not any(isinstance(event, ReasoningDelta) for event in events)
    told = [seen.body["chat_template_kwargs"] for seen in standin.seen]
    assert told == [{"enable_thinking": True, "tone": "formal"}, *[{"enable_thinking": False, "tone": "formal"}] * 2]
    assert sent(standin)[-1] == ("assistant", BEGUN)


async def test_spaces_at_the_end_of_the_beginning_are_not_sent_and_not_doubled(
    standin: OpenAIStandin, vllm: VLLMBackend
) -> None:
    standin.script = Script(tokens=("\n", "\n- แกง", "ส้ม"))
    events = await ask(vllm, continuing("รายการอาหาร\n\n"))
    assert sent(standin)[-1] == ("assistant", "รายการอาหาร")
    assert text_of(events) == "- แกงส้ม"


async def test_a_reply_that_was_whole_already_ends_without_a_word(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    standin.script = Script(tokens=(BEGUN,))
    events = await ask(openai, continuing())
    assert text_of(events) == ""
    assert events[-1] == Finished("stop")


async def test_a_continuation_of_nothing_but_thinking_says_why(standin: OpenAIStandin, openai: OpenAIBackend) -> None:
    standin.script = Script(tokens=(), finish_reason="length", reasoning_tokens=9)
    with pytest.raises(OnlyReasoning):
        await ask(openai, continuing())


async def test_what_is_held_back_is_not_lost_when_the_reply_breaks(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    standin.script = Script(tokens=("อาหารไทย", "ที่คน", "ทั่วโลก", "รู้จัก"), fault="drop", fault_after=3)
    events: list[object] = []
    with pytest.raises(ReplyCut):
        await ask(openai, continuing(), into=events)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "อาหารไทยที่คนทั่วโลก"


async def test_a_beginning_of_spaces_only_is_a_reply_from_its_start(standin: OpenAIStandin, vllm: VLLMBackend) -> None:
    await ask(vllm, continuing(" \n"))
    assert [role for role, _ in sent(standin)] == ["user"]


async def test_llamacpp_goes_on_by_itself_and_counts_exactly(tmp_path: Path) -> None:
    async with demo(tmp_path) as backend:
        await loaded(backend)
        asked = request(DEMO_MODEL, "Count from 1 to 20.", options={"max_tokens": 12, "temperature": 0})
        counted = await backend.count_tokens(DEMO_MODEL, asked.messages)
        begun = await ask(backend, replace(asked, continues="1, 2, 3, 4, 5, 6,"))
        assert text_of(begun).strip().startswith("7")
        whole = await ask(backend, asked)
        assert counted in {event.prompt_tokens for event in whole if hasattr(event, "prompt_tokens")}
