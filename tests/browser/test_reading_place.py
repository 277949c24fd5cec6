"""Whoever reads further up keeps the place, what is open and what is selected, whatever grows, ends or is loaded."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Locator, Route, expect

from tests.app import App
from tests.browser.chat_page import ChatPage
from tests.browser.drawn import CASES, NEAR_PX, pixels_differ, settled, small_pieces
from tests.browser.imported_sessions import bring_in, session_of
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

FORMULAS = "\n\n".join(f"ขั้นที่ {at} ได้ $a_{at} < b$\n\n$$\n\\int_0^{{{at}}} x_{at} dx\n$$" for at in range(6))
CODE = "```python\n" + "\n".join(f"def f{at}(x): return x + {at}" for at in range(30)) + "\n```"
TABLE = "| ชื่อ | ราคา |\n|:--|--:|\n" + "\n".join(f"| สินค้า {at} | {at * 10} |" for at in range(20))
DETAILS = "<details><summary>รายละเอียด</summary>\n\nเนื้อความ\n\n</details>"
SHORT = [text for text in CASES.values() if len(text) < 1_000]
LONG = "\n\n".join(
    [FORMULAS, CODE, "ย่อหน้าที่เลือก **หนา** กับ $x^2$", DETAILS, TABLE, *SHORT, "[ท้าย]: https://example.com"]
)
# Tells where an element is at each frame, after everybody has put things back to their places, as it is painted then.
WATCH = """(element) => {
    const scroller = document.querySelector('#scroll');
    const probe = document.createElement('div');
    probe.style.cssText = 'position: fixed; left: -9px; top: 0; width: 1px; height: 1px';
    document.body.append(probe);
    const top = () => element.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
    const watched = window.watched = { begun: top(), least: top(), most: top(), frames: 0, lost: false };
    new ResizeObserver(() => {
        watched.least = Math.min(watched.least, top());
        watched.most = Math.max(watched.most, top());
        watched.lost ||= !element.isConnected;
        watched.frames += 1;
    }).observe(probe);
    const turn = () => {
        probe.style.height = probe.style.height === '1px' ? '2px' : '1px';
        requestAnimationFrame(turn);
    };
    requestAnimationFrame(turn);
}"""
COUNT_OF_NEW = "#latest { visibility: hidden !important; }"
"""The button of the latest message says how many are new."""
AT_LINE = """() => {
    const { left, top, width } = document.querySelector('#scroll').getBoundingClientRect();
    return document.elementFromPoint(left + width / 2, top + 40);
}"""


async def has_kept_its_place(page: ChatPage) -> None:
    """Check what was watched since, for as long as a good many frames."""
    frames = await page.page.evaluate("window.watched.frames")
    await page.page.wait_for_function("(least) => window.watched.frames > least", arg=frames + 20)
    watched: dict[str, Any] = await page.page.evaluate("window.watched")
    assert not watched["lost"]
    assert watched["most"] - watched["begun"] <= NEAR_PX, watched
    assert watched["begun"] - watched["least"] <= NEAR_PX, watched


async def ask_for_long(page: ChatPage, model: OpenAIStandin, text: str = LONG) -> Locator:
    """Ask for a reply that grows slowly, and whose end waits for `model.may_end`."""
    model.may_end.clear()
    model.script = Script(reasoning=("คิดก่อน ",) * 20, tokens=small_pieces(text), delay_ms=4)
    await page.ask("เล่าให้ยาวที่สุด")
    return page.page.locator("#chat .bot-row").last


async def scroll_up(page: ChatPage, distance: int) -> None:
    """Scroll as a person does, and wait until the browser has."""
    box = await page.page.locator("#scroll").bounding_box()
    assert box
    await page.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.page.mouse.wheel(0, -distance)
    await expect(page.page.locator("#latest")).to_be_visible()
    await page.page.wait_for_function(
        """() => new Promise((resolve) => {
            const scroller = document.querySelector('#scroll'), { scrollTop } = scroller;
            setTimeout(() => resolve(scroller.scrollTop === scrollTop), 200);
        })"""
    )


async def watch_the_line(page: ChatPage) -> None:
    element = (await page.page.evaluate_handle(AT_LINE)).as_element()
    assert element
    await element.evaluate(WATCH)


async def all_said(page: ChatPage, words: Locator) -> None:
    """Wait until all but the end of a long reply is drawn."""
    await expect(words).to_contain_text("เกิดเหตุการณ์สำคัญ", timeout=90_000)


@pytest.mark.parametrize("distance", [150, 900])
async def test_a_reply_that_grows_and_ends_moves_nothing_at_the_reader_s_line(
    page: ChatPage, model: OpenAIStandin, distance: int
) -> None:
    model.script = Script(tokens=small_pieces("\n\n".join((CODE, FORMULAS))))
    await page.ask_and_wait("มีอยู่ก่อนแล้ว")
    try:
        row = await ask_for_long(page, model)
        # What is above the line then has formulas and code.
        await expect(row.locator(".words")).to_contain_text("ย่อหน้าที่เลือก")
        await scroll_up(page, distance)
        await watch_the_line(page)
        await all_said(page, row.locator(".words"))
        await settled(row.locator(".words"))
        scroller = page.page.locator("#scroll")
        before = await scroller.screenshot(animations="disabled", style=COUNT_OF_NEW)
    finally:
        model.may_end.set()
    await page.is_idle()
    await has_kept_its_place(page)
    assert pixels_differ(before, await scroller.screenshot(animations="disabled", style=COUNT_OF_NEW)) == ""


async def test_what_was_opened_and_selected_in_a_growing_reply_stays_so(page: ChatPage, model: OpenAIStandin) -> None:
    try:
        row = await ask_for_long(page, model)
        words = row.locator(".words")
        await expect(words).to_contain_text("สินค้า 3")
        await row.locator(".thoughts summary").click()
        await words.locator("details summary").first.click()
        await words.locator("figure.code").first.get_by_role("button").first.click()
        await words.evaluate(
            """(words) => {
                const isMeant = (one) => one.textContent.startsWith('ย่อหน้าที่เลือก');
                const paragraph = [...words.querySelectorAll('p')].find(isMeant);
                const bold = paragraph.querySelector('strong').firstChild;
                getSelection().setBaseAndExtent(paragraph.firstChild, 3, bold, 2);
            }"""
        )
        selected = await page.page.evaluate("String(getSelection())")
        assert selected.endswith("หน้าที่เลือก หน")
        await all_said(page, words)
    finally:
        model.may_end.set()
    await page.is_idle()
    await expect(row.locator(".thoughts-text")).to_be_visible()
    await expect(words.locator("details").first).to_have_attribute("open", "")
    await expect(words.locator("figure.code").first).to_have_class("code numbered wrapped")
    assert await page.page.evaluate("String(getSelection())") == selected


async def test_the_last_words_of_a_reply_stay_selected_at_its_end(page: ChatPage, model: OpenAIStandin) -> None:
    try:
        model.may_end.clear()
        model.script = Script(tokens=small_pieces("ต้น\n\n- หนึ่ง\n- สอง `code` กับ **ท้ายสุด**\n\n"))
        await page.ask("ตอบสั้น")
        item = page.growing.locator("li strong")
        await expect(item).to_have_text("ท้ายสุด")
        await item.evaluate("(item) => getSelection().selectAllChildren(item.closest('li'))")
    finally:
        model.may_end.set()
    await page.is_idle()
    assert await page.page.evaluate("String(getSelection())") == "สอง code กับ ท้ายสุด"


def mixed_session(name: str) -> dict[str, Any]:
    replies = (FORMULAS, CODE, TABLE, CASES["mathlong"], "สั้น ๆ")
    return session_of(name, *(f"คำถาม {at}" if at % 2 == 0 else replies[at // 2 % 5] for at in range(150)))


async def all_settled(page: ChatPage) -> None:
    for words in await page.page.locator("#chat .bot-row .words").all():
        await settled(words)


async def test_earlier_messages_are_loaded_above_without_moving_the_line(page: ChatPage, app: App) -> None:
    may_come = asyncio.Event()

    async def hold(route: Route) -> None:
        await may_come.wait()
        await route.continue_()

    await page.page.route("**/messages?*before_order=*", hold)
    await page.open(f"{app.address}/?s={await bring_in(page.page, app, mixed_session('เลื่อนขึ้นไป'))}")
    await expect(page.questions.last).to_have_text("คำถาม 148")
    shown = await page.page.locator("#chat .message-row").count()
    await scroll_up(page, 100_000)
    await page.page.mouse.wheel(0, 400)
    await page.page.wait_for_function("document.querySelector('#scroll').scrollTop >= 400")
    await all_settled(page)
    await watch_the_line(page)
    may_come.set()
    await page.page.wait_for_function("(count) => document.querySelectorAll('.message-row').length > count", arg=shown)
    await page.page.wait_for_load_state("networkidle")
    await all_settled(page)
    await has_kept_its_place(page)


@pytest.mark.parametrize("at", [3, 70, 149])
async def test_a_message_that_the_address_names_is_brought_to_its_place_and_stays_there(
    page: ChatPage, app: App, at: int
) -> None:
    session = mixed_session(f"ข้ามไปที่ {at}")
    await bring_in(page.page, app, session)
    message_id = session["messages"][at]["message_id"]
    await page.open(f"{app.address}/?s={session['session_id']}&m={message_id}")
    row = page.page.locator(f"[data-message-id='{message_id}']")
    await expect(row).to_be_in_viewport()
    await row.evaluate(WATCH)
    await page.page.wait_for_load_state("networkidle")
    await all_settled(page)
    await has_kept_its_place(page)


# All rows are higher for as long as the place is looked after, and as high as before when they are painted; the browser
# does the same with rows out of sight, whose heights it remembers, and tells nobody that anything has changed.
MEASURE_TOO_EARLY = """async () => {
    const base = document.querySelector('link[href*="page.mjs"]').href;
    const { keepPlace } = await import(new URL('conversation/scrolling.mjs', base));
    const rows = [...document.querySelectorAll('.message-row')];
    const scroller = document.querySelector('#scroll');
    const before = scroller.scrollTop;
    for (const row of rows) row.style.paddingTop = '6px';
    keepPlace();
    const moved = scroller.scrollTop - before;
    for (const row of rows) row.style.paddingTop = '';
    return moved;
}"""


async def test_a_place_that_was_measured_before_its_heights_were_known_is_found_again(page: ChatPage, app: App) -> None:
    session = mixed_session("วัดเร็วไป")
    await bring_in(page.page, app, session)
    message_id = session["messages"][70]["message_id"]
    await page.open(f"{app.address}/?s={session['session_id']}&m={message_id}")
    await page.use_sources()
    row = page.page.locator(f"[data-message-id='{message_id}']")
    await expect(row).to_be_in_viewport()
    await page.page.wait_for_load_state("networkidle")
    await all_settled(page)
    top = "(row) => row.getBoundingClientRect().top"
    before = await row.evaluate(top)
    assert await page.page.evaluate(MEASURE_TOO_EARLY) > 60
    await page.page.wait_for_function(
        f"([id, before]) => Math.abs(({top})(document.querySelector(`[data-message-id='${{id}}']`)) - before) <= 2",
        arg=[message_id, before],
    )
    await row.evaluate(WATCH)
    await has_kept_its_place(page)
