"""The line above the question box: a quota is told before it is used up, and when it comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.accounts import PASSWORD, make_account, sign_in
from tests.app import App, running_app
from tests.browser.chat_page import ChatPage
from tests.histories import straight
from tests.postgres_servers import PostgresServer
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens
from thai_chat.accounts.service import AccountRules, Accounts
from thai_chat.domain.accounts import Account
from thai_chat.domain.people import PersonRole

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def team_app(model_server: OpenAIStandin, postgres: PostgresServer) -> AsyncIterator[App]:
    """Yield an app with accounts, whose database is of this module alone."""
    database = postgres.new_database()
    async with running_app(
        AUTH="password", DATABASE_URL=postgres.address(database), VLLM_BASE_URL=model_server.base_url
    ) as app:
        yield app


async def set_quotas(app: App, administrator: Account, account: Account, **quotas: int | None) -> None:
    async with httpx.AsyncClient(base_url=app.address) as http:
        await sign_in(http, administrator.name)
        answer = await http.put(f"/api/quotas/account/{account.account_id}", json=quotas)
        assert answer.status_code == 200, answer.text


async def two_accounts(app: App) -> tuple[Account, Account]:
    """Return a new administrator and a new user."""
    async with straight(app.environment["DATABASE_URL"]) as stores:
        accounts = Accounts(stores.storage, AccountRules())
        made = await make_account(accounts, role=PersonRole.ADMINISTRATOR), await make_account(accounts)
        await accounts.close()
    return made


@asynccontextmanager
async def signed_in(
    browser: Browser, app: App, account: Account, *, phone: bool, locale: str
) -> AsyncIterator[ChatPage]:
    """Yield the page of somebody in Bangkok."""
    context = await browser.new_context(
        locale=locale,
        timezone_id="Asia/Bangkok",
        viewport={"width": 390, "height": 844} if phone else {"width": 1440, "height": 900},
        is_mobile=phone,
        has_touch=phone,
        service_workers="block",
    )
    answer = await context.request.post(f"{app.address}/api/sign-in", data={"name": account.name, "password": PASSWORD})
    assert answer.ok, await answer.text()
    page = ChatPage(await context.new_page())
    await page.open(app.address)
    yield page
    await context.close()


@pytest.mark.parametrize(("phone", "locale"), [(False, "th-TH"), (True, "en-GB")], ids=["desk", "phone"])
async def test_a_quota_is_told_before_it_bites_and_when_it_is_over(
    browser: Browser, team_app: App, model: OpenAIStandin, phone: bool, locale: str
) -> None:
    model.script = Script(tokens=thai_tokens(52))
    administrator, account = await two_accounts(team_app)
    await set_quotas(team_app, administrator, account, tokens_day=60)
    async with signed_in(browser, team_app, account, phone=phone, locale=locale) as page:
        line = page.page.locator("#limits")
        await expect(line).to_be_hidden()
        await page.ask_and_wait("หนึ่ง")
        await expect(line).to_have_attribute("data-state", "near")
        await expect(line).to_contain_text("of today's 60 tokens used" if phone else "วันนี้ใช้โทเค็นไป")
        assert not await page.scrolls_sideways()
        await page.reload()
        await expect(line).to_have_attribute("data-state", "near")
        await page.ask_and_wait("สอง")
        await expect(line).to_have_attribute("data-state", "over")
        await expect(line).to_contain_text("You can ask again from" if phone else "ถามต่อได้ตั้งแต่")
        await expect(line).to_contain_text("00:00")
        await page.ask("สาม")
        await expect(page.alert).to_contain_text("after midnight" if phone else "หลังเที่ยงคืน")
        assert await page.text() == "สาม"
        await expect(page.send).to_have_attribute("aria-disabled", "false")
        await expect(page.questions).to_have_count(2)
        assert not await page.scrolls_sideways()
        await set_quotas(team_app, administrator, account, tokens_day=None)
        await page.ask_and_wait("สาม")
        await expect(line).to_be_hidden()
