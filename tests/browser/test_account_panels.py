"""Panels for accounts: what people do with their own, and administrators with everybody's."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.app import App
from tests.browser.axe import faults_of
from tests.browser.signed_in import (
    ADMINISTRATOR,
    DESK,
    MALI,
    PASSWORD,
    PHONE,
    add_person,
    browser_of,
    sign_in,
    signed_in,
    team_of_two,
)
from tests.standins.openai_server import OpenAIStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")

ACCOUNT = ("profile", "sign_ins", "keys", "limits")
PEOPLE = ("people", "invitations", "quotas", "models", "costs", "audit")
STAYS_INSIDE = "document.activeElement === document.body || document.activeElement.closest('#account') !== null"
UGLY = "<b>ปู่ย่าผู้ใหญ่รู้จักฐานญาติกินน้ำพริก</b> " + "ๆ" * 40


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def team(model_server: OpenAIStandin) -> AsyncIterator[App]:
    async with team_of_two(model_server) as app:
        yield app


async def open_panel(page: Page, entry: str) -> None:
    if await page.locator("#menu-open").is_visible():
        await page.locator("#menu-open").click()
    await page.locator("#person").click()
    await page.get_by_role("menuitem", name=entry, exact=True).click()


async def show(page: Page, panel: str, part: str) -> None:
    """Open a part of a panel and wait until it is there."""
    await page.locator(f"{panel} nav [data-name={part}]").click()
    await expect(page.locator(f"{panel} section").first).to_be_visible()


async def value_shown_once(page: Page) -> str:
    """Return what is shown once, and close it."""
    value = await page.locator(".once input").input_value()
    await page.locator(".once .box-foot button").last.click()
    await expect(page.locator(".once")).to_have_count(0)
    return value


async def test_an_invitation_leads_to_the_first_chat(browser: Browser, team: App) -> None:
    async with signed_in(browser, team, ADMINISTRATOR) as page:
        await open_panel(page.page, "ผู้ใช้และระบบ")
        await show(page.page, "#people", "invitations")
        await page.page.get_by_role("button", name="สร้างคำเชิญ").click()
        await page.page.locator("#ask-name").fill("มานี")
        await page.page.locator(".fields .main").click()
        link = await value_shown_once(page.page)
        await expect(page.page.locator("#people .rows li").first).to_contain_text("มานี")
        assert link not in await page.page.content()
        await page.page.locator("#people .rows li button").first.click()
        answers = page.page.locator("dialog[open] .box-foot button")
        await expect(answers).to_have_count(2)
        no, yes = await answers.all_inner_texts()
        assert no != yes
        await page.page.keyboard.press("Escape")
        await expect(answers).to_have_count(0)
    async with browser_of(browser, size=PHONE, locale="en-GB") as context:
        new = await context.new_page()
        await new.goto(link)
        await expect(new.locator("h1")).to_have_text("You are invited to Thai Chat")
        await expect(new.locator("#name")).to_have_value("มานี")
        assert await faults_of(new) == []
        await new.locator("#password").fill("short")
        await new.locator("form .main").click()
        await expect(new.locator("#password-problem")).to_contain_text("too short")
        await new.locator("#password").fill(PASSWORD)
        await new.locator("form .main").click()
        await expect(new.locator("body[data-ready]")).to_be_visible()
        await new.locator("#box textarea").fill("คำถามแรก")
        await new.locator("#send").click()
        await expect(new.locator("#chat .bot-row:not(.growing) .words")).to_be_visible()
        await new.goto(link)
        await expect(new.locator("h1")).to_have_text("This link can't be used any more")


async def test_a_key_is_shown_once_and_works_until_it_is_deleted(browser: Browser, team: App) -> None:
    async with signed_in(browser, team) as page:
        await open_panel(page.page, "บัญชีของฉัน")
        await show(page.page, "#account", "keys")
        await page.page.get_by_role("button", name="สร้างคีย์").click()
        await page.page.locator(".fields .main").click()
        await expect(page.page.locator(".fields [role=alert]")).to_have_text("กรอก “ชื่อคีย์”")
        await page.page.locator("#ask-name").fill(UGLY)
        await page.page.locator(".fields .main").click()
        await page.page.locator(".once .main").click()
        copied = await page.page.evaluate("navigator.clipboard.readText()")
        key = await value_shown_once(page.page)
        assert copied == key
        row = page.page.locator("#account .rows li")
        await expect(row).to_contain_text(UGLY.strip())
        assert key not in await page.page.content()
        async with httpx.AsyncClient(base_url=team.address, headers={"Authorization": f"Bearer {key}"}) as http:
            assert (await http.get("/api/me")).json()["name"] == MALI
            await row.get_by_role("button", name="ลบ").click()
            await page.page.locator("dialog .danger").last.click()
            await expect(row).to_have_count(0)
            assert (await http.get("/api/me")).status_code == 401


async def test_keys_alone_open_the_account_and_come_back(browser: Browser, team: App) -> None:
    async with signed_in(browser, team) as page:
        await page.page.locator("#person").focus()
        await page.page.keyboard.press("Enter")
        await expect(page.page.get_by_role("menuitem", name="บัญชีของฉัน")).to_be_focused()
        await page.page.keyboard.press("Enter")
        await expect(page.page.locator("#account #display-name")).to_be_visible()
        for _ in range(12):
            await page.page.keyboard.press("Tab")
            assert await page.page.evaluate(STAYS_INSIDE)
        await page.page.keyboard.press("Escape")
        await expect(page.page.locator("#account")).to_be_hidden()
        await expect(page.page.locator("#person")).to_be_focused()


async def test_an_account_is_deleted_with_its_password_and_nobody_signs_in_to_it_again(
    browser: Browser, team: App
) -> None:
    await add_person(team, "ชูใจ")
    async with signed_in(browser, team, "ชูใจ") as page:
        await open_panel(page.page, "บัญชีของฉัน")
        await page.page.get_by_role("button", name="ลบบัญชีของฉัน").click()
        await expect(page.page.get_by_role("link", name="ดาวน์โหลดแชตทั้งหมด")).to_be_visible()
        await page.page.locator("#ask-password").fill("ไม่ใช่รหัสนี้")
        await page.page.locator(".fields .danger").click()
        await expect(page.page.locator(".fields [role=alert]")).not_to_be_empty()
        await expect(page.page.locator(".fields [role=alert]")).to_have_css("color", "rgb(185, 28, 28)")
        await page.page.locator("#ask-password").fill(PASSWORD)
        await page.page.locator(".fields .danger").click()
        await expect(page.page.locator("#place h1")).to_have_text("เข้าสู่ระบบ")
        await sign_in(page.page, "ชูใจ")
        await expect(page.page.locator("#password-problem")).not_to_be_empty()


async def test_name_and_password_are_changed(browser: Browser, team: App) -> None:
    async with signed_in(browser, team, ADMINISTRATOR) as page:
        await open_panel(page.page, "บัญชีของฉัน")
        await page.page.locator("#display-name").fill("เอก")
        await page.page.locator("#display-name").press("Enter")
        await expect(page.page.locator(".panel-told")).to_have_text("บันทึกแล้ว")
        await expect(page.page.locator("#person .person-name")).to_have_text("เอก")
        await expect(page.page.locator("#person .initial")).to_have_text("อ")
        await page.page.get_by_role("button", name="เปลี่ยนรหัสผ่าน").click()
        await page.page.locator("#ask-current").fill("ไม่ใช่รหัสนี้เลย")
        await page.page.locator("#ask-new").fill(PASSWORD)
        await page.page.locator(".fields .main").click()
        await expect(page.page.locator(".fields [role=alert]")).not_to_be_empty()
        assert not await page.page.locator("#session-over").is_visible()
        await page.page.locator("#ask-current").fill(PASSWORD)
        await page.page.locator(".fields .main").click()
        await expect(page.page.locator(".panel-told")).to_contain_text("เปลี่ยนรหัสผ่านแล้ว")


async def test_an_administrator_changes_a_role_and_finds_it_in_the_log(browser: Browser, team: App) -> None:
    async with signed_in(browser, team, ADMINISTRATOR, locale="en-GB") as page:
        await open_panel(page.page, "People")
        row = page.page.locator("#people .rows li", has_text=MALI)
        for entry, said, badges in (("an administrator", "an administrator now", 1), ("a user", "a user now", 0)):
            await row.locator(".icon-button").click()
            await page.page.get_by_role("menuitem", name=f"Make {entry}").click()
            await expect(page.page.locator("#people .panel-told")).to_contain_text(said)
            await expect(row.locator(".badge")).to_have_count(badges)
        own = page.page.locator("#people .rows li", has=page.page.locator(".badge"))
        await own.locator(".icon-button").click()
        await page.page.get_by_role("menuitem", name="Make a user").click()
        await expect(page.page.locator("#people .panel-wrong")).to_have_text("One administrator has to stay.")
        await show(page.page, "#people", "audit")
        await page.page.locator("#people .log-filters select").first.select_option("role_changed")
        await expect(page.page.locator("#people .audit li")).to_have_count(2)
        await expect(page.page.locator("#people .audit small").first).to_contain_text(f"{MALI} · role: User")


async def test_limits_are_set_for_one_person_and_shown_to_them(browser: Browser, team: App) -> None:
    async with signed_in(browser, team, ADMINISTRATOR) as page:
        await open_panel(page.page, "ผู้ใช้และระบบ")
        await show(page.page, "#people", "quotas")
        await page.page.get_by_role("button", name="ตั้งสำหรับบุคคล").click()
        await page.page.locator("#ask-account_id").select_option(label=MALI)
        await page.page.locator(".fields .main").click()
        await page.page.locator("#ask-tokens_day").fill("๒๐๐,๐๐๐")
        await page.page.locator(".fields .main").click()
        await expect(page.page.locator("#people .rows li", has_text=MALI)).to_contain_text("200,000")
        await show(page.page, "#people", "audit")
        entry = page.page.locator("#people .audit li", has_text="เปลี่ยนขีดจำกัด").first
        await expect(entry.locator("small")).to_contain_text(f"{MALI} · โทเค็นต่อวัน: 200,000")
    async with signed_in(browser, team) as page:
        await open_panel(page.page, "บัญชีของฉัน")
        await show(page.page, "#account", "limits")
        await expect(page.page.locator("[role=meter]").first).to_be_visible()
        await expect(page.page.locator(".meters")).to_contain_text("จาก 200,000")


@pytest.mark.parametrize(
    ("size", "locale", "dark"), [(DESK, "th-TH", True), (PHONE, "en-GB", False)], ids=["desk", "phone"]
)
async def test_axe_finds_nothing_in_the_panels(
    browser: Browser, team: App, size: tuple[int, int], locale: str, *, dark: bool
) -> None:
    is_thai = locale == "th-TH"
    async with signed_in(browser, team, ADMINISTRATOR, size=size, locale=locale, dark=dark) as page:
        for panel, entry, parts in (
            ("#account", "บัญชีของฉัน" if is_thai else "My account", ACCOUNT),
            ("#people", "ผู้ใช้และระบบ" if is_thai else "People", PEOPLE),
        ):
            await open_panel(page.page, entry)
            for part in parts:
                await show(page.page, panel, part)
                assert await faults_of(page.page) == [], part
                assert await page.page.evaluate(
                    "(panel) => document.querySelector(panel).scrollWidth <= innerWidth", panel
                )
            await page.page.keyboard.press("Escape")
            await expect(page.page.locator(panel)).to_be_hidden()
        assert page.complaints == []
