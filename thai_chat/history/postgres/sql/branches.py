"""The lines that a session with branches is made of.

Messages are numbered in the order of their arrival (`message_order`), and most stand below the one before. One that
does not is a fork: with it a new line begins, which goes on up to the next fork. So a session's shape is the list of
its forks, short whatever its length, and a branch is a few ranges of `message_order`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple


class Fork(NamedTuple):
    order: int
    """The order of the message that stands elsewhere than below the one before it."""
    parent_order: int
    """The order of the message that it does stand below; 0 when it is below none."""


class Range(NamedTuple):
    first: int
    last: int
    """Included."""


def branch(forks: Sequence[Fork], leaf_order: int) -> list[Range]:
    """Return the ranges from the session's first message down to the leaf; `forks` by their order."""
    ranges: list[Range] = []
    last = leaf_order
    while last > 0:
        place = bisect_right(forks, last, key=lambda fork: fork.order)
        above = forks[place - 1] if place else Fork(1, 0)
        ranges.append(Range(above.order, last))
        last = min(above.parent_order, above.order - 1)  # a parent comes before, whatever a foreign hand wrote
    return ranges[::-1]


def window(ranges: Sequence[Range], *, limit: int, before: int | None, after: int | None) -> list[Range]:
    """Return the last `limit` messages below `before`, or the first ones above `after` where that is given."""
    inside = [
        Range(max(first, (after or 0) + 1), last if before is None else min(last, before - 1)) for first, last in ranges
    ]
    inside = [part for part in inside if part.first <= part.last]
    taken: list[Range] = []
    for first, last in inside if after is not None else reversed(inside):
        count = min(limit, last - first + 1)
        if count <= 0:
            break
        taken.append(Range(first, first + count - 1) if after is not None else Range(last - count + 1, last))
        limit -= count
    return taken


def newest_below(forks: Sequence[Fork], order: int, message_count: int) -> int:
    """Return the greatest order among the message and all that stand below it, whatever the line."""
    ends = [fork.order - 1 for fork in forks[1:]] + [message_count]
    lines = [Range(order, min((fork.order for fork in forks if fork.order > order), default=message_count + 1) - 1)]
    for fork, end in zip(forks, ends, strict=False):
        if fork.order > order and any(first <= fork.parent_order <= last for first, last in lines):
            lines.append(Range(fork.order, end))
    return lines[-1].last
