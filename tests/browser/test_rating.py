"""Rating a reply on the page, with why, by mouse, keyboard and on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.browser.test_accessibility import finds_nothing_in_light_nor_in_dark
from tests.standins.openai_server import OpenAIStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")

UP = {"th": "คำตอบดี", "en": "Good reply"}
DOWN = {"th": "คำตอบไม่ดี", "en": "Bad reply"}
WRONG = {"th": "ข้อมูลผิด", "en": "Wrong"}
KEEP = {"th": "บันทึกเหตุผล", "en": "Keep the reason"}


def thumb(reply: Locator, name: str) -> Locator:
    return reply.get_by_role("button", name=name, exact=True)


async def rating(page: ChatPage) -> object:
    """Return what the server has of the last reply's rating."""
    history = await page.page.evaluate(
        "id => fetch(`/api/sessions/${id}/messages`).then((it) => it.json())", page.session_id
    )
    return history["history"][-1]["metadata"].get("rating")


@pytest.mark.parametrize(("language", "phone"), [("th", False), ("en", True)], ids=["Thai", "English on a phone"])
async def test_a_reply_is_rated_with_a_reason(
    browser: Browser, app: App, model: OpenAIStandin, language: str, phone: bool
) -> None:
    async with visit(browser, app, "/?new", locale=language, phone=phone) as page:
        reply = await page.ask_and_wait("วันนี้กินอะไรดี")
        down, up = thumb(reply, DOWN[language]), thumb(reply, UP[language])
        await expect(down).to_have_attribute("aria-pressed", "false")
        await down.click()
        await expect(down).to_have_attribute("aria-pressed", "true")
        why = page.page.locator(".why")
        await why.get_by_role("button", name=WRONG[language], exact=True).click()
        await why.locator("textarea").fill("ปีเกิดผิด 🙏")
        await page.page.emulate_media(reduced_motion="reduce")
        await finds_nothing_in_light_nor_in_dark(page)
        assert not await page.scrolls_sideways()
        await why.get_by_role("button", name=KEEP[language]).click()
        await expect(why).to_have_count(0)
        await expect(page.toast).to_be_visible()
        kept = await rating(page)
        assert isinstance(kept, dict)
        assert (kept["value"], kept["tags"], kept["reason"]) == (-1, ["wrong"], "ปีเกิดผิด 🙏")
        await page.reload()
        await expect(thumb(page.replies.last, DOWN[language])).to_have_attribute("aria-pressed", "true")
        await thumb(page.replies.last, UP[language]).click()
        await expect(thumb(page.replies.last, UP[language])).to_have_attribute("aria-pressed", "true")
        await expect(thumb(page.replies.last, DOWN[language])).to_have_attribute("aria-pressed", "false")
        await expect(page.page.locator(".why")).to_be_visible()
        await thumb(page.replies.last, UP[language]).click()
        await expect(thumb(page.replies.last, UP[language])).to_have_attribute("aria-pressed", "false")
        await expect(page.page.locator(".why")).to_have_count(0)
        await expect(thumb(page.replies.last, UP[language])).to_be_enabled()
        await page.page.wait_for_load_state("networkidle")
        assert await rating(page) is None
        assert page.complaints == []
        assert up  # the first row's


async def test_the_keyboard_alone_rates_and_the_focus_stays(page: ChatPage) -> None:
    reply = await page.ask_and_wait("สวัสดี")
    up = thumb(reply, UP["th"])
    await up.focus()
    await page.page.keyboard.press("Enter")
    await expect(up).to_have_attribute("aria-pressed", "true")
    await expect(up).to_be_focused()
    await page.page.locator(".why .chip").first.focus()
    await page.page.keyboard.press("Space")
    await page.page.keyboard.press("Escape")
    await expect(page.page.locator(".why")).to_have_count(0)
    await expect(up).to_be_focused()
    await page.ask_and_wait("อีกข้อ")
    await expect(thumb(page.replies.first, UP["th"])).to_have_attribute("aria-pressed", "true")


async def test_a_rating_that_the_server_does_not_take_is_told_and_undone(page: ChatPage) -> None:
    reply = await page.ask_and_wait("สวัสดี")
    await page.page.route("**/rating", lambda route: route.abort())
    await thumb(reply, UP["th"]).click()
    await expect(page.alert).to_be_visible()
    await expect(thumb(reply, UP["th"])).to_have_attribute("aria-pressed", "false")
    await expect(page.page.locator(".why")).to_have_count(0)


async def test_reasons_that_could_not_be_fetched_are_fetched_with_the_next_press(page: ChatPage) -> None:
    reply = await page.ask_and_wait("ให้คะแนนตอนเซิร์ฟเวอร์ดับ")
    later = re.compile(r"/(later-\w+|reasons)\.mjs")
    await page.page.route(later, lambda route: route.abort())
    await thumb(reply, UP["th"]).click()
    await expect(page.alert).to_be_visible()
    await page.page.unroute(later)
    await thumb(reply, DOWN["th"]).click()
    await expect(page.page.locator(".why")).to_be_visible()
