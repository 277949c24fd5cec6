"""A selection across messages is copied as clean text, or as the Markdown that it was written in."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.app import App
from tests.browser.chat_page import ChatPage
from tests.browser.imported_sessions import bring_in, session_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

CODE = "\n".join(["if a < b:  ", "\tprint('ไทย')", "", "", "", "", *(f"x{number} = {number}" for number in range(30))])
TABLE = "| ชื่อ | ราคา |\n|:--|--:|\n| น้ำตาล | $12 |\n| เกลือ | 8 |"
LIST = "1. หนึ่ง **หนา**\n2. สอง"
YEARS = "2568. ปีนี้\n2570. ปีโน้น\n2571. ปีถัดไป"
SPEAKER = "thai-large\u00a0· vLLM"
FORMULA = "สูตร $E = mc^2$ นี้"
REPLY = f"{FORMULA}\n\n```python\n{CODE}\n```\n\n{TABLE}\n\n{LIST}\n\nจบ *เอียง*"
# From the first words of one element to the last of another.
SELECT = """([from, to]) => {
    const first = document.querySelector(from);
    const last = [...document.querySelectorAll(to)].at(-1);
    const range = document.createRange();
    range.setStart(first, 0);
    range.setEnd(last, last.childNodes.length);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
}"""


async def shown(page: ChatPage, app: App) -> None:
    session = session_of("คัดลอกข้ามข้อความ", "ถามแรก\n  เยื้อง", REPLY, "ถามสอง", "ตอบสอง")
    await page.open(f"{app.address}/?s={await bring_in(page.page, app, session)}")
    await expect(page.replies.last).to_contain_text("ตอบสอง")
    await expect(page.replies.first.locator("math")).to_have_count(1)
    await expect(page.box).to_be_focused()


async def copied(page: ChatPage, select: str = "() => {}", argument: object = None) -> str:
    """Select by a script and press the keys of copying, again where a busy browser did not take them in."""
    for _ in range(3):
        await page.page.evaluate("navigator.clipboard.writeText('')")
        await page.page.evaluate(select, argument)
        await page.page.keyboard.press("Control+C")
        if text := await page.page.evaluate("navigator.clipboard.readText()"):
            return str(text)
        print(await page.page.evaluate("[String(getSelection()), document.activeElement.tagName, document.hasFocus()]"))
    return ""


async def copied_as_markdown(page: ChatPage) -> str:
    await page.page.evaluate("navigator.clipboard.writeText('')")
    await page.page.locator("#copy-markdown").click()
    await expect(page.page.locator("#copy-markdown")).to_be_hidden()
    return str(await page.page.evaluate("navigator.clipboard.readText()"))


async def test_a_selection_across_messages_is_clean_text(page: ChatPage, app: App) -> None:
    await shown(page, app)
    cells = "ชื่อ\tราคา\nน้ำตาล\t$12\nเกลือ\t8"
    text = await copied(page, SELECT, [".user-row .asked", ".bot-row .words"])
    assert text == (
        f"คุณ:\nถามแรก\n  เยื้อง\n\n{SPEAKER}:\nสูตร $E = mc^2$ นี้\n\n{CODE}\n\n{cells}\n\n1. หนึ่ง หนา\n2. สอง\n\nจบ เอียง"
        f"\n\nคุณ:\nถามสอง\n\n{SPEAKER}:\nตอบสอง"
    )


async def test_a_selection_may_begin_and_end_in_the_middle_of_a_message(page: ChatPage, app: App) -> None:
    await shown(page, app)
    text = await copied(
        page,
        """() => {
            const [first] = document.querySelectorAll('.user-row .asked');
            const last = [...document.querySelectorAll('.bot-row .words p')].at(-1);
            getSelection().setBaseAndExtent(first.firstChild, 3, last.firstChild, 3);
        }""",
    )
    assert text.startswith(f"คุณ:\nแรก\n  เยื้อง\n\n{SPEAKER}:\nสูตร")
    assert text.endswith(f"{SPEAKER}:\nตอบ")
    assert CODE in text


async def test_a_selection_backwards_within_one_message_names_nobody(page: ChatPage, app: App) -> None:
    await shown(page, app)
    text = await copied(
        page,
        """() => {
            const words = document.querySelector('.bot-row .words');
            const [first, last] = [words.querySelector('p'), words.querySelector('ol')];
            getSelection().setBaseAndExtent(last, 1, first, 0);
            // As where the window had no focus when that was selected: the cursor is still in the question box.
            Object.defineProperty(document, 'activeElement', {
                configurable: true, value: document.querySelector('#box textarea'),
            });
        }""",
    )
    assert text == f"{FORMULA}\n\n{CODE}\n\nชื่อ\tราคา\nน้ำตาล\t$12\nเกลือ\t8\n\n1. หนึ่ง หนา"


async def test_markdown_is_the_source_of_the_paragraphs(page: ChatPage, app: App) -> None:
    await shown(page, app)
    await page.page.evaluate(SELECT, [".user-row .asked", ".bot-row .words"])
    markdown = await copied_as_markdown(page)
    assert markdown == f"คุณ:\nถามแรก\n  เยื้อง\n\n{SPEAKER}:\n{REPLY}\n\nคุณ:\nถามสอง\n\n{SPEAKER}:\nตอบสอง"


async def test_a_paragraph_that_is_touched_is_copied_whole_as_markdown(page: ChatPage, app: App) -> None:
    await shown(page, app)
    await page.page.evaluate(
        """() => {
            const list = document.querySelector('.bot-row .words ol');
            const paragraphs = [...document.querySelectorAll('.bot-row .words > p')];
            const end = paragraphs.find((one) => one.textContent.startsWith('จบ'));
            getSelection().setBaseAndExtent(list.querySelector('strong').firstChild, 1, end.firstChild, 2);
        }"""
    )
    assert await copied_as_markdown(page) == f"{LIST}\n\nจบ *เอียง*"


SOME = {
    "a line of code": (
        ".bot-row .code-line:nth-child(2)",
        0,
        ".bot-row .code-line:nth-child(3)",
        0,
        "\tprint('ไทย')\n",
    ),
    "lines of code": (
        *(".bot-row .code-line:nth-child(1)", 0, ".bot-row .code-line:nth-child(7)", 0, CODE[: CODE.index("x0")]),
    ),
    "the end of a question": (".user-row .asked", 0, ".user-row .asked", 1, "ถามแรก\n  เยื้อง"),
    "the end of a list": (".bot-row ol > li:nth-child(2)", 0, ".bot-row ol", 2, "2. สอง"),
    "a piece of a formula": (".bot-row math", 0, ".bot-row math", 1, "$E = mc^2$"),
    "rows of a table": (".bot-row tbody tr", 0, ".bot-row tbody tr:nth-child(2)", 1, "น้ำตาล\t$12\nเกลือ"),
}


@pytest.mark.parametrize("name", SOME)
async def test_a_part_of_a_message_is_copied_as_it_stands_there(page: ChatPage, app: App, name: str) -> None:
    await shown(page, app)
    first, start, last, end, expected = SOME[name]
    text = await copied(
        page,
        """([first, start, last, end]) => getSelection().setBaseAndExtent(
            document.querySelector(first), start, document.querySelector(last), end)""",
        [first, start, last, end],
    )
    assert text == expected


async def test_a_selection_is_copied_while_the_cursor_is_in_the_box(page: ChatPage, app: App) -> None:
    await shown(page, app)
    text = await page.page.evaluate(
        """() => {
            const list = document.querySelector('.bot-row ol');
            getSelection().setBaseAndExtent(list.lastElementChild, 0, list, 2);
            // As the browser does where the cursor has stayed there.
            const clipboardData = new DataTransfer();
            const copy = new ClipboardEvent('copy', { clipboardData, bubbles: true, cancelable: true });
            document.querySelector('#box textarea').dispatchEvent(copy);
            return clipboardData.getData('text/plain');
        }"""
    )
    assert text == "2. สอง"


async def test_a_list_is_copied_with_the_numbers_that_are_shown(page: ChatPage, app: App) -> None:
    session_id = await bring_in(page.page, app, session_of("ตัวเลขของรายการ", "ปีไหนบ้าง", YEARS))
    await page.open(f"{app.address}/?s={session_id}")
    await expect(page.replies.locator("li")).to_have_count(3)
    text = await copied(page, SELECT, [".bot-row li:nth-child(2)", ".bot-row .words"])
    assert text == YEARS[YEARS.index("2570") :]


async def test_what_is_selected_in_the_box_is_the_browser_s(page: ChatPage, app: App) -> None:
    await shown(page, app)
    await page.box.fill("ร่าง **หนา**")
    await page.box.press("Control+A")
    assert await copied(page) == "ร่าง **หนา**"
    await expect(page.page.locator("#copy-markdown")).to_be_hidden()
