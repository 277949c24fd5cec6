"""Many sessions picked at once: put away, labelled, exported, and the way back."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.app import App
from tests.browser.chat_page import ChatPage
from tests.browser.imported_sessions import LOOK_AGAIN, said

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_many_sessions_are_picked_and_one_press_brings_them_all_back(page: ChatPage, app: App) -> None:
    for number in range(5):
        await said(page.page, app, f"เลือกหลายแชต {number}")
    await page.page.evaluate(LOOK_AGAIN)
    await expect(page.row("เลือกหลายแชต")).to_have_count(5)
    await page.page.get_by_role("button", name="เลือกหลายแชต", exact=True).click()
    bar = page.page.get_by_role("toolbar")
    await page.row("เลือกหลายแชต 4").locator(".session").click()
    await page.row("เลือกหลายแชต 1").locator(".session").click(modifiers=["Shift"])
    await page.row("เลือกหลายแชต 2").locator(".session").click()
    await expect(bar).to_contain_text("เลือกแล้ว 3 แชต")
    await bar.get_by_role("button", name="ย้ายไปโฟลเดอร์").click()
    await expect(page.page.locator("dialog.labels")).to_be_visible()
    await page.page.keyboard.press("Escape")
    await expect(bar).to_contain_text("เลือกแล้ว 3 แชต")
    await bar.get_by_role("button", name="ลบ").click()
    await expect(page.toast).to_contain_text("ย้าย 3 แชตไปถังขยะแล้ว")
    await expect(bar).to_have_count(0)
    await expect(page.row("เลือกหลายแชต")).to_have_count(2)
    await page.toast.get_by_role("button", name="เลิกทำ").click()
    await expect(page.row("เลือกหลายแชต")).to_have_count(5)


async def test_tags_of_many_keep_what_was_not_decided(page: ChatPage, app: App) -> None:
    for number, tags in enumerate((["เดิม", "ร่วม"], ["ร่วม"], [])):
        session_id = await said(page.page, app, f"แท็กหลายแชต {number}")
        await page.page.request.patch(f"{app.address}/api/sessions/{session_id}", data={"tags": tags})
    await page.page.evaluate(LOOK_AGAIN)
    await expect(page.row("แท็กหลายแชต 0").locator(".labels")).to_have_text("#เดิม  #ร่วม")
    await page.choose("แท็กหลายแชต 2", "เลือกหลายแชต")
    await page.row("แท็กหลายแชต 0").locator(".session").click(modifiers=["Shift"])
    await page.page.get_by_role("toolbar").get_by_role("button", name="แท็ก").click()
    box = page.page.locator("dialog.labels")
    await expect(box.get_by_role("button", name="ร่วม")).to_have_attribute("aria-pressed", "mixed")
    await box.get_by_role("button", name="ร่วม").click()
    await box.get_by_role("button", name="บันทึก", exact=True).click()
    for number, labels in enumerate(("#เดิม  #ร่วม", "#ร่วม", "#ร่วม")):
        await expect(page.row(f"แท็กหลายแชต {number}").locator(".labels")).to_have_text(labels)


async def test_a_session_and_a_selection_are_exported_as_files(page: ChatPage, app: App) -> None:
    for number in range(2):
        await said(page.page, app, f"ส่งออกเป็นไฟล์ {number}")
    await page.page.evaluate(LOOK_AGAIN)
    await page.choose("ส่งออกเป็นไฟล์ 0", "ส่งออก")
    async with page.page.expect_download() as one:
        await page.page.get_by_role("menuitem", name="Markdown").click()
    assert "ส่งออกเป็นไฟล์ 0" in (await (await one.value).path()).read_text("utf-8")
    await page.choose("ส่งออกเป็นไฟล์ 0", "เลือกหลายแชต")
    await page.row("ส่งออกเป็นไฟล์ 1").locator(".session").click()
    await page.page.get_by_role("toolbar").get_by_role("button", name="ส่งออก").click()
    async with page.page.expect_download() as both:
        await page.page.get_by_role("menuitem", name="JSON (ครบทุกอย่าง)").click()
    exported = (await (await both.value).path()).read_text("utf-8")
    assert all(f"ส่งออกเป็นไฟล์ {number}" in exported for number in range(2))
    await expect(page.page.get_by_role("toolbar")).to_have_count(0)
