"""The memory of refusals, and how long it lasts."""

from __future__ import annotations

from thai_chat.backends.openai_api.parameters import Learned


def test_a_refusal_is_held_against_one_model_only() -> None:
    learned = Learned()
    learned.refuse("gpt-5", "stop")
    assert learned.refuses("gpt-5", "stop")
    assert not learned.refuses("gpt-4o", "stop")


def test_a_refusal_for_a_while_ends() -> None:
    now_s = 100.0
    learned = Learned(clock=lambda: now_s)
    learned.refuse("gpt-5", "stream", for_s=60)
    now_s += 59
    assert learned.refuses("gpt-5", "stream")
    now_s += 1
    assert not learned.refuses("gpt-5", "stream")


def test_what_is_remembered_does_not_grow_without_end() -> None:
    learned = Learned()
    for value in range(5000):
        learned.refuse("gpt-5", value)
    assert not learned.refuses("gpt-5", 0)
    assert learned.refuses("gpt-5", 4999)
