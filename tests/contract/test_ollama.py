"""The ways of Ollama's replies, each a switch of the stand-in, through the official client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest

from tests.standins.ollama_server import OllamaStandin
from tests.standins.replies import ask, request, text_of
from tests.standins.script import Fault, Script, ollama_error, thai_tokens
from thai_chat.backends.ollama.backend import OLLAMA_TIMEOUTS, OllamaBackend
from thai_chat.backends.timeouts import Timeouts
from thai_chat.domain.backend_errors import (
    BackendBusy,
    BackendDenied,
    BackendError,
    BackendFailed,
    BackendGarbled,
    BackendTimeout,
    ContextOverflow,
    ModelNotFound,
    ModelTooLarge,
    OnlyReasoning,
    RateLimited,
    UnsupportedParameter,
)
from thai_chat.domain.events import Finished, Notice, ReasoningDelta, TextDelta, Usage, WasReasoning
from thai_chat.domain.json_types import JsonValue
from thai_chat.domain.messages import Role
from thai_chat.domain.ports.backend import PromptMessage, ReplyRequest


@pytest.fixture
async def standin() -> AsyncIterator[OllamaStandin]:
    async with OllamaStandin(models={"standin": 131_072}) as standin:
        yield standin


@pytest.fixture
async def backend(standin: OllamaStandin) -> AsyncIterator[OllamaBackend]:
    backend = OllamaBackend(standin.address)
    yield backend
    await backend.close()


def notices(events: list[object]) -> list[str]:
    return [event.code for event in events if isinstance(event, Notice)]


async def test_only_what_was_asked_for_is_sent_by_ollamas_names_beside_the_window(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    await ask(backend, request())
    assert {name for name, value in standin.seen[0].body.items() if value} == {"model", "messages", "stream", "options"}
    assert standin.seen[0].body["options"] == {"num_ctx": 8192}
    await ask(backend, request(options={"temperature": 0.3, "max_tokens": 50, "repetition_penalty": 1.1}))
    asked = {"temperature": 0.3, "num_predict": 50, "repeat_penalty": 1.1}
    assert standin.seen[1].body["options"] == asked | {"num_ctx": 8192}


async def test_an_option_that_ollama_has_no_name_for_is_left_out_and_that_is_said(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    events = await ask(backend, request(options={"logit_bias": {"50256": -100}, "temperature": 0.3, "num_ctx": 10**8}))
    assert Notice("option_left_out", {"param": "num_ctx"}) in events
    assert standin.seen[0].body["options"]["num_ctx"] == 8192
    assert Notice("option_left_out", {"param": "logit_bias"}) in events
    assert "logit_bias" not in standin.seen[0].body["options"]


async def test_a_reply_goes_on_behind_its_beginning(standin: OllamaStandin, backend: OllamaBackend) -> None:
    question = [PromptMessage(Role.USER, "เล่านิทานให้ฟังหน่อย")]
    await ask(backend, ReplyRequest(model="standin", messages=question, continues="กาลครั้งหนึ่งนานมาแล้ว "))
    assert [(message["role"], message["content"]) for message in standin.seen[0].body["messages"]] == [
        ("user", "เล่านิทานให้ฟังหน่อย"),
        ("assistant", "กาลครั้งหนึ่งนานมาแล้ว "),
    ]


async def test_an_error_line_in_a_200_stream_is_the_servers_failure(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.script = Script(fault="error", fault_after=4)
    events: list[object] = []
    with pytest.raises(BackendFailed) as caught:
        await ask(backend, request(), into=events)
    assert caught.value.params == {"backend": "ollama", "model": "standin", "status": 500}
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == standin.seen[0].text_sent


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("an error was encountered while running the model: unexpected EOF", BackendFailed),
        ("model 'standin' not found", ModelNotFound),
        ("model requires more system memory (9.1 GiB) than is available (5.6 GiB)", ModelTooLarge),
        ("the input length exceeds the context length", ContextOverflow),
    ],
)
async def test_an_error_line_before_the_first_token_of_a_200_stream_is_told_for_what_it_is(
    standin: OllamaStandin, backend: OllamaBackend, message: str, error: type[BackendError]
) -> None:
    standin.script = Script(fault="error", error_body=message)
    with pytest.raises(error) as caught:
        await ask(backend, request())
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (ollama_error(404, 'model "typhoon2" not found, try pulling it first'), ModelNotFound),
        (ollama_error(503, "server busy, please try again.  maximum pending requests exceeded"), BackendBusy),
        (ollama_error(503, "the gateway is asleep"), BackendFailed),
        (ollama_error(401, "unauthorized"), BackendDenied),
        (ollama_error(403, "remote inference is unavailable"), BackendDenied),
        (ollama_error(429, "you have reached your hourly usage limit"), RateLimited),
        (ollama_error(500, "llama runner process has terminated: signal: killed"), BackendFailed),
        (ollama_error(500, "model requires more system memory (9.1 GiB) than is available (5.6 GiB)"), ModelTooLarge),
        (ollama_error(500, "llama runner process has terminated: cudaMalloc failed: out of memory"), ModelTooLarge),
        (ollama_error(400, '"standin" does not support tools'), UnsupportedParameter),
        (ollama_error(400, '"standin" does not support chat'), BackendFailed),
        (Script(fault="garbage", fault_after=2), BackendGarbled),
        (Script(status=502, error_body="<html>"), BackendFailed),
    ],
)
async def test_what_goes_wrong_is_told_for_what_it_is(
    standin: OllamaStandin, backend: OllamaBackend, script: Script, error: type[BackendError]
) -> None:
    standin.script = script
    with pytest.raises(error) as caught:
        await ask(backend, request())
    assert type(caught.value) is error


async def test_a_model_that_is_missing_is_marked_as_one_that_can_be_fetched(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    with pytest.raises(ModelNotFound) as caught:
        await ask(backend, request("typhoon2:8b"))
    assert caught.value.params == {"backend": "ollama", "model": "typhoon2:8b", "fetchable": True}


async def test_a_full_queue_is_busy_and_the_next_request_is_answered(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.parallel, standin.queue = 1, 0
    standin.script = Script(tokens=thai_tokens(10_000), delay_ms=5)
    first = asyncio.create_task(ask(backend, request()))
    await standin.until(lambda: bool(standin.seen) and standin.seen[0].pieces_sent > 0)
    with pytest.raises(BackendBusy):
        await ask(backend, request())
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await standin.until(lambda: standin.running == 0)
    standin.script = Script()
    assert text_of(await ask(backend, request())) == Script().text


async def test_a_second_reply_waits_its_turn_without_a_word_and_comes_whole(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.parallel = 1
    replies = await asyncio.gather(*(ask(backend, request()) for _ in range(3)))
    assert [text_of(events) for events in replies] == [standin.script.text] * 3


@pytest.mark.parametrize("fault", ["silence", "hang"])
async def test_a_server_that_says_no_more_times_out_and_is_left(standin: OllamaStandin, fault: str) -> None:
    backend = OllamaBackend(standin.address, timeouts=Timeouts(first_token_s=0.3, between_tokens_s=0.2))
    standin.script = Script(fault="silence") if fault == "silence" else Script(fault="hang", fault_after=3)
    with pytest.raises(BackendTimeout):
        await ask(backend, request())
    await standin.until(lambda: standin.running == 0)
    await backend.close()


def test_the_first_token_may_take_as_long_as_a_cold_load_and_other_peoples_replies() -> None:
    assert OLLAMA_TIMEOUTS.first_token_s >= 600


async def test_a_reply_that_reached_its_limit_says_so(standin: OllamaStandin, backend: OllamaBackend) -> None:
    standin.script = Script(finish_reason="length")
    assert (await ask(backend, request()))[-1] == Finished("length")


async def test_counts_that_are_not_given_are_unknown(standin: OllamaStandin, backend: OllamaBackend) -> None:
    standin.script = Script(usage=False)
    events = await ask(backend, request())
    assert Usage(None, None) in events
    assert text_of(events) == standin.script.text


async def test_a_stopped_reply_has_no_counts_as_ollama_gives_them_only_at_the_end(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.script = Script(tokens=thai_tokens(10_000), delay_ms=5)
    events = []
    async with aclosing(backend.stream(request())) as stream:
        async for event in stream:
            events.append(event)
            if isinstance(event, TextDelta):
                break
    await standin.until(lambda: standin.running == 0, timeout_s=1)
    assert standin.seen[0].left
    assert not any(isinstance(event, Usage) for event in events)


async def test_thinking_and_reply_may_come_in_one_line(standin: OllamaStandin, backend: OllamaBackend) -> None:
    standin.script = Script(reasoning=("ผู้ใช้",), tokens=("สวัสดี",))
    events = await ask(backend, request())
    assert [event for event in events if isinstance(event, ReasoningDelta | TextDelta)] == [
        ReasoningDelta("ผู้ใช้"),
        TextDelta("สวัสดี"),
    ]


async def test_lines_are_cut_at_line_feeds_alone(standin: OllamaStandin, backend: OllamaBackend) -> None:
    standin.script = Script(tokens=("บรรทัด\u0085หนึ่ง", "สอง\u2028สาม\x0b"))
    assert text_of(await ask(backend, request())) == "บรรทัด\u0085หนึ่งสอง\u2028สาม\x0b"


async def test_a_line_that_is_no_object_is_garbled(standin: OllamaStandin, backend: OllamaBackend) -> None:
    standin.script = Script(status=200, fault="garbage", error_body="null")
    with pytest.raises(BackendGarbled):
        await ask(backend, request())


async def test_the_oldest_part_that_ollama_cut_off_is_noticed(standin: OllamaStandin, backend: OllamaBackend) -> None:
    """A question that fills the window is cut to it; of several messages whole ones go, and the count is small."""
    alone = await ask(backend, request(question="ยาว" * 9000))
    assert Notice("prompt_truncated", {"model": "standin", "context_window": 8192}) in alone
    talk = (("user", "คำ" * 30_000), ("assistant", "ครับ"))
    among_others = await ask(backend, request(question="แล้วยังไงต่อ", earlier=talk))
    assert notices(list(among_others)) == ["prompt_truncated"]
    assert next(event for event in among_others if isinstance(event, Usage)).prompt_tokens == 7


@pytest.mark.parametrize("caches", [False, True], ids=["counted", "cached"])
async def test_a_prompt_that_fits_raises_no_false_alarm(
    standin: OllamaStandin, backend: OllamaBackend, caches: bool
) -> None:
    standin.caches_prompts = caches
    await backend.prepare("standin")
    events = await ask(backend, request(question="ยาวแต่พอดี" * 1200, earlier=(("user", "  \n" * 30_000),)))
    assert notices(list(events)) == []


async def test_a_window_that_is_larger_than_was_thought_raises_no_false_alarm(standin: OllamaStandin) -> None:
    standin.default_num_ctx = 100_000
    backend = OllamaBackend(standin.address, num_ctx=0)
    await backend.prepare("standin")
    events = await ask(backend, request(question="ยาว" * 20_000))
    assert notices(list(events)) == []
    await backend.close()


BEGUN = "อาหารไทยที่คนทั่วโลกรู้จักคือต้มยำกุ้ง ผัดไท"


@pytest.mark.parametrize(
    "said",
    [("ย", " และ", "ส้มตำ"), ("ต้มยำ", "กุ้ง ผัด", "ไทย", " และส้มตำ"), (BEGUN, "ย และ", "ส้มตำ")],
    ids=["goes on", "last words again", "from the beginning"],
)
async def test_what_a_model_says_again_of_the_beginning_is_cut(
    standin: OllamaStandin, backend: OllamaBackend, said: tuple[str, ...]
) -> None:
    standin.script = Script(tokens=said, delay_ms=1)
    events = await ask(backend, replace(request(), continues=BEGUN))
    assert text_of(events) == "ย และส้มตำ"
    assert events[-1] == Finished("stop")


@pytest.mark.parametrize("fault", ["drop", "error"])
async def test_what_is_held_back_of_a_continuation_is_not_lost_when_the_reply_breaks(
    standin: OllamaStandin, backend: OllamaBackend, fault: Fault
) -> None:
    standin.script = Script(tokens=("อาหารไทย", "ที่คน", "ทั่วโลก"), fault=fault, fault_after=2)
    events: list[object] = []
    with pytest.raises(BackendError):
        await ask(backend, replace(request(), continues=BEGUN), into=events)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "อาหารไทยที่คน"


async def test_a_reply_that_was_whole_already_gets_nothing_added(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.script = Script(tokens=(BEGUN,))
    events = await ask(backend, replace(request(), continues=BEGUN))
    assert text_of(events) == ""
    assert events[-1] == Finished("stop")


async def test_a_beginning_of_spaces_only_is_a_reply_from_its_start(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    await ask(backend, replace(request(), continues=" \n"))
    assert [message["role"] for message in standin.seen[0].body["messages"]] == ["user"]


@pytest.mark.parametrize("begun", ["", BEGUN], ids=["new", "continued"])
async def test_a_reply_whose_tokens_all_went_into_thinking_says_so_with_its_counts(
    standin: OllamaStandin, backend: OllamaBackend, begun: str
) -> None:
    standin.script = Script(reasoning=("ผู้ใช้", "ถามว่า"), tokens=(), finish_reason="length")
    events: list[object] = []
    with pytest.raises(OnlyReasoning) as caught:
        await ask(backend, replace(request(), continues=begun), into=events)
    assert caught.value.params == {"backend": "ollama", "model": "standin"}
    assert next(event for event in events if isinstance(event, Usage)).completion_tokens == 2


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({"type": "json_object"}, "json"),
        ({"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}, {"type": "object"}),
        ({"type": "text"}, None),
    ],
)
async def test_structured_output_is_asked_for_by_ollamas_format(
    standin: OllamaStandin, backend: OllamaBackend, asked: dict[str, JsonValue], sent: JsonValue
) -> None:
    events = await ask(backend, request(options={"response_format": asked}))
    assert standin.seen[0].body.get("format") == sent
    assert "parameter_dropped" not in notices(list(events))


async def test_structured_output_in_another_form_is_left_out_and_that_is_said(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    events = await ask(backend, request(options={"response_format": {"type": "grammar"}}))
    assert not standin.seen[0].body.get("format")
    assert Notice("parameter_dropped", {"param": "response_format"}) in events


async def test_a_kept_connection_that_closes_under_a_request_costs_nothing(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.closes_kept = True
    standin.may_pull.set()
    for _ in range(3):
        assert text_of(await ask(backend, request())) == standin.script.text
        await backend.models()
        await backend.prepare("standin")
        async with aclosing(backend.pull("typhoon2:8b")) as steps:
            assert [step async for step in steps][-1].status == "success"
    assert standin.closed_kept >= 9
    assert len(standin.seen) == 6  # each once: three replies, three loads


@pytest.mark.parametrize("stop", ["จบ", ["จบ", "###"]])
async def test_stop_words_go_as_the_list_that_ollama_takes(
    standin: OllamaStandin, backend: OllamaBackend, stop: JsonValue
) -> None:
    await ask(backend, request(options={"stop": stop}))
    assert standin.seen[-1].body["options"]["stop"] == (stop if isinstance(stop, list) else [stop])


async def test_an_option_of_a_wrong_type_is_left_out_and_told_by_the_name_it_was_asked_by(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    events = await ask(backend, request(options={"repetition_penalty": "มาก", "temperature": 0.2}))
    assert Notice("option_left_out", {"param": "repetition_penalty"}) in events
    assert standin.seen[-1].body["options"] == {"temperature": 0.2, "num_ctx": 8192}
    assert text_of(events) == standin.script.text


async def test_thinking_that_the_template_opened_is_told_by_its_end_and_known_from_then_on(
    standin: OllamaStandin, backend: OllamaBackend
) -> None:
    standin.script = Script(tokens=("คิดก่อน\n", "</think>", "\n\n", "สวัสดี", "ครับ"))
    first = [
        event for event in await ask(backend, request()) if isinstance(event, TextDelta | ReasoningDelta | WasReasoning)
    ]
    assert WasReasoning("</think>") in first
    second = [
        event for event in await ask(backend, request()) if isinstance(event, TextDelta | ReasoningDelta | WasReasoning)
    ]
    assert {type(event) for event in second} == {ReasoningDelta, TextDelta}
    assert text_of(second) == "สวัสดีครับ"
