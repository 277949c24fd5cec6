"""Waiting for a reply, what is told meanwhile, and what can be done when it failed."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Route, expect

from tests.app import App, running_app
from tests.browser.chat_page import MODELS, ChatPage, visit
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, openai_error, thai_tokens

pytestmark = pytest.mark.asyncio(loop_scope="session")

UNSTREAMED = Script(never_streams=True, fault="hang")
DENIED = openai_error(403, "You are not allowed to use this model.", code="forbidden")
NO_CREDIT = openai_error(429, "You exceeded your current quota.", code="insufficient_quota")
LIMITED = openai_error(429, "Rate limit reached.", code="rate_limit_exceeded", retry_after="2")


async def test_while_a_reply_in_one_piece_is_awaited_the_time_passes_and_stop_works(
    page: ChatPage, model: OpenAIStandin
) -> None:
    model.script = UNSTREAMED
    await page.ask("ขอคำตอบทีเดียวทั้งก้อน")
    waiting = page.page.locator("#chat .growing .waiting")
    await expect(waiting).to_have_text(re.compile(r"กำลังรอคำตอบ · [3-9] วิ"))
    await page.stop.click()
    await page.is_idle()
    await expect(page.replies.locator(".status")).to_have_text("หยุดโดยคุณ")
    await model.until(lambda: not model.running)
    assert model.seen[-1].left


async def test_after_a_reload_the_time_counts_from_the_question(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = UNSTREAMED
    await page.ask("รอนานไหม")
    waiting = page.page.locator("#chat .growing .waiting")
    await expect(waiting).to_have_text(re.compile(r" · [4-9] วิ"))
    await page.reload()
    # The first that is said after the reload is no small number again.
    await expect(waiting).to_have_text(re.compile(r" · ([4-9]|\d\d) วิ"))
    await page.stop.click()
    await page.is_idle()


async def test_a_notice_of_the_moment_goes_with_the_first_word_and_is_not_kept(
    page: ChatPage, model: OpenAIStandin
) -> None:
    model.script = LIMITED
    await page.ask("ขอลองใหม่")
    await expect(page.page.locator("#chat .growing .notice")).to_have_count(1)
    await expect(page.page.locator("#chat .growing .notice")).to_contain_text("จะลองใหม่ใน")
    model.script = Script(tokens=thai_tokens(400), delay_ms=20)
    await expect(page.growing).not_to_be_empty()
    await expect(page.page.locator("#chat .growing .notice")).to_have_count(0)
    await page.stop.click()
    await page.is_idle()
    await expect(page.replies.locator(".notice")).to_have_count(0)


async def test_a_failed_reply_is_tried_again_with_the_picked_model_whose_name_is_on_the_button(
    page: ChatPage, model: OpenAIStandin
) -> None:
    model.script = DENIED
    reply = await page.ask_and_wait("ใครตอบได้บ้าง")
    await expect(reply.locator(".go-on").first).to_have_text("ลองใหม่")
    await page.pick_model(MODELS[1])
    model.script = Script()
    await reply.get_by_role("button", name=f"ลองใหม่ด้วย {MODELS[1]}").click()
    await expect(page.replies.first.locator(".by")).to_contain_text(MODELS[1])
    await page.is_idle()


async def test_another_model_is_two_clicks_away_from_a_failed_reply(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = DENIED
    reply = await page.ask_and_wait("ใครตอบได้บ้าง")
    model.script = Script()
    await reply.get_by_role("button", name="ลองโมเดลอื่น").click()
    await page.page.get_by_role("option").filter(has_text=MODELS[1]).click()
    await expect(page.replies.first.locator(".by")).to_contain_text(MODELS[1])
    await page.is_idle()
    await expect(page.page.locator("#picker .name")).to_have_text(MODELS[1])


async def test_a_model_that_can_answer_is_offered_before_the_picked_one_that_can_not(
    browser: Browser, model: OpenAIStandin
) -> None:
    async with running_app(VLLM_BASE_URL=model.base_url) as app, visit(browser, app) as page:
        model.script = NO_CREDIT
        await page.ask_and_wait("เครดิตหมดหรือยัง")
        await page.reload()
        model.script = Script()
        await expect(page.replies.first.locator(".go-on").first).to_have_text(f"ลองใหม่ด้วย {MODELS[1]}")
        await page.replies.first.locator(".go-on").first.click()
        await expect(page.replies.first.locator(".by")).to_contain_text(MODELS[1])
        await expect(page.page.locator("#picker .name")).to_have_text(MODELS[1])


async def test_a_reply_that_ran_out_of_room_says_so(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = Script(finish_reason="length")
    reply = await page.ask_and_wait("เล่ายาว ๆ")
    await expect(reply.locator(".ended")).to_contain_text("ยังไม่จบ เพราะยาวถึงขีดจำกัด")
    await expect(reply.get_by_role("button", name="ตอบต่อจากเดิม")).to_be_visible()


async def test_all_facts_of_a_reply_are_behind_a_button(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = Script(tokens=thai_tokens(60), reasoning_tokens=25)
    reply = await page.ask_and_wait("คิดก่อนตอบนะ")
    facts = reply.locator(".all-facts")
    await expect(facts).to_be_hidden()
    await reply.get_by_role("button", name="รายละเอียดของคำตอบ").click()
    await expect(facts).to_contain_text("60 (ใช้คิด 25)")
    await expect(facts).to_contain_text("โทเค็นที่ส่ง")


async def test_what_the_model_was_sent_of_the_conversation_is_among_the_facts(page: ChatPage) -> None:
    reply = await page.ask_and_wait("เห็นบทสนทนาแค่ไหน")
    await reply.locator(".facts-more").click()
    meter = reply.locator(".meter")
    words = await meter.get_attribute("title")
    assert words
    assert re.fullmatch(r"ส่งบทสนทนาทั้งหมด · ใช้(ราว)? [\d,]+ จาก 8,192 โทเค็นที่โมเดลรับได้", words)
    told = reply.locator(".meter-told")
    await expect(told).to_be_hidden()
    await meter.press("Enter")
    await expect(told).to_have_text(words)
    await expect(meter).to_have_attribute("aria-expanded", "true")
    await meter.press("Enter")
    await expect(told).to_be_hidden()
    await expect(reply.locator(".all-facts")).to_contain_text(words)


async def test_what_a_reply_cost_has_digits_that_say_something(page: ChatPage) -> None:
    said = await page.page.evaluate(
        """async (cost) => {
            const base = document.querySelector('link[href*="page.mjs"]').href;
            const { factsOf } = await import(new URL('conversation/facts.mjs', base));
            const message = { message_id: 'm', backend: 'openai', model: 'gpt-5-mini', created_at: '2026-11-21T04:00Z',
                first_token_ms: null, latency_ms: 900, tokens: 12, prompt_tokens: null, begun_by: [] };
            return cost.map((cost) => factsOf({ ...message, cost }).line.textContent);
        }""",
        [
            {"usd": 0.00041, "thb": 0.0137, "estimated": False},
            {"usd": 1.254, "thb": None, "estimated": True},
            None,
        ],
    )
    assert said[0].endswith("· $0.00041\u00a0(฿0.014)")
    assert said[1].endswith("· ราว $1.25")
    assert "$" not in said[2]


async def test_on_a_phone_the_facts_of_a_reply_fit_and_leave_the_rest_to_the_list(
    browser: Browser, app: App, model: OpenAIStandin
) -> None:
    async with visit(browser, app, phone=True) as page:
        await page.page.evaluate("document.querySelector('#new').click()")
        await expect(page.welcome).to_be_visible()
        reply = await page.ask_and_wait("สั้น ๆ")
        await expect(reply.locator(".minor").first).to_be_hidden()
        await reply.get_by_role("button", name="รายละเอียดของคำตอบ").click()
        await expect(reply.locator(".all-facts")).to_contain_text("คำแรก")
        assert not await page.scrolls_sideways()


async def test_the_page_gives_up_on_a_reply_whose_stream_ends_again_and_again_without_a_word(
    page: ChatPage, model: OpenAIStandin
) -> None:
    model.script = Script(tokens=thai_tokens(3), delay_ms=10)

    async def nothing(route: Route) -> None:
        await route.fulfill(status=200, content_type="text/event-stream", body="retry: 10\n\n")

    await page.page.route("**/events?*", nothing)
    await page.ask("ตอบหน่อย")
    await page.is_idle()
    await expect(page.replies.locator(".words")).to_have_text(model.script.text)
