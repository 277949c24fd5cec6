"""The ways of vLLM and OpenAI, each a switch of the stand-in, through the official client."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.standins.openai_server import OpenAIStandin
from tests.standins.refusals import ENGINE_DEAD, NO_CREDIT, NOT_FOR_THIS_ACCOUNT
from tests.standins.replies import ask, request, text_of
from tests.standins.script import Script, old_vllm_error, openai_error, thai_tokens
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.openai.models import chats, is_snapshot
from thai_chat.backends.openai_api.exchange import Exchange, Ways
from thai_chat.backends.openai_api.parameters import Learned
from thai_chat.backends.openai_api.profile import STREAMING_REFUSED_S
from thai_chat.backends.timeouts import Timeouts
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import (
    BackendDenied,
    BackendError,
    BackendFailed,
    BackendGarbled,
    BackendLoading,
    BackendTimeout,
    ContextOverflow,
    EngineDead,
    ModelDenied,
    OnlyReasoning,
    QuotaExceeded,
    RateLimited,
    UnsupportedParameter,
)
from thai_chat.domain.events import Finished, Notice, ReasoningDelta, StreamEvent, TextDelta, Usage, WasReasoning
from thai_chat.domain.json_types import JsonValue
from thai_chat.domain.ports.backend import ModelInfo

IMPATIENT = Timeouts(first_token_s=0.3, between_tokens_s=0.2, whole_reply_s=0.3)


async def test_options_can_not_change_who_is_asked_what(standin: OpenAIStandin, vllm: VLLMBackend) -> None:
    await ask(vllm, request(options={"model": "other", "messages": [], "stream": False, "n": 2, "stream_options": {}}))
    sent = standin.seen[0].body
    assert (sent["model"], len(sent["messages"]), sent["stream"]) == ("standin", 1, True)
    assert "n" not in sent
    assert sent["stream_options"] == VLLMBackend.ways.stream_options


async def test_vllm_windows_are_read_and_an_adapter_has_its_parents(standin: OpenAIStandin, vllm: VLLMBackend) -> None:
    standin.models = {"typhoon2": 32768, "unknown": None, "our-thai-lora": None}
    standin.adapters = {"our-thai-lora": "typhoon2"}
    assert await vllm.models() == [
        ModelInfo(model="typhoon2", context_window=32768, strength="thai"),
        ModelInfo(model="unknown", context_window=None),
        ModelInfo(model="our-thai-lora", context_window=32768, strength="thai"),
    ]


async def test_an_address_without_a_path_gets_the_usual_one(standin: OpenAIStandin) -> None:
    backend = VLLMBackend(standin.address)
    assert await backend.models()
    await backend.close()


async def test_vllm_counts_as_it_goes_so_that_a_broken_reply_has_its_counts(
    standin: OpenAIStandin, vllm: VLLMBackend
) -> None:
    standin.script = Script(fault="drop", fault_after=5, delay_ms=5)
    events: list[object] = []
    with pytest.raises(BackendError):
        await ask(vllm, request(question="กขค"), into=events)
    assert [event for event in events if isinstance(event, Usage)][-1] == Usage(2, 5)


async def test_a_key_goes_along_and_a_wrong_one_is_denied_without_being_shown(standin: OpenAIStandin) -> None:
    standin.api_key = "sk-right"
    right = VLLMBackend(standin.base_url, api_key="sk-right")
    wrong = VLLMBackend(standin.base_url, api_key="sk-wrong")
    assert await right.models()
    for call in (wrong.models(), ask(wrong, request())):
        with pytest.raises(BackendDenied) as caught:
            await call
        assert "sk-wr" not in f"{caught.value} {caught.value.params}"
    await right.close()
    await wrong.close()


async def test_a_kept_connection_that_the_server_has_closed_costs_no_reply() -> None:
    """It is as with llama.cpp's server, which promises to keep the connection and closes it after the stream."""
    chunk = '{"choices": [{"delta": {"content": "ครับ"}, "finish_reason": "stop"}]}'
    body = f"data: {chunk}\n\ndata: [DONE]\n\n".encode()
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
        writer.write(b"Keep-Alive: timeout=5\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        backend = VLLMBackend(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
        assert text_of(await ask(backend, request())) == "ครับ"
        assert text_of(await ask(backend, request())) == "ครับ"
        assert connections == 2
        await backend.close()


@pytest.mark.parametrize("fault_after", [0, 3])
async def test_a_chunk_that_is_no_json_is_garbage(standin: OpenAIStandin, vllm: VLLMBackend, fault_after: int) -> None:
    standin.script = Script(fault="garbage", fault_after=fault_after)
    events: list[object] = []
    with pytest.raises(BackendGarbled):
        await ask(vllm, request(), into=events)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == standin.seen[0].text_sent


async def test_an_error_inside_the_stream_is_the_servers_failure(standin: OpenAIStandin, vllm: VLLMBackend) -> None:
    standin.script = Script(fault="error", fault_after=3)
    with pytest.raises(BackendFailed) as caught:
        await ask(vllm, request())
    assert caught.value.params == {"backend": "vllm", "model": "standin", "status": 500}


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (openai_error(500, "oops"), BackendFailed),
        (ENGINE_DEAD, EngineDead),
        (Script(status=502, error_body="<html>Bad Gateway</html>"), BackendFailed),
        (openai_error(503, "Loading model", kind="unavailable_error", code=503), BackendLoading),
        (openai_error(403, "no"), BackendDenied),
        (openai_error(400, "maximum context length is 10 tokens", code="context_length_exceeded"), ContextOverflow),
        (
            old_vllm_error(400, "This model's maximum context length is 10 tokens. However, you requested 20 tokens"),
            ContextOverflow,
        ),
        (old_vllm_error(400, "no"), BackendFailed),
    ],
)
async def test_a_refusal_in_either_shape_is_told_for_what_it_is(
    standin: OpenAIStandin, vllm: VLLMBackend, script: Script, error: type[BackendError]
) -> None:
    standin.script = script
    with pytest.raises(error) as caught:
        await ask(vllm, request())
    assert type(caught.value) is error
    assert caught.value.params["backend"] == "vllm"
    assert caught.value.params["model"] == "standin"


async def test_a_rate_limit_says_when_to_come_back(standin: OpenAIStandin, vllm: VLLMBackend) -> None:
    standin.script = openai_error(429, "slow down", code="rate_limit_exceeded", retry_after="7")
    with pytest.raises(RateLimited) as caught:
        await ask(vllm, request())
    assert caught.value.params["retry_after_s"] == 7


async def test_the_milliseconds_of_a_rate_limit_go_before_its_seconds(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    limited = openai_error(429, "slow down", code="rate_limit_exceeded", retry_after="1")
    for written, seconds in (("250", 0.25), ("soon", 1), ("", 1)):
        standin.script = replace(limited, retry_after_ms=written)
        with pytest.raises(RateLimited) as caught:
            await ask(openai, request())
        assert caught.value.params["retry_after_s"] == seconds


async def test_an_overloaded_server_says_when_to_come_back_too(standin: OpenAIStandin, vllm: VLLMBackend) -> None:
    for said, kind in (("Service Unavailable", BackendFailed), ("Loading model", BackendLoading)):
        standin.script = openai_error(503, said, retry_after="4")
        with pytest.raises(kind) as caught:
            await ask(vllm, request())
        assert caught.value.params["retry_after_s"] == 4


async def test_a_server_that_says_nothing_times_out_and_is_left(standin: OpenAIStandin) -> None:
    backend = VLLMBackend(standin.base_url, timeouts=IMPATIENT)
    standin.script = Script(fault="silence")
    with pytest.raises(BackendTimeout):
        await ask(backend, request())
    await standin.until(lambda: standin.running == 0)
    await backend.close()


@pytest.mark.parametrize("fault_after", [0, 4])
async def test_an_engine_that_is_stuck_times_out_although_it_pings(standin: OpenAIStandin, fault_after: int) -> None:
    backend = VLLMBackend(standin.base_url, timeouts=IMPATIENT)
    standin.script = Script(fault="hang", fault_after=fault_after, ping=True)
    events: list[object] = []
    with pytest.raises(BackendTimeout):
        await ask(backend, request(), into=events)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == standin.seen[0].text_sent
    await standin.until(lambda: standin.running == 0)
    await backend.close()


async def test_a_slow_reader_is_no_time_out_of_the_server(standin: OpenAIStandin) -> None:
    backend = VLLMBackend(standin.base_url, timeouts=IMPATIENT)
    standin.script = Script(tokens=thai_tokens(8), delay_ms=30)
    text = ""
    async for event in backend.stream(request()):
        if isinstance(event, TextDelta) and not text:
            await asyncio.sleep(0.4)
        text += event.text if isinstance(event, TextDelta) else ""
    assert text == standin.script.text
    await backend.close()


async def test_the_reply_is_whole_when_only_the_end_of_the_stream_is_missing(
    standin: OpenAIStandin, vllm: VLLMBackend
) -> None:
    standin.script = Script(fault="drop_after_finish", fault_after=5, tokens=thai_tokens(5))
    events = await ask(vllm, request())
    assert events[-1] == Finished("stop")
    assert text_of(events) == standin.script.text


async def test_a_web_page_in_place_of_a_reply_is_garbage(standin: OpenAIStandin, vllm: VLLMBackend) -> None:
    standin.script = Script(fault="page")
    with pytest.raises(BackendGarbled):
        await ask(vllm, request())


async def test_an_unverified_organisation_gets_its_reply_in_one_piece(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    standin.script = Script(refuse_streaming=True)
    for _ in range(2):
        events = await ask(openai, request())
        assert events[0] == Notice("answer_not_streamed")
        assert text_of(events) == standin.script.text
        assert events[-1] == Finished("stop")
    assert [seen.body["stream"] for seen in standin.seen] == [True, False, False]
    assert "stream_options" not in standin.seen[1].body


async def test_a_reply_in_one_piece_can_be_stopped_while_it_is_waited_for(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    standin.script = Script(refuse_streaming=True, fault="hang")
    events = openai.stream(request())
    assert await anext(events) == Notice("answer_not_streamed")
    waiting = asyncio.ensure_future(anext(events))
    await standin.until(lambda: len(standin.seen) == 2)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await standin.until(lambda: standin.running == 0, timeout_s=1)
    assert standin.seen[1].left


def test_a_missing_verification_is_believed_for_a_while_only() -> None:
    now_s = 1000.0
    exchange = Exchange(request(), Ways(), Learned(clock=lambda: now_s))
    attempt = exchange.attempt()
    assert attempt.streams
    assert exchange.settle(UnsupportedParameter(param="stream", refused="value"), attempt)
    assert not exchange.attempt().streams
    now_s += STREAMING_REFUSED_S
    assert exchange.attempt().streams


async def test_a_server_that_ignores_the_wish_to_stream_is_understood(
    standin: OpenAIStandin, vllm: VLLMBackend
) -> None:
    standin.script = Script(never_streams=True)
    events = await ask(vllm, request())
    assert text_of(events) == standin.script.text
    assert events[-1] == Finished("stop")


@pytest.mark.parametrize("refuse_streaming", [False, True])
async def test_a_reply_emptied_by_its_thinking_is_no_answer_and_says_why(
    standin: OpenAIStandin, openai: OpenAIBackend, refuse_streaming: bool
) -> None:
    standin.script = Script(tokens=(), finish_reason="length", reasoning_tokens=400, refuse_streaming=refuse_streaming)
    with pytest.raises(OnlyReasoning) as caught:
        await ask(openai, request(options={"max_completion_tokens": 400}))
    assert caught.value.params == {"backend": "openai", "model": "standin"}


async def test_thinking_that_fills_the_whole_reply_is_no_answer(standin: OpenAIStandin, vllm: VLLMBackend) -> None:
    standin.script = Script(reasoning=("คิด", "อยู่"), tokens=(), finish_reason="length")
    events: list[object] = []
    with pytest.raises(OnlyReasoning):
        await ask(vllm, request(), into=events)
    assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == "คิดอยู่"


async def test_the_tokens_of_the_thinking_are_counted(standin: OpenAIStandin, openai: OpenAIBackend) -> None:
    standin.script = Script(reasoning_tokens=64)
    events = await ask(openai, request(question="กขค"))
    assert [event for event in events if isinstance(event, Usage)] == [Usage(2, 20, 64)]


async def test_a_model_that_this_account_may_not_use_is_told_from_a_wrong_key(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    standin.script = NOT_FOR_THIS_ACCOUNT
    with pytest.raises(ModelDenied):
        await ask(openai, request())
    assert len(standin.seen) == 1


async def test_an_account_without_credit_is_told_from_too_many_requests(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    standin.script = NO_CREDIT
    with pytest.raises(QuotaExceeded):
        await ask(openai, request())


async def test_other_clouds_list_all_their_chat_models(standin: OpenAIStandin, openai: OpenAIBackend) -> None:
    standin.models = dict.fromkeys(["typhoon-v2.1-12b-instruct", "text-embedding-x", "whisper-large-v3", "qwen3"])
    assert [info.model for info in await openai.models() if info.chats] == ["qwen3", "typhoon-v2.1-12b-instruct"]


@pytest.mark.parametrize(
    "model", ["gpt-5.2", "gpt-6-mini", "gpt-4o", "gpt-4o-mini-2024-07-18", "o3", "o4-mini", "chatgpt-4o-latest",
              "ft:gpt-4o-mini:thai:2026", "gpt-5-pro", "gpt-5.2-codex"],
)  # fmt: skip
def test_openais_chat_models_are_offered(model: str) -> None:
    assert chats(model, host="api.openai.com")


@pytest.mark.parametrize(
    "model",
    ["text-embedding-3-large", "whisper-1", "dall-e-3", "gpt-image-1", "gpt-4o-audio-preview", "gpt-realtime",
     "gpt-4o-transcribe", "gpt-4o-mini-tts", "omni-moderation-latest", "gpt-3.5-turbo-instruct", "babbage-002",
     "o3-deep-research", "computer-use-preview", "sora-2"],
)  # fmt: skip
def test_openais_other_models_are_not_offered(model: str) -> None:
    assert not chats(model, host="api.openai.com")


def test_dated_copies_are_told_from_the_models_they_copy() -> None:
    assert is_snapshot("gpt-5-2025-08-07")
    assert is_snapshot("gpt-4-0613")
    assert not is_snapshot("gpt-5.2")
    assert not is_snapshot("gpt-4o-mini")


UNSEEN = ("คิดก่อน", "ว่าจะตอบ\n", "</think>", "\n\n", "สวัสดี", "ครับ")


def parts(events: list[StreamEvent]) -> list[StreamEvent]:
    return [event for event in events if isinstance(event, TextDelta | ReasoningDelta | WasReasoning)]


async def test_thinking_that_the_template_opened_is_told_by_its_end_and_known_from_then_on(
    standin: OpenAIStandin, vllm: VLLMBackend
) -> None:
    standin.script = Script(tokens=UNSEEN)
    first = parts(await ask(vllm, request()))
    assert first[-2:] == [WasReasoning("</think>"), TextDelta("สวัสดีครับ")]
    second = parts(await ask(vllm, request()))
    assert {type(event) for event in second} == {ReasoningDelta, TextDelta}
    assert text_of(second) == "สวัสดีครับ"
    # Asked in another way, as without thinking, nothing is assumed.
    standin.script = Script(tokens=("สวัสดี", "ครับ"))
    off: dict[str, JsonValue] = {"chat_template_kwargs": {"enable_thinking": False}}
    assert parts(await ask(vllm, request(options=off))) == [TextDelta("สวัสดีครับ")]
    # The server was started anew, with another template: the reply is not lost, and nothing is assumed any more.
    assert text_of(await ask(vllm, request())) == "สวัสดีครับ"
    assert parts(await ask(vllm, request())) == [TextDelta("สวัสดีครับ")]


async def test_thinking_that_the_template_opened_and_that_took_all_tokens_is_no_answer(
    standin: OpenAIStandin, vllm: VLLMBackend
) -> None:
    standin.script = Script(tokens=UNSEEN)
    await ask(vllm, request())
    standin.script = Script(tokens=UNSEEN[:2], finish_reason="length")
    with pytest.raises(OnlyReasoning):
        await ask(vllm, request())
