"""The parameters that go along with a question, and the fate of one that a model refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.standins.openai_server import OpenAIStandin
from tests.standins.replies import ask, request, text_of
from tests.standins.script import Script, openai_error
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.backend_errors import UnsupportedParameter
from thai_chat.domain.events import Notice
from thai_chat.domain.json_types import JsonValue
from thai_chat.domain.ports.backend import Backend


async def test_nothing_optional_is_sent_that_was_not_asked_for(standin: OpenAIStandin, openai: OpenAIBackend) -> None:
    await ask(openai, request())
    assert set(standin.seen[0].body) == {"model", "messages", "stream", "stream_options"}
    await ask(openai, request(options={"temperature": 0.3, "top_k": 5}))
    assert {"temperature": 0.3, "top_k": 5}.items() <= standin.seen[1].body.items()


@pytest.fixture
def backend_called(vllm: VLLMBackend, openai: OpenAIBackend) -> Callable[[str], Backend]:
    return {"vllm": vllm, "openai": openai}.__getitem__


@pytest.mark.parametrize("param", ["temperature", "stream_options", "reasoning_effort"])
async def test_a_refused_parameter_is_dropped_and_remembered_for_the_model(
    standin: OpenAIStandin, openai: OpenAIBackend, param: str
) -> None:
    standin.script = Script(refused_params=(param,))
    options: dict[str, JsonValue] = {"temperature": 0.3, "reasoning_effort": "minimal"}
    events = await ask(openai, request(options=options))
    assert text_of(events) == standin.script.text
    again = await ask(openai, request(options=options))
    assert [param in seen.body for seen in standin.seen] == [True, False, False]
    told = Notice("parameter_dropped", {"param": param})
    assert (told in events, told in again) == ((True, True) if param in options else (False, False))


async def test_a_parameter_that_the_engine_refuses_when_the_stream_is_open_is_dropped(
    standin: OpenAIStandin, vllm: VLLMBackend
) -> None:
    standin.script = Script(engine_refuses="logit_bias")
    options: dict[str, JsonValue] = {"logit_bias": {"99999": 5}, "seed": 1}
    for _ in range(2):
        events = await ask(vllm, request(options=options))
        assert text_of(events) == standin.script.text
        assert Notice("parameter_dropped", {"param": "logit_bias"}) in events
    assert ["logit_bias" in seen.body for seen in standin.seen] == [True, False, False]
    assert all(seen.body["seed"] == 1 for seen in standin.seen)


async def test_a_parameter_that_is_named_in_the_words_only_is_dropped(
    standin: OpenAIStandin, vllm: VLLMBackend
) -> None:
    refusal = openai_error(400, "frequency_penalty must be in [-1, 1], got 2.0.", kind="BadRequestError", code=400)
    standin.script = refusal
    with pytest.raises(UnsupportedParameter) as caught:
        await ask(vllm, request(options={"frequency_penalty": 2, "seed": 1}))
    assert caught.value.params["param"] == "frequency_penalty"
    assert ["frequency_penalty" in seen.body for seen in standin.seen] == [True, False, False]
    assert ["stream_options" in seen.body for seen in standin.seen] == [True, True, False]


async def test_a_value_that_a_model_refuses_is_not_held_against_the_others(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    standin.script = Script(refused_values=("reasoning_effort=minimal",))
    events = await ask(openai, request(options={"reasoning_effort": "minimal"}))
    assert Notice("parameter_dropped", {"param": "reasoning_effort"}) in events
    await ask(openai, request(options={"reasoning_effort": "low"}))
    await ask(openai, request(options={"reasoning_effort": "minimal"}))
    assert [seen.body.get("reasoning_effort") for seen in standin.seen] == ["minimal", None, "low", None]


async def test_a_temperature_goes_along_again_once_the_model_is_told_not_to_think(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    standin.script = Script(samples_unthinking=True)
    await ask(openai, request(options={"temperature": 0.3}))
    await ask(openai, request(options={"temperature": 0.3, "reasoning_effort": "none"}))
    assert [seen.body.get("temperature") for seen in standin.seen] == [0.3, None, 0.3]


async def test_what_vllm_takes_beyond_openais_options_goes_along_as_it_is(
    standin: OpenAIStandin, vllm: VLLMBackend
) -> None:
    extras: dict[str, JsonValue] = {
        "top_k": 20,
        "min_p": 0.05,
        "repetition_penalty": 1.05,
        "thinking_token_budget": 256,
        "chat_template_kwargs": {"enable_thinking": False, "ภาษา": ["ไทย", "en"]},
    }
    await ask(vllm, request(options=extras))
    assert extras.items() <= standin.seen[0].body.items()


@pytest.mark.parametrize("param", ["chat_template_kwargs", "chat_template_kwargs.enable_thinking"])
async def test_an_option_is_dropped_as_a_whole_when_a_part_of_it_is_refused(
    standin: OpenAIStandin, vllm: VLLMBackend, param: str
) -> None:
    standin.script = Script(refused_params=(param,))
    events = await ask(vllm, request(options={"chat_template_kwargs": {"enable_thinking": False, "x": 1}, "top_k": 5}))
    assert Notice("parameter_dropped", {"param": "chat_template_kwargs"}) in events
    assert "chat_template_kwargs" not in standin.seen[1].body
    assert standin.seen[1].body["top_k"] == 5


async def test_max_tokens_goes_on_under_its_newer_name(standin: OpenAIStandin, openai: OpenAIBackend) -> None:
    standin.script = Script(refused_params=("max_tokens",))
    events = await ask(openai, request(options={"max_tokens": 500}))
    assert standin.seen[1].body["max_completion_tokens"] == 500
    assert not any(isinstance(event, Notice) for event in events)


@pytest.mark.parametrize("kind", ["vllm", "openai"])
async def test_what_is_not_in_the_list_of_a_backend_is_not_passed_on_and_that_is_said(
    standin: OpenAIStandin, backend_called: Callable[[str], Backend], kind: str
) -> None:
    stored: dict[str, JsonValue] = {
        "num_ctx": 100_000_000,
        "kv_transfer_params": {"do_remote_prefill": True},
        "chat_template": "{{ 7 * 7 }}",
        "chat_template_kwargs": {"chat_template": "{{ 7 * 7 }}"},
        "n": 9,
        "extra_body": {"n": 9},
        "stop": ["x"] * 17,
        "logit_bias": {str(token): 1 for token in range(301)},
        "max_tokens": 10**9,
        "guided_regex": "(a+)+$",
        "temperature": 0.3,
    }
    events = await ask(backend_called(kind), request(options=stored))
    assert text_of(events) == standin.script.text
    told = {event.params["param"] for event in events if isinstance(event, Notice) and event.code == "option_left_out"}
    assert told == stored.keys() - {"temperature"}
    assert set(standin.seen[0].body) == {"model", "messages", "stream", "stream_options", "temperature"}


async def test_several_refused_parameters_are_dropped_one_after_the_other(
    standin: OpenAIStandin, openai: OpenAIBackend
) -> None:
    standin.script = Script(refused_params=("temperature", "top_p", "stop"))
    await ask(openai, request(options={"temperature": 0.3, "top_p": 0.9, "stop": ["x"], "seed": 1}))
    assert len(standin.seen) == 4
    assert standin.seen[-1].body["seed"] == 1


async def test_a_parameter_that_was_not_sent_can_not_be_repaired(standin: OpenAIStandin, openai: OpenAIBackend) -> None:
    standin.script = openai_error(400, "no", code="unsupported_value", param="messages")
    with pytest.raises(UnsupportedParameter):
        await ask(openai, request())
    assert ["stream_options" in seen.body for seen in standin.seen] == [True, False]


async def test_what_one_model_refuses_another_one_gets(standin: OpenAIStandin, openai: OpenAIBackend) -> None:
    standin.models["other"] = 4096
    standin.scripts["standin"] = Script(refused_params=("temperature",))
    await ask(openai, request(options={"temperature": 0.3}))
    await ask(openai, request("other", options={"temperature": 0.3}))
    assert standin.seen[-1].body["temperature"] == 0.3
