"""Days of a conversation and times of questions are told, and what came while one read further up is counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.browser.imported_sessions import bring_in, session_of
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOW = datetime(2025, 11, 30, 12, 5, tzinfo=UTC)
"""The clock of the page shows this, so that no session is newer than those of other tests."""
LONG_AGO = datetime(2025, 11, 26, 12, 5, tzinfo=UTC)
"""A Wednesday."""


def said_on(*days: datetime) -> dict[str, Any]:
    """Return a session of a question and its answer on each of the days."""
    session = session_of("หลายวัน", *(f"ข้อความที่ {number}" for number in range(2 * len(days))))
    for number, message in enumerate(session["messages"]):
        message["created_at"] = (days[number // 2] + timedelta(minutes=number % 2)).isoformat()
    return session


async def days_of(page: Page) -> list[str]:
    return await page.locator("#chat .new-day").all_inner_texts()


@pytest.mark.parametrize(
    ("locale", "phone", "names"),
    [
        ("th-TH", False, ["วันพุธที่ 26 พฤศจิกายน 2568", "เมื่อวาน", "วันนี้"]),
        ("en-GB", True, ["Wednesday 26 November 2025", "Yesterday", "Today"]),
    ],
    ids=["thai", "english"],
)
async def test_the_first_message_of_a_day_names_it_in_the_reader_s_calendar(
    browser: Browser, app: App, locale: str, phone: bool, names: list[str]
) -> None:
    async with visit(browser, app, locale=locale, phone=phone) as page:
        session = said_on(LONG_AGO, LONG_AGO, NOW - timedelta(days=1), NOW)
        session_id = await bring_in(page.page, app, session)
        await page.clock.set_fixed_time(NOW + timedelta(minutes=30))
        await page.open(f"{app.address}/?s={session_id}")
        await expect(page.replies).to_have_count(4)
        assert [" ".join(name.replace(",", "").split()) for name in await days_of(page.page)] == names
        first = page.page.locator("#chat > .message-row:has(.new-day)")
        assert await first.evaluate_all("(rows) => rows.map((row) => row.classList.contains('user-row'))") == [True] * 3
        await page.page.mouse.move(0, 0)
        time = page.questions.last.locator("time")
        assert await time.evaluate("(time) => getComputedStyle(time, '::before').content") == '"12:05"'
        await expect(time).to_have_attribute("data-clock", "12:05")
        assert await time.evaluate("(time) => time.checkVisibility({opacityProperty: true})")
        assert page.complaints == []


async def test_a_conversation_of_today_names_no_day_and_a_question_after_another_day_does(
    page: ChatPage, app: App, model: OpenAIStandin
) -> None:
    await page.ask_and_wait("วันนี้ทั้งหมด")
    assert await days_of(page.page) == []
    await page.open(f"{app.address}/?s={await bring_in(page.page, app, said_on(LONG_AGO))}")
    await expect(page.replies).to_have_count(1)
    model.script = Script(tokens=("ตอบ",), fault="hang", fault_after=1)
    await page.ask("ถามต่อวันนี้")
    await expect(page.page.locator("#chat .new-day")).to_have_count(2)
    await expect(page.questions.last.locator(".new-day")).to_have_text("วันนี้")
    await page.stop.click()
    await page.is_idle()
    await expect(page.questions.last.locator(".new-day")).to_have_text("วันนี้")


async def test_the_way_to_the_end_counts_the_replies_that_came_meanwhile(page: ChatPage, model: OpenAIStandin) -> None:
    latest = page.page.locator("#latest")
    model.script = Script(tokens=("ย่อหน้า\n\n",) * 60)
    await page.ask_and_wait("ยาว")
    for _ in range(2):
        model.may_end.clear()
        await page.ask("ยาวอีก")
        await expect(page.growing.locator("p").nth(3)).to_be_visible()
        await page.page.locator("#scroll").hover()
        await page.page.mouse.wheel(0, -500)
        await expect(latest).to_be_visible()
        await expect(latest).to_have_attribute("aria-label", "ไปที่ข้อความล่าสุด")
        model.may_end.set()
        await page.is_idle()
        await expect(latest).to_have_attribute("aria-label", "ไปที่ข้อความล่าสุด มีคำตอบใหม่ 1")
        await expect(latest.locator(".unseen")).to_have_text("1")
        await latest.click()
        await expect(latest).to_be_hidden()
    await page.page.mouse.wheel(0, -500)
    await expect(latest).to_be_visible()
    await expect(latest).to_have_attribute("aria-label", "ไปที่ข้อความล่าสุด")
    await expect(latest.locator(".unseen")).to_be_hidden()
