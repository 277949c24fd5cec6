"""Questions that are sent while a reply runs wait above the box, and are asked in their order when it ends well."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Locator, Route, expect

from tests.app import App
from tests.browser.chat_page import MODELS, ChatPage, visit
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens

pytestmark = pytest.mark.asyncio(loop_scope="session")

LARGE, SMALL = MODELS
SHORT = Script(tokens=("ตอบ", "แล้ว"))
LONG = Script(tokens=thai_tokens(60), delay_ms=2)


def waiting(page: ChatPage) -> Locator:
    return page.page.locator("#queue .queued")


def state(page: ChatPage) -> Locator:
    return page.page.locator("#queue .queue-state span")


def send_now(page: ChatPage) -> Locator:
    return page.page.locator("#queue .queue-send")


async def begin(page: ChatPage, model: OpenAIStandin, question: str = "คำถามแรก") -> None:
    """Ask a question whose reply runs until `model.may_end` is set."""
    model.script = LONG
    model.may_end.clear()
    await page.ask(question)
    await expect(page.growing).not_to_be_empty()
    model.script = SHORT


def asked(model: OpenAIStandin) -> list[str]:
    return [request.body["messages"][-1]["content"] for request in model.seen]


async def are_asked(model: OpenAIStandin, questions: list[str]) -> None:
    """Check what the model is asked, in this order, and nothing else; a row of a reply may come before its request."""
    await model.until(lambda: len(model.seen) >= len(questions))
    assert asked(model) == questions


@asynccontextmanager
async def free(model: OpenAIStandin) -> AsyncIterator[None]:
    """Let every reply end in the end."""
    try:
        yield
    finally:
        model.may_end.set()


@pytest.mark.parametrize(
    ("locale", "phone", "told"),
    [("th-TH", False, "ส่งต่อเมื่อคำตอบนี้จบ"), ("en-US", True, "Sent when this reply has ended")],
    ids=["desk", "phone"],
)
async def test_questions_wait_for_the_reply_and_are_asked_one_after_the_other(
    browser: Browser, app: App, model: OpenAIStandin, locale: str, phone: bool, told: str
) -> None:
    async with visit(browser, app, locale=locale, phone=phone) as page, free(model):
        if phone:
            await page.page.locator("#menu-open").click()
        await page.new_session()
        await begin(page, model)
        await expect(page.stop).to_be_visible()
        for question in ("คำถามที่สอง", "คำถามที่สาม"):
            await page.ask(question)
            await expect(page.box).to_have_value("")
        await expect(waiting(page)).to_have_text(["คำถามที่สอง", "คำถามที่สาม"])
        await expect(state(page)).to_have_text(told)
        await expect(send_now(page)).to_have_count(0)
        assert not await page.scrolls_sideways()
        assert len(model.seen) == 1
        model.may_end.set()
        await expect(page.replies).to_have_count(3)
        await page.is_idle()
        await expect(page.page.locator("#queue")).to_be_hidden()
        await expect(page.questions.locator(".asked")).to_have_text(["คำถามแรก", "คำถามที่สอง", "คำถามที่สาม"])
        await are_asked(model, ["คำถามแรก", "คำถามที่สอง", "คำถามที่สาม"])


async def test_a_question_that_waits_can_be_changed_and_taken_back(page: ChatPage, model: OpenAIStandin) -> None:
    async with free(model):
        await begin(page, model)
        for question in ("แก้ฉันด้วย", "ดึงฉันกลับ", "ข้อสุดท้าย"):
            await page.ask(question)
        await page.page.locator("#queue [data-key^='edit ']").first.click()
        editor = page.page.locator("#queue textarea")
        await expect(editor).to_be_focused()
        await editor.fill("ไม่เอาแล้ว")
        await editor.press("Escape")
        await expect(waiting(page)).to_have_text(["แก้ฉันด้วย", "ดึงฉันกลับ", "ข้อสุดท้าย"])
        await expect(page.growing).not_to_be_empty()  # nothing was stopped
        await page.page.locator("#queue [data-key^='edit ']").first.click()
        await editor.fill("แก้แล้ว")
        await editor.press("Enter")
        await page.page.locator("#queue [data-key^='back ']").nth(1).click()
        await expect(page.box).to_have_value("ดึงฉันกลับ")
        await expect(waiting(page)).to_have_text(["แก้แล้ว", "ข้อสุดท้าย"])
        model.may_end.set()
        await expect(page.replies).to_have_count(3)
        await are_asked(model, ["คำถามแรก", "แก้แล้ว", "ข้อสุดท้าย"])
        assert await page.text() == "ดึงฉันกลับ"


async def test_a_question_that_is_being_changed_is_not_sent(page: ChatPage, model: OpenAIStandin) -> None:
    async with free(model):
        await begin(page, model)
        await page.ask("กำลังแก้")
        await page.page.locator("#queue [data-key^='edit ']").click()
        model.may_end.set()
        await page.is_idle()
        editor = page.page.locator("#queue textarea")
        await editor.fill("แก้เสร็จแล้ว")
        assert len(model.seen) == 1
        await editor.press("Enter")
        await expect(page.replies).to_have_count(2)
        await are_asked(model, ["คำถามแรก", "แก้เสร็จแล้ว"])


@pytest.mark.parametrize(
    ("locale", "told", "send"), [("th-TH", "ไม่จบ", "ส่งเลย"), ("en-US", "did not finish", "Send now")]
)
async def test_the_queue_waits_after_a_stopped_reply_and_says_so(
    browser: Browser, app: App, model: OpenAIStandin, locale: str, told: str, send: str
) -> None:
    async with visit(browser, app, "/?new", locale=locale) as page, free(model):
        await begin(page, model)
        for question in ("รออยู่", "รออยู่ด้วย"):
            await page.ask(question)
        await page.stop.click()
        await expect(state(page)).to_contain_text(told)
        await page.is_idle()
        await page.reload()
        await expect(state(page)).to_contain_text(told)
        assert len(model.seen) == 1
        model.may_end.set()
        await page.page.get_by_role("button", name=send).click()
        await expect(page.replies).to_have_count(3)
        await page.is_idle()
        await are_asked(model, ["คำถามแรก", "รออยู่", "รออยู่ด้วย"])


async def test_the_queue_waits_after_a_failed_reply(page: ChatPage, model: OpenAIStandin) -> None:
    async with free(model):
        model.script = Script(tokens=thai_tokens(60), delay_ms=2, fault="drop", fault_after=30)
        model.may_end.clear()
        await page.ask("ตอบไม่สำเร็จ")
        await expect(page.growing).not_to_be_empty()
        await page.ask("รอหลังพลาด")
        model.may_end.set()
        await page.is_idle()
        await expect(send_now(page)).to_be_visible()
        await expect(waiting(page)).to_have_text(["รอหลังพลาด"])


async def test_the_queue_survives_a_reload_and_another_session_with_its_model(
    page: ChatPage, model: OpenAIStandin
) -> None:
    async with free(model):
        await begin(page, model)
        await page.pick_model(SMALL)
        await page.ask("ถามตัวเล็ก")
        await page.pick_model(LARGE)
        await expect(page.page.locator("#queue small")).to_contain_text(SMALL)
        await page.new_session()
        await expect(page.page.locator("#queue")).to_be_hidden()
        await page.page.go_back()
        await expect(waiting(page)).to_have_text(["ถามตัวเล็ก"])
        await page.reload()
        await expect(waiting(page)).to_have_text(["ถามตัวเล็ก"])
        await expect(page.growing).not_to_be_empty()
        model.may_end.set()
        await expect(page.replies).to_have_count(2)
        await page.is_idle()
        assert [request.body["model"] for request in model.seen] == [LARGE, SMALL]


async def test_two_tabs_send_what_waits_once(page: ChatPage, app: App, model: OpenAIStandin) -> None:
    async with free(model):
        await begin(page, model)
        other = ChatPage(await page.page.context.new_page())
        await other.open(page.page.url)
        await expect(other.growing).not_to_be_empty()
        for question in ("ที่หนึ่ง", "ที่สอง"):
            await page.ask(question)
        await expect(waiting(other)).to_have_text(["ที่หนึ่ง", "ที่สอง"])
        model.may_end.set()
        for tab in (page, other):
            await expect(waiting(tab)).to_have_count(0)
            await expect(tab.replies).to_have_count(3)
            await tab.is_idle()
            await expect(tab.questions.locator(".asked")).to_have_text(["คำถามแรก", "ที่หนึ่ง", "ที่สอง"])
        await are_asked(model, ["คำถามแรก", "ที่หนึ่ง", "ที่สอง"])


async def test_what_could_not_be_sent_waits_and_is_stored_once(page: ChatPage, model: OpenAIStandin) -> None:
    lost = 0

    async def lose_the_answer(route: Route) -> None:
        nonlocal lost
        lost += 1
        if lost == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    async with free(model):
        await begin(page, model)
        await page.ask("คำตอบหายกลางทาง")
        await page.page.route("**/api/sessions/*/messages", lose_the_answer)
        model.may_end.set()
        await expect(page.alert).to_be_visible()
        await expect(waiting(page)).to_have_text(["คำตอบหายกลางทาง"])
        await send_now(page).click()
        await expect(waiting(page)).to_have_count(0)
        await page.reload()
        await expect(page.questions.locator(".asked")).to_have_text(["คำถามแรก", "คำตอบหายกลางทาง"])
        await are_asked(model, ["คำถามแรก", "คำตอบหายกลางทาง"])


async def test_what_waits_in_a_temporary_session_is_written_down_nowhere(page: ChatPage, model: OpenAIStandin) -> None:
    async with free(model):
        await page.page.locator("#temporary").click()
        await begin(page, model)
        await page.ask("ความลับที่รออยู่")
        await expect(waiting(page)).to_have_text(["ความลับที่รออยู่"])
        await page.page.locator("#queue [data-key^='edit ']").click()
        await page.page.locator("#queue textarea").fill("ความลับที่แก้แล้ว")
        await page.new_session()
        assert "ความลับ" not in await page.page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
        await page.page.go_back()
        await expect(page.page.locator("#queue textarea")).to_have_value("ความลับที่แก้แล้ว")
        await page.page.locator("#queue textarea").press("Enter")
        await expect(waiting(page)).to_have_text(["ความลับที่แก้แล้ว"])
        model.may_end.set()
        await expect(page.replies).to_have_count(2)
        await are_asked(model, ["คำถามแรก", "ความลับที่แก้แล้ว"])


async def test_a_question_on_its_way_in_one_session_holds_up_no_other(page: ChatPage, model: OpenAIStandin) -> None:
    held: list[Route] = []

    async def hold(route: Route) -> None:
        if route.request.post_data_json["query"] == "ค้างกลางทาง":
            held.append(route)
        else:
            await route.continue_()

    async with free(model):
        await begin(page, model)
        await page.ask("ค้างกลางทาง")
        await page.page.route("**/api/sessions/*/messages", hold)
        async with page.page.expect_request("**/api/sessions/*/messages"):
            model.may_end.set()
        await page.new_session()
        await begin(page, model, "แชตที่สอง")
        await page.ask("ไม่ต้องรอใคร")
        model.may_end.set()
        await expect(page.replies).to_have_count(2)
        await are_asked(model, ["คำถามแรก", "แชตที่สอง", "ไม่ต้องรอใคร"])
        await held[0].continue_()
        await page.page.go_back()
        await expect(page.questions.locator(".asked")).to_have_text(["คำถามแรก", "ค้างกลางทาง"])
        await expect(page.replies).to_have_count(2)
        await page.is_idle()
        await expect(page.page.locator("#queue")).to_be_hidden()


async def test_a_question_waits_with_the_models_that_answer_it_together(page: ChatPage, model: OpenAIStandin) -> None:
    async with free(model):
        await begin(page, model)
        await page.page.locator("#compare-next").click()
        await page.page.locator("#choices [role=option]", has_text=SMALL).first.click()
        await page.ask("ถามสองตัว")
        await page.page.locator("#compared .chip .icon-button").click()
        model.may_end.set()
        await expect(page.page.locator("#chat > .compared > .beside")).to_be_visible()
        await page.is_idle()
        assert sorted(request.body["model"] for request in model.seen) == [LARGE, LARGE, SMALL]
