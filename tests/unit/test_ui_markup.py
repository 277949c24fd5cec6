"""Texts of people and models as Markdown for the Chatbot."""

from __future__ import annotations

import html
import random
import re

import pytest

from tests.growth import require_linear
from thai_chat.ui.markup import _spans_of_code, shown_as_written, without_html


@pytest.mark.parametrize(
    "text",
    [
        "# ไม่ใช่หัวข้อ",
        "**ไม่หนา** _x_",
        "<script>alert(1)</script>",
        "$$x$$ \\(a\\) \\[b\\]",
        "`code` ```",
        "a\n    b",
        "1. ก\n2. ข",
        "&amp; ![x](y)",
    ],
)
def test_what_a_person_typed_has_no_markup_left(text: str) -> None:
    shown = shown_as_written(text)
    assert set(shown) & set("<>*_`$\\[]()!-+|~") == set()
    assert html.unescape(shown).replace("\xa0", " ") == text


def test_thai_and_emoji_are_left_alone() -> None:
    assert shown_as_written("น้ำใจคนไทย 👩‍💻 ๖๕") == "น้ำใจคนไทย 👩‍💻 ๖๕"


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("a <b>ข</b>", "a &lt;b>ข&lt;/b>"),
        ("<!-- ซ่อน --> <?x?>", "&lt;!-- ซ่อน --> &lt;?x?>"),
        ("List<String> x < y && 1 <2", "List&lt;String> x < y && 1 <2"),
        ("<https://example.org> <mailto:a@b.th>", "<https://example.org> <mailto:a@b.th>"),
        ("| ก<br>ข | <br/> |", "| ก<br>ข | <br/> |"),
        ("![ภาพ](http://a.example/x.png)", "[ภาพ](http://a.example/x.png)"),
    ],
)
def test_raw_html_is_shown_and_pictures_become_links(markdown: str, shown: str) -> None:
    assert without_html(markdown) == shown


@pytest.mark.parametrize(
    "code",
    [
        "```html\n<b>![x](y)</b>\n```",
        "~~~\n<i>\n~~~",
        "`a < b` และ ``x ` y``",
        "- ```\n  <b>\n  ```",
        "```\n<a>\n    ```\n<b>\n```",
        "  ```\n  <b>\n  ```",
        "> ```\n> <b>\n> ```",
        "```python\nยังไม่จบ <b>",
        "````\n```\n<b>\n````",
    ],
)
def test_code_is_left_alone(code: str) -> None:
    assert without_html(code) == code


def test_text_after_code_is_shown_again() -> None:
    assert without_html("```\n<b>\n```\n<b> `i` <u>") == "```\n<b>\n```\n&lt;b> `i` &lt;u>"


def test_markup_in_a_span_of_code_is_shown_and_is_code() -> None:
    assert html.unescape(without_html("`<b>` และ ``<i> ` ![``")) == "<code><b></code> และ <code><i> ` ![</code>"


@pytest.mark.parametrize(
    "between",
    [
        "`\n\n{}\n\n`",
        "`\n> {}\n\n`",
        "`\n# {}\n`",
        "`\n- {}\n`",
        "`\n2) {}\n`",
        "`\n---\n{}\n`",
        "`\n```\ncode\n```\n{} `",
        "\\`{}\\`",
        "\\`{}`",
        "| ก | ข | ค |\n|---|---|---|\n| ` | {} | ` |",
        "<https://a.example/`>{}`",
        "https://a.example/` {} `",
        "> ```\n{}",
        "> ```\r{}",
        "- ```\n{}",
        "    ```\n{}",
        "ข้อความ\n    ```\n    {}",
        "  ```\nx\n```\n{}",
        "1. ```\n   x\n   ```\n\n   {}\n   ```",
        "```\n    ```\n```\n{}\n",
        "``` a`b\n{}",
    ],
)
def test_no_tag_stays_a_tag_between_backticks_that_enclose_no_code(between: str) -> None:
    assert "<form" not in without_html(between.format("<form action='http://a.example/'>"))


def test_code_between_backticks_is_told_as_ever() -> None:
    """By the expression that did it before, in quadratic time."""
    told = re.compile(r"\\.|(?<!`)(?P<ticks>`+)(?!`)(?P<code>.*?)(?<!`)(?P=ticks)(?!`)", re.DOTALL)
    chosen = random.Random(2)
    for _ in range(5_000):
        text = "".join(chosen.choices(["`", "`", "``", "```", "\\", "a", "<b>", "ก"], k=chosen.randint(1, 15)))
        shown = told.sub(lambda found: found[0] if found["ticks"] is None else f"[{found['code']}]", "a" + text)
        spans, at, parts = list(_spans_of_code("a" + text)), 0, []
        for start, code, code_end, end in spans:
            parts += [("a" + text)[at:start], f"[{('a' + text)[code:code_end]}]"]
            at = end
        assert "".join((*parts, ("a" + text)[at:])) == shown


@pytest.mark.parametrize(
    "hostile",
    [
        None,
        "`a",
        "``a` ",
        "\\`",
        "**a ",
        "![",
        "<a",
        "<br ",
        "<br",
        "> ",
        "- ",
        "1. ",
        "\n",
        "\n- ",
        "\n>",
        "\n=",
        "- - ",
        "```\n",
        "```a\n",
        "> ```\n",
        "~~~ ",
        "\r\n",
        " ",
        "\t",
        "_",
        "=",
        "#",
    ],
)
def test_marking_up_takes_linear_time(hostile: str | None) -> None:
    def text_of(size: int) -> str:
        if hostile is None:  # backticks of ever other numbers
            return " ".join("`" * (number % 1_000 + 1) for number in range(size // 500))
        return hostile * (size // len(hostile))

    require_linear(without_html, text_of)
    require_linear(shown_as_written, text_of)
