"""Versions on the page: edited questions, replies asked for again, and replies that are continued."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.app import running_app
from tests.browser.chat_page import ChatPage, visit
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIRST = Script(tokens=("ต้มยำ", "กุ้ง", "น้ำ", "ข้น"))
SECOND = Script(tokens=("แกง", "เขียว", "หวาน"))
ENDLESS = Script(tokens=thai_tokens(3_000), delay_ms=30)


async def edit(page: ChatPage, question: Locator, text: str) -> None:
    await question.hover()
    await question.locator(".edit").click()
    await page.page.locator(".editor textarea").fill(text)
    await page.page.locator(".editor textarea").press("Enter")


async def test_an_edited_question_is_answered_anew_and_the_earlier_version_can_be_looked_at(
    page: ChatPage, model: OpenAIStandin
) -> None:
    model.script = FIRST
    await page.ask_and_wait("แนะนำเมนูหน่อย")
    await page.ask_and_wait("เผ็ดไหมครับ")
    model.script = SECOND
    await edit(page, page.questions.nth(1), "เผ็ดน้อย ๆ มีไหมครับ")
    await expect(page.questions.nth(1)).to_contain_text("เผ็ดน้อย ๆ มีไหมครับ")
    await expect(page.replies.nth(1)).to_contain_text(SECOND.text)
    await page.is_idle()
    await expect(page.questions).to_have_count(2)
    versions = page.questions.nth(1).locator(".versions")
    await expect(versions.locator(".version")).to_have_text("2/2")

    await versions.get_by_role("button").first.click()
    await expect(page.questions.nth(1)).to_contain_text("เผ็ดไหมครับ")
    await expect(page.replies.nth(1)).to_contain_text(FIRST.text)
    await expect(versions.locator(".version")).to_have_text("1/2")
    await page.reload()
    await expect(page.questions.nth(1)).to_contain_text("เผ็ดไหมครับ")


async def test_leaving_the_editor_changes_nothing(page: ChatPage, model: OpenAIStandin) -> None:
    await page.ask_and_wait("คำถามเดิม")
    asked = len(model.seen)
    await page.questions.first.hover()
    await page.questions.first.locator(".edit").click()
    editor = page.page.locator(".editor textarea")
    await expect(editor).to_have_value("คำถามเดิม")
    await editor.fill("เปลี่ยนใจ")
    await editor.press("Escape")
    await expect(editor).to_have_count(0)
    await expect(page.questions.first.locator(".words")).to_have_text("คำถามเดิม")
    await expect(page.questions.first.locator(".words")).to_be_visible()
    assert len(model.seen) == asked


async def test_a_reply_is_asked_for_again_of_the_model_that_is_picked(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = FIRST
    reply = await page.ask_and_wait("แนะนำเมนูหน่อย")
    model.script = SECOND
    await page.pick_model("thai-small")
    await reply.locator(".again").click()
    await expect(page.replies.first).to_contain_text(SECOND.text)
    await page.is_idle()
    await expect(page.replies.first.locator(".version")).to_have_text("2/2")
    await expect(page.replies.first.locator(".by")).to_contain_text("thai-small")
    await expect(page.questions).to_have_count(1)


async def test_a_stopped_reply_is_continued_where_it_ended(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = ENDLESS
    await page.ask("เล่าเรื่องยาว ๆ")
    await expect(page.growing).to_contain_text("น้ำใจคนไทย")
    await page.stop.click()
    await page.is_idle()
    kept = (await page.replies.first.locator(".words").inner_text()).strip()
    model.script = Script(tokens=(" และแล้ว", "ก็จบ", "บริบูรณ์"))
    await page.replies.first.locator(".go-on").click()
    await expect(page.replies.first).to_contain_text("ก็จบบริบูรณ์")
    await page.is_idle()
    whole = await page.replies.first.locator(".words").inner_text()
    assert whole.strip().startswith(kept[:-2])
    await expect(page.replies.first.locator(".go-on")).to_have_count(0)
    await expect(page.replies.first.locator(".version")).to_have_text("2/2")


async def test_a_reply_that_another_model_finished_names_both(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = Script(tokens=("ต้นของ", "เรื่อง"), fault="drop", fault_after=2)
    await page.ask_and_wait("เล่าให้จบสองคน")
    model.script = Script(tokens=(" และ", "ปลายของเรื่อง"))
    await page.pick_model("thai-small")
    await page.replies.first.locator(".go-on").first.click()
    await expect(page.replies.first).to_contain_text("ต้นของเรื่อง และปลายของเรื่อง")
    await page.is_idle()
    await expect(page.replies.first.locator(".by b")).to_have_text("thai-large → thai-small\u00a0· vLLM")
    await page.replies.first.locator(".facts-more").click()
    facts = page.replies.first.locator(".all-facts")
    await expect(facts).to_contain_text("เริ่มตอบโดยthai-large")
    await expect(facts).to_contain_text("ตอบต่อโดยthai-small")


async def test_a_reply_that_its_server_took_with_it_is_continued_after_the_restart(
    browser: Browser, model: OpenAIStandin
) -> None:
    model.script = ENDLESS
    async with running_app(VLLM_BASE_URL=model.base_url) as app, visit(browser, app) as page:
        await page.ask("เล่าจนเครื่องดับ")
        # Far enough behind what is looked for at the end: the last words before a kill may not be stored.
        await expect(page.growing).to_contain_text("อัมพวา")
        await app.kill()
        await app.start()
        await page.reload()
        model.script = Script(tokens=("จบ", "แล้วจ้า"))
        await expect(page.replies.locator(".go-on")).to_be_visible()
        await page.replies.locator(".go-on").click()
        await expect(page.replies.first).to_contain_text("จบแล้วจ้า")
        await expect(page.replies.first).to_contain_text("PostgreSQL")
        await expect(page.questions).to_have_count(1)


async def test_nothing_begins_a_branch_while_a_reply_grows(page: ChatPage, model: OpenAIStandin) -> None:
    await page.ask_and_wait("คำถามแรก")
    model.script = ENDLESS
    await page.ask("คำถามที่สอง")
    await expect(page.growing).to_contain_text("น้ำใจคนไทย")
    asked = len(model.seen)
    await page.replies.first.locator(".again").click()
    await expect(page.page.locator("#hint")).to_contain_text("กำลังตอบอยู่")
    assert len(model.seen) == asked
    await page.stop.click()
    await page.is_idle()
