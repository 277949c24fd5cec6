"""Replies that would hold or break a browser that draws them as Markdown are shown all the same."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.browser.chat_page import ChatPage
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

STORED = {
    "strong without an end": "**a " * 5_000,
    "quotations inside each other": "> " * 10_000,
    "formulas without an end": "\\(a " * 5_000,
    "underscores in one word": "a_" * 10_000,
    "a table of empty cells": "|a" * 1_000 + "|\n" + "|-" * 1_000 + "|\n" + "|\n" * 1_000,
    "backticks of ever other numbers": " ".join("`" * (number % 300 + 1) for number in range(600)),
}
GROWING = (
    *(
        "**a ",
        "*a ",
        "a_",
        "a**b",
        "*_",
        "*a_b ",
        "***a ",
        "~~a ",
        "` ",
        "`a",
        "**a 1 **\n",
        "> ",
        ">",
        "1. ",
        "- ",
        "- a\n",
        "a\n=\n",
    ),
    *(
        "[",
        "[a](",
        "![",
        "[a](<b",
        "[a]: b\n",
        "<",
        "<!--",
        "a.b-c_",
        "a@",
        "http://a ",
        "| a ",
        "|-",
        "\\",
        "&",
        "\n",
        " ",
        "aB3+",
    ),
    *("ก", "่", "👩\u200d", "```\n", "~~~a\n", "    a\n", "$$a ", "\\(a "),
)
PAINT = """async ([text, size]) => {
    const ours = document.querySelector('link[href*="page.mjs"]').href;
    const { Painter } = await import(new URL('conversation/markdown.mjs', ours));
    const element = document.createElement('div'), painter = new Painter(element, () => {});
    document.querySelector('#conversation').append(element);
    let longest = 0;
    for (let at = 0; at < text.length; at += size) {
        painter.add(text.slice(at, at + size));
        const begun = performance.now();
        painter.paint();
        longest = Math.max(longest, performance.now() - begun);
    }
    const shown = element.textContent;
    element.remove();
    return { shown, longest, plain: Boolean(painter.plain) };
}"""


async def painted(page: ChatPage, text: str, *, times: int = 10) -> dict[str, Any]:
    """Return what the painter of growing replies shows of a text that comes in so many pieces, and its longest stop in
    ms."""
    shown: dict[str, Any] = await page.page.evaluate(PAINT, [text, -(-len(text) // times)])
    return shown


async def without_space(words: Locator) -> str:
    return "".join((await words.text_content() or "").split())


@pytest.mark.parametrize("text", STORED.values(), ids=STORED)
async def test_a_reply_that_would_hold_the_browser_is_shown_as_it_was_written(
    page: ChatPage, model: OpenAIStandin, text: str
) -> None:
    model.script = Script(tokens=tuple(text[at : at + 4_000] for at in range(0, len(text), 4_000)))
    await page.ask("ทดสอบ")
    await expect(page.replies).to_have_count(1)
    await page.is_idle()
    reply = page.replies.locator(".words")
    assert await without_space(reply) == "".join(text.split())
    await page.reload()
    await expect(page.replies).to_have_count(1)
    assert await without_space(reply) == "".join(text.split())
    assert page.complaints == []


async def test_no_text_stops_a_growing_reply_nor_holds_the_browser(page: ChatPage) -> None:
    for hostile in GROWING:
        text = hostile * (40_000 // len(hostile)) + "\n\nจบแล้ว"
        grown = await painted(page, text)
        assert "จบแล้ว" in grown["shown"], hostile
        assert grown["longest"] < 5_000, hostile
    assert page.complaints == []


async def test_what_is_too_much_to_be_drawn_grows_as_it_is_written(page: ChatPage) -> None:
    for text in ("".join(f"**a {number} น้ำ **\n" for number in range(6_000)), "**a น้ำ " * 10_000, ">" * 5_000 + "a"):
        for times in (1, 7, 100):
            grown = await painted(page, text, times=times)
            assert grown["plain"]
            assert "".join(grown["shown"].split()) == "".join(text.split())


async def test_a_long_ordinary_reply_is_drawn(page: ChatPage) -> None:
    text = ("น้ำใจ **คนไทย** กับ *ลม* และ `code`\n" * 5 + "\n") * 200 + "```python\nx = a_b ** 2\n```\n" * 100
    grown = await painted(page, text, times=50)
    assert not grown["plain"]
    assert "**คนไทย" not in grown["shown"]
