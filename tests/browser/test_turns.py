"""Turns on the page: asking, watching, stopping, changing the model, coming back."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Browser, Route, expect

from tests.app import App, running_app
from tests.browser.chat_page import ChatPage, visit
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens

pytestmark = pytest.mark.asyncio(loop_scope="session")

ENDLESS = Script(tokens=thai_tokens(3_000), delay_ms=30)
SLOW = Script(tokens=("สวัสดี", "ครับ ", "ยินดี", "ที่ได้", "รู้จัก ", "👩‍💻 ", "กาแฟ", "เย็น", "ใส่นม") * 8, delay_ms=25)


async def test_a_reply_is_seen_growing_before_it_is_whole(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = ENDLESS
    await page.ask("เล่าเรื่องตลาดน้ำอัมพวาให้ฟังหน่อย")
    await expect(page.questions).to_have_text("เล่าเรื่องตลาดน้ำอัมพวาให้ฟังหน่อย")
    await expect(page.growing).to_contain_text("น้ำใจคนไทย")
    seen = len(await page.growing.inner_text())
    await page.page.wait_for_function(f"document.querySelector('#chat .growing .words').innerText.length > {seen}")
    assert model.running == 1
    await page.stop.click()
    await page.is_idle()


async def test_a_finished_reply_has_the_whole_text_its_model_and_its_figures(
    page: ChatPage, model: OpenAIStandin
) -> None:
    model.script = SLOW
    reply = await page.ask_and_wait("ทักทายหน่อย")
    shown = await reply.locator(".words").inner_text()
    assert shown.split() == SLOW.text.split()
    await expect(reply.locator(".facts")).to_contain_text("thai-large")
    await expect(reply.locator(".facts")).to_contain_text("72 โทเค็น")
    await expect(reply.locator(".facts")).to_contain_text("คำแรก")


async def test_question_and_reply_are_never_shown_twice_nor_gone_when_the_reply_ends(
    page: ChatPage, model: OpenAIStandin
) -> None:
    model.script = SLOW
    await page.page.evaluate(
        """() => {
            window.counts = new Set();
            const look = () => {
                const rows = [...document.querySelectorAll('.message-row.user-row')];
                window.counts.add(rows.filter((row) => row.getClientRects().length).length);
                requestAnimationFrame(look);
            };
            window.startCounting = look;
        }"""
    )
    await page.ask("ราคาก๋วยเตี๋ยวเท่าไร")
    await expect(page.questions).to_have_count(1)
    await page.page.evaluate("window.startCounting()")
    await page.is_idle()
    assert await page.page.evaluate("[...window.counts]") == [1]


async def test_stop_keeps_the_text_and_ends_the_request_at_the_model(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = ENDLESS
    await page.ask("เล่านิทานยาวๆ")
    await expect(page.growing).to_contain_text("PostgreSQL 18")
    await page.stop.click()
    await page.is_idle()
    await model.until(lambda: model.running == 0)
    assert model.seen[-1].left
    await expect(page.replies.last).to_contain_text("PostgreSQL 18")
    await expect(page.replies.last.locator(".status")).to_have_text("หยุดโดยคุณ")


async def test_escape_stops_the_reply(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = ENDLESS
    await page.ask("เล่านิทานยาวๆ อีกเรื่อง")
    await expect(page.growing).not_to_be_empty()
    await page.box.press("Escape")
    await page.is_idle()
    await expect(page.replies.last.locator(".status")).to_have_text("หยุดโดยคุณ")


async def test_the_model_can_be_changed_in_mid_session(page: ChatPage, model: OpenAIStandin) -> None:
    first = await page.ask_and_wait("คำถามแรก")
    await page.pick_model("thai-small")
    second = await page.ask_and_wait("คำถามที่สอง")
    assert [seen.model for seen in model.seen] == ["thai-large", "thai-small"]
    await expect(first.locator(".by")).to_contain_text("thai-large")
    await expect(second.locator(".by")).to_contain_text("thai-small")
    assert model.seen[-1].body["messages"][0]["content"] == "คำถามแรก"


async def test_the_picker_follows_the_session_that_is_opened(page: ChatPage) -> None:
    await page.pick_model("thai-small")
    await page.ask_and_wait("ใช้โมเดลเล็กตอบเรื่องทะเล")
    await page.new_session()
    await expect(page.page.locator("#picker .name")).to_have_text("thai-large")
    await page.load("ใช้โมเดลเล็กตอบเรื่องทะเล")
    await expect(page.page.locator("#picker .name")).to_have_text("thai-small")


async def test_an_old_session_is_found_in_the_dropdown_and_loaded(page: ChatPage) -> None:
    await page.ask_and_wait("สูตรต้มยำกุ้งน้ำข้น")
    await page.new_session()
    await page.ask_and_wait("Plan a trip to Chiang Mai")
    await page.load("ต้มยำกุ้ง")
    await expect(page.questions).to_have_text("สูตรต้มยำกุ้งน้ำข้น")
    await expect(page.replies).to_have_count(1)


async def test_a_session_is_opened_by_one_click_and_back_returns(page: ChatPage) -> None:
    await page.ask_and_wait("เรื่องที่หนึ่ง ฝนตก")
    first = page.session_id
    await page.new_session()
    await page.ask_and_wait("เรื่องที่สอง แดดออก")
    await page.sessions.filter(has_text="เรื่องที่หนึ่ง ฝนตก").click()
    await expect(page.questions).to_have_text("เรื่องที่หนึ่ง ฝนตก")
    assert page.session_id == first
    await page.page.go_back()
    await expect(page.questions).to_have_text("เรื่องที่สอง แดดออก")


async def test_a_reload_in_mid_reply_shows_it_still_growing_and_then_whole(
    page: ChatPage, model: OpenAIStandin
) -> None:
    model.script = Script(tokens=thai_tokens(400), delay_ms=25)
    await page.ask("เล่าเรื่องยาว")
    await expect(page.growing).to_contain_text("PostgreSQL")
    await page.reload()
    await expect(page.questions).to_have_count(1)
    await expect(page.growing).to_contain_text("PostgreSQL")
    await expect(page.stop).to_be_visible()
    await expect(page.replies).to_have_count(1)
    await page.is_idle()
    shown = await page.replies.last.locator(".words").inner_text()
    assert shown.count("ก๋วยเตี๋ยวต้มยำกุ้ง") == model.script.text.count("ก๋วยเตี๋ยวต้มยำกุ้ง")
    assert len(model.seen) == 1


async def test_a_second_tab_follows_the_reply_and_can_stop_it(
    page: ChatPage, model: OpenAIStandin, browser: Browser, app: App
) -> None:
    model.script = ENDLESS
    await page.ask("เล่าให้ฟังสองหน้าต่าง")
    await expect(page.growing).not_to_be_empty()
    async with visit(browser, app, f"/?s={page.session_id}") as other:
        await expect(other.growing).to_contain_text("น้ำใจคนไทย")
        await other.stop.click()
        await other.is_idle()
    await page.is_idle()
    await expect(page.replies.last.locator(".status")).to_have_text("หยุดโดยคุณ")


async def test_a_late_answer_leaves_the_new_session_and_its_draft_alone(page: ChatPage) -> None:
    late, was_given = asyncio.Event(), asyncio.Event()
    shown = page.page.locator("#chat .message-row")

    async def hold(route: Route) -> None:
        if route.request.method != "GET":
            await route.continue_()
            return
        response = await route.fetch()
        await late.wait()
        await route.fulfill(response=response)
        was_given.set()

    reply = await page.ask_and_wait("เรื่องเก่าที่ตอบจบแล้ว")
    await page.page.route("**/api/sessions/*/messages*", hold)
    async with page.page.expect_request(lambda request: request.method == "GET" and "/messages?" in request.url):
        await reply.locator(".again").click()
    await page.new_session()
    await page.box.fill("เรื่องใหม่ที่กำลังพิมพ์")
    late.set()
    await was_given.wait()
    await expect(shown).to_have_count(0)
    await expect(page.welcome).to_be_visible()
    assert (page.session_id, await page.text()) == ("", "เรื่องใหม่ที่กำลังพิมพ์")
    await page.ask_and_wait("ถามต่อในเรื่องใหม่")
    await expect(page.questions).to_have_text("ถามต่อในเรื่องใหม่")


async def test_another_session_can_be_read_while_a_reply_runs(page: ChatPage, model: OpenAIStandin) -> None:
    await page.ask_and_wait("เรื่องสั้นที่จบแล้ว")
    await page.new_session()
    model.script = ENDLESS
    await page.ask("เรื่องที่ยังเล่าอยู่")
    await expect(page.growing).not_to_be_empty()
    await page.sessions.filter(has_text="เรื่องสั้นที่จบแล้ว").click()
    await expect(page.questions).to_have_text("เรื่องสั้นที่จบแล้ว")
    await expect(page.growing).to_have_count(0)
    running = page.page.locator("#recent li", has_text="เรื่องที่ยังเล่าอยู่")
    await expect(running.locator(".running")).to_be_visible()
    await running.locator(".session").click()
    await expect(page.growing).to_contain_text("น้ำใจคนไทย")
    await page.stop.click()
    await page.is_idle()


async def test_pressing_enter_twice_asks_once(page: ChatPage, model: OpenAIStandin) -> None:
    await page.box.fill("ถามครั้งเดียว")
    await page.box.evaluate(
        """(box) => [1, 2].forEach(() =>
            box.dispatchEvent(new KeyboardEvent('keypress', {key: 'Enter', bubbles: true, cancelable: true})))"""
    )
    await expect(page.replies).to_have_count(1)
    await page.is_idle()
    await expect(page.questions).to_have_count(1)
    assert len(model.seen) == 1


async def test_a_model_s_thinking_is_folded_and_apart_from_its_reply(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = Script(reasoning=("คิดก่อนว่า ", "ควรทักทาย") * 15, tokens=("สวัสดี", "ครับ") * 10, delay_ms=25)
    reply = await page.ask_and_wait("คิดแล้วตอบ")
    await expect(reply.locator(".thoughts summary")).to_have_text(re.compile(r"^คิดอยู่ [\d.]+ วิ$"))
    await reply.locator(".facts-more").click()
    await expect(reply.locator(".all-facts")).to_contain_text(re.compile(r"ความเร็ว\s*[\d.]+ โทเค็น/วินาที"))
    await expect(reply.locator(".words")).to_have_text("สวัสดีครับ" * 10)
    thoughts = reply.locator(".thoughts-text")
    await expect(thoughts).to_be_hidden()
    await reply.locator(".thoughts summary").click()
    await expect(thoughts).to_have_text("คิดก่อนว่า ควรทักทาย" * 15)


async def test_the_last_session_is_open_again_on_return(page: ChatPage, browser: Browser, app: App) -> None:
    await page.ask_and_wait("คุยค้างไว้เรื่องข้าวเหนียวมะม่วง")
    async with visit(browser, app) as returned:
        await expect(returned.questions).to_have_text("คุยค้างไว้เรื่องข้าวเหนียวมะม่วง")
        assert returned.session_id == page.session_id


async def test_after_a_restart_of_the_server_everything_is_found_again(browser: Browser, model: OpenAIStandin) -> None:
    async with running_app(VLLM_BASE_URL=model.base_url) as app, visit(browser, app) as page:
        await page.ask_and_wait("จำเรื่องนี้ไว้ด้วย")
        reply = await page.replies.last.locator(".words").inner_text()
        await app.stop()
        await page.ask("คำถามตอนเซิร์ฟเวอร์ดับ")
        await expect(page.alert).to_contain_text("ติดต่อเซิร์ฟเวอร์ไม่ได้")
        assert await page.text() == "คำถามตอนเซิร์ฟเวอร์ดับ"
        await app.start()
        await page.reload()
        await expect(page.questions).to_have_text("จำเรื่องนี้ไว้ด้วย")
        assert await page.replies.last.locator(".words").inner_text() == reply
        assert await page.text() == "คำถามตอนเซิร์ฟเวอร์ดับ"
        await page.box.press("Enter")
        await expect(page.replies).to_have_count(2)


async def test_a_reply_cut_off_with_its_server_comes_to_be_shown_as_interrupted_by_itself(
    browser: Browser, model: OpenAIStandin
) -> None:
    model.script = ENDLESS
    async with running_app(VLLM_BASE_URL=model.base_url) as app, visit(browser, app) as page:
        await page.ask("เล่าจนเครื่องดับ")
        await expect(page.growing).to_contain_text("PostgreSQL")
        await app.kill()
        await app.start()
        await page.reload()
        # "Answering" at first, when the restart was quick enough.
        await expect(page.replies.locator(".status")).to_contain_text("ถูกขัดจังหวะ")


async def test_a_session_whose_backend_was_taken_away_goes_on_with_the_default(
    browser: Browser, model: OpenAIStandin
) -> None:
    async with running_app(VLLM_BASE_URL=model.base_url) as app:
        async with visit(browser, app) as page:
            await page.ask_and_wait("ถามตัวแรก")
        await app.stop()
        app.environment = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-test"}
        await app.start()
        async with visit(browser, app) as page:
            await expect(page.questions).to_have_text("ถามตัวแรก")
            await expect(page.page.locator("#picker .backend")).not_to_have_text("vLLM")


async def test_a_session_is_named_after_its_question_and_can_be_renamed(page: ChatPage) -> None:
    await page.ask_and_wait("แนะนำหนังสือภาษาไทยน่าอ่าน")
    item = page.page.locator("#recent li.shown")
    await expect(item.locator(".name")).to_have_text("แนะนำหนังสือภาษาไทยน่าอ่าน")
    await page.rename("แนะนำหนังสือภาษาไทยน่าอ่าน", "หนังสือ 📚")
    await expect(item.locator(".name")).to_have_text("หนังสือ 📚")
    await expect(page.page).to_have_title(re.compile("^หนังสือ 📚"))
    await page.reload()
    await expect(page.page).to_have_title(re.compile("^หนังสือ 📚"))


async def test_long_sessions_show_the_last_messages_and_load_earlier_ones(page: ChatPage, app: App) -> None:
    await page.ask_and_wait("เริ่มแชตยาว")
    for number in range(17):
        response = await page.page.request.post(
            f"{app.address}/chat", data={"query": f"ข้อความที่ {number}", "session_id": page.session_id}
        )
        assert response.ok
    await page.reload()
    rows = page.page.locator("#chat .message-row")
    await expect(rows.last).to_be_in_viewport()
    await page.page.locator("#scroll").evaluate("(scroll) => { scroll.scrollTop = 0 }")
    await expect(rows).to_have_count(36)
    await expect(page.questions.first).to_have_text("เริ่มแชตยาว")
    await expect(page.page.locator("#earlier")).to_be_hidden()


async def test_thinking_that_was_taken_for_the_reply_is_put_right_while_it_grows(
    page: ChatPage, model: OpenAIStandin
) -> None:
    tokens = ("คิดก่อน\n\nว่าจะตอบ", "\n</think>\n", "\n", "สวัสดี", "ครับ")
    model.script = Script(tokens=tokens, fault="hang", fault_after=len(tokens))
    await page.ask("สวัสดี")
    await expect(page.growing).to_have_text("สวัสดีครับ")
    await expect(page.page.locator(".growing .thoughts-text").last).to_contain_text("ว่าจะตอบ")
    await page.stop.click()
    await page.is_idle()
    reply = page.replies.last
    await expect(reply.locator(".words")).to_have_text("สวัสดีครับ")
    await reply.locator(".thoughts summary").click()
    await expect(reply.locator(".thoughts-text")).to_contain_text("ว่าจะตอบ")
