"""Several tabs, devices and lives of the server over one session: nothing is lost, doubled or overwritten."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, expect

from tests.app import App, running_app
from tests.browser.chat_page import ChatPage, visit
from tests.chats import client_of, until_stored
from tests.postgres_servers import PostgresServer, Proxy
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens

pytestmark = pytest.mark.asyncio(loop_scope="session")

ENDLESS = Script(tokens=thai_tokens(3_000), delay_ms=30)
LONG = Script(tokens=thai_tokens(200), delay_ms=5)


async def test_an_old_tab_sends_into_a_restarted_server_and_keeps_every_message(
    browser: Browser, model: OpenAIStandin
) -> None:
    async with running_app(VLLM_BASE_URL=model.base_url) as app, visit(browser, app) as page:
        await page.ask_and_wait("ก่อนเริ่มใหม่")
        await app.kill()
        await app.start()
        await page.ask_and_wait("จากแท็บเก่า")
        await expect(page.questions).to_have_text(["ก่อนเริ่มใหม่", "จากแท็บเก่า"])
        await page.reload()
        await expect(page.questions).to_have_text(["ก่อนเริ่มใหม่", "จากแท็บเก่า"])
        await expect(page.replies).to_have_count(2)


async def test_two_tabs_on_one_session_overwrite_nothing_of_each_other(
    page: ChatPage, browser: Browser, app: App
) -> None:
    await page.ask_and_wait("แท็บแรก")
    async with visit(browser, app, f"/?s={page.session_id}") as other:
        async with page.seeing_nothing_new():
            await other.ask_and_wait("แท็บที่สอง")
            await page.ask("แท็บแรกที่ยังไม่เห็นแท็บที่สอง")
        await expect(page.questions).to_have_text(["แท็บแรก", "แท็บที่สอง"])
        await expect(page.alert).to_contain_text("ใหม่กว่า")
        await page.box.press("Enter")
        everything = ["แท็บแรก", "แท็บที่สอง", "แท็บแรกที่ยังไม่เห็นแท็บที่สอง"]
        await expect(page.questions).to_have_text(everything)
        await expect(page.replies).to_have_count(3)
        await other.reload()
        await expect(other.questions).to_have_text(everything)


async def test_a_double_click_on_send_asks_once(page: ChatPage, model: OpenAIStandin) -> None:
    await page.box.fill("คลิกสองครั้ง")
    await page.send.dblclick()
    await expect(page.replies).to_have_count(1)
    await page.is_idle()
    await expect(page.questions).to_have_count(1)
    assert len(model.seen) == 1


async def test_a_slow_double_click_on_send_stops_nothing(page: ChatPage, model: OpenAIStandin) -> None:
    await page.ask_and_wait("ก่อนคลิกสองครั้งช้า ๆ")  # the box is at its place then
    stops: list[str] = []
    page.page.on("request", lambda request: stops.append(request.url) if request.url.count("/stop") else None)
    model.script = ENDLESS
    await page.box.fill("คลิกสองครั้งช้า ๆ")
    shape = await page.send.bounding_box()
    assert shape
    await page.page.mouse.move(shape["x"] + shape["width"] / 2, shape["y"] + shape["height"] / 2)
    for count in (1, 2):
        await page.page.mouse.down(click_count=count)
        await page.page.mouse.up(click_count=count)
        await expect(page.growing).to_contain_text("น้ำใจคนไทย")
    assert stops == []
    await page.page.mouse.down()
    await page.page.mouse.up()
    await page.is_idle()
    assert len(stops) == 1
    await expect(page.replies.last.locator(".status")).to_have_text("หยุดโดยคุณ")


async def test_a_second_tab_that_asks_while_a_reply_runs_has_its_question_wait(
    page: ChatPage, model: OpenAIStandin, browser: Browser, app: App
) -> None:
    await page.ask_and_wait("คำถามแรก")
    async with visit(browser, app, f"/?s={page.session_id}") as other:
        model.script = ENDLESS
        await page.ask("คำถามที่ตอบนาน")
        await expect(page.growing).not_to_be_empty()
        await expect(other.growing).not_to_be_empty()
        await other.ask("ถามซ้อนจากอีกแท็บ")
        await expect(other.page.locator("#queue .queued")).to_have_text("ถามซ้อนจากอีกแท็บ")
    await page.stop.click()
    await page.is_idle()
    await expect(page.questions).to_have_text(["คำถามแรก", "คำถามที่ตอบนาน"])


async def test_a_reply_goes_on_with_no_tab_open_and_is_whole_on_another_device(
    browser: Browser, app: App, model: OpenAIStandin
) -> None:
    model.script = LONG
    model.may_end.clear()
    async with visit(browser, app, "/?new") as page:
        await page.ask("ปิดหน้าไปก่อน")
        await expect(page.growing).not_to_be_empty()
        address = f"/?s={page.session_id}"
    async with visit(browser, app, address, phone=True) as phone:
        await expect(phone.growing).not_to_be_empty()
    model.may_end.set()
    async with visit(browser, app, address) as returned:
        await expect(returned.replies).to_have_count(1)
        await returned.is_idle()
        shown = await returned.replies.last.locator(".words").inner_text()
    assert shown.count("ก๋วยเตี๋ยวต้มยำกุ้ง") == LONG.text.count("ก๋วยเตี๋ยวต้มยำกุ้ง")
    assert len(model.seen) == 1


async def test_a_reply_can_be_stopped_after_the_page_was_closed_and_opened_again(
    browser: Browser, app: App, model: OpenAIStandin
) -> None:
    model.script = ENDLESS
    async with visit(browser, app, "/?new") as page:
        await page.ask("เล่าไม่รู้จบ")
        await expect(page.growing).not_to_be_empty()
        address = f"/?s={page.session_id}"
    async with visit(browser, app, address) as returned:
        await expect(returned.growing).to_contain_text("PostgreSQL")
        await returned.stop.click()
        await returned.is_idle()
        await expect(returned.replies.last.locator(".status")).to_have_text("หยุดโดยคุณ")
    await model.until(lambda: model.running == 0)


async def test_the_page_says_that_postgresql_is_away_and_how_many_turns_wait(
    browser: Browser, model: OpenAIStandin, postgres: PostgresServer, proxy: Proxy, own_database: str
) -> None:
    address = postgres.address(own_database, port=proxy.port)
    async with (
        running_app(VLLM_BASE_URL=model.base_url, DATABASE_URL=address) as app,
        visit(browser, app) as page,
        client_of(app) as http,
    ):
        banner = page.page.locator("#banner")
        await page.ask_and_wait("ก่อนดับ")
        await expect(banner).to_be_hidden()
        await asyncio.to_thread(proxy.refuse)
        await page.ask_and_wait("ตอนดับ หนึ่ง")
        await page.ask_and_wait("ตอนดับ สอง")
        await expect(banner).to_contain_text("มี 2 รายการรอบันทึก")  # asked for every 15 s
        await page.reload()
        await expect(page.questions).to_have_text(["ก่อนดับ", "ตอนดับ หนึ่ง", "ตอนดับ สอง"])
        await expect(banner).to_contain_text("คุยต่อได้ตามปกติ")
        await asyncio.to_thread(proxy.resume)
        await until_stored(http)
        await page.ask_and_wait("หลัง")
        await expect(banner).to_be_hidden()
        await expect(page.questions).to_have_text(["ก่อนดับ", "ตอนดับ หนึ่ง", "ตอนดับ สอง", "หลัง"])
