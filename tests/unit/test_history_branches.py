"""Lines and forks: what of a session's messages a branch is made of."""

from __future__ import annotations

import pytest

from thai_chat.history.postgres.sql.branches import Fork, Range, branch, newest_below, window

FORKS = [Fork(5, 2), Fork(9, 4), Fork(11, 6), Fork(13, 0)]
"""1-4; 5-8 below 2; 9-10 below 4; 11-12 below 6; 13-14 below none."""
COUNT = 14


@pytest.mark.parametrize(
    ("leaf", "ranges"),
    [
        (4, [(1, 4)]),
        (8, [(1, 2), (5, 8)]),
        (10, [(1, 4), (9, 10)]),
        (12, [(1, 2), (5, 6), (11, 12)]),
        (14, [(13, 14)]),
        (3, [(1, 3)]),
        (0, []),
    ],
)
def test_a_branch_is_the_ranges_down_to_its_leaf(leaf: int, ranges: list[tuple[int, int]]) -> None:
    assert branch(FORKS, leaf) == ranges


def test_without_forks_a_branch_is_one_range() -> None:
    assert branch([], 1000) == [Range(1, 1000)]


@pytest.mark.parametrize(
    ("order", "newest"),
    [(1, 12), (2, 12), (3, 10), (4, 10), (5, 12), (6, 12), (7, 8), (8, 8), (9, 10), (11, 12), (13, 14), (14, 14)],
)
def test_the_newest_end_of_a_branch_is_in_any_line_below_it(order: int, newest: int) -> None:
    assert newest_below(FORKS, order, COUNT) == newest


@pytest.mark.parametrize(
    ("limit", "before", "after", "ranges"),
    [
        (3, None, None, [(12, 12), (11, 11), (6, 6)]),
        (9, 6, None, [(5, 5), (1, 2)]),
        (3, None, 0, [(1, 2), (5, 5)]),
        (9, 12, 2, [(5, 6), (11, 11)]),
        (0, None, None, []),
        (9, None, 12, []),
        (9, 1, None, []),
    ],
)
def test_a_window_takes_no_more_than_it_shows(
    limit: int, before: int | None, after: int | None, ranges: list[tuple[int, int]]
) -> None:
    taken = window(branch(FORKS, 12), limit=limit, before=before, after=after)
    flat = sorted(order for first, last in taken for order in range(first, last + 1))
    assert flat == sorted(order for first, last in ranges for order in range(first, last + 1))


@pytest.mark.parametrize("parent", [5, 6, 100])
def test_a_fork_that_a_foreign_hand_wrote_leads_to_an_end(parent: int) -> None:
    assert branch([Fork(1, 0), Fork(5, parent)], 9) == [Range(1, 4), Range(5, 9)]
