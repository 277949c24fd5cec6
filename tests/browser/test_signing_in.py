"""People sign in and out; the next one at the same browser finds nothing of the one before."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.app import App
from tests.browser.axe import faults_of
from tests.browser.chat_page import ChatPage
from tests.browser.signed_in import (
    ADMINISTRATOR,
    DESK,
    MALI,
    PASSWORD,
    PHONE,
    browser_of,
    sign_in,
    signed_in,
    team_of_two,
)
from tests.browser.test_other_sites import other_site
from tests.browser.test_unsaved import begin_edit
from tests.standins.openai_server import OpenAIStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")

ADD_FRAME = """(address) => {
  const frame = document.createElement('iframe');
  frame.src = address;
  document.body.append(frame);
}"""

WAIT_THERE = """(session_id) => {
  const item = { key: 'a-key-of-its-own', text: 'ของคนแรก', choice: null };
  localStorage.setItem(`${window.thaiChat.own}queue:${session_id}:1:first`, JSON.stringify(item));
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def team(model_server: OpenAIStandin) -> AsyncIterator[App]:
    async with team_of_two(model_server) as app:
        yield app


@pytest.mark.parametrize(
    ("size", "locale", "dark"), [(DESK, "th-TH", False), (PHONE, "en-GB", True)], ids=["desk", "phone"]
)
async def test_a_wrong_password_is_told_and_a_right_one_leads_where_one_wanted_to_go(
    browser: Browser, team: App, size: tuple[int, int], locale: str, *, dark: bool
) -> None:
    async with browser_of(browser, size=size, locale=locale, dark=dark) as context:
        page = await context.new_page()
        await page.goto(f"{team.address}/?s=0b7f4d0a-0000-4000-8000-000000000000")
        await expect(page.locator("h1")).to_be_visible()
        assert await faults_of(page) == []
        await sign_in(page, MALI, "ไม่ใช่รหัสผ่านนี้")
        problem = page.locator("#password-problem")
        await expect(problem).to_have_text(
            "ชื่อหรือรหัสผ่านไม่ถูกต้อง" if locale == "th-TH" else "The name or the password is wrong."
        )
        await expect(page.locator("#password")).to_be_focused()
        await expect(page.locator("#password")).to_have_attribute("aria-invalid", "true")
        assert await faults_of(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await sign_in(page, MALI)
        await expect(page.locator("body[data-ready]")).to_be_visible()
        assert "s=0b7f4d0a" in page.url or await page.locator("#welcome").is_visible()


async def test_keys_alone_are_enough_and_the_password_can_be_seen(browser: Browser, team: App) -> None:
    async with browser_of(browser) as context:
        page = await context.new_page()
        await page.goto(f"{team.address}/sign-in")
        await expect(page.locator("#name")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#name-problem")).to_have_text("กรอกชื่อผู้ใช้")
        await page.keyboard.insert_text(MALI)
        await page.keyboard.press("Tab")
        await page.keyboard.insert_text(PASSWORD)
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("#password")).to_have_attribute("type", "text")
        await expect(page.get_by_role("button", name="ซ่อนรหัสผ่าน")).to_be_focused()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("body[data-ready]")).to_be_visible()


@pytest.mark.parametrize(
    "next_address", ["https://evil.example/x", "//evil.example", "/.//evil.example", "/\\evil.example", "/sign-in"]
)
async def test_nobody_is_led_to_another_site(browser: Browser, team: App, next_address: str) -> None:
    async with browser_of(browser) as context:
        page = await context.new_page()
        await page.goto(f"{team.address}/sign-in?{httpx.QueryParams(next=next_address)}")
        await sign_in(page, MALI)
        await page.wait_for_url(f"{team.address}/")


async def test_the_language_can_be_changed_before_signing_in(browser: Browser, team: App) -> None:
    async with browser_of(browser) as context:
        page = await context.new_page()
        await page.goto(f"{team.address}/sign-in")
        await page.locator("#name").fill("มาลี")
        await page.locator("#password").fill("ยังพิมพ์ไม่จบ")
        await page.get_by_role("button", name="English").click()
        await expect(page.locator("h1")).to_have_text("Sign in")
        await expect(page.locator("#name")).to_have_value("มาลี")
        await expect(page.locator("#password")).to_have_value("")
        await page.goto(f"{team.address}/invitation/this-is-no-link")
        await expect(page.locator("h1")).to_have_text("This link can't be used any more")


async def test_where_it_is_open_somebody_makes_an_account_and_no_name_is_had_twice(browser: Browser, team: App) -> None:
    async with browser_of(browser, size=PHONE, locale="en-GB") as context:
        page = await context.new_page()
        await page.goto(f"{team.address}/sign-in")
        await page.get_by_role("button", name="Make an account").click()
        assert await faults_of(page) == []
        await sign_in(page, MALI)
        await expect(page.locator("#name-problem")).to_contain_text("has this name already")
        await expect(page.locator("#name")).to_be_focused()
        await sign_in(page, "ปิติ")
        await expect(page.locator("body[data-ready]")).to_be_visible()


async def test_who_is_signed_out_elsewhere_keeps_what_was_typed(browser: Browser, team: App) -> None:
    async with signed_in(browser, team) as page, signed_in(browser, team, size=PHONE) as other:
        await page.box.fill("ร่างที่ยังไม่ได้ส่ง")
        await other.page.locator("#menu-open").click()
        await other.page.locator("#person").click()
        await other.page.get_by_role("menuitem", name="บัญชีของฉัน").click()
        await other.page.locator("#account nav [data-name=sign_ins]").click()
        await other.page.get_by_role("button", name="ออกจากระบบบนเครื่องอื่นทั้งหมด").click()
        await expect(other.page.locator(".panel-told")).to_have_text("ออกจากระบบบนเครื่องอื่นทั้งหมดแล้ว")
        await expect(other.page.locator("#account .rows li")).to_have_count(1)
        over = page.page.locator("#session-over")
        await expect(over).to_contain_text("คุณออกจากระบบแล้ว")
        await over.get_by_role("button", name="เข้าสู่ระบบ").click()
        await expect(page.page.locator(".notice")).to_contain_text("คุณออกจากระบบแล้ว")
        await sign_in(page.page, MALI)
        await page.is_ready()
        await expect(page.box).to_have_value("ร่างที่ยังไม่ได้ส่ง")


async def test_the_next_person_at_the_same_browser_finds_nothing_of_the_first(browser: Browser, team: App) -> None:
    async with signed_in(browser, team) as page:
        await page.ask_and_wait("คำถามของมะลิ")
        await page.new_session()
        await page.box.fill("ความลับของมะลิ")
        await expect(page.page.locator("#person")).to_contain_text(MALI)
        await page.page.context.clear_cookies(name="thai_chat")
        await page.page.goto(f"{team.address}/sign-in")
        await sign_in(page.page, ADMINISTRATOR)
        await page.is_ready()
        await expect(page.page.locator("#person")).to_contain_text(ADMINISTRATOR)
        await expect(page.box).to_have_value("")
        await expect(page.sessions).to_have_count(0)
        await page.page.context.clear_cookies(name="thai_chat")
        await page.page.goto(f"{team.address}/sign-in")
        await sign_in(page.page, MALI)
        await page.is_ready()
        await expect(page.box).to_have_value("ความลับของมะลิ")


async def test_signing_out_forgets_what_the_browser_keeps_once_that_is_agreed_to(browser: Browser, team: App) -> None:
    async with signed_in(browser, team) as page:
        await page.box.fill("ร่างที่จะหายไป")
        await page.page.locator("#person").click()
        await page.page.get_by_role("menuitem", name="ออกจากระบบ").click()
        await page.page.locator("dialog .danger").click()
        await expect(page.page.locator("#place h1")).to_have_text("เข้าสู่ระบบ")
        kept = await page.page.evaluate("Object.entries(localStorage).filter(([key]) => key.includes('@'))")
        assert kept == []
        told = await page.page.evaluate("fetch('/api/me').then(({ status }) => status)")
        assert told == 401


async def test_signing_out_asks_about_an_edit_that_was_begun(browser: Browser, team: App) -> None:
    async with signed_in(browser, team) as page:
        await page.ask_and_wait("จะแก้ก่อนออก")
        await begin_edit(page, "แก้ค้างไว้")
        await page.page.locator("#person").click()
        await page.page.get_by_role("menuitem", name="ออกจากระบบ").click()
        await expect(page.page.locator("dialog.box")).to_contain_text("ยังไม่ได้ส่งหรือบันทึก")


async def test_a_page_of_the_first_person_asks_nothing_for_the_next_one(browser: Browser, team: App) -> None:
    async with signed_in(browser, team) as page:
        await page.ask_and_wait("แชตที่มีคำถามรอ")
        session_id = page.session_id
        await page.new_session()
        await page.ask_and_wait("แชตที่เปิดอยู่")
        next_one = await page.page.context.new_page()
        await page.page.context.clear_cookies(name="thai_chat")
        await next_one.goto(f"{team.address}/sign-in")
        await sign_in(next_one, ADMINISTRATOR)
        await ChatPage(next_one).is_ready()
        asked: list[str] = []
        page.page.on("request", lambda request: asked.append(request.url))
        await page.page.evaluate(WAIT_THERE, session_id)
        # Where signing in took long, a page that is seen again reads anew by itself, and knows its session no more.
        async with page.page.expect_request(f"**/{page.session_id}/messages*"):
            await page.page.bring_to_front()
            await page.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
        assert not [address for address in asked if session_id in address]
        waiting = await page.page.evaluate("JSON.stringify({...localStorage})")
        assert "ของคนแรก" in waiting


async def test_in_a_page_of_another_site_a_button_opens_the_chat_in_its_own_window(browser: Browser, team: App) -> None:
    async with browser_of(browser) as context, other_site() as site:
        page = await context.new_page()
        await page.goto(site.address)
        await page.evaluate(ADD_FRAME, team.address)
        button = page.frame_locator("iframe").get_by_role("link", name="เปิดแชตในหน้าต่างใหม่")
        async with context.expect_page() as opened:
            await button.click()
        own = await opened.value
        await sign_in(own, MALI)
        await expect(own.locator("body[data-ready]")).to_be_visible()
