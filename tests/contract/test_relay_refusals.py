"""A request that a server refuses: the program hears the server's own words, and none of our secrets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from tests.recorded import SAID
from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin
from tests.standins.raw_server import JSON, Answer, RawServer, answer_of
from tests.standins.refusals import RESPONSES_ONLY, UNVERIFIED
from tests.standins.relays import chat, embed, relay, said
from tests.standins.script import Overflow, Script, ollama_error, openai_error
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import BackendMoved, NoChatTemplate
from thai_chat.domain.ports.relay import RelayCall
from thai_chat.domain.relay_errors import RelayRefused, ServerWords

KEY = "sk-our-own-key-0123456789"


async def refused(standin: OpenAIStandin, call: RelayCall) -> RelayRefused:
    backend = VLLMBackend(standin.base_url, api_key=KEY)
    try:
        with pytest.raises(RelayRefused) as raised:
            await relay(backend, call)
        return raised.value
    finally:
        await backend.close()


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_the_program_hears_what_the_server_says(standin: OpenAIStandin, stream: bool) -> None:
    standin.script = openai_error(400, "Invalid schema for response_format", param="response_format", code="bad_schema")
    error = await refused(standin, chat(stream=stream))
    assert error.words == ServerWords(
        status=400,
        message="Invalid schema for response_format",
        type="invalid_request_error",
        param="response_format",
        code="bad_schema",
    )
    assert error.params["model"] == "standin"


@pytest.mark.parametrize(
    ("call", "script", "param"),
    [
        (chat(max_tokens=9), Script(refused_params=("max_tokens",)), "max_tokens"),
        (chat(temperature=2), Script(refused_params=("temperature",)), "temperature"),
        (chat(), UNVERIFIED, "stream"),
        (chat(), RESPONSES_ONLY, "model"),
        (embed("ก"), openai_error(422, "too many texts", param="input"), "input"),
    ],
    ids=["parameter", "value", "unverified", "responses only", "input"],
)
async def test_nothing_is_left_out_of_what_a_program_asked(
    standin: OpenAIStandin, call: RelayCall, script: Script, param: str
) -> None:
    standin.script = script
    words = (await refused(standin, call)).words
    assert (words.status, words.param) == (script.status if script.status != 200 else 400, param)
    assert standin.served == 1


@pytest.mark.parametrize("wording", ["openai", "vllm-0.9", "vllm-0.32", "vllm-input"])
async def test_too_long_a_request_has_the_code_that_programs_know(standin: OpenAIStandin, wording: Overflow) -> None:
    standin.models["standin"] = 20
    standin.script = Script(overflow=wording)
    words = (await refused(standin, chat(messages=[{"role": "user", "content": "ก" * 300}]))).words
    assert words.code == "context_length_exceeded"
    assert "maximum context length" in words.message


async def test_a_refusal_inside_a_stream_is_one(standin: OpenAIStandin) -> None:
    standin.script = Script(engine_refuses="bad_words")
    error = await refused(standin, chat(bad_words=["x"]))
    assert error.words.status == 400
    assert "out-of-vocab" in error.words.message


@pytest.mark.parametrize(
    "body",
    [
        {"detail": [{"loc": ["body", "n"], "msg": "Input should be greater than 0"}]},
        {"message": "n must be positive", "object": "error"},
        "n must be positive",
        "",
    ],
    ids=["fastapi", "bare", "text", "nothing"],
)
async def test_any_shape_of_refusal_is_one(body: Any) -> None:
    text = body if isinstance(body, str) else str(body).replace("'", '"')
    async with RawServer([Answer([text.encode()], JSON, "422 X")]) as server:
        backend = VLLMBackend(server.address)
        with pytest.raises(RelayRefused) as raised:
            await relay(backend, chat(n=0))
        await backend.close()
    assert raised.value.words.status == 422
    assert ("n" in raised.value.words.message) is bool(text)


@pytest.mark.parametrize("filler", [0, 1_990], ids=["short", "at the bound"])
async def test_our_key_and_password_stay_here(filler: int) -> None:
    words = f"{'x' * filler} bad key {KEY} and pa:ss%w and Bearer abc.def and sk-of-somebody-else"
    async with OpenAIStandin(script=openai_error(400, words, code=KEY, param="key")) as standin:
        address = standin.base_url.replace("://", "://me:pa%3Ass%25w@")
        for backend in (OpenAIBackend(standin.base_url, api_key=KEY), VLLMBackend(address, api_key=KEY)):
            with pytest.raises(RelayRefused) as raised:
                await relay(backend, chat())
            await backend.close()
            told = f"{raised.value} {raised.value.params} {raised.value.words}"
            assert not any(secret in told for secret in (KEY, "abc.def", "somebody", KEY[:8]))
    assert "pa:ss%w" not in told


async def test_what_ollama_refuses_is_told_in_its_words() -> None:
    message = '"standin" does not support tools'
    async with OllamaStandin(script=ollama_error(400, message)) as standin:
        backend = OllamaBackend(standin.address)
        with pytest.raises(RelayRefused) as raised:
            await relay(backend, chat(tools=[{"type": "function"}]))
        await backend.close()
    assert raised.value.words.message == message


async def test_a_server_that_can_not_chat_at_all_is_no_fault_of_the_program(standin: OpenAIStandin) -> None:
    standin.chat_template = False
    backend = VLLMBackend(standin.base_url)
    with pytest.raises(NoChatTemplate):
        await relay(backend, chat())
    await backend.close()


async def test_nothing_is_sent_where_a_server_points_to() -> None:
    async with OpenAIStandin() as other:
        moved = Answer([b""], JSON, "307 Moved", headers=f"Location: {other.base_url}/chat/completions\r\n")
        async with RawServer([moved]) as server:
            backend = VLLMBackend(server.address)
            with pytest.raises(BackendMoved):
                await relay(backend, chat())
            await backend.close()
        assert other.served == 0


USAGE = {"stream_options": {"include_usage": True}}


@pytest.mark.parametrize("own", [{}, {"stream_options": {"include_obfuscation": False}}], ids=["none", "its own"])
async def test_a_field_that_no_program_asked_for_is_left_out_where_it_is_refused(own: dict[str, Any]) -> None:
    call = replace(chat(**own), unasked=USAGE)
    refusal = replace(answer_of("so-go"), pieces=[b'{"message": "unknown field include_usage"}'])
    async with RawServer([refusal, answer_of("bom")]) as server:
        backend = OpenAIBackend(server.address, api_key="k")
        for _ in range(2):
            assert said(await relay(backend, call)) == SAID
        await backend.close()
    sent = [orjson.loads(body).get("stream_options") for body in server.bodies]
    assert sent == [USAGE["stream_options"], *[own.get("stream_options")] * 2]


@pytest.mark.parametrize(
    ("refusal", "times"),
    [
        (openai_error(400, "n must be positive", param="n"), 1),
        (openai_error(400, "too long", code="context_length_exceeded"), 1),
        (openai_error(400, "bad request"), 2),
    ],
    ids=["named", "too long", "unnamed"],
)
async def test_a_refusal_for_another_reason_stays_and_teaches_nothing(
    standin: OpenAIStandin, refusal: Script, times: int
) -> None:
    backend = VLLMBackend(standin.base_url)
    standin.script = refusal
    with pytest.raises(RelayRefused):
        await relay(backend, replace(chat(), unasked=USAGE))
    assert standin.served == times
    standin.script = Script()
    await relay(backend, replace(chat(), unasked=USAGE))
    assert standin.seen[-1].body["stream_options"] == USAGE["stream_options"]
    await backend.close()


def deep(levels: int) -> Any:
    nested: Any = 1
    for _ in range(levels):
        nested = [nested]
    return nested


@pytest.mark.parametrize("body", [{"metadata": deep(300)}, {"user": "\ud83d"}], ids=["deep", "half"])
async def test_what_can_not_be_sent_is_refused_here(standin: OpenAIStandin, body: dict[str, Any]) -> None:
    assert (await refused(standin, chat(**body))).words.status == 400
    assert standin.served == 0
