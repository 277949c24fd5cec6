"""Words beside a number are right for one and for more."""

from __future__ import annotations

import pytest

from thai_chat import texts
from thai_chat.commands import status
from thai_chat.domain.searching import IndexProgress


@pytest.mark.parametrize(("waiting", "said"), [(1, "1 change of"), (2, "2 changes of")])
def test_what_waits_for_the_index_is_counted_in_words(waiting: int, said: str) -> None:
    assert status._search(IndexProgress(done=9, total=9, waiting=waiting)).startswith(said)


@pytest.mark.parametrize("code", ["search_incomplete", "indexing_left"])
def test_what_is_left_to_be_indexed_stands_behind_its_noun(code: str) -> None:
    """The page has no plural forms: a number before a noun would be wrong for one."""
    assert "to be indexed: 1" in texts.text(code, "en", {"count": "1"})
