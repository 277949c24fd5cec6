"""Replies that would hold or break a browser that draws them as Markdown are shown all the same."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import CDPSession, Locator, expect

from tests.browser.chat_page import ChatPage
from tests.browser.message_pieces import in_message
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

STORED = {
    "strong without an end": "**a " * 5_000,
    "quotations inside each other": "> " * 10_000,
    "underscores in one word": "a_" * 10_000,
    "a table of empty cells": "|a" * 1_000 + "|\n" + "|-" * 1_000 + "|\n" + "|\n" * 1_000,
}
READ = {
    "formulas without an end": ("\\(a " * 5_000, "(a " * 5_000),
    "backticks of ever other numbers": (
        " ".join("`" * (number % 300 + 1) for number in range(600)),
        " ".join("`" * (number % 300 + 1) for number in range(600) if number % 300),
    ),
}
"""Each is read in time; the second is what is shown: escaped signs without their backslash, code without its marks."""
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
TOO_MUCH = {
    "half a million characters": "".join(f"**a {number} น้ำ **\n" for number in range(25_000)),
    "quotations inside each other": ">" * 5_000 + "a",
    "lists inside each other": "- " * 5_000 + "a",
}
END = "จบแล้ว"
SIZE = 10_000
TIMES = 4
SLACK = 3
LEAST_S = 0.1
TRIES = 3
GROW = """
    const { Painter } = await load('message/painter.mjs');
    const [text, times] = given;
    const painter = new Painter(place);
    const size = Math.ceil(text.length / times);
    for (let at = 0; at < text.length; at += size) {
        painter.add(text.slice(at, at + size));
        painter.paint();
    }
    const grown = place.textContent;
    const isPlain = Boolean(painter.plain);
    painter.end();
    const ended = place.textContent;
    place.remove();
    return { grown, ended, isPlain };
"""


async def painted(page: ChatPage, text: str, *, times: int = 10) -> dict[str, Any]:
    """Return what the painter shows of a text that comes in so many pieces, while it grows and when it has ended."""
    shown: dict[str, Any] = await in_message(page, GROW, [text, times])
    return shown


async def working_s(clock: CDPSession) -> float:
    """Return for how long the page's main thread has worked: other programs make that no longer."""
    metrics = (await clock.send("Performance.getMetrics"))["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "ThreadTime"))


async def cost_s(page: ChatPage, clock: CDPSession, text: str) -> float:
    before = await working_s(clock)
    shown = await painted(page, text)
    cost = await working_s(clock) - before
    assert END in shown["grown"], text[:20]
    assert END in shown["ended"], text[:20]
    return cost


async def without_space(words: Locator) -> str:
    return "".join((await words.text_content() or "").split())


@pytest.mark.parametrize(
    ("text", "shown"), [*((text, text) for text in STORED.values()), *READ.values()], ids=[*STORED, *READ]
)
async def test_a_reply_that_would_hold_the_browser_is_shown_as_it_was_written(
    page: ChatPage, model: OpenAIStandin, text: str, shown: str
) -> None:
    model.script = Script(tokens=tuple(text[at : at + 4_000] for at in range(0, len(text), 4_000)))
    await page.ask("ทดสอบ")
    await expect(page.replies).to_have_count(1)
    await page.is_idle()
    reply = page.replies.locator(".words")
    assert await without_space(reply) == "".join(shown.split())
    await page.reload()
    await expect(page.replies).to_have_count(1)
    assert await without_space(reply) == "".join(shown.split())
    assert page.complaints == []


async def test_no_text_stops_a_growing_reply_nor_holds_the_browser(page: ChatPage) -> None:
    """Four times the text costs four times as much, and sixteen times if it is read again and again."""
    clock = await page.page.context.new_cdp_session(page.page)
    await clock.send("Performance.enable")
    for hostile in GROWING:
        small, large = (hostile * (size // len(hostile)) + "\n\n" + END for size in (SIZE, TIMES * SIZE))
        for _ in range(TRIES):
            least = max(LEAST_S, await cost_s(page, clock, small))
            cost = await cost_s(page, clock, large)
            if cost < TIMES * SLACK * least:
                break
        assert cost < TIMES * SLACK * least, f"{hostile!r}: {least:.2f} s, {cost:.2f} s"
    assert page.complaints == []


@pytest.mark.parametrize("text", TOO_MUCH.values(), ids=TOO_MUCH)
async def test_what_is_too_much_to_be_drawn_is_shown_as_it_is_written(page: ChatPage, text: str) -> None:
    for times in (1, 7, 100):
        shown = await painted(page, text, times=times)
        assert shown["isPlain"]
        for state in ("grown", "ended"):
            assert "".join(shown[state].split()) == "".join(text.split())


async def test_a_long_ordinary_reply_is_drawn(page: ChatPage) -> None:
    text = ("น้ำใจ **คนไทย** กับ *ลม* และ `code`\n" * 5 + "\n") * 200 + "```python\nx = a_b ** 2\n```\n" * 100
    shown = await painted(page, text, times=50)
    assert not shown["isPlain"]
    for state in ("grown", "ended"):
        assert "**คนไทย" not in shown[state]
