"""The sign-in page leads to an OpenID provider and back, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.app import App, running_app
from tests.browser.axe import faults_of
from tests.browser.signed_in import DESK, PHONE, browser_of
from tests.openid_provider import OpenIdProvider, known_people
from tests.standins.openai_server import OpenAIStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def provider() -> OpenIdProvider:
    return OpenIdProvider(people=known_people())


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(model_server: OpenAIStandin, provider: OpenIdProvider) -> AsyncIterator[App]:
    with provider.running():
        async with running_app(
            VLLM_BASE_URL=model_server.base_url,
            AUTH="oidc",
            OIDC_ISSUER=provider.issuer,
            OIDC_CLIENT_ID="thai-chat",
            OIDC_CLIENT_SECRET="secret",
            OIDC_LABEL="มหาวิทยาลัยไทย",
        ) as app:
            yield app


@pytest.mark.parametrize(
    ("size", "locale", "dark"), [(DESK, "th-TH", False), (PHONE, "en-GB", True)], ids=["desk", "phone"]
)
async def test_why_nobody_came_in_is_told_on_the_sign_in_page(
    browser: Browser, app: App, size: tuple[int, int], locale: str, *, dark: bool
) -> None:
    async with browser_of(browser, size=size, locale=locale, dark=dark) as context:
        page = await context.new_page()
        await page.goto(app.address)
        button = page.locator("a.provider")
        await expect(button).to_have_text(
            "เข้าสู่ระบบด้วย มหาวิทยาลัยไทย" if locale == "th-TH" else "Sign in with มหาวิทยาลัยไทย"
        )
        await expect(page.locator("#password")).to_have_count(0)
        await button.click()
        await page.get_by_role("button", name="Deny").click()
        await expect(page.locator(".problem")).to_have_text(
            "การเข้าสู่ระบบถูกยกเลิกที่ผู้ให้บริการ" if locale == "th-TH" else "The sign-in was cancelled at the provider."
        )
        await button.click()
        await page.get_by_role("button", name="sub-mali", exact=True).click()
        await expect(page.locator(".problem")).to_contain_text(
            "ขอลิงก์เชิญจากผู้ดูแล" if locale == "th-TH" else "Ask an administrator for an invitation"
        )
        assert await faults_of(page) == []


async def test_the_first_administrator_comes_by_the_terminals_link_and_the_provider(browser: Browser, app: App) -> None:
    (path,) = {word for word in app.log.split() if "/invitation/" in word}
    async with browser_of(browser) as context:
        page = await context.new_page()
        await page.goto(path)
        await page.locator("a.provider").click()
        await page.get_by_role("button", name="sub-mali", exact=True).click()
        await expect(page.locator("textarea").first).to_be_visible()
        assert (await (await context.request.get(f"{app.address}/api/me")).json())["role"] == "administrator"
        await look_at_ways_in(page)


async def look_at_ways_in(page: Page) -> None:
    """See by whom the account is signed in to: the only way stays, another one is added and removed."""
    await open_account(page)
    rows = page.locator("#account section", has_text="ผู้ให้บริการอื่น").locator("li")
    await expect(rows).to_have_count(1)
    await rows.get_by_role("button", name="เอาออก").click()
    await page.locator("dialog[open] button[value=yes]").click()
    await expect(page.get_by_role("alert").filter(has_text="วิธีเข้าสู่ระบบวิธีเดียว")).to_be_visible()
    assert await faults_of(page) == []
    await page.get_by_role("button", name="เพิ่ม มหาวิทยาลัยไทย").click()
    await page.get_by_role("button", name="sub-chai", exact=True).click()
    await expect(page.locator("body[data-ready]")).to_be_visible()
    await open_account(page)
    await expect(rows).to_have_count(2)
    await rows.filter(has_text="sub-mali").get_by_role("button", name="เอาออก").click()
    await page.locator("dialog[open] button[value=yes]").click()
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("sub-chai")


async def open_account(page: Page) -> None:
    await page.locator("#person").click()
    await page.get_by_role("menuitem", name="บัญชีของฉัน", exact=True).click()
