"""How things to choose from are listed in a sentence."""

from __future__ import annotations

from collections.abc import Sequence


def alternatives(things: Sequence[str], conjunction: str = "or") -> str:
    """Return "A, B or C", with the conjunction of the sentence's language; "" where there are none."""
    *others, last = things or ("",)
    return f"{', '.join(others)} {conjunction} {last}" if others else last
