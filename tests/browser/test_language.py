"""The language is a choice: the page comes in it, with what was being written and read where it was."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG = Script(tokens=("ย่อหน้าหนึ่งของคำตอบ\n\n",) * 60)


async def speak(page: ChatPage, language: str) -> None:
    await page.page.locator("#preferences").click()
    async with page.page.expect_navigation():
        await page.page.locator(f"#preferences-box [name=preference-language][value={language}]").click()
    await page.is_ready()
    await expect(page.page.locator("html")).to_have_attribute("lang", language)


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_the_chosen_language_is_that_of_page_gradio_and_errors_and_stays(
    browser: Browser, app: App, phone: bool
) -> None:
    async with visit(browser, app, locale="th-TH", phone=phone) as page:
        await speak(page, "en")
        await expect(page.page.locator("#new")).to_contain_text("New session")
        await expect(page.box).to_have_attribute("placeholder", "Ask anything…")
        await page.reload()
        await expect(page.page.locator("#count")).to_contain_text("Statistics")
        said = await page.page.evaluate("fetch('api/sessions/nonsense').then((answer) => answer.json())")
        assert said["error"]["message"].isascii()
        kept = (await page.page.context.cookies())[0]
        assert (kept["name"], kept["value"], kept["sameSite"], kept["path"]) == ("thai_chat_language", "en", "Lax", "/")
        await speak(page, "th")
        await expect(page.page.locator("#new")).to_contain_text("แชตใหม่")
        assert all("400 (Bad Request)" in complaint for complaint in page.complaints)


async def test_draft_session_and_place_are_there_in_the_other_language(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = LONG
    for question in ("หนึ่ง", "สอง", "สาม"):
        await page.ask_and_wait(question)
    await page.box.fill("ยังพิมพ์ไม่จบ")
    second = page.questions.nth(1)
    await second.evaluate("(row) => row.scrollIntoView()")
    await page.page.mouse.move(700, 400)
    await page.page.mouse.wheel(0, -40)
    await expect(page.page.locator("#latest")).to_be_visible()
    await page.is_at_rest()
    before = await second.bounding_box()
    session_id = page.session_id
    await speak(page, "en")
    assert page.session_id == session_id
    assert await page.text() == "ยังพิมพ์ไม่จบ"
    await expect(page.questions).to_have_count(3)
    await page.page.wait_for_function("document.fonts.status === 'loaded'")
    after = await second.bounding_box()
    assert before
    assert after
    assert abs(before["y"] - after["y"]) < 3
    await expect(page.page.locator(".sought")).to_have_count(0)


async def test_other_tabs_speak_it_too_but_not_over_an_open_editor(page: ChatPage, app: App) -> None:
    await page.ask_and_wait("แก้ไขอยู่")
    reading, editing, secret, rating = [ChatPage(await page.page.context.new_page()) for _ in range(4)]
    await reading.open(app.address)
    await editing.open(page.page.url)
    await editing.questions.last.hover()
    await editing.page.locator(".edit").last.click()
    await editing.page.locator(".editor textarea").fill("ยังไม่ส่ง")
    await secret.open(app.address)
    await secret.new_session()
    await secret.page.locator("#temporary").click()
    await secret.box.fill("ความลับ")
    await rating.open(page.page.url)
    await rating.page.locator(".rate").last.click()
    await rating.page.locator(".why textarea").fill("เพราะว่า")
    await speak(page, "en")
    await expect(reading.page.locator("html")).to_have_attribute("lang", "en")
    await expect(editing.page.locator(".editor textarea")).to_have_value("ยังไม่ส่ง")
    await expect(secret.box).to_have_value("ความลับ")
    await expect(rating.page.locator(".why textarea")).to_have_value("เพราะว่า")
