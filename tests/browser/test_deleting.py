"""Deleting a message on the page, bringing it back, wiping it, and copying the link to it."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.browser.test_accessibility import finds_nothing_in_light_nor_in_dark
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

DELETE = {"th": "ลบข้อความ", "en": "Delete message"}
LINK = {"th": "คัดลอกลิงก์", "en": "Copy link"}
UNDO = {"th": "เลิกทำ", "en": "Undo"}


async def choose(page: ChatPage, row: Locator, entry: str, *, phone: bool = False) -> None:
    if phone:
        await row.locator(".words").tap()
    else:
        await row.hover()
    await row.locator(".message-more").click()
    await page.page.get_by_role("menuitem", name=entry, exact=True).click()


@pytest.mark.parametrize(("language", "phone"), [("th", False), ("en", True)], ids=["Thai", "English on a phone"])
async def test_a_message_is_deleted_and_what_follows_stays(
    browser: Browser, app: App, model: OpenAIStandin, language: str, phone: bool
) -> None:
    async with visit(browser, app, "/?new", locale=language, phone=phone) as page:
        await page.ask_and_wait("ความลับของฉัน")
        await page.ask_and_wait("คำถามที่สอง")
        await choose(page, page.questions.first, DELETE[language], phone=phone)
        await expect(page.questions).to_have_count(1)
        await expect(page.questions.first).to_contain_text("คำถามที่สอง")
        await expect(page.replies).to_have_count(2)
        await page.toast.locator(".undo").click()
        await expect(page.questions).to_have_count(2)
        await expect(page.questions.first).to_contain_text("ความลับของฉัน")

        await choose(page, page.questions.first, DELETE[language], phone=phone)
        await choose(page, page.replies.first, DELETE[language], phone=phone)
        await expect(page.replies).to_have_count(1)
        model.seen.clear()
        await page.ask_and_wait("คำถามที่สาม")
        assert "ความลับ" not in str(model.seen[-1].body)
        await page.reload()
        await expect(page.questions).to_have_count(2)
        assert not await page.scrolls_sideways()
        assert page.complaints == []


async def test_a_deleted_version_gives_way_to_another(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = Script(tokens=("หนึ่ง",))
    reply = await page.ask_and_wait("เลือกหน่อย")
    model.script = Script(tokens=("สอง",))
    await reply.locator(".again").click()
    await expect(page.replies.first).to_contain_text("สอง")
    await page.is_idle()
    await choose(page, page.replies.first, DELETE["th"])
    await expect(page.replies.first).to_contain_text("หนึ่ง")
    await expect(page.replies.first.locator(".versions")).to_have_count(0)
    await page.page.keyboard.press("Control+z")
    await expect(page.replies.first).to_contain_text("สอง")
    await expect(page.replies.first.locator(".version")).to_have_text("2/2")


async def test_a_deleted_message_is_listed_restored_and_wiped(page: ChatPage) -> None:
    await page.ask_and_wait("ขนมครกใบเตย")
    await page.ask_and_wait("ต่อไป")
    for _ in range(2):
        await choose(page, page.page.locator(".message-row").first, DELETE["th"])
    await expect(page.page.locator(".message-row")).to_have_count(2)
    await page.choose("ขนมครกใบเตย", "ข้อความที่ลบ…")
    listed = page.page.locator("#deleted li")
    await expect(listed).to_have_count(2)
    await page.page.emulate_media(reduced_motion="reduce")
    await finds_nothing_in_light_nor_in_dark(page)
    await listed.first.get_by_role("button", name="กู้คืน").click()
    await expect(listed).to_have_count(1)
    await expect(page.questions).to_have_count(2)
    await listed.first.get_by_role("button", name="ลบถาวร").click()
    await page.page.locator("dialog.box .danger").click()
    await expect(listed).to_have_count(0)
    await page.page.locator("#deleted").get_by_role("button", name="ปิด").click()
    await page.choose("ขนมครกใบเตย", "ข้อความที่ลบ…")
    await expect(page.page.locator("#deleted .none")).to_have_text("แชตนี้ไม่มีข้อความที่ลบ")
    told = await page.page.evaluate(
        "id => fetch(`/api/sessions/${id}/messages`).then((it) => it.json())", page.session_id
    )
    assert [message["role"] for message in told["history"]] == ["user", "user", "assistant"]


async def test_the_link_to_a_message_is_copied_and_leads_to_it(page: ChatPage) -> None:
    await page.ask_and_wait("คำถามแรก")
    await page.ask_and_wait("คำถามที่สอง")
    await page.questions.first.locator(".message-more").focus()
    await page.page.keyboard.press("Enter")
    await page.page.get_by_role("menuitem", name=LINK["th"], exact=True).focus()
    await page.page.keyboard.press("Enter")
    await expect(page.toast).to_contain_text("คัดลอกลิงก์ของข้อความนี้แล้ว")
    link = await page.page.evaluate("navigator.clipboard.readText()")
    message_id = await page.questions.first.get_attribute("data-message-id")
    assert link.endswith(f"/?s={page.session_id}&m={message_id}")
    await page.open(link)
    await expect(page.questions.first).to_be_focused()
