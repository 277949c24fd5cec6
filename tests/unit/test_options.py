"""The options that can be asked of a model beside the question."""

from __future__ import annotations

from functools import partial, reduce
from typing import cast

import pytest

from thai_chat.backends.registry import KINDS
from thai_chat.chat import options as chat_options
from thai_chat.chat.options import SYSTEM_PROMPT_CHARS, checked_as_stored, sampling_of, system_prompt_of
from thai_chat.domain.errors import BadOption, UnknownOption, UnreadableText
from thai_chat.domain.json_types import JsonObject, JsonValue
from thai_chat.domain.ports.backend_kinds import options_of

checked = partial(chat_options.checked, known=options_of(KINDS))
BY_BACKEND = {kind.name: kind.options for kind in KINDS}

NESTED: JsonValue = reduce(lambda inner, _: {"a": inner}, range(20), cast("JsonValue", 1))


def test_an_empty_text_is_left_out_and_the_rest_stays_as_it_is() -> None:
    options = {"system_prompt": "ตอบสั้น ๆ", "temperature": 0, "stop": "", "top_k": 40}
    assert checked(options) == {"system_prompt": "ตอบสั้น ๆ", "temperature": 0, "top_k": 40}


def test_what_is_set_to_nothing_is_kept_and_not_sent() -> None:
    options = checked({"system_prompt": None, "temperature": None, "top_k": 40})
    assert options == {"system_prompt": None, "temperature": None, "top_k": 40}
    assert sampling_of(options) == {"top_k": 40}
    assert system_prompt_of(options) == ""


def test_the_system_prompt_stands_apart_from_what_goes_to_the_server_as_options() -> None:
    options = checked({"system_prompt": "ตอบสั้น ๆ", "chat_template_kwargs": {"enable_thinking": False}})
    assert system_prompt_of(options) == "ตอบสั้น ๆ"
    assert sampling_of(options) == {"chat_template_kwargs": {"enable_thinking": False}}


@pytest.mark.parametrize("value", [7, {"a": 1}, "x"])
@pytest.mark.parametrize(
    "name", ["num_ctx", "kv_transfer_params", "chat_template", "guided_regex", "best_of", "extra_body"]
)
def test_an_option_that_no_backend_passes_on_is_refused_by_its_name(name: str, value: JsonValue) -> None:
    with pytest.raises(UnknownOption) as refused:
        checked({"temperature": 0.2, name: value})
    assert refused.value.params["param"] == name


def test_a_slip_of_the_hand_is_told_what_it_may_have_meant() -> None:
    with pytest.raises(UnknownOption) as refused:
        checked({"temprature": 0.2})
    assert "temperature" in str(refused.value.params["allowed"])


def test_options_of_an_earlier_version_are_kept_and_still_have_to_be_possible() -> None:
    old: JsonObject = {"kv_transfer_params": {"x": 1}, "temperature": 0.2}
    assert checked_as_stored(old) == old
    for wrong in ({"temperature": 9}, {"model": "x"}, {"old": "ก" * 20_000}):
        with pytest.raises(BadOption):
            checked_as_stored(cast("JsonObject", wrong))


@pytest.mark.parametrize("backend", BY_BACKEND)
def test_each_backend_passes_on_what_the_page_has_fields_for(backend: str) -> None:
    assert {"temperature", "top_p", "max_tokens", "reasoning_effort", "stop", "seed"} <= BY_BACKEND[backend].keys()


def test_options_have_values_that_people_write() -> None:
    options: JsonObject = {
        "logit_bias": {"50256": -100},
        "stop": ["###", "จบ"],
        "stop_token_ids": [1, 2],
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}},
        "structured_outputs": {"choice": ["ใช่", "ไม่ใช่"]},
        "guided_choice": ["ใช่", "ไม่ใช่"],
        "chat_template_kwargs": {"enable_thinking": False, "ภาษา": ["ไทย", "en"], "n": 1, "x": None},
        "think": "high",
        "reasoning": {"effort": "low", "max_tokens": 5},
        "seed": -1,
        "skip_special_tokens": False,
    }
    assert checked(options) == options


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 2.1),
        ("temperature", "ร้อน"),
        ("temperature", True),
        ("top_p", -0.1),
        ("max_tokens", 0),
        ("max_tokens", 1.5),
        ("stop", []),
        ("stop", [1]),
        ("chat_template_kwargs", "on"),
        ("seed", 2**64),
        ("max_tokens", 10**9),
        ("stop", ["x"] * 17),
        ("stop", "ก" * 201),
        ("stop", [""]),
        ("logit_bias", {str(token): 1 for token in range(301)}),
        ("logit_bias", {"x": 1}),
        ("logit_bias", {"1": 101}),
        ("reasoning_effort", "very"),
        ("structured_outputs", {"regex": "(a+)+$"}),
        ("response_format", NESTED),
        ("chat_template_kwargs", {"chat_template": "{{ 7 * 7 }}"}),
        ("chat_template_kwargs", {"tokenize": False}),
        ("chat_template_kwargs", {"a": {"b": 1}}),
        ("chat_template_kwargs", {str(number): 1 for number in range(21)}),
        ("stop_token_ids", [True]),
        ("skip_special_tokens", 1),
        ("system_prompt", 7),
        ("system_prompt", "ก" * (SYSTEM_PROMPT_CHARS + 1)),
    ],
)
def test_a_value_that_can_not_be_is_refused_with_what_it_may_be(name: str, value: JsonValue) -> None:
    with pytest.raises(BadOption) as refused:
        checked({name: value})
    assert refused.value.params["param"] == name
    assert refused.value.params["allowed"]


@pytest.mark.parametrize(
    "name",
    [
        "model",
        "messages",
        "stream",
        "store",
        "n",
        "tools",
        "functions",
        "tool_choice",
        "อุณหภูมิ",
        "Temperature",
        "a" * 61,
    ],
)
@pytest.mark.parametrize("value", ["x", None])
def test_what_would_change_who_is_asked_what_is_no_option(name: str, value: JsonValue) -> None:
    with pytest.raises(BadOption):
        checked({name: value})


def test_options_without_end_are_refused() -> None:
    with pytest.raises(BadOption):
        checked({"response_format": {"a": "ก" * 20_000}})


def test_a_system_prompt_that_no_store_can_keep_is_refused() -> None:
    with pytest.raises(UnreadableText):
        checked({"system_prompt": "a\0b"})
