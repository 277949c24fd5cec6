"""Names to sign in by: what can be one, and which are one to a reader."""

from __future__ import annotations

import pytest

from thai_chat.domain.account_errors import BadAccountName
from thai_chat.domain.accounts import DISPLAY_NAME_CHARS, NAME_CHARS, checked_display_name, checked_name, name_key


@pytest.mark.parametrize(
    "name",
    ["มะลิ", "น้ำ ใจ", "mali@example.org", "Ana María", "ก" * NAME_CHARS, "🐟", "x", "๑๒๓", "e\u0301" * NAME_CHARS],
)
def test_a_name_may_be_of_any_script(name: str) -> None:
    assert 1 <= len(checked_name(f"  {name} ")) <= NAME_CHARS
    assert 1 <= len(checked_display_name(name)) <= DISPLAY_NAME_CHARS


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "\u00a0", "\u3164", "\u2800", "\u200b", "\u115f"),
        *("ก" * 101, "x" * 1_000_000, "\ufdfa" * 100),
        *("มะ\x00ลิ", "มะ\nลิ", "มะ\tลิ", "มะ\u200bลิ", "มะ\u200dลิ", "\u202eilam", "มะ\ufeffลิ", "มะ\ud800ลิ", "a\ufe0f"),
    ],
)
def test_a_name_that_nobody_could_see_or_type_is_refused(name: str) -> None:
    with pytest.raises(BadAccountName) as refused:
        checked_name(name)
    assert refused.value.params == {"limit": NAME_CHARS}


@pytest.mark.parametrize("other", ["MALI", " mali", "ｍａｌｉ", "Mali"])
def test_names_that_look_alike_are_one(other: str) -> None:
    assert name_key(other) == name_key("mali")


def test_names_that_differ_are_two() -> None:
    assert name_key("มะลิ") != name_key("มะลี")
    assert name_key("น้ำใจ") == name_key("น้\u0e4d\u0e32ใจ")
