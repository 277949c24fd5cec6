"""Language, colours, phones, keys, and what the panels show."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

WIDE = Script(
    tokens=(
        "ก" * 300 + "\n\n",
        "|" + "|".join(f" คอลัมน์ที่ {number} " for number in range(12)) + "|\n|" + "---|" * 12 + "\n",
        "|" + "|".join(f" ข้อมูล {number} " for number in range(12)) + "|\n\n",
        "```python\n" + "ยาว = " + "1 + " * 200 + "1\n```\n",
        "$$" + "x + " * 120 + "y$$",
    )
)


async def test_the_page_speaks_the_language_of_the_browser(browser: Browser, app: App) -> None:
    async with visit(browser, app, locale="th-TH") as page:
        await expect(page.page.locator("html")).to_have_attribute("lang", "th")
        await expect(page.page.locator("#new")).to_contain_text("แชตใหม่")
        await expect(page.box).to_have_attribute("placeholder", "พิมพ์ข้อความถึงผู้ช่วย…")
        await expect(page.send).to_have_attribute("aria-label", "ส่ง")
    async with visit(browser, app, "/?s=nonsense", locale="en-GB") as page:
        await expect(page.page.locator("html")).to_have_attribute("lang", "en")
        await expect(page.page.locator("#new")).to_contain_text("New session")
        await expect(page.alert).to_contain_text("This session doesn't exist")


async def test_a_phone_shows_everything_without_scrolling_sideways(
    browser: Browser, app: App, model: OpenAIStandin
) -> None:
    async with visit(browser, app, phone=True) as page:
        menu = page.page.locator("#left")
        await expect(menu).to_be_hidden()
        await page.page.locator("#menu-open").click()
        await expect(menu).to_be_visible()
        await page.new_session()
        await expect(menu).to_be_hidden()
        assert not await page.scrolls_sideways()
        model.script = WIDE
        await page.ask_and_wait("ก" * 300)
        assert not await page.scrolls_sideways()
        await expect(page.box).to_be_in_viewport()


async def test_a_phone_s_menu_closes_after_a_choice(browser: Browser, app: App, page: ChatPage) -> None:
    await page.ask_and_wait("แชตสำหรับมือถือ")
    async with visit(browser, app, phone=True) as phone:
        await phone.page.locator("#menu-open").click()
        await phone.sessions.filter(has_text="แชตสำหรับมือถือ").first.click()
        await expect(phone.page.locator("#left")).to_be_hidden()
        await expect(phone.questions).to_have_text("แชตสำหรับมือถือ")


async def test_enter_sends_shift_enter_and_an_input_method_do_not(page: ChatPage, model: OpenAIStandin) -> None:
    await page.box.press_sequentially("one")
    await page.box.press("Shift+Enter")
    await page.box.press_sequentially("two")
    assert await page.text() == "one\ntwo"
    await page.box.evaluate(
        """(box) => ['keydown', 'keypress'].forEach((type) => box.dispatchEvent(
            new KeyboardEvent(type, {key: 'Enter', isComposing: true, bubbles: true, cancelable: true})))"""
    )
    await expect(page.questions).to_have_count(0)
    assert await page.text() == "one\ntwo"
    await page.box.press("Enter")
    await expect(page.replies).to_have_count(1)
    assert model.seen[-1].body["messages"][-1]["content"] == "one\ntwo"


async def test_on_a_phone_enter_starts_a_line_and_the_button_sends(
    browser: Browser, app: App, model: OpenAIStandin
) -> None:
    async with visit(browser, app, phone=True) as phone:
        await phone.page.locator("#menu-open").click()
        await phone.new_session()
        await phone.box.press_sequentially("one")
        await phone.box.press("Enter")
        await phone.box.press_sequentially("two")
        assert await phone.text() == "one\ntwo"
        await phone.send.click()
        await expect(phone.replies).to_have_count(1)
        assert model.seen[-1].body["messages"][-1]["content"] == "one\ntwo"


async def test_the_box_grows_with_its_text_and_then_scrolls(page: ChatPage) -> None:
    async def height() -> float:
        shape = await page.box.bounding_box()
        assert shape
        return shape["height"]

    one_line = await height()
    await page.box.fill("บรรทัด\n" * 5)
    assert await height() > one_line * 2
    await page.box.fill("บรรทัด\n" * 60)
    assert await height() < 300
    await expect(page.send).to_be_in_viewport()


async def test_keys_open_a_new_session_and_the_search(page: ChatPage) -> None:
    await page.ask_and_wait("ก่อนกดปุ่มลัด")
    await page.page.keyboard.press("Control+Shift+O")
    await expect(page.welcome).to_be_visible()
    await expect(page.box).to_be_focused()
    await page.page.keyboard.press("Control+K")
    await expect(page.search).to_be_focused()


@pytest.mark.parametrize("phone", [False, True])
async def test_the_cursor_is_in_the_box_when_the_page_opens_but_on_a_phone(
    browser: Browser, app: App, phone: bool
) -> None:
    async with visit(browser, app, phone=phone) as page:
        asked = await page.ask_and_wait("ถามก่อนเปิดหน้าอีกครั้ง")
        for address in (page.page.url, app.address):
            await page.open(address)
            await expect(asked).to_be_visible()
            await page.page.keyboard.type("พิมพ์ได้เลย")
            assert await page.text() == ("" if phone else "พิมพ์ได้เลย")
            await page.write("")


async def test_a_suggestion_is_asked_with_one_click(page: ChatPage, model: OpenAIStandin) -> None:
    suggestion = page.page.locator(".suggestions button").first
    await expect(suggestion).to_be_visible()
    text = await suggestion.inner_text()
    await suggestion.click()
    await expect(page.replies).to_have_count(1)
    assert model.seen[-1].body["messages"][-1]["content"] == text


async def test_the_state_of_database_and_backends_is_shown(page: ChatPage) -> None:
    state = page.page.locator("#state")
    await expect(state.locator(".line")).to_contain_text("PostgreSQL · โมเดลพร้อม 2 ตัว")
    await expect(state.locator("dd").first).to_be_hidden()
    await state.locator(".line").click()
    await expect(state.locator("dd").first).to_be_visible()
    await expect(state.locator("dd.up")).to_have_count(2)
    await expect(state.locator("dd.not_configured").first).to_have_text("ยังไม่ตั้งค่า")


async def test_the_states_stand_in_one_column_whatever_they_are(page: ChatPage) -> None:
    answer = {
        "database": {"state": "memory", "waiting": 1},
        "backends": {name: {"state": name, "models": []} for name in ("up", "loading", "slow", "down", "quota")},
    }
    await page.page.route("**/readyz", lambda route: route.fulfill(json=answer))
    await page.page.reload()
    await page.page.locator("#state .line").click()
    lines = page.page.locator("#state dd")
    await expect(lines).to_have_count(6)
    boxes = [await line.bounding_box() for line in await lines.all()]
    assert len({box["x"] for box in boxes if box}) == 1
    assert len({box["height"] for box in boxes if box}) == 1


async def test_a_server_that_is_away_is_not_called_a_database(page: ChatPage) -> None:
    await page.page.route("**/readyz", lambda route: route.abort())
    await page.page.reload()
    await expect(page.page.locator("#state dt")).to_have_text("เซิร์ฟเวอร์")
    await expect(page.page.locator("#state dd")).to_have_text("ติดต่อไม่ได้")


async def test_unreachable_backends_are_marked_in_the_picker_and_not_hidden(page: ChatPage) -> None:
    await page.page.locator("#picker [aria-haspopup]").click()
    picker = page.page.locator("#picker .choices")
    await expect(picker.locator(".group")).to_have_count(4)
    await expect(picker.locator(".group", has_text="OpenAI")).to_contain_text("ยังไม่ตั้งค่า")
    await page.page.keyboard.press("Escape")
    await expect(picker).to_be_hidden()


async def test_reading_further_up_is_not_disturbed_by_a_growing_reply(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = Script(tokens=("ย่อหน้ายาว\n\n",) * 800, delay_ms=10)
    await page.ask("เล่ายาวๆ ให้เลื่อนอ่าน")
    await page.page.wait_for_function(
        "(() => { const s = document.querySelector('#scroll'); return s.scrollTop > 400 })()"
    )
    await page.page.locator("#scroll").hover()
    await page.page.mouse.wheel(0, -300)
    await expect(page.page.locator("#latest")).to_be_visible()
    top = await page.page.evaluate("document.querySelector('#scroll').scrollTop")
    height = await page.page.evaluate("document.querySelector('#scroll').scrollHeight")
    await page.page.wait_for_function(f"document.querySelector('#scroll').scrollHeight > {height} + 200")
    assert await page.page.evaluate("document.querySelector('#scroll').scrollTop") <= top
    await page.page.locator("#latest").click()
    await expect(page.page.locator("#latest")).to_be_hidden()
    await page.stop.click()
    await page.is_idle()
