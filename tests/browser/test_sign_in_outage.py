"""While PostgreSQL is away nobody new signs in, and who has signed in goes on."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, expect

from tests.app import running_app
from tests.browser.signed_in import MALI, add_person, browser_of, sign_in, signed_in
from tests.postgres_servers import PostgresServer, Proxy
from tests.standins.openai_server import OpenAIStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_sign_in_page_tells_of_an_outage_and_the_chat_goes_on(
    browser: Browser, model: OpenAIStandin, postgres: PostgresServer, proxy: Proxy, own_database: str
) -> None:
    database = postgres.address(own_database, port=proxy.port)
    async with running_app(VLLM_BASE_URL=model.base_url, AUTH="password", DATABASE_URL=database) as team:
        await add_person(team, MALI)
        async with signed_in(browser, team) as page, browser_of(browser, locale="en-GB") as context:
            await asyncio.to_thread(proxy.refuse)
            await page.ask_and_wait("ถามระหว่างที่ฐานข้อมูลหายไป")
            new = await context.new_page()
            await new.goto(f"{team.address}/sign-in")
            await expect(new.locator(".notice")).to_contain_text("The database is away")
            await sign_in(new, MALI)
            await expect(new.locator("form .problem")).to_contain_text("The database is away")
            await expect(new.locator(".notice")).to_have_count(0)
            await new.reload()
            await expect(new.locator(".notice")).to_contain_text("The database is away")
            await asyncio.to_thread(proxy.resume)
            await expect(new.locator(".notice")).to_have_count(0)
            await sign_in(new, MALI)
            await expect(new.locator("body[data-ready]")).to_be_visible()
