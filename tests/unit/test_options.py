"""What can be asked of a model beside the question."""

from __future__ import annotations

import pytest

from thai_chat.chat.options import SYSTEM_PROMPT_CHARS, checked, sampling_of, system_prompt_of
from thai_chat.domain.errors import BadOption, UnreadableText
from thai_chat.domain.messages import JsonValue


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


def test_an_option_that_is_not_known_here_goes_to_the_server() -> None:
    assert checked({"guided_choice": ["ใช่", "ไม่ใช่"]}) == {"guided_choice": ["ใช่", "ไม่ใช่"]}


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
        checked({"extra": "ก" * 20_000})


def test_a_system_prompt_that_no_store_can_keep_is_refused() -> None:
    with pytest.raises(UnreadableText):
        checked({"system_prompt": "a\0b"})
