"""The dropdown of recent sessions: what is typed in it and not picked leads nowhere."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.chat_page import ChatPage

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_was_typed_and_not_picked_is_gone_with_esc(page: ChatPage) -> None:
    await page.find.fill("ไม่มีแชตชื่อนี้")
    await expect(page.page.locator("#found .none")).to_be_visible()
    await page.find.press("Escape")
    await expect(page.page.locator("#found")).to_be_hidden()
    assert await page.find.input_value() == ""


async def test_what_was_typed_and_not_picked_is_gone_when_one_goes_on_elsewhere(page: ChatPage) -> None:
    await page.find.fill("ข้าว")
    await page.box.click()
    assert await page.find.input_value() == ""


async def test_load_opens_the_only_session_of_the_name_that_was_typed(page: ChatPage) -> None:
    await page.ask_and_wait("แชตเรื่องเรือหางยาวลำเดียว")
    await page.new_session()
    await page.find.fill("เรือหางยาวลำเดียว")
    await expect(page.page.locator("#found [role=option]")).to_have_count(1)
    await page.page.locator("#load").click()
    await expect(page.questions).to_have_text("แชตเรื่องเรือหางยาวลำเดียว")


async def test_a_picked_session_stays_until_esc_takes_it_back(page: ChatPage) -> None:
    await page.ask_and_wait("แชตที่เลือกไว้แล้วยังไม่เปิด")
    await page.find.fill("เลือกไว้แล้วยังไม่เปิด")
    await page.page.locator("#found [role=option]", has_text="เลือกไว้แล้วยังไม่เปิด").click()
    assert await page.find.input_value() == "แชตที่เลือกไว้แล้วยังไม่เปิด"
    await page.find.press("Escape")
    assert await page.find.input_value() == ""
