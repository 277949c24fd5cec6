"""`/docs` on a phone: an operation that is opened fits, and is tried out."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.app import App

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_opened_operation_fits_a_phone_and_is_tried_out(browser: Browser, app: App) -> None:
    page = await browser.new_page(viewport={"width": 390, "height": 844})
    try:
        await page.goto(f"{app.address}/docs#/health/check_readiness")
        opened = page.locator(".opblock.is-open")
        await expect(opened.locator(".responses-table").first).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") == 390
        await opened.get_by_role("button", name="Try it out").click()
        await opened.get_by_role("button", name="Execute").click()
        await expect(opened.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    finally:
        await page.close()
