"""The sliding window that requests are counted in."""

from __future__ import annotations

import pytest

from thai_chat.accounts import requests
from thai_chat.accounts.requests import WINDOW_S, SlidingWindow


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000 * WINDOW_S

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("limit", [1, 7, 120])
@pytest.mark.parametrize("pause_s", [0.0, 0.21, 3.3])
def test_no_minute_has_more_than_the_limit_by_its_weights_and_the_told_wait_is_enough(
    limit: int, pause_s: float
) -> None:
    clock = Clock()
    window = SlidingWindow(clock=clock)
    taken = 0
    for _ in range(5 * limit + 50):
        wait_s = window.hit("mali", limit)
        if wait_s:
            assert wait_s <= 2 * WINDOW_S
            clock.now += wait_s + 1e-6
            assert window.hit("mali", limit) == 0
        taken += 1
        assert window.used("mali") <= limit
        clock.now += pause_s
    assert taken / max(clock.now - 1_000_000 * WINDOW_S, WINDOW_S) <= 2.1 * limit / WINDOW_S


def test_a_refused_request_is_not_counted_and_others_are_not_held_up() -> None:
    clock = Clock()
    window = SlidingWindow(clock=clock)
    assert [bool(window.hit("mali", 3)) for _ in range(10)] == [False] * 3 + [True] * 7
    assert window.used("mali") == 3
    assert window.hit("somchai", 3) == 0
    clock.now += 2 * WINDOW_S
    assert window.used("mali") == 0


def test_a_flood_of_addresses_takes_no_more_than_so_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "_MOST", 100)
    window = SlidingWindow(clock=Clock())
    for number in range(1000):
        window.hit(f"address {number}", 5)
    assert len(window._counts) == 100
