"""Days are written and shown in the Buddhist era where the page is Thai; other pages have the browser's own field."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Browser, Locator, Request, expect

from tests.app import App
from tests.browser.axe import faults_of
from tests.browser.chat_page import ChatPage, visit
from tests.browser.test_accessibility import menu

pytestmark = pytest.mark.asyncio(loop_scope="session")

SAME_DAY = ("26/11/2569", "๒๖/๑๑/๒๕๖๙", "26-11-2026", "26.11.69", "26 11 2569")
NO_DAYS = ("31/2/2569", "29/2/2570", "0/1/2569", "เมื่อวาน", "11/2569")


async def filters(page: ChatPage) -> Locator:
    """Open the search and its filters, and return the field of the first day."""
    await menu(page)
    await page.search.fill("วันที่")
    await page.page.locator("#results .head-button").click()
    return page.page.locator("#results .date-text").first


async def seek_from(page: ChatPage, field: Locator, text: str, day: str) -> None:
    """Write a day as a person would, and wait until the server is asked for `day`."""

    def is_asked(request: Request) -> bool:
        parts = urlsplit(request.url)
        asked = parse_qs(parts.query, keep_blank_values=True)
        return parts.path == "/api/search" and asked.get("from", [""])[0] == day

    await field.fill(text)
    async with page.page.expect_request(is_asked):
        await field.press("Tab")


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_a_thai_page_takes_a_day_in_either_era_and_shows_the_buddhist_one(
    browser: Browser, app: App, phone: bool
) -> None:
    async with visit(browser, app, phone=phone) as page:
        await page.page.emulate_media(reduced_motion="reduce")
        await page.leave_session()
        field = await filters(page)
        for text in SAME_DAY:
            await seek_from(page, field, text, "2026-11-26")
            await expect(field).to_have_value("26/11/2569")
            await expect(field).to_have_attribute("aria-invalid", "false")
            await seek_from(page, field, "", "")
        problem = page.page.locator("#results .date-problem").first
        for text in NO_DAYS:
            await field.fill(text)
            await field.press("Tab")
            await expect(field).to_have_attribute("aria-invalid", "true")
            await expect(field).to_have_value(text)
            await expect(problem).to_have_text("เขียนวันที่แบบ 26/11/2569")
        assert await faults_of(page) == []
        assert not await page.scrolls_sideways()
        await seek_from(page, field, "1/1/2569", "2026-01-01")
        await expect(problem).to_be_hidden()


async def test_the_browser_s_calendar_fills_the_field(page: ChatPage) -> None:
    field = await filters(page)
    await page.page.evaluate(
        "() => { HTMLInputElement.prototype.showPicker = function () { this.dataset.shown = 'yes' } }"
    )
    await page.page.get_by_role("button", name="เลือกจากปฏิทิน: ตั้งแต่วันที่").press("Enter")
    native = page.page.locator("#results .date-native").first
    await expect(native).to_have_attribute("data-shown", "yes")
    async with page.page.expect_request("**/api/search?*from=2026-03-05*"):
        await native.evaluate(
            "(field) => { field.value = '2026-03-05'; field.dispatchEvent(new Event('change', {bubbles: true})) }"
        )
    await expect(field).to_have_value("05/03/2569")


async def test_an_english_page_has_the_browser_s_own_field(browser: Browser, app: App) -> None:
    async with visit(browser, app, locale="en-GB") as page:
        await filters(page)
        field = page.page.get_by_label("From this day on")
        await expect(field).to_have_attribute("type", "date")
        async with page.page.expect_request("**/api/search?*from=2026-11-26*"):
            await field.fill("2026-11-26")
        await expect(page.page.locator("#results .date-text")).to_have_count(0)
