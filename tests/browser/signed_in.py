"""People who sign in to the real app in a real browser."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page

from tests.app import ROOT, App, running_app
from tests.browser.chat_page import ChatPage
from tests.browser.chromium import PATIENCE_MS
from tests.standins.openai_server import OpenAIStandin

PASSWORD = "ปลาทูสองตัวในเข่ง"
ADMINISTRATOR, MALI = "สมชาย ใจดี", "มะลิ ณ อยุธยา"
DESK, PHONE = (1440, 900), (390, 844)


@asynccontextmanager
async def team_of_two(model_server: OpenAIStandin) -> AsyncIterator[App]:
    """Yield an app in which two people have accounts."""
    async with running_app(
        VLLM_BASE_URL=model_server.base_url,
        AUTH="password",
        EMBED_HOSTS="localhost",
        QUOTA_REQUESTS_MINUTE="none",
        SIGN_UP="open",
    ) as app:
        await add_person(app, ADMINISTRATOR, "--admin")
        await add_person(app, MALI)
        yield app


async def add_person(app: App, name: str, *more: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "thai_chat", "user", "add", name, *more, "--password-stdin"),
        cwd=ROOT,
        env=app.whole_environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate(f"{PASSWORD}\n".encode())
    assert process.returncode == 0, said.decode()


@asynccontextmanager
async def browser_of(
    browser: Browser, *, size: tuple[int, int] = DESK, locale: str = "th-TH", dark: bool = False
) -> AsyncIterator[BrowserContext]:
    """Yield a browser of its own in which nobody has signed in."""
    context = await browser.new_context(
        locale=locale,
        viewport={"width": size[0], "height": size[1]},
        is_mobile=size == PHONE,
        color_scheme="dark" if dark else "light",
        service_workers="block",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(PATIENCE_MS)
    yield context
    await context.close()


async def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    await page.locator("#name").fill(name)
    await page.locator("#password").fill(password)
    await page.locator("#password").press("Enter")


@asynccontextmanager
async def signed_in(browser: Browser, team: App, name: str = MALI, **how: Any) -> AsyncIterator[ChatPage]:
    async with browser_of(browser, **how) as context:
        page = ChatPage(await context.new_page())
        await page.page.goto(team.address)
        await sign_in(page.page, name)
        await page.is_ready()
        yield page
