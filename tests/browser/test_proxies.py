"""The page behind a proxy at another port, whatever the proxy tells about the request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.app import App, running_app
from tests.browser.chat_page import ChatPage
from tests.browser.chromium import ARGUMENTS, CHROMIUM, START_MS
from tests.ports import free_port
from tests.standins.openai_server import OpenAIStandin
from tests.standins.proxy import Proxy

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAME, OTHER = "chat.lan", "other.lan"
"""Names as of a home network, without TLS: a browser sends no Sec-Fetch-* there. The app knows the first."""


@dataclass(slots=True)
class Proxied:
    app: App
    proxy: Proxy
    browser: Browser

    @property
    def address(self) -> str:
        return f"http://{NAME}:{self.proxy.port}"


@asynccontextmanager
async def browser_that_knows_the_name() -> AsyncIterator[Browser]:
    arguments = [*ARGUMENTS, "--host-resolver-rules=MAP *.lan 127.0.0.1"]
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments, timeout=START_MS)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def proxied(model_server: OpenAIStandin) -> AsyncIterator[Proxied]:
    """Yield an app that knows its public address, and a proxy there."""
    port = free_port()
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(
            running_app(VLLM_BASE_URL=model_server.base_url, PUBLIC_URL=f"http://{NAME}:{port}")
        )
        proxy = await stack.enter_async_context(Proxy(app.address, port))
        yield Proxied(app, proxy, await stack.enter_async_context(browser_that_knows_the_name()))


@asynccontextmanager
async def opened(browser: Browser, address: str) -> AsyncIterator[ChatPage]:
    context = await browser.new_context(locale="th-TH")
    page = ChatPage(await context.new_page())
    try:
        await page.open(address)
        yield page
    finally:
        await context.close()


async def works(page: ChatPage) -> None:
    """Require that the page has its styles and fonts, and answers a question."""
    await expect(page.box).to_be_visible()
    await expect(page.page.locator("#opening")).to_be_hidden()
    await page.page.wait_for_function("document.fonts.check('16px looped', 'ก')")
    await page.new_session()
    await page.ask_and_wait("ผ่านพร็อกซี")
    # Browsers hold to it on TLS and loopback only, and say so; what the page's policy keeps out would be told here too.
    assert [line for line in page.complaints if "Cross-Origin-Opener-Policy" not in line] == []


TOLD = {
    "the whole Host": {"Host": f"{NAME}:PORT"},
    "Host without the port": {"Host": NAME},
    "Host with the proxy's inner port": {"Host": f"{NAME}:8443"},
    "nothing": {},
    "headers that nobody believes": {"Host": NAME, "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
}


@pytest.mark.parametrize("told", list(TOLD))
async def test_with_the_public_address_the_page_works_whatever_a_proxy_tells(
    proxied: Proxied, model: OpenAIStandin, told: str
) -> None:
    port = str(proxied.proxy.port)
    proxied.proxy.headers = {name: value.replace("PORT", port) for name, value in TOLD[told].items()}
    async with opened(proxied.browser, proxied.address) as page:
        await works(page)


@pytest.mark.parametrize("told", ["Host without the port", "nothing"])
async def test_without_a_setting_the_page_works_behind_a_proxy_of_the_same_name(
    proxied: Proxied, model_server: OpenAIStandin, model: OpenAIStandin, told: str
) -> None:
    """No request for the page itself says at which port the browser has it open."""
    async with running_app(VLLM_BASE_URL=model_server.base_url) as app, Proxy(app.address, free_port()) as proxy:
        proxy.headers = {"Host": "127.0.0.1"} if TOLD[told] else {}
        async with opened(proxied.browser, f"http://127.0.0.1:{proxy.port}") as page:
            await works(page)


async def test_past_the_proxy_the_page_works_on_the_machine_itself(proxied: Proxied, model: OpenAIStandin) -> None:
    async with opened(proxied.browser, proxied.app.address) as page:
        await works(page)
    async with opened(proxied.browser, f"http://{NAME}:{proxied.app.port}") as page:
        await works(page)


async def test_under_a_name_that_is_not_known_a_page_says_where_to_go(proxied: Proxied) -> None:
    address = f"http://{OTHER}:{proxied.proxy.port}"
    proxied.proxy.headers = {"Host": f"{OTHER}:{proxied.proxy.port}"}
    for locale, said in (("th-TH", "ไม่ตอบที่ชื่อ “other.lan”"), ("en-GB", "doesn't answer under the name “other.lan”")):
        context = await proxied.browser.new_context(locale=locale)
        page = await context.new_page()
        await page.goto(address)
        await expect(page.locator("p")).to_contain_text(said)
        await expect(page.get_by_role("link")).to_have_attribute("href", proxied.address)
        assert await page.evaluate("getComputedStyle(document.body).maxWidth") == "576px"
        await context.close()
    assert f"listening on 127.0.0.1:{proxied.app.port}, where" in proxied.app.log
    assert "under the name 'other.lan'" in proxied.app.log


async def test_the_log_says_what_to_set_when_a_proxy_hides_the_pages_address(proxied: Proxied) -> None:
    address = f"http://{OTHER}:{proxied.proxy.port}"
    proxied.proxy.headers = {}
    context = await proxied.browser.new_context()
    page = await context.new_page()
    await page.goto(address, wait_until="networkidle")
    await expect(page.locator("#opening .page_opening")).to_be_visible()
    await context.close()
    # All that the page asks for first are modules, for which browsers tell the origin.
    assert f"by a page of '{address}', while Host is '127.0.0.1:{proxied.app.port}'" in proxied.app.log
    assert "set PUBLIC_URL to the address that your browser shows" in proxied.app.log
    assert f"PUBLIC_URL={address}" not in proxied.app.log
