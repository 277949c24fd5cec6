"""Sessions that programs make: one without messages is listed, opened and asked in; a message without a reply shows."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_empty_session_comes_into_the_list_and_is_named_by_its_first_question(
    page: ChatPage, app: App
) -> None:
    async with httpx.AsyncClient(base_url=app.address) as http:
        made = (await http.post("/api/conversations")).json()
    await expect(page.sessions.filter(has_text="แชตใหม่").first).to_be_visible()
    await page.open(f"{app.address}/?s={made['id']}")
    await expect(page.welcome).to_be_visible()
    await expect(page.page.locator("#temporary")).to_be_hidden()
    await page.ask_and_wait("ลาพักร้อนได้กี่วัน")
    await expect(page.sessions.first).to_contain_text("ลาพักร้อนได้กี่วัน")
    assert page.complaints == []


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_messages_without_replies_are_shown_and_gone_on_from(browser: Browser, app: App, phone: bool) -> None:
    async with httpx.AsyncClient(base_url=app.address) as http:
        session_id = (await http.post("/conversations", json={"title": "จากแอป"})).json()["id"]
        for role, text in (("assistant", "สวัสดีครับ มีอะไรให้ช่วย"), ("user", "ลาได้กี่วัน"), ("system", "ลับ")):
            body = {"role": role, "content": text, "reply": False}
            assert (await http.post(f"/conversations/{session_id}/messages", json=body)).status_code == 201
    async with visit(browser, app, phone=phone) as page:
        await page.open(f"{app.address}/?s={session_id}")
        await expect(page.replies).to_contain_text(["สวัสดีครับ มีอะไรให้ช่วย"])
        await expect(page.replies.locator(".by")).to_have_text(re.compile(r"\d\d:\d\d"))
        await expect(page.replies).to_have_attribute("aria-label", "สวัสดีครับ มีอะไรให้ช่วย")
        await expect(page.replies.locator(".facts-more")).to_have_count(0)
        await expect(page.questions).to_contain_text(["ลาได้กี่วัน"])
        await expect(page.page.locator("#chat")).not_to_contain_text("ลับ")
        await page.ask_and_wait("แล้วลากิจล่ะ")
        assert page.complaints == []
