"""Controls have names in the reader's language, texts are large enough to read, and a phone's fields to fill."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Browser, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.browser.test_accessibility import FULL, menu
from tests.standins.openai_server import OpenAIStandin
from thai_chat.texts import Language

pytestmark = pytest.mark.asyncio(loop_scope="session")

LEAST_PX = 13
LEAST_FIELD_PX = 16
# What people and models have written, and terms and names that are the same in every language.
FOREIGN = (
    ".words *, #heading *, .session, .session *, [role=option], #found *, .formats *, .place, "
    "#settings .field :is(input, select), [name=preference-language]"
)
CONTROLS = """([foreign, isThai]) => {
    const seen = (element) => element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
    const named = (element) => [
        element.getAttribute('aria-label'),
        ...[...(element.labels ?? [])].map((label) => label.textContent),
        element.matches('input, select, textarea') ? '' : element.textContent,
        element.title,
    ].find((name) => name?.trim())?.trim() ?? '';
    // A name may hold that of a session or of a model.
    const isRight = (name) => (isThai
        ? /[ก-๛]/.test(name) || !/[a-z]{4}/i.test(name)
        : /[a-z]/i.test(name) || !/[ก-๛]/.test(name));
    const fields = 'input:not([type=hidden], [aria-hidden]), select, textarea';
    return [...document.querySelectorAll(`${fields}, button, a[href], summary, [role=button], [role^=menuitem]`)]
        .filter((element) => seen(element))
        .filter((element) => !named(element) || (!element.matches(foreign) && !isRight(named(element))))
        .map((element) => `${named(element)}: ${element.outerHTML.slice(0, 160)}`);
}"""
SMALL = """(least) => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const small = new Set();
    while (texts.nextNode()) {
        const { parentElement: element, data } = texts.currentNode;
        const isRead = data.trim() && element.checkVisibility({ visibilityProperty: true });
        if (!isRead || element.closest('sup, sub, math, script, style')) continue;
        const size = parseFloat(getComputedStyle(element).fontSize);
        if (size && size < least) small.add(`${size} ${element.className} ${data.slice(0, 40)}`);
    }
    return [...small];
}"""
SMALL_FIELDS = """(least) => [...document.querySelectorAll('input, textarea, select')]
    .filter((field) => !field.matches('[type=checkbox], [type=radio], [type=file]'))
    .filter((field) => parseFloat(getComputedStyle(field).fontSize) < least)
    .map((field) => field.outerHTML.slice(0, 160))"""


async def the_conversation(page: ChatPage) -> None:
    await page.replies.last.locator(".facts-more").click()
    await page.replies.last.locator(".meter").click()


async def the_sidebar(page: ChatPage) -> None:
    await menu(page)
    await expect(page.sessions.first).to_be_visible()


async def the_filters(page: ChatPage) -> None:
    await menu(page)
    await page.search.fill("น้ำ")
    await expect(page.page.locator("#results mark").first).to_be_visible()
    await page.page.locator("#results .head-button").click()


async def the_settings(page: ChatPage) -> None:
    await page.page.locator("#settings-open").click()
    await page.page.locator("#settings summary").click()
    await expect(page.page.locator("#settings details[open] textarea")).to_be_visible()


async def the_preferences(page: ChatPage) -> None:
    await page.page.locator("#preferences").click()
    await expect(page.page.locator("#preferences-box[open] .to-shortcuts")).to_be_visible()


async def the_shortcuts(page: ChatPage) -> None:
    await the_preferences(page)
    await page.page.locator(".to-shortcuts").click()
    await expect(page.page.locator("#shortcuts[open]")).to_be_visible()


async def the_editor(page: ChatPage) -> None:
    await page.questions.last.locator(".asked").click()
    await page.questions.last.locator(".edit").click()
    await expect(page.questions.last.locator(".editor textarea")).to_be_focused()


STATES: tuple[Callable[[ChatPage], Awaitable[None]], ...] = (
    the_conversation,
    the_editor,
    the_settings,
    the_preferences,
    the_shortcuts,
    the_sidebar,
    the_filters,
)


@pytest.mark.parametrize(("language", "phone"), [("th", False), ("en", True), ("th", True), ("en", False)])
async def test_controls_are_named_and_nothing_is_too_small(
    browser: Browser, app: App, model: OpenAIStandin, language: Language, phone: bool
) -> None:
    model.script = FULL
    async with visit(browser, app, locale={"th": "th-TH", "en": "en-GB"}[language], phone=phone) as page:
        await page.page.emulate_media(reduced_motion="reduce")
        await page.ask_and_wait("น้ำท่วม 42")
        for state in STATES:
            await state(page)
            assert await page.page.evaluate(CONTROLS, [FOREIGN, language == "th"]) == [], state.__name__
            assert await page.page.evaluate(SMALL, LEAST_PX) == [], state.__name__
            if phone:
                assert await page.page.evaluate(SMALL_FIELDS, LEAST_FIELD_PX) == [], state.__name__
            await page.page.keyboard.press("Escape")
            await expect(page.page.locator("dialog[open]")).to_have_count(0)


async def test_tab_comes_first_to_a_link_that_skips_to_the_question_box(page: ChatPage) -> None:
    await page.page.evaluate("document.body.tabIndex = -1; document.body.focus()")
    await page.page.keyboard.press("Tab")
    skip = page.page.locator(".skip")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await expect(skip).to_have_text("ข้ามไปที่ช่องคำถาม")
    await page.page.keyboard.press("Enter")
    await expect(page.box).to_be_focused()
    await expect(skip).not_to_be_in_viewport()
