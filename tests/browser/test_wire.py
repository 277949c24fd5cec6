"""Answers of real model servers, on the page: whole while they come and after a reload, or told for what they are."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.app import App, running_app
from tests.browser.chat_page import visit
from tests.recorded import FAILING, OF_OLLAMA, WHOLE
from tests.standins.raw_server import RawServer, answer_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def recorded() -> AsyncIterator[RawServer]:
    async with RawServer() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def its_app(recorded: RawServer) -> AsyncIterator[App]:
    async with running_app(VLLM_BASE_URL=f"{recorded.address}/v1") as app:
        yield app


@pytest.mark.parametrize("name", sorted((WHOLE | FAILING).keys() - OF_OLLAMA))
async def test_every_recorded_answer_is_shown_and_shown_again(
    browser: Browser, its_app: App, recorded: RawServer, name: str
) -> None:
    recorded.answers = [answer_of(name, size=7)]
    async with visit(browser, its_app, "/?new") as page:
        await page.ask(f"ข้อ {name}")
        await page.is_idle()
        said = (WHOLE | FAILING)[name]
        for _ in range(2):
            await expect(page.replies).to_have_count(1)
            await expect(page.replies).to_contain_text(said)
            if name in FAILING:
                await expect(page.page.locator("[data-status=failed], .failed").first).to_be_visible()
            await page.reload()
