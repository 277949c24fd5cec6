"""A message is drawn with all that it may hold, and harmful things in it are shown as they were written."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.chat_page import ChatPage
from tests.browser.painted import DRAW, GROW, drawn, keep, run

pytestmark = pytest.mark.asyncio(loop_scope="session")


UNSAFE = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "/api/sessions",
    "../x",
    "http:x",
    "file:///x",
)


async def test_links_lead_to_the_web_or_to_a_mailbox_alone(page: ChatPage) -> None:
    links = "[...element.querySelectorAll('a')].map((link) => [link.getAttribute('href'), link.target, link.rel])"
    rel = ["_blank", "noopener noreferrer nofollow"]
    safe = "[ก](https://example.com/ก) และ [ข](mailto:a@example.com)"
    assert await drawn(page, safe, links) == [["https://example.com/ก", *rel], ["mailto:a@example.com", *rel]]
    for address in UNSAFE:
        for source in (f"[คำ]({address})", f"![คำ]({address})", f"[คำ][x]\n\n[x]: {address}", f"<{address}>"):
            assert await drawn(page, source, links) == [], source
            shown = await drawn(page, source, "element.textContent")
            assert "".join(shown.split()) == "".join(source.split())


async def test_a_picture_is_a_link_and_nothing_is_loaded(page: ChatPage) -> None:
    hosts = set(page.hosts)
    source = (
        "![รูป](https://pictures.example/a.png) <img src=https://pictures.example/b.png> ![](https://pictures.example/c)"
    )
    assert await drawn(page, source, "element.querySelectorAll('img, iframe, script, [style*=url]').length") == 0
    assert await drawn(page, source, "element.querySelector('a').textContent") == "รูป"
    assert "<img src=" in await drawn(page, source, "element.textContent")
    assert page.hosts == hosts


async def test_numbers_are_those_that_are_written(page: ChatPage) -> None:
    numbers = """[...element.querySelectorAll('li')].map((item) => [item.parentElement.start, item.value])"""
    assert await drawn(page, "2568. ก\n2570. ข\n2571. ค", numbers) == [[2568, 0], [2568, 2570], [2568, 0]]
    assert await drawn(page, "2568. ก\n\n100. ข\n101. ค", numbers) == [[2568, 0], [2568, 100], [2568, 0]]
    assert await drawn(page, "3. ก\n3. ข\n3. ค", numbers) == [[3, 0], [3, 0], [3, 0]]
    assert await drawn(page, "1. ก\n1. ข\n1. ค", numbers) == [[1, 0]] * 3
    inside = """(() => { const list = element.querySelector('ol'), range = document.createRange();
        return parseFloat(getComputedStyle(list).paddingLeft) / parseFloat(getComputedStyle(list).fontSize); })()"""
    assert await drawn(page, "2568. ก", inside) > await drawn(page, "1. ก", inside) + 1


async def test_headings_are_told_without_a_gap_between_their_levels(page: ChatPage) -> None:
    text = "### ก\n\n##### ข\n\nคำ\n\n> ###### ค\n\n# ง\n\n## จ\n\nจบ"
    levels = "[...element.querySelectorAll('.heading')].map((one) => [one.localName, one.getAttribute('aria-level')])"
    expected = [["h3", "2"], ["h5", "3"], ["h6", "4"], ["h1", "2"], ["h2", "3"]]
    assert await drawn(page, text, levels) == expected
    assert await run(page, GROW + f"for (const sign of texts) grow(sign); return {levels};", *text) == expected


async def test_tasks_have_boxes_that_say_what_they_are(page: ChatPage) -> None:
    boxes = """[...element.querySelectorAll('input')].map((box) => [box.disabled, box.checked, box.ariaLabel])"""
    found = await drawn(page, "- [x] ก\n- [ ] ข\n\n  ค\n- ง", boxes)
    assert found == [[True, True, "ทำแล้ว"], [True, False, "ยังไม่ได้ทำ"]]


async def test_notes_are_reached_and_left_by_buttons_without_an_id(page: ChatPage) -> None:
    await keep(page, DRAW, "ฝนลดลง[^หมายเหตุ] แล้ว\n\n[^หมายเหตุ]: กรมอุตุ2568\n\nจบ")
    await page.page.locator(".kept .footnote-ref button").click()
    await expect(page.page.locator(".kept .footnote button")).to_be_focused()
    await page.page.keyboard.press("Enter")
    await expect(page.page.locator(".kept .footnote-ref button")).to_be_focused()
    await expect(page.page.locator(".kept .footnote")).to_contain_text("กรมอุตุ2568")
    await expect(page.page.locator(".kept [id]")).to_have_count(0)
    await page.page.locator(".kept").evaluate("(element) => element.remove()")


async def test_a_block_that_can_not_be_drawn_is_shown_as_it_was_written(page: ChatPage) -> None:
    failing = """
        document.createElement = (name) => {
            if (name === 'em') throw new Error('no');
            return Document.prototype.createElement.call(document, name);
        };
        try {
            ACT
        } finally { delete document.createElement; }
        return [...element.children].map((one) => [one.className, one.textContent]);
    """
    texts = ["ก่อน **หนา**\n\n", "กลาง *เอน*\n\n", "> - อ้าง\n> - *เอน*\n\n", "จบ"]
    expected = [["", "ก่อน หนา"], ["plain", "กลาง *เอน*"], ["", "อ้าง*เอน*"], ["", "จบ"]]
    whole = "const element = place();" + failing.replace("ACT", "draw(element, texts.join(''));")
    assert await run(page, whole, *texts) == expected
    assert await run(page, GROW + failing.replace("ACT", "texts.forEach(grow); painter.end();"), *texts) == expected


async def test_what_is_too_much_is_shown_as_it_was_written_and_the_rest_is_drawn(page: ChatPage) -> None:
    deep = "> " * 200 + "ลึก\n\n"
    text = "**ก่อน**\n\n" + deep + "**หลัง**"
    look = "[...element.children].map((one) => [one.className, one.textContent])"
    expected = [["", "ก่อน"], ["plain", deep], ["", "หลัง"]]
    assert await drawn(page, text, look) == expected
    assert (
        await run(page, GROW + f"for (const sign of texts) grow(sign); painter.end(); return {look};", *text)
        == expected
    )


async def test_a_very_long_text_is_plain_in_pieces_from_where_it_is_too_long(page: ChatPage) -> None:
    text = "น้ำใจ **คนไทย**\n" * 30_000
    shown = "[element.textContent === texts[0], element.children.length > 10, element.querySelector('strong')]"
    assert await drawn(page, text, shown) == [True, True, None]
    pieces = [text[at : at + 50_000] for at in range(0, len(text), 50_000)]
    whole = shown.replace("texts[0]", "texts.join('')")
    assert await run(page, f"{GROW} texts.forEach(grow); painter.end(); return {whole};", *pieces) == [True, True, None]


PARTS = [
    {"type": "reasoning", "text": "คิด **ก่อน**"},
    {"type": "text", "text": "คำ**ตอบ"},
    {"type": "text", "text": "** จบ"},
    {"type": "tool_call", "call_id": "a", "name": "ค้นหา<b>", "arguments": {"q": "ข้าว"}},
    {"type": "attachment", "file_id": "f", "name": "แผนที่.png", "media_type": "image/png", "size_bytes": 12_000},
    {"type": "tool_result", "call_id": "a", "text": "พบ <i>3</i> แห่ง", "is_error": False},
    {"type": "tool_result", "call_id": "ไม่มี", "text": "ลอย", "is_error": True},
    {"type": "citation", "title": "คู่มือ", "url": "https://example.com/a", "quote": "อ้าง"},
    {"type": "citation", "title": "อันตราย", "url": "javascript:alert(1)"},
    {"type": "notice", "code": "demo_model", "params": {}},
    {"type": "notice", "code": "constructor", "params": {}},
    {"type": "video", "address": "https://example.com/v"},
    ["ไม่ใช่ออบเจกต์"],
    None,
]


async def test_every_kind_of_part_is_shown(page: ChatPage) -> None:
    await keep(page, "const element = place(); drawParts(element, texts);", *PARTS)
    shown = page.page.locator(".kept")
    await expect(shown.locator("details")).to_have_count(6)
    await expect(shown.locator("details[open]")).to_have_count(0)
    await expect(shown.locator(".thoughts-text")).to_have_text("คิด **ก่อน**")
    await expect(shown.locator(".part-text strong")).to_have_text("ตอบ")
    tool = shown.locator(".tool").first
    await expect(tool.locator("summary")).to_contain_text("ค้นหา<b>")
    await expect(tool.locator("pre")).to_contain_text(["ข้าว", "พบ <i>3</i> แห่ง"])
    await expect(shown.locator(".attachment")).to_contain_text("แผนที่.png")
    await expect(shown.locator(".attachment")).to_contain_text("image/png · 12")
    await expect(shown.locator(".citations > li")).to_have_count(2)
    await expect(shown.locator(".citations a")).to_have_count(1)
    await expect(shown.locator(".citations")).to_contain_text("javascript:alert(1)")
    await expect(shown.locator(".notice")).to_have_text(["โมเดลสาธิตภาษาอังกฤษขนาดเล็ก", "constructor"])
    await expect(shown.locator(".unknown pre")).to_contain_text(["https://example.com/v", "ไม่ใช่ออบเจกต์", "null"])
    await shown.evaluate("(element) => element.remove()")
    assert page.complaints == []
