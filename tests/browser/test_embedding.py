"""The chat button on a page of another site, which the settings name or do not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.app import App, running_app
from tests.browser.test_other_sites import OtherSite, other_site
from tests.standins.openai_server import OpenAIStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")

ADD = """(address) => new Promise((done) => {
  const script = document.createElement('script');
  script.src = address;
  script.onload = () => done('run');
  script.onerror = () => done('refused');
  document.head.append(script);
})"""
READABLE = """() => {
  const frame = [...document.body.children].map((host) => host.shadowRoot?.querySelector('iframe')).find(Boolean);
  return frame.contentDocument !== null;
}"""


@asynccontextmanager
async def page_of(browser: Browser, site: OtherSite, *, phone: bool = False) -> AsyncIterator[Page]:
    size = {"width": 390, "height": 844} if phone else {"width": 1440, "height": 900}
    context = await browser.new_context(locale="th-TH", viewport=size, service_workers="block")  # type: ignore[arg-type]
    try:
        page = await context.new_page()
        await page.goto(site.address)
        yield page
    finally:
        await context.close()


@pytest.mark.parametrize("phone", [False, True])
async def test_a_named_site_has_a_button_that_opens_the_chat(
    browser: Browser, model: OpenAIStandin, *, phone: bool
) -> None:
    async with (
        running_app(VLLM_BASE_URL=model.base_url, EMBED_HOSTS="localhost") as app,
        other_site() as site,
        page_of(browser, site, phone=phone) as page,
    ):
        assert await page.evaluate(ADD, f"{app.address}/embed.js") == "run"
        button = page.get_by_role("button", name="Open the chat")
        await expect(button).to_have_attribute("aria-expanded", "false")
        assert not any(frame.url.startswith(app.address) for frame in page.frames)
        await button.click()
        chat = page.frame_locator("iframe")
        await chat.locator("#box textarea").fill("ถามจากหน้าอื่น")
        await chat.locator("#send").click()
        await expect(chat.locator(".bot-row:not(.growing) .words")).to_be_visible()
        assert not await page.evaluate(READABLE)
        await page.get_by_role("button", name="Close the chat").click()
        await expect(page.locator("iframe")).to_be_hidden()
        await button.click()
        await expect(chat.locator(".user-row")).to_contain_text("ถามจากหน้าอื่น")


async def test_a_site_that_is_not_named_gets_no_frame(browser: Browser, model: OpenAIStandin) -> None:
    async with (
        running_app(VLLM_BASE_URL=model.base_url, EMBED_HOSTS="intranet.example.org") as app,
        other_site() as site,
        page_of(browser, site) as page,
    ):
        assert await page.evaluate(ADD, f"{app.address}/embed.js") == "run"
        async with page.expect_event("console", lambda said: "frame-ancestors" in said.text):
            await page.get_by_role("button", name="Open the chat").click()
        await expect(page.frame_locator("iframe").locator("#box")).to_have_count(0)


async def test_without_the_setting_there_is_no_script_and_no_frame(browser: Browser, app: App) -> None:
    async with other_site() as site, page_of(browser, site) as page:
        assert await page.evaluate(ADD, f"{app.address}/embed.js") == "refused"
    async with httpx.AsyncClient(base_url=app.address) as http:
        page_of_ours = await http.get("/")
        assert page_of_ours.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in page_of_ours.headers["Content-Security-Policy"]


async def test_named_sites_may_frame_the_page_and_nothing_else(model: OpenAIStandin) -> None:
    from_elsewhere = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    async with (
        running_app(VLLM_BASE_URL=model.base_url, EMBED_HOSTS="localhost") as app,
        httpx.AsyncClient(base_url=app.address, headers=from_elsewhere) as http,
    ):
        answered = {path: (await http.get(path)).status_code for path in ("/", "/docs", "/api/sessions", "/readyz")}
    assert answered == {"/": 200, "/docs": 403, "/api/sessions": 403, "/readyz": 403}
