"""The list of sessions: marks of what is new, and a look at what was said last."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Browser, Route, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

LISTED = re.compile(r"/api/sessions(/[^/?]+)?(\?|$)")
"""Addresses that the list of sessions reads."""


async def test_a_reply_that_ended_unseen_is_marked(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = Script(tokens=("ช้า ",) * 60, delay_ms=30)
    await page.ask("คำตอบที่ยังไม่ได้อ่าน")
    await expect(page.growing).to_contain_text("ช้า")
    await page.new_session()
    row = page.row("คำตอบที่ยังไม่ได้อ่าน")
    await expect(row.get_by_role("button", name="คำตอบที่ยังไม่ได้อ่าน มีคำตอบใหม่", exact=True)).to_be_visible()
    await row.locator(".session").click()
    await expect(page.replies).to_have_count(1)
    await expect(row.locator(".news")).to_be_hidden()
    await page.new_session()
    await page.reload()
    await expect(row.locator(".news")).to_be_hidden()


async def test_one_that_ended_unseen_is_marked_soon_after_one_in_sight(page: ChatPage, model: OpenAIStandin) -> None:
    await page.ask_and_wait("อ่านคำตอบแรกแล้ว")
    model.may_end.clear()
    model.script = Script(tokens=("ยัง", ""))
    await page.ask("แล้วต่อล่ะ")
    await expect(page.growing).to_contain_text("ยัง")
    await page.new_session()
    model.may_end.set()
    await expect(page.row("อ่านคำตอบแรกแล้ว").locator(".news")).to_be_visible()


async def test_what_was_there_at_the_first_visit_and_what_was_read_has_no_mark(
    page: ChatPage, browser: Browser, app: App
) -> None:
    await page.ask_and_wait("อ่านแล้วตอนที่ตอบ")
    await page.new_session()
    await expect(page.row("อ่านแล้วตอนที่ตอบ").locator(".news")).to_be_hidden()
    async with visit(browser, app) as other:
        await expect(other.row("อ่านแล้วตอนที่ตอบ")).to_be_visible()
        await expect(other.page.locator("#recent .news:not([hidden])")).to_have_count(0)


async def test_a_reply_that_ended_in_sight_is_read_though_the_list_is_told_later(page: ChatPage) -> None:
    may_tell = asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method == "GET":
            await may_tell.wait()
        await route.continue_()

    await page.page.route(LISTED, hold)
    await page.ask_and_wait("จบต่อหน้าแต่รายการรู้ทีหลัง")
    await page.new_session()
    row = page.row("จบต่อหน้าแต่รายการรู้ทีหลัง")
    await expect(row.locator(".running")).to_be_visible()
    may_tell.set()
    await expect(row.locator(".running")).to_be_hidden()
    await expect(row.locator(".news")).to_be_hidden()


async def test_a_pointer_that_rests_on_a_session_shows_what_was_said_last(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = Script(tokens=("คำตอบ", "ท้ายสุด"))
    await page.ask_and_wait("แชตที่ดูด้วยเมาส์")
    await page.ask_and_wait("คำถามท้ายสุด <b>x</b>")
    await page.row("แชตที่ดูด้วยเมาส์").locator(".session").hover()
    preview = page.page.locator("#preview")
    await expect(preview).to_contain_text("คำถามท้ายสุด <b>x</b>")
    await expect(preview).to_contain_text("คำตอบท้ายสุด")
    await page.page.mouse.move(900, 300)
    await expect(preview).to_be_hidden()
    await page.row("แชตที่ดูด้วยเมาส์").locator(".session").press("ArrowDown")
    await page.page.keyboard.press("Home")
    await expect(preview).to_be_visible()
    await page.page.keyboard.press("Escape")
    await expect(preview).to_be_hidden()
