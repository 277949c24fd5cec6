"""The way of programs through every backend: what they ask arrives as it was sent, what is answered comes back as it
was said."""

from __future__ import annotations

import asyncio
import struct
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

import pytest

from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from tests.standins.relays import chat, deltas, embed, reasons, relay, respond, said
from tests.standins.script import Fault, Script, openai_error, thai_tokens
from tests.standins.server import Standin
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.timeouts import Timeouts
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import (
    BackendDenied,
    BackendError,
    BackendFailed,
    BackendGarbled,
    BackendTimeout,
    BackendUnreachable,
    ModelNotFound,
    NotOffered,
    RateLimited,
    ReplyCut,
)
from thai_chat.domain.ports.backend import Backend
from thai_chat.domain.relay_errors import RelayRefused

SHORT = Timeouts(first_token_s=20, between_tokens_s=0.2, whole_reply_s=20)
SLOW = Script(tokens=thai_tokens(10_000), delay_ms=5)
TOOLS = [{"type": "function", "function": {"name": "ราคา", "parameters": {"type": "object", "properties": {}}}}]
CALLED = Script(tokens=(), tool_calls=(("price_of", '{"ของ": "ข้าวสาร"}'), ("weather", "{}")))

MAKERS: dict[str, tuple[type[Standin], Callable[[str, Timeouts], Backend]]] = {
    "vllm": (OpenAIStandin, lambda address, timeouts: VLLMBackend(f"{address}/v1", timeouts=timeouts)),
    "ollama": (OllamaStandin, lambda address, timeouts: OllamaBackend(address, timeouts=timeouts)),
    "openai": (
        OpenAIStandin,
        lambda address, timeouts: OpenAIBackend(f"{address}/v1", api_key="sk-test", timeouts=timeouts),
    ),
}
PATIENT = Timeouts(first_token_s=20, between_tokens_s=20, whole_reply_s=20)

each = pytest.mark.parametrize("name", MAKERS)


@asynccontextmanager
async def standing(name: str, timeouts: Timeouts = PATIENT) -> AsyncIterator[tuple[Standin, Backend]]:
    kind, make = MAKERS[name]
    async with kind() as standin:
        backend = make(standin.address, timeouts)
        try:
            yield standin, backend
        finally:
            await backend.close()


PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
CALL = {"id": "c1", "type": "function", "function": {"name": "ราคา", "arguments": "{}"}}


@each
async def test_nothing_of_a_request_is_dropped_or_added(name: str) -> None:
    asked = {
        "messages": [
            {"role": "system", "content": "ตอบสั้น ๆ"},
            {"role": "user", "content": [{"type": "text", "text": "นี่คืออะไร"}, PICTURE]},
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": "65"},
        ],
        "tools": TOOLS,
        "tool_choice": "auto",
        "response_format": {"type": "json_object"},
        "stop": ["\n\n"],
        "seed": 7,
        "logit_bias": {"50256": -100},
        "stream_options": {"include_usage": False},
        "chat_template_kwargs": {"enable_thinking": False},
        "a_field_of_tomorrow": [1.5, None, {"ก": "ข"}],
    }
    async with standing(name) as (standin, backend):
        await relay(backend, chat(**asked))
        await relay(backend, chat(**asked, stream=False))
        streamed, whole = (seen.body for seen in standin.seen)
    assert streamed == {"model": "standin", "stream": True, **asked}
    assert whole == {"model": "standin", **asked}


@each
async def test_the_chunks_come_as_they_were_sent(name: str) -> None:
    async with standing(name) as (standin, backend):
        standin.script = Script(reasoning=("คิด", "ก่อน"), reasoning_field="reasoning_content", ping=True)
        chunks = await relay(backend, chat(stream_options={"include_usage": True}))
        assert said(chunks, "reasoning_content") == "คิดก่อน"
        assert said(chunks) == standin.script.text
    assert deltas(chunks)[0] == {"role": "assistant", "content": ""}
    assert reasons(chunks) == ["stop"]
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] == 22
    assert all(chunk["object"] == "chat.completion.chunk" for chunk in chunks)


@each
async def test_an_answer_in_one_piece_is_one_object(name: str) -> None:
    async with standing(name) as (standin, backend):
        (answer,) = await relay(backend, chat(stream=False, n=2, logprobs=True))
        assert answer["choices"][1]["message"]["content"] == standin.script.text
        assert answer["choices"][0]["logprobs"]["content"][0]["logprob"] == -0.25
        assert answer["usage"]["total_tokens"] > 0


@each
async def test_calls_of_tools_and_several_choices_go_through(name: str) -> None:
    async with standing(name) as (standin, backend):
        standin.script = CALLED
        chunks = await relay(backend, chat(tools=TOOLS, n=2))
        (whole,) = await relay(backend, chat(tools=TOOLS, stream=False))
    for index in (0, 1):
        calls = [call for delta in deltas(chunks, index) for call in delta.get("tool_calls", ())]
        arguments = "".join(call["function"]["arguments"] for call in calls if call["index"] == 0)
        assert arguments == '{"ของ": "ข้าวสาร"}'
        assert [call["id"] for call in calls if "id" in call] == ["call_0", "call_1"]
    assert reasons(chunks) == ["tool_calls", "tool_calls"]
    assert whole["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == '{"ของ": "ข้าวสาร"}'


@each
async def test_logprobs_stand_in_the_chunks(name: str) -> None:
    async with standing(name) as (standin, backend):
        chunks = await relay(backend, chat(logprobs=True))
        found = [choice["logprobs"] for chunk in chunks for choice in chunk["choices"] if choice["logprobs"]]
        assert [logprobs["content"][0]["token"] for logprobs in found] == list(standin.script.tokens)


@each
async def test_vectors_come_as_they_were_asked_for(name: str) -> None:
    async with standing(name) as (standin, backend):
        (plain,) = await relay(backend, embed("กข", "ค"))
        (packed,) = await relay(backend, embed("กข", "ค", encoding_format="base64"))
        assert "stream" not in standin.seen[0].body
    assert [found["embedding"] for found in plain["data"]] == [[2.0, 0.0, -0.5], [1.0, 0.25, -0.5]]
    assert struct.unpack("<3f", b64decode(packed["data"][1]["embedding"])) == (1.0, 0.25, -0.5)


@each
async def test_the_responses_api_goes_through_event_by_event(name: str) -> None:
    async with standing(name) as (standin, backend):
        events = await relay(backend, respond())
        (whole,) = await relay(backend, respond(stream=False))
        text = standin.script.text
    assert [events[0]["type"], events[-1]["type"]] == ["response.created", "response.completed"]
    assert "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta") == text
    assert whole["output"][-1]["content"][0]["text"] == text


@each
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_leaving_ends_the_request_to_the_server(name: str, stream: bool) -> None:
    async with standing(name) as (standin, backend):
        standin.script = SLOW if stream else Script(fault="hang")
        task = asyncio.create_task(relay(backend, chat(stream=stream)))
        await standin.until(lambda: standin.running == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await standin.until(lambda: standin.running == 0)
        assert standin.seen[0].left


@each
async def test_closing_the_answer_ends_the_request_to_the_server(name: str) -> None:
    async with standing(name) as (standin, backend):
        standin.script = SLOW
        async with aclosing(backend.relay("standin", chat())) as chunks:  # type: ignore[attr-defined]
            async for chunk in chunks:
                if said([chunk]):
                    break
        await standin.until(lambda: standin.running == 0)
        assert standin.seen[0].left


@each
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("end", ReplyCut),
        ("drop", ReplyCut),
        ("error", BackendFailed),
        ("garbage", BackendGarbled),
        ("hang", BackendTimeout),
    ],
)
async def test_a_broken_stream_is_told_behind_its_chunks(name: str, fault: Fault, error: type[BackendError]) -> None:
    async with standing(name, SHORT) as (standin, backend):
        standin.script = Script(fault=fault, fault_after=3)
        chunks: list[object] = []
        with pytest.raises(error) as raised:
            await relay(backend, chat(), into=chunks)
        assert said(chunks) == "".join(standin.script.tokens[:3])  # type: ignore[arg-type]
        assert raised.value.params["backend"] == name
        assert raised.value.params["model"] == "standin"


@each
async def test_a_connection_lost_behind_the_end_costs_nothing(name: str) -> None:
    async with standing(name) as (standin, backend):
        standin.script = Script(fault="drop_after_finish", fault_after=20)
        assert said(await relay(backend, chat())) == standin.script.text


@each
async def test_a_server_that_is_not_there_is_unreachable(name: str) -> None:
    backend = MAKERS[name][1]("http://127.0.0.1:9", PATIENT)
    with pytest.raises(BackendUnreachable):
        await relay(backend, chat())
    await backend.close()


@each
async def test_a_model_that_is_not_there_is_not_found(name: str) -> None:
    async with standing(name) as (_, backend):
        for call in (chat(), embed("ก")):
            with pytest.raises(ModelNotFound):
                await relay(backend, call, model="gone")


@each
@pytest.mark.parametrize(
    ("status", "error"), [(401, BackendDenied), (429, RateLimited), (500, BackendFailed), (503, BackendFailed)]
)
async def test_what_is_not_the_programs_fault_keeps_its_class(
    name: str, status: int, error: type[BackendError]
) -> None:
    async with standing(name) as (standin, backend):
        standin.script = openai_error(status, "sk-secret is wrong") if name != "ollama" else _ollama(status)
        with pytest.raises(error) as raised:
            await relay(backend, chat())
        assert not isinstance(raised.value, RelayRefused)
        assert "sk-secret" not in str(raised.value)


def _ollama(status: int) -> Script:
    return Script(status=status, error_body='{"error": "sk-secret is wrong"}')


@pytest.mark.parametrize("name", ["vllm", "openai"])
async def test_a_server_without_the_route_does_not_offer_it(name: str) -> None:
    async with standing(name) as (standin, backend):
        assert isinstance(standin, OpenAIStandin)
        standin.embeds = False
        with pytest.raises(NotOffered):
            await relay(backend, embed("ก"))


async def test_an_ollama_from_before_its_openai_routes_offers_none() -> None:
    async with standing("ollama") as (standin, backend):
        assert isinstance(standin, OllamaStandin)
        standin.speaks_openai = False
        with pytest.raises(NotOffered):
            await relay(backend, embed("ก"))
        with pytest.raises(BackendFailed):
            await relay(backend, chat())


async def test_ollama_says_that_it_loads_a_model_for_a_program() -> None:
    async with standing("ollama") as (standin, backend):
        assert isinstance(standin, OllamaStandin)
        standin.may_load.clear()
        task = asyncio.create_task(relay(backend, chat()))
        await standin.until(lambda: bool(standin.loads))
        assert "standin" in backend.loading_models
        standin.may_load.set()
        await task
        assert not backend.loading_models
        assert standin.loads == [("standin", standin.default_num_ctx)]  # the window is the server's own


async def test_a_server_that_does_not_stream_is_heard_in_chunks() -> None:
    async with standing("vllm") as (standin, backend):
        standin.script = Script(never_streams=True, tool_calls=CALLED.tool_calls)
        chunks = await relay(backend, chat(stream_options={"include_usage": True}))
    assert said(chunks) == standin.script.text
    assert [call["index"] for call in deltas(chunks)[0]["tool_calls"]] == [0, 1]
    assert reasons(chunks) == ["tool_calls"]
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
