"""The cost of work, and how it grows: linear work costs four times as much for four times the text."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import TypeVar

Foreign = TypeVar("Foreign")

SIZE = 20_000
TIMES = 4
_SLACK = 3
_LEAST_S = 0.02
"""Less than that is lost in what else a machine does."""
_TRIES = 4


def cost_s(work: Callable[[], object]) -> float:
    """Return the seconds of this process' own time, without the collector's: it walks all that earlier tests left
    behind."""
    gc.disable()
    begun = time.process_time()
    try:
        work()
        return time.process_time() - begun
    finally:
        gc.enable()


def require_linear(
    work: Callable[[Foreign], object], text_of: Callable[[int], Foreign], *, size: int = SIZE, most_s: float = 1.0
) -> None:
    """Fail where four times the text costs more than twelve times as much, or more than `most_s`.

    With a text that costs a square of its length that is 16 times, and with `SIZE` characters several seconds. What was
    slow is tried again: a busy machine is slow now and then, quadratic work always.
    """
    small, large = text_of(size), text_of(TIMES * size)
    for attempt in range(_TRIES):
        before = max(_LEAST_S, cost_s(lambda: work(small)))
        assert before < most_s, f"{before:.2f} s for {size:,} characters"
        after = cost_s(lambda: work(large))
        if after < TIMES * _SLACK * before:
            return
        if after > most_s * TIMES * _SLACK or attempt == _TRIES - 1:
            break
    raise AssertionError(f"{before:.2f} s for {size:,} characters, {after:.2f} s for {TIMES} times as many")
