"""A session that was reset, on the page: it is empty, goes on with the next question, and its old branch comes back."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

OLD = Script(tokens=("ต้มยำ", "กุ้ง", "น้ำ", "ข้น"))
NEW = Script(tokens=("แกง", "เขียว", "หวาน"))


async def reset(app: App, page: ChatPage) -> None:
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{app.address}/chat/reset", params={"session_id": page.session_id})
    assert answer.status_code == 200


async def ask_twice_and_reset(app: App, page: ChatPage, model: OpenAIStandin) -> None:
    model.script = OLD
    await page.ask_and_wait("แนะนำเมนูหน่อย")
    await page.ask_and_wait("เผ็ดไหมครับ")
    await reset(app, page)


async def test_it_is_empty_at_once_and_versions_lead_back(page: ChatPage, app: App, model: OpenAIStandin) -> None:
    await ask_twice_and_reset(app, page, model)
    await expect(page.questions).to_have_count(0)
    await expect(page.welcome).to_be_visible()
    await page.reload()
    await expect(page.welcome).to_be_visible()
    model.script = NEW
    reply = await page.ask_and_wait("แนะนำเมนูใหม่หน่อย")
    await expect(reply).to_contain_text(NEW.text)
    assert [message["content"] for message in model.seen[-1].body["messages"]] == ["แนะนำเมนูใหม่หน่อย"]
    versions = page.questions.first.locator(".versions")
    await expect(versions.locator(".version")).to_have_text("2/2")

    await versions.get_by_role("button").first.click()
    await expect(page.questions).to_have_count(2)
    await expect(page.questions.nth(0)).to_contain_text("แนะนำเมนูหน่อย")
    await expect(page.questions.nth(1)).to_contain_text("เผ็ดไหมครับ")
    await expect(versions.locator(".version")).to_have_text("1/2")
    await versions.get_by_role("button").last.click()
    await expect(page.questions).to_have_count(1)
    await expect(page.questions.first).to_contain_text("แนะนำเมนูใหม่หน่อย")


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
async def test_it_opens_as_an_empty_session(
    page: ChatPage, browser: Browser, app: App, model: OpenAIStandin, phone: bool
) -> None:
    await ask_twice_and_reset(app, page, model)
    async with visit(browser, app, f"/?s={page.session_id}", locale="en-US", phone=phone) as other:
        await expect(other.welcome).to_be_visible()
        await expect(other.questions).to_have_count(0)
        model.script = NEW
        await other.ask_and_wait("Something new")
        await expect(other.questions.first.locator(".version")).to_have_text("2/2")
        assert other.complaints == []
