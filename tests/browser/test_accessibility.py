"""For people who hear the page, use keys alone or need contrast: axe finds nothing, no focus is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.app import App
from tests.browser.axe import faults_of
from tests.browser.chat_page import ChatPage, visit
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

WIDE = "ยาว " * 80
DIAGRAM = "```mermaid\ngraph TD\n  A[เริ่ม] --> B[จบ]\n```\n\n"
FULL = Script(
    tokens=(
        "## หัวข้อ\n\n**น้ำ** กับ [ลิงก์](https://example.org), ![รูป](https://example.org/a.png) และ `โค้ด`[^1]\n\n",
        "- ข้อ\n\n2568. ปี\n\n- [x] เสร็จ\n- [ ] ยัง\n\n> อ้าง <sub>ล่าง</sub> ==เน้น==\n\n",
        "|ก|ข|\n|---|--:|\n|๑|๒|\n\n[^1]: หมายเหตุ `โค้ด`\n\n",
        "<details><summary>รายละเอียด</summary>\n\n- ซ่อน\n\n</details>\n\n",
        f'```python title="a.py"\n# ความเห็น\ndef f(x: int) -> str:\n    return "คำ" + str(x * 2)\n# {WIDE}\n```\n\n',
        "```\n" + "บรรทัด\n" * 25 + "```\n\n",
        "$$x^2$$\n\nสูตร $a+b$ และ $\\nothing$\n\n" + DIAGRAM,
        "|" + " คอลัมน์กว้าง |" * 12 + "\n|" + "---|" * 12 + "\n|" + " ค่า |" * 12 + "\n",
    ),
    reasoning=("คิดก่อน",),
)


async def finds_nothing_in_light_nor_in_dark(page: ChatPage) -> None:
    for theme in ("light", "dark"):
        await page.use_theme(theme)
        await expect(page.page.locator(f"html[data-theme={theme}]")).to_be_attached()
        assert await faults_of(page) == []


async def menu(page: ChatPage) -> None:
    if await page.page.locator("#menu-open").is_visible():
        await page.page.locator("#menu-open").click()


async def the_conversation(page: ChatPage) -> None:
    await page.replies.last.locator(".facts-more").click()
    await page.replies.last.locator(".thoughts summary").click()
    await page.replies.last.locator(".words summary").click()


async def a_drawn_diagram(page: ChatPage) -> None:
    await page.replies.last.locator(".diagram-draw").click()
    await expect(page.replies.last.locator(".diagram.shown iframe")).to_be_visible()
    inner = page.page.frames[-1]
    await expect(inner.locator("svg")).to_be_visible()
    assert await faults_of(inner) == []


async def the_empty_page(page: ChatPage) -> None:
    await menu(page)
    await page.new_session()


async def the_sidebar(page: ChatPage) -> None:
    await menu(page)
    await expect(page.sessions.first).to_be_visible()


async def the_picker(page: ChatPage) -> None:
    await page.page.locator("#picker [aria-haspopup]").click()
    await expect(page.page.locator("#picker [role=option]").first).to_be_visible()


async def the_settings(page: ChatPage) -> None:
    await page.page.locator("#settings-open").click()
    await page.page.locator("#settings summary").click()


async def the_search(page: ChatPage) -> None:
    await menu(page)
    await page.search.fill("น้ำ")
    await expect(page.page.locator("#results mark").first).to_be_visible()
    await page.page.locator("#results .head-button").click()


async def a_search_without_words(page: ChatPage) -> None:
    await menu(page)
    await page.search.fill("น")
    await page.search.fill("")
    await expect(page.page.locator("#results .tips")).to_be_visible()


async def the_recent_sessions(page: ChatPage) -> None:
    await menu(page)
    await page.find.click()
    await expect(page.page.locator("#found [role=option]").first).to_be_visible()


async def recent_sessions_that_are_not_there(page: ChatPage) -> None:
    await menu(page)
    await page.find.fill("ไม่มีแชตชื่อนี้")
    await expect(page.page.locator("#found .none")).to_be_visible()


async def a_menu(page: ChatPage) -> None:
    await menu(page)
    await page.sessions.first.hover()
    await page.page.locator("#recent .more").first.click()
    await expect(page.page.get_by_role("menu")).to_be_visible()


async def a_selection(page: ChatPage) -> None:
    await menu(page)
    await page.page.locator(".list-head [aria-pressed]").click()
    await page.sessions.first.click()
    await expect(page.page.locator(".selection")).to_be_visible()


async def exports_and_imports(page: ChatPage) -> None:
    await menu(page)
    await page.page.locator("#transfer-open").click()
    files = page.page.locator("#transfer-box input[type=file]").first
    await files.set_input_files([{"name": "พัง.json", "mimeType": "application/json", "buffer": b"[5"}])
    await expect(page.page.locator("#transfer-box .problem")).to_be_visible()


async def the_statistics(page: ChatPage) -> None:
    await menu(page)
    await page.page.locator("#count").click()
    await expect(page.page.locator("#drawer .chart").first).to_be_visible()


async def the_messages_behind_a_figure(page: ChatPage) -> None:
    await the_statistics(page)
    await page.page.locator("#drawer [data-key=messages]").click()
    await expect(page.page.locator(".behind-list a").first).to_be_visible()


STATES: tuple[Callable[[ChatPage], Awaitable[None]], ...] = (
    the_conversation,
    a_drawn_diagram,
    the_empty_page,
    the_sidebar,
    the_picker,
    the_settings,
    the_search,
    a_search_without_words,
    the_recent_sessions,
    recent_sessions_that_are_not_there,
    a_menu,
    a_selection,
    exports_and_imports,
    the_statistics,
    the_messages_behind_a_figure,
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def said(browser: Browser, app: App, model_server: OpenAIStandin) -> str:
    """Return the address of a session with everything that a reply can have."""
    model_server.script = FULL
    async with visit(browser, app, "/?new") as page:
        await page.ask_and_wait("น้ำท่วมกรุงเทพฯ เกิดจากอะไร")
        return f"/?s={page.session_id}"


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_axe_finds_nothing(
    browser: Browser, app: App, said: str, state: Callable[[ChatPage], Awaitable[None]], phone: bool
) -> None:
    async with visit(browser, app, said, phone=phone) as page:
        await page.page.emulate_media(reduced_motion="reduce")
        for wide in ("pre", ".table-scroll"):
            await expect(page.replies.last.locator(f"{wide}[tabindex='0']").first).to_be_attached()
        await state(page)
        await finds_nothing_in_light_nor_in_dark(page)


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_axe_finds_nothing_in_a_reply_that_grows_nor_in_one_that_failed(
    browser: Browser, app: App, model: OpenAIStandin, phone: bool
) -> None:
    async with visit(browser, app, phone=phone) as page:
        await page.page.emulate_media(reduced_motion="reduce")
        await menu(page)
        await page.new_session()
        model.script = replace(FULL, fault="hang", fault_after=len(FULL.reasoning + FULL.tokens))
        await page.ask("ตอบยาวๆ")
        await expect(page.growing.locator("table").last).to_contain_text("คอลัมน์กว้าง")
        await finds_nothing_in_light_nor_in_dark(page)
        await page.stop.click()
        await expect(page.replies).to_have_count(1)
        await finds_nothing_in_light_nor_in_dark(page)
        model.script = replace(FULL, fault="drop", fault_after=len(FULL.reasoning + FULL.tokens))
        reply = await page.ask_and_wait("ตอบครึ่งเดียว")
        await expect(reply.locator(".problem")).to_be_visible()
        await finds_nothing_in_light_nor_in_dark(page)


async def test_closing_and_opening_the_sidebar_keeps_the_focus(page: ChatPage) -> None:
    closing, opening = page.page.locator("#menu-close"), page.page.locator("#menu-open")
    await closing.press("Enter")
    await expect(opening).to_be_focused()
    await opening.press("Enter")
    await expect(closing).to_be_focused()


async def test_escape_closes_a_phone_s_sidebar_and_leaves_the_focus_at_its_button(browser: Browser, app: App) -> None:
    async with visit(browser, app, phone=True) as phone:
        await phone.page.locator("#menu-open").click()
        await expect(phone.page.locator("#menu-close")).to_be_focused()
        await phone.page.keyboard.press("Escape")
        await expect(phone.page.locator("#left")).to_be_hidden()
        await expect(phone.page.locator("#menu-open")).to_be_focused()


async def test_the_picker_s_button_says_which_model_answers(page: ChatPage) -> None:
    await page.pick_model("thai-small")
    await expect(page.page.get_by_role("button", name="โมเดล: thai-small, vLLM, พร้อม")).to_be_visible()
