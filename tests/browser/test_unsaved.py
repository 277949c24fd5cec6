"""Changes that somebody has begun and not saved are there after another language, a reload and another session."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.browser.test_language import speak
from tests.browser.test_queue import begin, free, waiting
from tests.standins.openai_server import OpenAIStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")

BEGUN = "ที่แก้ค้างไว้ 🙏\nบรรทัดที่สอง"
FILL_UP = """(session) => {
  for (let at = 0; at < 20; at += 1) {
    const name = `${window.thaiChat.own}unsaved:${session}:edit:gone-${at}`;
    localStorage.setItem(name, at ? JSON.stringify({ at, value: 'ค้าง' }) : 'no JSON');
  }
}"""
KEPT = "Object.keys(localStorage).filter((key) => key.includes('unsaved:'))"
ALL_KEPT = "JSON.stringify({...localStorage, ...sessionStorage})"


def editor(page: ChatPage) -> Locator:
    return page.page.locator(".editor textarea")


async def new_session(page: ChatPage, *, phone: bool = False) -> None:
    if phone:
        await page.page.locator("#menu-open").click()
    await page.new_session()


async def open_settings(page: ChatPage) -> None:
    await page.page.locator("#settings-open").click()
    await expect(page.page.locator("#settings")).to_be_visible()


async def begin_edit(page: ChatPage, text: str, *, phone: bool = False) -> None:
    """Open the editor of the first question and write in it."""
    if phone:
        await page.questions.first.locator(".asked").tap()
    else:
        await page.questions.first.hover()
    await page.questions.first.locator(".edit").click()
    await editor(page).fill(text)


@pytest.mark.parametrize(
    ("locale", "other", "phone"), [("th-TH", "en", False), ("en-US", "th", True)], ids=["desk", "phone"]
)
async def test_an_edit_that_was_begun_is_open_again(
    browser: Browser, app: App, model: OpenAIStandin, locale: str, other: str, phone: bool
) -> None:
    async with visit(browser, app, locale=locale, phone=phone) as page:
        await new_session(page, phone=phone)
        await page.ask_and_wait("ตั้งใจจะแก้")
        await begin_edit(page, BEGUN, phone=phone)
        await speak(page, other)
        await expect(editor(page)).to_have_value(BEGUN)
        await editor(page).fill(f"{BEGUN}!")
        await page.reload()
        await expect(editor(page)).to_have_value(f"{BEGUN}!")
        assert not await page.scrolls_sideways()
        await new_session(page, phone=phone)
        await expect(editor(page)).to_have_count(0)
        await page.page.go_back()
        await expect(editor(page)).to_have_value(f"{BEGUN}!")
        await page.page.locator(".editor .save").click()
        await expect(page.questions.locator(".asked")).to_have_text([f"{BEGUN}!"])
        await page.is_idle()
        assert await page.page.evaluate(KEPT) == []
        assert model.seen[-1].body["messages"][-1]["content"] == f"{BEGUN}!"


async def test_an_edit_is_forgotten_when_it_is_given_up_or_nothing_is_changed(page: ChatPage) -> None:
    await page.ask_and_wait("จะไม่แก้")
    await begin_edit(page, BEGUN)
    await page.page.locator(".editor .cancel").click()
    await expect(editor(page)).to_have_count(0)
    assert await page.page.evaluate(KEPT) == []
    await begin_edit(page, BEGUN)
    await editor(page).fill("จะไม่แก้")
    assert await page.page.evaluate(KEPT) == []
    await page.reload()
    await expect(page.questions).to_have_count(1)
    await expect(editor(page)).to_have_count(0)


async def test_what_was_begun_at_messages_that_are_gone_harms_nothing_and_leaves(page: ChatPage) -> None:
    await page.ask_and_wait("ข้อความเดียว")
    await page.page.evaluate(FILL_UP, page.session_id)
    await page.reload()
    await expect(page.questions).to_have_count(1)
    await expect(editor(page)).to_have_count(0)
    await begin_edit(page, BEGUN)
    assert len(await page.page.evaluate(KEPT)) == 16
    await page.reload()
    await expect(editor(page)).to_have_value(BEGUN)
    assert page.complaints == []


async def test_reasons_that_were_begun_are_open_again(page: ChatPage) -> None:
    reply = await page.ask_and_wait("ให้คะแนนคำตอบนี้")
    await reply.get_by_role("button", name="คำตอบไม่ดี", exact=True).click()
    why = page.page.locator(".why")
    wrong = why.get_by_role("button", name="ข้อมูลผิด", exact=True)
    await wrong.click()
    await why.locator("textarea").fill("ปีเกิดผิด")
    await speak(page, "en")
    await expect(why.locator("textarea")).to_have_value("ปีเกิดผิด")
    await expect(why.get_by_role("button", name="Wrong", exact=True)).to_have_attribute("aria-pressed", "true")
    await why.get_by_role("button", name="Keep the reason").click()
    await expect(why).to_have_count(0)
    assert await page.page.evaluate(KEPT) == []


async def test_settings_that_were_begun_are_in_their_fields_again(page: ChatPage) -> None:
    panel = page.page.locator("#settings")
    prompt = panel.locator("#settings-system_prompt")
    await page.ask_and_wait("แชตที่ตั้งค่าค้างไว้")
    await open_settings(page)
    await prompt.fill("ตอบสั้น ๆ ")
    await panel.locator("#settings-temperature").fill("0.")
    await page.page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await speak(page, "en")
    await open_settings(page)
    await expect(prompt).to_have_value("ตอบสั้น ๆ ")
    await expect(panel.locator("#settings-temperature")).to_have_value("0.")
    await expect(panel.locator(".settings-said")).to_contain_text("Not saved")
    await panel.locator("button.main").click()
    await expect(page.page.locator("#settings-open")).to_have_class("icon-button is-set")
    assert await page.page.evaluate(KEPT) == []


async def test_settings_that_were_begun_go_along_with_a_session_that_becomes_temporary(page: ChatPage) -> None:
    panel = page.page.locator("#settings")
    prompt = panel.locator("#settings-system_prompt")
    temporary = page.page.locator("#temporary")
    await open_settings(page)
    await prompt.fill("ความลับในคำสั่ง")
    await page.page.keyboard.press("Escape")
    for is_temporary in (True, False):
        await temporary.click()
        await expect(temporary).to_have_attribute("aria-pressed", str(is_temporary).lower())
        assert ("ความลับ" in await page.page.evaluate(ALL_KEPT)) is not is_temporary
        await open_settings(page)
        await expect(prompt).to_have_value("ความลับในคำสั่ง")
        await page.page.keyboard.press("Escape")
        await expect(panel).to_be_hidden()
    await open_settings(page)
    await prompt.fill("")
    assert await page.page.evaluate(KEPT) == []


async def test_a_waiting_question_that_is_being_changed_is_being_changed_after_a_reload(
    page: ChatPage, model: OpenAIStandin
) -> None:
    being_changed = page.page.locator("#queue textarea")
    async with free(model):
        await begin(page, model)
        await page.ask("รอแก้")
        await page.page.locator("#queue [data-key^='edit ']").click()
        await being_changed.fill("แก้ค้างไว้")
        await page.reload()
        await expect(being_changed).to_have_value("แก้ค้างไว้")
        model.may_end.set()
        await page.is_idle()
        assert len(model.seen) == 1
        await being_changed.press("Escape")
        await expect(page.replies).to_have_count(2)
        await expect(waiting(page)).to_have_count(0)
        assert [request.body["messages"][-1]["content"] for request in model.seen] == ["คำถามแรก", "รอแก้"]


async def test_another_language_asks_before_it_takes_what_is_kept_nowhere(page: ChatPage) -> None:
    english = page.page.locator("#preferences-box [name=preference-language][value=en]")
    await page.page.locator("#temporary").click()
    await page.ask_and_wait("ความลับแรก")
    await begin_edit(page, "ความลับที่แก้")
    assert "ความลับ" not in await page.page.evaluate(ALL_KEPT)
    await page.page.locator("#preferences").click()
    await english.click()
    question = page.page.locator("dialog.box")
    await expect(question).to_contain_text("จะหายไป")
    await question.get_by_role("button", name="ยกเลิก").click()
    await expect(question).to_have_count(0)
    await expect(page.page.locator("html")).to_have_attribute("lang", "th")
    await expect(english).not_to_be_checked()
    await expect(editor(page)).to_have_value("ความลับที่แก้")
    async with page.page.expect_navigation():
        await english.click()
        await question.get_by_role("button", name="เปลี่ยนภาษาเลย").click()
    await page.is_ready()
    await expect(page.page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.questions).to_have_text(["ความลับแรก"])
    await expect(editor(page)).to_have_count(0)
