"""The statistics drawer: figures that lead to their messages, and stay right while one looks at them."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import Browser, Locator, expect

from tests.app import App, running_app
from tests.browser.chat_page import ChatPage, visit
from tests.standins.openai_server import OpenAIStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def drawer_of(page: ChatPage) -> Locator:
    await page.page.locator("#count").click()
    drawer = page.page.locator("#drawer")
    await expect(drawer.locator(".leading dt")).to_have_text(["ข้อความ", "ค่าใช้จ่าย (USD)"])
    return drawer


async def test_the_statistics_count_what_was_said(page: ChatPage) -> None:
    await page.ask_and_wait("นับฉันด้วย")
    drawer = await drawer_of(page)
    await expect(drawer.locator("tbody th").first).to_contain_text("thai-")
    await expect(drawer.locator(".chart").first.locator(".day")).to_have_count(14)
    last_day = drawer.locator(".chart").first.locator(".day").last
    assert "25" in (await last_day.get_attribute("title") or "")  # a year of the Buddhist era
    await expect(drawer.locator(".chart").nth(1).locator(".day")).to_have_count(24)
    await page.page.keyboard.press("Escape")
    await expect(drawer).to_be_hidden()


async def test_a_figure_leads_to_the_messages_behind_it_and_they_to_their_session(
    browser: Browser, model: OpenAIStandin
) -> None:
    async with running_app(VLLM_BASE_URL=model.base_url) as app, visit(browser, app) as page:
        await figure_to_session(page)


async def figure_to_session(page: ChatPage) -> None:
    await page.ask_and_wait("คำถามที่อยู่เบื้องหลังตัวเลข")
    session_id = page.session_id
    await page.new_session()
    drawer = await drawer_of(page)
    await drawer.locator("[data-key=messages]").click()
    message = drawer.locator(".behind-list a", has_text="คำถามที่อยู่เบื้องหลังตัวเลข").first
    await expect(message).to_be_visible()
    assert f"s={session_id}&m=" in (await message.get_attribute("href") or "")
    await drawer.locator(".behind .plain").first.click()
    await expect(drawer.locator("[data-key=messages]")).to_be_visible()
    await drawer.locator(f'[data-key="session-{session_id}"]').click()
    await expect(drawer.locator(".behind-list li")).to_have_count(2)
    await drawer.locator(".behind .plain").first.click()
    await drawer.locator("[data-key=sessions]").click()
    await drawer.locator(f'.behind-list a[href*="{session_id}"]').click()
    await page.is_ready()
    assert page.session_id == session_id
    await expect(page.questions).to_have_count(1)


async def test_the_bars_show_what_is_chosen_and_open_their_day(page: ChatPage) -> None:
    await page.ask_and_wait("วันนี้มีอะไรบ้าง")
    drawer = await drawer_of(page)
    await drawer.locator("select").select_option("latency")
    today = drawer.locator(".chart").first.locator(".day").last
    assert "วิ" in (await today.get_attribute("title") or "")
    await today.click()
    await expect(drawer.locator(".behind-head b").first).to_contain_text("วิ")


async def test_from_behind_a_figure_one_comes_back_to_it(page: ChatPage) -> None:
    await page.ask_and_wait("ไปแล้วกลับ")
    drawer = await drawer_of(page)
    figure = drawer.locator(".chart").nth(1).locator(".day:not(:disabled)").last
    await figure.press("Enter")
    await expect(drawer.locator(".behind .plain").first).to_be_focused()
    await page.page.keyboard.press("Enter")
    await expect(figure).to_be_focused()
    await expect(figure).to_be_in_viewport()


async def test_the_figures_are_counted_anew_while_one_looks(page: ChatPage, app: App) -> None:
    await page.ask_and_wait("นับครั้งแรก")
    drawer = await drawer_of(page)
    figure = drawer.locator("[data-key=sessions]")
    before = int((await figure.inner_text()).replace(",", ""))
    async with httpx.AsyncClient(base_url=app.address, timeout=20) as http:
        assert (await http.post("/chat", json={"query": "นับอีกครั้ง"})).status_code == 200
    await expect(figure).to_have_text(str(before + 1))


async def test_a_period_can_be_chosen_on_a_phone_too(browser: Browser, app: App, page: ChatPage) -> None:
    await page.ask_and_wait("ทั้งหมด")
    async with visit(browser, app, locale="en-GB", phone=True) as phone:
        await phone.page.locator("#menu-open").click()
        await phone.page.locator("#count").click()
        drawer = phone.page.locator("#drawer")
        await drawer.get_by_role("button", name="All time").click()
        await expect(drawer.get_by_role("button", name="All time")).to_have_attribute("aria-pressed", "true")
        await expect(drawer.locator(".totals").first).to_be_visible()
        assert not await drawer.evaluate("(drawer) => drawer.scrollWidth > drawer.clientWidth")
        assert phone.complaints == []
