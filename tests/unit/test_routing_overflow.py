"""How much smaller a prompt is made after a server said that it does not fit."""

from __future__ import annotations

from thai_chat.domain.backend_errors import ContextOverflow
from thai_chat.domain.messages import Role
from thai_chat.domain.ports.backend import PromptMessage
from thai_chat.routing.overflow import estimated_tokens, smaller_window

# 4,000 bytes: some thousand tokens, by the rule of thumb.
LONG = (PromptMessage(Role.USER, "a" * 4000),)


def overflow(**params: int) -> ContextOverflow:
    return ContextOverflow("too long", **params)


def test_the_servers_limit_counts_where_no_window_was_known() -> None:
    assert smaller_window(overflow(limit=500, requested=1000, prompt=1000), LONG, None, "m") == 450


def test_an_estimate_that_was_too_low_is_made_up_for() -> None:
    """The server counts twice what is estimated here: half of its window is what may be filled by this measure."""
    assert smaller_window(overflow(limit=1000, requested=2008, prompt=2008), LONG, 1000, "m") == 450


def test_a_count_that_was_broken_off_at_the_limit_says_little() -> None:
    """vLLM 0.32: "your prompt contains at least 1001 input tokens", however many there are."""
    assert smaller_window(overflow(limit=1000, requested=1001, prompt=1001), LONG, 1000, "m") == 675
    assert smaller_window(overflow(limit=1000, requested=1002, prompt=1002), LONG, 1000, "m") == 900


def test_the_room_that_was_asked_for_the_reply_is_left_free() -> None:
    assert smaller_window(overflow(limit=1500, requested=1600, prompt=1000), LONG, None, "m") == 810


def test_without_any_figure_half_of_what_was_sent_is_tried() -> None:
    assert smaller_window(overflow(), LONG, None, "m") == estimated_tokens(LONG, "m") // 2
    assert smaller_window(overflow(), LONG, 600, "m") == 300


def test_it_is_always_smaller_than_what_did_not_fit() -> None:
    for params in ({}, {"limit": 8192}, {"limit": 8192, "requested": 8200}, {"limit": 100, "requested": 9000}):
        assert 0 < smaller_window(overflow(**params), LONG, 8192, "m") < 8192


def test_a_reply_that_wants_more_than_the_window_leaves_the_least() -> None:
    assert smaller_window(overflow(limit=1000, requested=9000, prompt=1000), LONG, 1000, "m") == 1
