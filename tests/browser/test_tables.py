"""Tables in messages: whole words, a way to scroll them, and a copy for spreadsheets."""

from __future__ import annotations

import csv
import io

import pytest
from playwright.async_api import Browser, expect

from tests.app import App
from tests.browser.axe import faults_of
from tests.browser.chat_page import ChatPage, visit
from tests.browser.message_pieces import in_message

pytestmark = pytest.mark.asyncio(loop_scope="session")

ADD = """
    const { tableBox } = await load('message/tables.mjs');
    const { el } = await load('lib/dom.mjs');
    const cellOf = (tag) => (text) => {
        const cell = el(tag, text.endsWith('>>') ? { align: 'right' } : {});
        text.replace(/>>$/, '').split('<br>').forEach((line, at) => cell.append(...(at ? [el('br')] : []), line));
        return cell;
    };
    const [head, ...rows] = given;
    const body = el('tbody', {}, rows.map((row) => el('tr', {}, row.map(cellOf('td')))));
    const table = el('table', {}, el('thead', {}, el('tr', {}, head.map(cellOf('th')))), body);
    place.append(tableBox(table));
"""
THAI = [
    ["สินค้า", "ราคา (บาท)>>", "จำนวน", "วันที่ส่ง", "หมายเหตุ", "ลิงก์"],
    [
        "ข้าวเหนียวมะม่วง",
        "1,250,000>>",
        "12,500",
        "2026-11-28",
        "ส่งทางเรือไปญี่ปุ่นภายในสิ้นเดือนนี้ " * 4,
        "https://www.example.co.th/" + "products-" * 30,
    ],
]
WIDE = [[f"คอลัมน์ {number}" for number in range(30)], [str(number) for number in range(30)]]
LINES_OF = """(cell, words) => words.map((word) => {
    const range = document.createRange();
    const text = cell.firstChild;
    const at = text.data.indexOf(word);
    range.setStart(text, at);
    range.setEnd(text, at + word.length);
    return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
})"""


async def add(page: ChatPage, *rows: list[str]) -> None:
    await in_message(page, ADD, rows)


async def copied(page: ChatPage) -> str:
    await page.page.evaluate("navigator.clipboard.writeText('-')")
    await page.page.get_by_role("button", name="คัดลอกเป็น CSV").click()
    await expect(page.page.get_by_role("button", name="คัดลอกแล้ว")).to_be_visible()
    text: str = await page.page.evaluate("navigator.clipboard.readText()")
    return text


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_words_and_numbers_are_whole_and_only_what_is_very_long_is_broken(
    browser: Browser, app: App, phone: bool
) -> None:
    async with visit(browser, app, phone=phone) as page:
        await add(page, *THAI)
        cells = page.page.locator("#placed td")
        for at, words in enumerate((["ข้าว", "เหนียว"], ["1,250,000"], ["12,500"], ["2026-11-28"], ["ญี่ปุ่น", "เดือน"])):
            assert await cells.nth(at).evaluate(LINES_OF, words) == [1] * len(words)
        assert await cells.nth(5).evaluate("cell => cell.scrollWidth <= cell.clientWidth")
        assert (await cells.nth(5).bounding_box() or {})["width"] < 400
        assert await cells.nth(1).evaluate("cell => getComputedStyle(cell).textAlign") == "right"
        assert not await page.scrolls_sideways()


async def test_a_wide_table_scrolls_and_says_what_it_is_and_a_small_one_is_no_stop(page: ChatPage) -> None:
    await add(page, *WIDE)
    await add(page, ["ก", "ข"], ["1", "2"])
    wide, small = await page.page.locator("#placed .table-scroll").all()
    for name, value in {"tabindex": "0", "role": "group", "aria-label": "ตาราง"}.items():
        await expect(wide).to_have_attribute(name, value)
        assert await small.get_attribute(name) is None
    await wide.focus()
    await page.page.keyboard.press("ArrowRight")
    await page.page.wait_for_function("one => one.scrollLeft > 0", arg=await wide.element_handle())


async def test_the_first_column_stays_in_sight_on_a_phone(browser: Browser, app: App) -> None:
    async with visit(browser, app, phone=True) as page:
        long = ["ชื่อยาวมากกว่าที่หน้าจอโทรศัพท์จะแสดงได้ในบรรทัดเดียวแน่นอน", *WIDE[1][1:]]
        await add(page, WIDE[0], long)
        scroller = page.page.locator("#placed .table-scroll.wide")
        first = page.page.locator("#placed td").first
        before = await first.bounding_box() or {}
        await scroller.evaluate("one => { one.scrollLeft = 600 }")
        after = await first.bounding_box() or {}
        assert after["x"] == pytest.approx(before["x"], abs=1)
        assert after["width"] < 390 / 2
        hidden = await page.page.locator("#placed td").nth(1).bounding_box() or {}
        assert hidden["x"] < 0


async def test_the_copy_is_what_the_table_says(page: ChatPage) -> None:
    rows = [["ชื่อ", "ค่า"], ['a "b", c', "1,000"], ["บรรทัดแรก<br>บรรทัดสอง", "-5"], ["", "+66 2 123"], ["'x", "95%"]]
    await add(page, *rows)
    text = await copied(page)
    assert text.split("\r\n")[1] == '"a ""b"", c","1,000"'
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read == [
        ["ชื่อ", "ค่า"],
        ['a "b", c', "1,000"],
        ["บรรทัดแรก\nบรรทัดสอง", "-5"],
        ["", "+66 2 123"],
        ["'x", "95%"],
    ]


async def test_a_spreadsheet_runs_nothing_of_the_copy(page: ChatPage) -> None:
    formulas = ['=HYPERLINK("http://evil.example")', "@SUM(A1)", "+cmd|x", "-A1", "-2+3+cmd|x", "- ข้อ", "-1.5", "+66 2"]
    await add(page, ["x"], *([formula] for formula in formulas))
    read = [row[0] for row in csv.reader(io.StringIO(await copied(page)))]
    assert read == ["x", *(f"'{formula}" for formula in formulas[:6]), "-1.5", "+66 2"]


async def test_rows_that_come_later_are_copied_and_make_it_scroll(page: ChatPage) -> None:
    later = """
        const row = el('tr', {}, [...'abc'].map((letter) => el('td', {}, `${letter}\\u00a0`.repeat(99))));
        await new Promise((done) => setTimeout(done, 50));
        const before = table.parentElement.hasAttribute('tabindex');
        body.append(row);
        return before;
    """
    assert await in_message(page, ADD + later, [["1", "2", "3"], ["4", "5", "6"]]) is False
    await expect(page.page.locator("#placed .table-scroll")).to_have_attribute("tabindex", "0")
    assert len((await copied(page)).splitlines()) == 3


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_axe_finds_nothing_in_tables(browser: Browser, app: App, phone: bool) -> None:
    async with visit(browser, app, phone=phone) as page:
        await page.page.emulate_media(reduced_motion="reduce")
        await page.leave_session()
        await add(page, *WIDE)
        await add(page, *THAI)
        await expect(page.page.locator("#placed .table-scroll").first).to_have_attribute("tabindex", "0")
        assert await faults_of(page) == []
        await page.use_theme("dark")
        await expect(page.page.locator("html")).to_have_attribute("data-theme", "dark")
        assert await faults_of(page) == []
