"""Answers of the server that come late, out of order, or not at all: nothing is lost, doubled or shown elsewhere."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Route, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens

pytestmark = pytest.mark.asyncio(loop_scope="session")

ENDLESS = Script(tokens=thai_tokens(3_000), delay_ms=30)
MESSAGES = "**/api/sessions/*/messages*"
REFRESH = """async () => {
    const base = document.querySelector('link[href*="page.mjs"]').href;
    await (await import(new URL('conversation/loading.mjs', base))).refresh();
}"""


@asynccontextmanager
async def held(page: ChatPage, method: str, session_id: str = "*") -> AsyncIterator[asyncio.Event]:
    """Hold back the server's answers about messages. Yields what tells that one has been made; they come at the end."""
    messages = f"**/api/sessions/{session_id}/messages*"
    made, free = asyncio.Event(), asyncio.Event()
    given: list[asyncio.Event] = []

    async def hold(route: Route) -> None:
        if route.request.method != method:
            await route.fallback()
            return
        given.append(asyncio.Event())
        mine = given[-1]
        response = await route.fetch()
        made.set()
        await free.wait()
        await route.fulfill(response=response)
        mine.set()

    await page.page.route(messages, hold)
    try:
        yield made
    finally:
        free.set()
        for one in given:
            await one.wait()
        await page.page.unroute(messages, hold)


async def test_a_history_that_is_read_before_the_question_is_answered_doubles_nothing(
    page: ChatPage, model: OpenAIStandin
) -> None:
    await page.use_sources()
    await page.new_session()
    await page.ask_and_wait("คำถามแรก")
    model.script = ENDLESS
    async with held(page, "POST") as accepted:
        await page.ask("คำถามที่สอง")
        await accepted.wait()
        await page.page.evaluate(REFRESH)
        await expect(page.growing).to_contain_text("น้ำใจคนไทย")
        await expect(page.page.locator("#chat .message-row")).to_have_count(4)
    await expect(page.growing).to_have_count(1)
    await expect(page.growing).to_contain_text("น้ำใจคนไทย")
    await page.page.evaluate(REFRESH)
    await expect(page.page.locator("#chat .message-row")).to_have_count(4)
    await page.stop.click()
    await page.is_idle()
    await expect(page.questions).to_have_text(["คำถามแรก", "คำถามที่สอง"])
    await expect(page.page.locator("#chat .message-row")).to_have_count(4)
    await expect(page.replies.last.locator(".status")).to_have_text("หยุดโดยคุณ")


async def test_a_reply_that_the_history_has_whole_is_not_waited_for(page: ChatPage, model: OpenAIStandin) -> None:
    await page.use_sources()
    await page.new_session()
    await page.ask_and_wait("คำถามแรก")
    stream: asyncio.Future[Route] = asyncio.get_running_loop().create_future()
    await page.page.route("**/events?*", lambda route: stream.set_result(route), times=1)
    await page.ask("คำตอบที่ไม่มีใครได้ยิน")
    held_back = await stream
    await expect(page.page.locator("body[data-busy=yes]")).to_be_visible()
    await page.page.wait_for_function(f"({REFRESH})().then(() => document.body.dataset.busy === 'no')", polling=200)
    await page.is_idle()
    await expect(page.replies).to_have_count(2)
    await expect(page.replies.last.locator(".words")).to_have_text(model.script.text)
    await expect(page.page.locator("#recent .running:visible")).to_have_count(0)
    await held_back.abort()


async def test_a_question_that_was_taken_while_another_session_is_written_in_is_no_draft_any_more(
    page: ChatPage,
) -> None:
    await page.ask_and_wait("เรื่องที่ถามไปแล้ว")
    async with held(page, "POST") as accepted:
        await page.ask("คำถามที่รับแล้ว")
        await accepted.wait()
        await page.new_session()
        await page.box.fill("เรื่องใหม่ที่กำลังพิมพ์")
    await page.row("เรื่องที่ถามไปแล้ว").locator(".session").click()
    await expect(page.questions).to_have_text(["เรื่องที่ถามไปแล้ว", "คำถามที่รับแล้ว"])
    await page.is_idle()
    assert await page.text() == ""
    await page.new_session()
    assert await page.text() == "เรื่องใหม่ที่กำลังพิมพ์"


async def test_an_opened_session_whose_answer_is_late_does_not_take_the_place_of_a_newer_wish(page: ChatPage) -> None:
    await page.ask_and_wait("เปิดช้า")
    await page.new_session()
    async with held(page, "GET") as read:
        await page.row("เปิดช้า").locator(".session").click()
        await read.wait()
        await page.new_session()
        await page.box.fill("พิมพ์ในแชตใหม่")
    await page.page.evaluate("new Promise(requestAnimationFrame)")
    await expect(page.welcome).to_be_visible()
    await expect(page.questions).to_have_count(0)
    assert (page.session_id, await page.text()) == ("", "พิมพ์ในแชตใหม่")


async def test_a_session_that_can_not_be_read_leaves_what_is_shown_and_says_why(page: ChatPage) -> None:
    await page.ask_and_wait("อ่านไม่ได้ตอนนี้")
    await page.new_session()
    await page.ask_and_wait("ที่กำลังดูอยู่")
    shown = page.session_id
    await page.page.route(MESSAGES, lambda route: route.abort())
    await page.row("อ่านไม่ได้ตอนนี้").locator(".session").click()
    await expect(page.alert).to_contain_text("ติดต่อเซิร์ฟเวอร์ไม่ได้")
    await expect(page.questions).to_have_text("ที่กำลังดูอยู่")
    assert page.session_id == shown
    await page.page.unroute(MESSAGES)
    await page.row("อ่านไม่ได้ตอนนี้").locator(".session").click()
    await expect(page.questions).to_have_text("อ่านไม่ได้ตอนนี้")
    await page.page.go_back()
    await expect(page.questions).to_have_text("ที่กำลังดูอยู่")
    await page.page.go_forward()
    await expect(page.questions).to_have_text("อ่านไม่ได้ตอนนี้")


async def test_news_of_a_session_that_one_is_leaving_by_a_step_back_leave_the_way_forward(page: ChatPage) -> None:
    await page.use_sources()
    await page.new_session()
    await page.ask_and_wait("ก่อนก้าวถอยหลัง")
    earlier = page.session_id
    await page.new_session()
    await page.ask_and_wait("ก้าวถอยหลังจากที่นี่")
    async with held(page, "GET", earlier) as read:
        await page.page.evaluate("history.back()")
        await read.wait()
        await page.page.evaluate(REFRESH)
        assert page.session_id == earlier
    await expect(page.questions).to_have_text("ก่อนก้าวถอยหลัง")
    await page.page.go_forward()
    await expect(page.questions).to_have_text("ก้าวถอยหลังจากที่นี่")


async def test_a_page_that_arrives_while_the_server_is_away_keeps_its_address(page: ChatPage) -> None:
    await page.ask_and_wait("เปิดตอนเซิร์ฟเวอร์ไม่อยู่")
    meant = page.session_id
    await page.page.route(MESSAGES, lambda route: route.abort())
    await page.reload()
    await expect(page.alert).to_contain_text("ติดต่อเซิร์ฟเวอร์ไม่ได้")
    assert page.session_id == meant
    await page.page.unroute(MESSAGES)
    await page.reload()
    await expect(page.questions).to_have_text("เปิดตอนเซิร์ฟเวอร์ไม่อยู่")
    await page.page.route(MESSAGES, lambda route: route.abort())
    await page.reload()
    await page.page.unroute(MESSAGES)
    await page.ask_and_wait("ถามใหม่ในแชตใหม่")
    assert page.session_id not in ("", meant)


async def test_another_version_whose_history_can_not_be_read_is_said(page: ChatPage) -> None:
    reply = await page.ask_and_wait("ตอบใหม่แต่อ่านไม่ได้")

    async def away(route: Route) -> None:
        await (route.abort() if route.request.method == "GET" else route.continue_())

    await page.page.route(MESSAGES, away)
    await reply.locator(".again").click()
    await expect(page.alert).to_contain_text("ติดต่อเซิร์ฟเวอร์ไม่ได้")
    await page.page.unroute(MESSAGES)
    await page.reload()
    await page.is_idle()
    await expect(page.replies.locator(".version")).to_have_text("2/2")


async def test_a_notice_of_the_arrival_is_said_once(browser: Browser, app: App) -> None:
    async with visit(browser, app, "/?s=01990000-0000-7000-8000-000000000000") as page:
        await expect(page.alert).to_contain_text("ไม่พบแชตนี้")
        await page.ask_and_wait("ถามในแชตที่เปิดให้แทน")
        await expect(page.alert).to_have_count(0)


async def test_a_session_has_its_name_in_the_window_s_title_once_it_is_asked(page: ChatPage) -> None:
    await page.ask_and_wait("ชื่อบนแท็บของเบราว์เซอร์")
    await expect(page.page).to_have_title(re.compile("^ชื่อบนแท็บของเบราว์เซอร์"))
    other = ChatPage(await page.page.context.new_page())
    await other.open(page.page.url)
    await other.rename("ชื่อบนแท็บของเบราว์เซอร์", "ชื่อจากอีกแท็บ")
    await expect(page.page).to_have_title(re.compile("^ชื่อจากอีกแท็บ"))
