"""Which replies are drawn as Markdown, and which are shown as they were written."""

from __future__ import annotations

import pytest

from tests.growth import require_linear
from thai_chat.ui.drawing import can_be_drawn

PARAGRAPH = "น้ำใจ **คนไทย** กับ *ลม* `code` ~~ไม่~~ [คู่มือ](https://example.org/a_b) snake_case_name 2 * 3\n"
ORDINARY = {
    "a long answer": (PARAGRAPH * 3 + "\n") * 60,
    "a long table": "| ก | ข |\n|---|---|\n" + "| **หนา** | ราคา* |\n" * 200,
    "a wide table": "|" + " ก |" * 30 + "\n|" + "---|" * 30 + "\n" + ("|" + " 12.5 |" * 30 + "\n") * 300,
    "tables one after the other": "| ก | ข |\n|---|---|\n| 1 | 2 |\n\n" * 500,
    "a long list": "".join(f"- **ข้อ {number}** กับ `x{number}`\n" for number in range(500)),
    "lists inside of lists": "".join("  " * depth + f"- ชั้น {depth}\n" for depth in range(12)),
    "quotations": "> > > อ้าง\n" * 100,
    "long code": "```python\n" + "x = a ** b * c_d_e  # `**`\n" * 3_000 + "```\n",
    "deep code": "```\n" + "\t" * 60 + "- x\n```\n",
    "formulas": "ให้ \\(x_1 + x_2\\) และ $$\\int_0^1 f(x) dx$$ แล้ว\n\n" * 100,
    "one formula without an end": "ราคา \\(ยังไม่จบ " + PARAGRAPH * 100,
    "a rule": "- " * 30 + "\n",
}
HOSTILE = {
    "strong without an end": "**a ",
    "emphasis without an end": "*a ",
    "strong without an end on lines of their own": "**a\n",
    "strong that a space keeps from ending": "**a 1 **\n",
    "underscores without an end": "__a ",
    "one long word": "a_",
    "backticks": "` ",
    "quotations inside each other": ">",
    "quotations with spaces": "> ",
    "lists in one line": "1. ",
    "formulas without an end": "\\(a ",
    "display formulas without an end": "\\[",
    "thousands of formulas": "\\(a\\) ",
    "half of thousands of formulas": "$$a ",
}


@pytest.mark.parametrize("text", ORDINARY.values(), ids=ORDINARY)
def test_what_models_write_is_drawn(text: str) -> None:
    assert can_be_drawn(text)


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_what_would_hold_the_browser_is_not_drawn(hostile: str) -> None:
    assert not can_be_drawn(hostile * (20_000 // len(hostile)))


def test_a_formula_of_thousands_of_terms_is_not_drawn() -> None:
    assert not can_be_drawn("$$" + "x_1+" * 5_000 + "1$$")


@pytest.mark.parametrize("before", ["", "> ", "- ", "1. "])
def test_a_table_of_ever_so_many_empty_cells_is_not_drawn(before: str) -> None:
    lines = ["|a" * 300 + "|", "|-" * 300 + "|", *["|"] * 300]
    assert not can_be_drawn("".join(f"{before}{line}\n" for line in lines))


def test_lists_hundreds_deep_are_not_drawn() -> None:
    assert not can_be_drawn("".join("  " * depth + "- a\n" for depth in range(200)))


@pytest.mark.parametrize(
    "hostile", [*HOSTILE.values(), "\n", "```\n", "- a\n", "\t", "|", "\\", "$", "[", "<", "`~*_", "|-|\n", "|-"]
)
def test_that_is_told_in_linear_time(hostile: str) -> None:
    require_linear(can_be_drawn, lambda size: hostile * (size // len(hostile)))
