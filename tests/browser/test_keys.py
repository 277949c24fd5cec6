"""Shortcuts: one list, which says what each does, and does it."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.app import App
from tests.browser.axe import faults_of
from tests.browser.chat_page import MODELS, ChatPage, visit
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens
from thai_chat import texts
from thai_chat.texts import Language

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAMES = ("send", "line", "edit", "stop", "composer", "new", "temporary", "search", "undo", "help")


PICK = """async (model) => {
    const base = document.querySelector('link[href*="page.mjs"]').href;
    const { emit, store } = await import(new URL('lib/store.mjs', base));
    store.choice = { ...store.choice, model };
    emit('choice');
}"""


async def leave_fields(page: ChatPage) -> None:
    await page.page.evaluate("document.activeElement.blur()")


@pytest.mark.parametrize("language", ["th", "en"])
async def test_a_question_mark_shows_every_shortcut_in_the_reader_s_language(
    browser: Browser, app: App, language: Language
) -> None:
    async with visit(browser, app, "/?new", locale={"th": "th-TH", "en": "en-GB"}[language]) as page:
        await leave_fields(page)
        await page.page.keyboard.press("Shift+?")
        listed = page.page.locator("#shortcuts dl > div")
        await expect(listed).to_have_count(len(NAMES))
        for name in NAMES:
            line = page.page.locator(f"#shortcuts [data-name={name}]")
            await expect(line.locator("dt")).to_have_text(texts.text(f"shortcut_{name}", language))
            await expect(line.locator("kbd").first).not_to_be_empty()
        assert await faults_of(page) == []
        await page.page.keyboard.press("Escape")
        await expect(listed).to_have_count(0)
        for key in ("?", "ฦ"):  # the second one stands where `?` does
            await page.page.evaluate(
                """(key) => document.body.dispatchEvent(new KeyboardEvent(
                    'keydown', {key, code: 'Slash', shiftKey: true, bubbles: true, cancelable: true}))""",
                key,
            )
            await expect(listed).not_to_have_count(0)
            await page.page.keyboard.press("Escape")
            await expect(listed).to_have_count(0)


async def test_the_preferences_lead_to_the_shortcuts_by_keys_alone(browser: Browser, app: App) -> None:
    async with visit(browser, app, phone=True) as page:
        await page.page.locator("#preferences").press("Enter")
        await page.page.locator(".to-shortcuts").press("Enter")
        await expect(page.page.locator("#shortcuts")).to_be_visible()
        await page.page.keyboard.press("Escape")
        await expect(page.page.locator("dialog[open]")).to_have_count(0)


async def test_a_slash_goes_to_the_question_box_whatever_the_layout(page: ChatPage) -> None:
    await leave_fields(page)
    await page.page.evaluate(
        """() => document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '-', code: 'Slash', bubbles: true}))"""
    )
    await expect(page.box).not_to_be_focused()
    for key in ("/", "ฝ"):
        await leave_fields(page)
        await page.page.evaluate(
            """(key) => document.body.dispatchEvent(
                new KeyboardEvent('keydown', {key, code: 'Slash', bubbles: true, cancelable: true}))""",
            key,
        )
        await expect(page.box).to_be_focused()
    await leave_fields(page)
    await page.page.keyboard.press("/")
    await expect(page.box).to_be_focused()
    assert await page.text() == ""


async def test_in_a_field_a_slash_and_a_question_mark_are_letters(page: ChatPage) -> None:
    await page.box.press_sequentially("และ/หรือ?")
    assert await page.text() == "และ/หรือ?"
    await page.search.press_sequentially("a/b?")
    await expect(page.search).to_have_value("a/b?")
    await expect(page.page.locator("#shortcuts")).to_have_count(0)


async def test_arrow_up_in_an_empty_box_edits_the_last_question(page: ChatPage, model: OpenAIStandin) -> None:
    await page.ask_and_wait("คำถามแรก")
    await page.ask_and_wait("คำถามหลัง")
    await page.box.fill("กำลังพิมพ์")
    await page.box.press("ArrowUp")
    await expect(page.page.locator(".editor")).to_have_count(0)
    await page.box.fill("")
    await page.box.press("ArrowUp")
    editor = page.page.locator(".editor textarea")
    await expect(editor).to_be_focused()
    await expect(editor).to_have_value("คำถามหลัง")
    await page.page.keyboard.press("Escape")
    await expect(page.page.locator(".editor")).to_have_count(0)
    await leave_fields(page)
    await page.page.keyboard.press("ArrowUp")
    await expect(page.page.locator(".editor")).to_have_count(0)


async def test_the_focus_stays_below_a_reply_when_that_is_painted_anew(page: ChatPage, model: OpenAIStandin) -> None:
    await page.use_sources()
    await page.new_session()
    model.script = Script(tokens=thai_tokens(3_000), delay_ms=30)
    await page.ask("หยุดไว้กลางทาง")
    await expect(page.growing).to_contain_text("น้ำใจคนไทย")
    await page.stop.click()
    await page.is_idle()
    row = page.replies.last
    for at, name in enumerate((".copy", ".again", ".message-more", ".rating button")):
        control = row.locator(name).first
        await control.focus()
        await row.locator(".facts").evaluate("(facts) => { facts.id = 'as-before' }")
        await page.page.evaluate(PICK, MODELS[at % 2 - 1])
        await expect(row.locator("#as-before")).to_have_count(0)
        await expect(control).to_be_focused()
