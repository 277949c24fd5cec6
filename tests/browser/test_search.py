"""Finding what was said, and opening it in its place."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(frozen=True, slots=True)
class Long:
    """A session of many turns; question number n says so."""

    session_id: str
    questions: list[str]
    """Ids of its messages."""

    def address(self, number: int) -> str:
        return f"/?s={self.session_id}&m={self.questions[number]}"


async def long_session(app: App, name: str, *, turns: int) -> Long:
    """Asked by another client than the page."""
    session_id: str | None = None
    async with httpx.AsyncClient(base_url=app.address, timeout=30) as http:
        for number in range(turns):
            asked = await http.post("/chat", json={"query": f"{name} ข้อที่ {number}", "session_id": session_id})
            session_id = str(asked.json()["session_id"])
        messages = await http.get(f"/api/sessions/{session_id}/messages", params={"limit": 200})
    history = messages.json()["history"]
    return Long(str(session_id), [message["message_id"] for message in history if message["role"] == "user"])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def far(app: App) -> Long:
    return await long_session(app, "ไกลมาก", turns=45)


async def test_an_address_opens_a_message_far_back_and_marks_it(browser: Browser, app: App, far: Long) -> None:
    async with visit(browser, app, far.address(10)) as page:
        found = page.page.locator(".message-row.sought")
        await expect(found).to_contain_text("ไกลมาก ข้อที่ 10")
        await expect(found).to_be_in_viewport()
        rows = page.page.locator("#chat .message-row")
        await expect(rows).to_have_count(30)
        await expect(page.page.locator("#earlier")).to_be_visible()
        await page.page.locator("#later").click()
        await expect(rows).to_have_count(60)
        await expect(page.questions.last).to_have_text("ไกลมาก ข้อที่ 32")
        await page.page.locator("#later").click()
        await expect(page.questions.last).to_have_text("ไกลมาก ข้อที่ 44")
        await expect(page.page.locator("#later")).to_be_hidden()
        await page.page.locator("#earlier").click()
        await expect(page.questions.first).to_have_text("ไกลมาก ข้อที่ 0")
        assert "m=" not in page.page.url


async def test_from_a_message_far_back_one_press_leads_to_the_end(browser: Browser, app: App, far: Long) -> None:
    async with visit(browser, app, far.address(12)) as page:
        await expect(page.page.locator(".message-row.sought")).to_be_in_viewport()
        await page.page.locator("#earlier").click()
        await expect(page.questions.first).to_have_text("ไกลมาก ข้อที่ 0")
        await page.page.locator("#to-end").click()
        await expect(page.questions.last).to_have_text("ไกลมาก ข้อที่ 44")
        await expect(page.questions.last).to_be_in_viewport()
        await page.page.go_back()
        await expect(page.questions.last).not_to_have_text("ไกลมาก ข้อที่ 44")


async def test_a_question_asked_from_far_back_goes_on_from_the_end(
    browser: Browser, app: App, model: OpenAIStandin
) -> None:
    middle = await long_session(app, "ถามจากกลางทาง", turns=20)
    async with visit(browser, app, middle.address(2)) as page:
        await expect(page.page.locator(".message-row.sought")).to_be_in_viewport()
        model.script = Script(tokens=thai_tokens(60), delay_ms=20)
        await page.ask("ถามต่อจากที่อ่านอยู่")
        await expect(page.questions.nth(-2)).to_have_text("ถามจากกลางทาง ข้อที่ 19")
        await expect(page.questions.last).to_have_text("ถามต่อจากที่อ่านอยู่")
        await page.is_idle()
        await expect(page.questions.filter(has_text="ถามต่อจากที่อ่านอยู่")).to_have_count(1)
        await expect(page.page.locator("#later")).to_be_hidden()


async def test_a_message_of_another_branch_is_shown_on_its_branch(page: ChatPage, app: App, browser: Browser) -> None:
    await page.ask_and_wait("คำถามก่อนแก้")
    session_id = page.session_id
    messages = await page.page.request.get(f"{app.address}/api/sessions/{session_id}/messages")
    first = (await messages.json())["history"][0]["message_id"]
    await page.page.request.post(
        f"{app.address}/api/sessions/{session_id}/messages", data={"query": "คำถามหลังแก้", "edits": first}
    )
    async with visit(browser, app, f"/?s={session_id}") as other:
        await expect(other.questions.locator(".prose")).to_have_text("คำถามหลังแก้")
    async with visit(browser, app, f"/?s={session_id}&m={first}") as other:
        await expect(other.page.locator(".message-row.sought")).to_contain_text("คำถามก่อนแก้")
        await expect(other.questions.locator(".version")).to_have_text("1/2")


@pytest.mark.parametrize("message_id", ["01900000-0000-7000-8000-00000000dead", "nonsense"])
async def test_a_message_that_does_not_exist_is_said_and_its_session_shown(
    page: ChatPage, app: App, browser: Browser, message_id: str
) -> None:
    await page.ask_and_wait("ยังเปิดแชตได้อยู่")
    async with visit(browser, app, f"/?s={page.session_id}&m={message_id}") as other:
        await expect(other.alert).to_contain_text("ไม่พบข้อความนี้")
        await expect(other.questions).to_have_text("ยังเปิดแชตได้อยู่")
