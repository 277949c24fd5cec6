"""The door for OpenAI's protocol, by the official client: models, words, tools, vectors, and what goes through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import openai
import pytest

from tests.api.programs import ASK, MODEL, MODELS, Programs, programs
from tests.standins.program_server import CALL, chunk
from tests.standins.script import Script, thai_tokens
from thai_chat.api.openai_door import asking, streaming

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture
async def app() -> AsyncIterator[Programs]:
    async with programs() as app:
        yield app


async def test_models_are_listed_by_the_names_that_model_takes(app: Programs) -> None:
    found = [model async for model in app.client().models.list()]
    assert {model.id for model in found} == {f"vllm/{name}" for name in MODELS}
    assert {(model.object, model.owned_by) for model in found} == {("model", "vllm")}
    assert found[-1].id == "vllm/bge-m3"
    assert found[-1].model_extra is not None
    assert found[-1].model_extra["chats"] is False


async def test_an_address_may_have_more_than_is_known_here(app: Programs) -> None:
    assert (await app.http.get("/v1/models?api-version=2026-01-01")).status_code == 200


@pytest.mark.parametrize("name", ["vllm/scb10x/typhoon2", "scb10x/typhoon2"])
async def test_a_model_is_found_by_its_id_and_by_its_bare_name(app: Programs, name: str) -> None:
    found = await app.client().models.retrieve(name)
    assert found.id == "vllm/scb10x/typhoon2"


@pytest.mark.parametrize(
    ("name", "served"),
    [
        ("vllm/thai-model", "thai-model"),
        ("thai-model", "thai-model"),
        ("vllm/scb10x/typhoon2", "scb10x/typhoon2"),
        ("scb10x/typhoon2", "scb10x/typhoon2"),
        ("openai/gpt-oss-20b", "openai/gpt-oss-20b"),
    ],
)
async def test_a_model_is_asked_by_its_id_or_its_bare_name(app: Programs, name: str, served: str) -> None:
    answer = await app.client().chat.completions.with_raw_response.create(model=name, messages=ASK)
    assert answer.parse().model == answer.headers["x-thai-chat-answered-by"] == f"vllm/{served}"
    assert app.standin.seen[-1].model == served


async def test_words_come_whole_and_as_a_stream(app: Programs) -> None:
    client = app.client()
    whole = await client.chat.completions.create(model=MODEL, messages=ASK)
    assert whole.choices[0].message.content == app.standin.script.text
    assert whole.usage is not None
    assert whole.usage.completion_tokens == 30
    said, usage = "", []
    options = {"include_usage": True}
    async for part in await client.chat.completions.create(
        model=MODEL, messages=ASK, stream=True, stream_options=options
    ):
        assert part.model == MODEL
        said += part.choices[0].delta.content or "" if part.choices else ""
        usage += [part.usage] if part.usage else []
    assert said == app.standin.script.text
    assert [one.completion_tokens for one in usage] == [30]


async def test_who_has_not_asked_for_usage_gets_none_in_a_stream(app: Programs) -> None:
    body = {"model": MODEL, "messages": ASK, "stream": True}
    answer = await app.http.post("/v1/chat/completions", json=body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"
    assert "usage" not in answer.text
    assert answer.text.endswith("data: [DONE]\n\n")
    assert app.standin.seen[-1].body["stream_options"]["include_usage"] is True


async def test_the_sync_client_streams_too(app: Programs) -> None:
    def ask() -> str:
        with openai.OpenAI(base_url=app.address, api_key="none", max_retries=0) as client:
            parts = client.chat.completions.create(model=MODEL, messages=ASK, stream=True)
            return "".join(part.choices[0].delta.content or "" for part in parts)

    assert await asyncio.to_thread(ask) == app.standin.script.text


async def test_what_is_asked_goes_through_as_it_is(app: Programs) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    messages = [
        {"role": "system", "content": "ตอบสั้น ๆ"},
        {"role": "user", "content": "หนึ่ง"},
        {"role": "assistant", "content": "สอง"},
        {"role": "user", "content": "นี่อะไร"},
    ]
    asked = {
        "messages": messages,
        "stop": ["\n"],
        "seed": 7,
        "n": 1,
        "logprobs": True,
        "top_logprobs": 2,
        "response_format": {"type": "json_object"},
        "user": "u",
        "metadata": {"own": "x"},
    }
    await app.http.post("/v1/chat/completions", json={"model": MODEL, **asked})
    seen = app.standin.seen[-1].body
    assert {name: seen[name] for name in asked} == asked
    app.standin.chunks["thai-model"] = [chunk({"content": "แมว"}, finish_reason="stop")]
    asked = {"messages": [{"role": "user", "content": [{"type": "text", "text": "นี่อะไร"}, picture]}]}
    await app.http.post("/v1/chat/completions", json={"model": MODEL, "stream": True, **asked})
    assert app.standin.seen[-1].body["messages"] == asked["messages"]


async def test_what_servers_add_to_a_chunk_goes_through(app: Programs) -> None:
    odd = chunk({"reasoning": "คิด", "x": [1]}, finish_reason="stop", token_ids=[1, 2])
    app.standin.chunks["thai-model"] = [{**odd, "system_fingerprint": "f", "prompt_logprobs": None}]
    (part,) = [
        part async for part in await app.client().chat.completions.create(model=MODEL, messages=ASK, stream=True)
    ]
    assert part.to_dict() == {**odd, "system_fingerprint": "f", "prompt_logprobs": None, "model": MODEL}


@pytest.mark.parametrize("streams", [False, True])
async def test_a_tool_is_called_and_its_result_answered(app: Programs, streams: bool) -> None:
    client = app.client()
    if streams:
        async with client.chat.completions.stream(model=MODEL, messages=ASK, tools=[TOOL]) as stream:
            first = await stream.get_final_completion()
    else:
        first = await client.chat.completions.create(model=MODEL, messages=ASK, tools=[TOOL])
    message = first.choices[0].message
    assert message.tool_calls is not None
    (call,) = message.tool_calls
    assert (call.id, call.function.name, call.function.arguments) == (
        "call_1",
        "weather",
        CALL["function"]["arguments"],
    )
    assert first.choices[0].finish_reason == "tool_calls"
    result = {"role": "tool", "tool_call_id": call.id, "content": "ฝนตก"}
    told = message.to_dict()
    second = await client.chat.completions.create(model=MODEL, messages=[*ASK, told, result], tools=[TOOL])
    assert second.choices[0].message.content == app.standin.script.text
    assert app.standin.seen[-1].body["messages"][-1] == result


async def test_vectors_come_as_the_client_asks_for_them(app: Programs) -> None:
    client = app.client()
    packed = await client.embeddings.create(model="vllm/bge-m3", input=["หนึ่ง", "สอง"])
    assert app.standin.seen[-1].body["encoding_format"] == "base64"
    plain = await client.embeddings.create(model="bge-m3", input="หนึ่ง", encoding_format="float")
    first, second = [5.0, 0.0, -0.5], [3.0, 0.25, -0.5]
    assert [one.embedding for one in (*packed.data, *plain.data)] == [first, second, first]
    assert packed.model == plain.model == "vllm/bge-m3"


async def test_responses_go_through_whole_and_as_events(app: Programs) -> None:
    client = app.client()
    answer = await client.responses.create(model=MODEL, input=ASK)
    assert (answer.output_text, answer.model) == (app.standin.script.text, MODEL)
    said = ""
    async for event in await client.responses.create(model=MODEL, input=ASK, stream=True):
        said += event.delta if event.type == "response.output_text.delta" else ""
    assert said == app.standin.script.text


async def test_a_program_that_waits_for_long_hears_that_it_goes_on(
    app: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "BEAT_S", 0.02)
    monkeypatch.setattr(streaming, "BEAT_S", 0.02)
    app.standin.may_end.clear()
    app.standin.script = Script(tokens=("ช้า",))
    async with app.http.stream(
        "POST", "/v1/chat/completions", json={"model": MODEL, "messages": ASK, "stream": True}
    ) as answer:
        assert "x-thai-chat-answered-by" not in answer.headers
        text = ""
        async for piece in answer.aiter_text():
            text += piece
            if text.count(": keep-alive") > 2:
                app.standin.may_end.set()
    assert text.endswith("data: [DONE]\n\n")


@pytest.mark.parametrize("stream", [True, False])
async def test_a_program_that_leaves_ends_the_request_to_the_server(app: Programs, stream: bool) -> None:
    app.standin.script = Script(tokens=thai_tokens(3), fault="hang", fault_after=2)
    program = asyncio.create_task(_read(app.http, {"model": MODEL, "messages": ASK, "stream": stream}))
    await app.standin.until(lambda: bool(app.standin.seen), timeout_s=20)
    seen = app.standin.seen[-1]
    await app.standin.until(lambda: seen.pieces_sent == 2 or not stream, timeout_s=20)
    program.cancel()
    await app.standin.until(lambda: not seen.running, timeout_s=20)
    assert seen.left


async def _read(http: httpx.AsyncClient, body: object) -> None:
    async with http.stream("POST", "/v1/chat/completions", json=body) as answer:
        await answer.aread()
