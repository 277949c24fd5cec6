"""Printing: all of a session on paper, loaded or not, black on white."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.app import App
from tests.browser.chat_page import ChatPage
from tests.browser.imported_sessions import MODEL, bring_in, session_of
from tests.standins.openai_server import OpenAIStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")

CODE_LINES = 450
LONG_LINE = "x = " + " + ".join(f"value_{number}" for number in range(60))
CODE = "\n".join([LONG_LINE, *(f"line_{number} = {number}" for number in range(1, CODE_LINES))])
REPLY = "คำตอบที่ {number} **หนา** และ $x^2 + {number}$"
# What `window.print` would put on paper is looked at instead: it blocks until somebody presses a button.
STUB = """() => {
    window.prints = [];
    window.print = () => {
        dispatchEvent(new Event('beforeprint'));
        const sheet = document.querySelector('#printed');
        window.prints.push({ html: sheet?.outerHTML ?? '', articles: sheet?.querySelectorAll('article').length ?? 0,
                             formulas: sheet?.querySelectorAll('math').length ?? 0 });
        dispatchEvent(new Event('afterprint'));
    };
}"""
WHOLE = "(code) => code.scrollWidth <= code.clientWidth && code.scrollHeight <= code.clientHeight"
COLOURS = """(sheet) => {
    const found = new Set();
    const inked = 'article, p, header, strong, pre, code, td, th, blockquote, math, .code-line, [class^=hl-]';
    for (const element of [sheet, ...sheet.querySelectorAll(inked)]) {
        const { color, backgroundColor } = getComputedStyle(element);
        found.add(`${color} on ${backgroundColor}`);
    }
    return [...found];
}"""


def long_session(name: str) -> dict[str, Any]:
    said = [f"คำถามที่ {at}" if at % 2 == 0 else REPLY.replace("{number}", str(at)) for at in range(150)]
    said[1] = f"```python\n{CODE}\n```\n\n| ก | ข |\n|---|---|\n| 1 | 2 |\n\n> ยกมา"
    return session_of(name, *said)


async def shown(page: ChatPage, app: App, session: dict[str, Any]) -> None:
    session_id = await bring_in(page.page, app, session)
    await page.open(f"{app.address}/?s={session_id}")
    await expect(page.replies.last).to_contain_text("คำตอบที่ 149")


async def printed(page: ChatPage) -> list[dict[str, Any]]:
    await page.page.wait_for_function("window.prints.length > 0")
    await expect(page.page.locator("#printed")).to_have_count(0)
    found: list[dict[str, Any]] = await page.page.evaluate("window.prints")
    return found


async def coloured(page: ChatPage, sheet: Locator) -> None:
    """Make the sheet, again where the machine stood still for so long that the page gave its colours up."""
    piece = sheet.locator(".code-line [class^=hl-]").first
    for _ in range(4):
        await page.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        with suppress(AssertionError):
            await expect(piece).to_be_attached()
            return
        await page.page.evaluate("dispatchEvent(new Event('afterprint'))")
    await expect(piece).to_be_attached()


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


async def is_below(below: Locator, above: Locator) -> bool:
    one, two = await above.bounding_box(), await below.bounding_box()
    assert one
    assert two
    return two["y"] > one["y"]


async def test_the_keys_print_all_of_a_session_with_names_times_and_models(page: ChatPage, app: App) -> None:
    session = long_session("พิมพ์ด้วยแป้น")
    await shown(page, app, session)
    assert await page.page.locator("#chat .message-row").count() < 150
    await page.page.evaluate(STUB)
    await page.page.keyboard.press("Control+P")
    (sheet,) = await printed(page)
    assert (sheet["articles"], sheet["formulas"]) == (150, 74)
    await page.page.evaluate("(html) => { document.body.insertAdjacentHTML('beforeend', html) }", sheet["html"])
    heads = page.page.locator("#printed article > header")
    assert await page.page.locator("#printed h1").text_content() == "พิมพ์ด้วยแป้น"
    assert await heads.locator("b").all_text_contents() == ["คุณ", f"{MODEL}\u00a0· vLLM"] * 75
    times = [text.rsplit(" · ", 1)[1] for text in await heads.all_text_contents()]
    assert (times[0], times[-1]) == ("1 พ.ย. 2569 04:00", "1 พ.ย. 2569 06:29")
    assert len(set(times)) == 150
    texts = await page.page.locator("#printed .words").all_text_contents()
    assert "คำถามที่ 0" in texts[0]
    assert "คำตอบที่ 149 หนา" in texts[-1]


async def test_the_menu_of_a_session_prints_that_session(page: ChatPage, app: App) -> None:
    session_id = await bring_in(page.page, app, session_of("พิมพ์จากเมนู", "ถามจากเมนู", "ตอบจากเมนู"))
    # It is old, and others of this app stand before it.
    await page.page.request.patch(f"{app.address}/api/sessions/{session_id}", data={"pinned": True})
    await page.reload()
    await page.new_session()
    await page.ask_and_wait("แชตที่เปิดอยู่")
    await page.page.evaluate(STUB)
    await page.choose("พิมพ์จากเมนู", "พิมพ์ / บันทึกเป็น PDF")
    (sheet,) = await printed(page)
    assert "ตอบจากเมนู" in sheet["html"]
    assert "แชตที่เปิดอยู่" not in sheet["html"]


async def test_the_browser_s_own_menu_prints_all_of_the_session_too(page: ChatPage, app: App) -> None:
    await shown(page, app, long_session("พิมพ์จากเบราว์เซอร์"))
    sheet = page.page.locator("#printed")
    await page.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    await expect(sheet.locator("article")).to_have_count(150)
    await page.page.emulate_media(media="print")
    await expect(sheet).to_be_visible()
    await expect(page.page.locator("#main")).to_be_hidden()
    await page.page.emulate_media(media="screen")
    await page.page.evaluate("dispatchEvent(new Event('afterprint'))")
    await expect(sheet).to_have_count(0)
    await expect(page.page.locator("#main")).to_be_visible()


async def test_a_pdf_has_all_pages_and_leaves_nothing_behind(page: ChatPage, app: App) -> None:
    await shown(page, app, long_session("พิมพ์เป็นไฟล์"))
    pdf = await page.page.pdf(format="A4")
    # 450 lines of code fill nine pages, and 149 short messages eleven.
    assert 18 <= pages_of(pdf) <= 40
    await expect(page.page.locator("#printed")).to_have_count(0)
    assert page.complaints == []


async def test_paper_is_black_on_white_and_code_is_whole(page: ChatPage, app: App) -> None:
    await shown(page, app, long_session("พิมพ์ในธีมมืด"))
    await page.use_theme("dark")
    await expect(page.page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.page.set_viewport_size({"width": 700, "height": 900})
    await page.page.emulate_media(media="print")
    sheet = page.page.locator("#printed")
    await coloured(page, sheet)
    for colours in await sheet.evaluate(COLOURS):
        ink, ground = colours.split(" on ")
        assert ground in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"), colours
        assert ink in ("rgb(0, 0, 0)", "rgb(51, 51, 51)"), colours
    assert await page.page.locator("body").evaluate("(body) => getComputedStyle(body).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    code = sheet.locator("pre")
    lines = code.locator(".code-line")
    assert await lines.count() == CODE_LINES
    # It is wrapped, not cut, and what the page folds is unfolded.
    assert await code.evaluate(WHOLE)
    assert await lines.first.evaluate("(line) => line.getBoundingClientRect().height") > 60
    assert await is_below(lines.last, lines.nth(CODE_LINES - 2))
    await expect(sheet.locator("button:visible")).to_have_count(0)


async def test_nothing_is_printed_of_a_session_that_is_not_there_yet(page: ChatPage, model: OpenAIStandin) -> None:
    await page.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    await expect(page.page.locator("#printed")).to_have_count(0)
    await page.ask_and_wait("พิมพ์ได้แล้ว")
    await page.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    await expect(page.page.locator("#printed article")).to_have_count(2)
