"""Questions that wait are asked though another session is shown, each once, and wait where something is wrong."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, Route, expect

from tests.app import App
from tests.browser.chat_page import MODELS, ChatPage, visit
from tests.browser.test_queue import asked, begin, free, send_now, state, waiting
from tests.chats import client_of
from tests.standins.openai_server import OpenAIStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")

LARGE, SMALL = MODELS
FIRST = "คำถามแรก"
NO_LOCKS = "Object.defineProperty(navigator, 'locks', { value: undefined })"
WAITING = "Object.keys(localStorage).filter((key) => key.includes('queue:')).length"
HIDE = """() => {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


async def sends_all(page: ChatPage) -> None:
    """Wait until nothing waits in the browser any more."""
    await page.page.wait_for_function(f"{WAITING} === 0")


async def ended(app: App, session_id: str, messages: int) -> None:
    """Wait until a session has so many messages, the last of them a reply that has ended."""
    async with client_of(app) as http, asyncio.timeout(30):
        while True:
            found = (await http.get(f"/api/sessions/{session_id}/messages")).json()
            if len(found["history"]) == messages and not found["live"]:
                return
            await asyncio.sleep(0.05)


async def test_they_are_asked_in_their_order_each_of_its_model_also_when_nobody_looks(
    page: ChatPage, app: App, model: OpenAIStandin
) -> None:
    async with free(model):
        await begin(page, model)
        session_id = page.session_id
        await page.pick_model(SMALL)
        await page.ask("ถามตัวเล็ก")
        await page.pick_model(LARGE)
        await page.ask("ถามตัวใหญ่")
        await expect(waiting(page)).to_have_count(2)
        await page.new_session()
        await page.page.evaluate(HIDE)
        model.may_end.set()
        await sends_all(page)
        await ended(app, session_id, 6)
        assert asked(model) == [FIRST, "ถามตัวเล็ก", "ถามตัวใหญ่"]
        assert [request.body["model"] for request in model.seen] == [LARGE, SMALL, LARGE]
        await page.page.go_back()
        await expect(page.questions.locator(".asked")).to_have_text([FIRST, "ถามตัวเล็ก", "ถามตัวใหญ่"])
        await expect(page.page.locator("#queue")).to_be_hidden()


@pytest.mark.parametrize("has_locks", [True, False], ids=["locks", "no locks"])
async def test_two_tabs_that_show_other_sessions_ask_once(
    page: ChatPage, app: App, model: OpenAIStandin, *, has_locks: bool
) -> None:
    if not has_locks:
        await page.page.add_init_script(NO_LOCKS)
        await page.open(app.address)
        await page.new_session()
    async with free(model):
        await begin(page, model)
        session_id = page.session_id
        for question in ("ที่หนึ่ง", "ที่สอง"):
            await page.ask(question)
        await expect(waiting(page)).to_have_count(2)
        other = ChatPage(await page.page.context.new_page())
        if not has_locks:
            await other.page.add_init_script(NO_LOCKS)
        await other.open(app.address)
        for tab in (page, other):
            await tab.new_session()
        model.may_end.set()
        await sends_all(page)
        await ended(app, session_id, 6)
        assert asked(model) == [FIRST, "ที่หนึ่ง", "ที่สอง"]


async def test_they_go_on_after_a_reload_during_which_the_reply_has_ended(
    page: ChatPage, app: App, model: OpenAIStandin
) -> None:
    await page.ask_and_wait("แชตอื่น")
    other = page.page.url
    await page.new_session()
    async with free(model):
        await begin(page, model)
        session_id = page.session_id
        await page.ask("รอข้ามการโหลดใหม่")
        await expect(waiting(page)).to_have_count(1)
        await page.page.goto("about:blank")
        model.may_end.set()
        await ended(app, session_id, 2)
        await page.open(other)
        await sends_all(page)
        await ended(app, session_id, 4)
        await expect(page.questions).to_have_text(["แชตอื่น"])
        assert asked(model) == ["แชตอื่น", FIRST, "รอข้ามการโหลดใหม่"]


@pytest.mark.parametrize(
    ("locale", "phone", "told", "send"),
    [("th-TH", False, "ส่งไม่ได้: ยาวเกินไป", "ส่งเลย"), ("en-US", True, "Not sent: ยาวเกินไป", "Send now")],
    ids=["desk", "phone"],
)
async def test_what_was_refused_waits_and_says_why(
    browser: Browser, app: App, model: OpenAIStandin, locale: str, phone: bool, told: str, send: str
) -> None:
    refusals = 0

    async def refuse(route: Route) -> None:
        nonlocal refusals
        refusals += 1
        await route.fulfill(status=422, json={"error": {"code": "no", "message": "ยาวเกินไป"}})

    async def new_session() -> None:
        if phone:
            await page.page.locator("#menu-open").click()
        await page.new_session()

    async with visit(browser, app, locale=locale, phone=phone) as page, free(model):
        await new_session()
        await begin(page, model)
        session_id = page.session_id
        await page.ask("ถูกปฏิเสธ")
        await expect(waiting(page)).to_have_count(1)
        await new_session()
        await page.page.route("**/api/sessions/*/messages", refuse)
        model.may_end.set()
        await page.page.wait_for_function("JSON.stringify({...localStorage}).includes('ยาวเกินไป')")
        await page.open(f"{app.address}/?s={session_id}")
        await expect(state(page)).to_have_text(told)
        await expect(waiting(page)).to_have_text(["ถูกปฏิเสธ"])
        assert not await page.scrolls_sideways()
        assert refusals == 1
        await page.page.unroute("**/api/sessions/*/messages")
        await page.page.get_by_role("button", name=send).click()
        await expect(page.replies).to_have_count(2)
        await page.is_idle()
        assert asked(model) == [FIRST, "ถูกปฏิเสธ"]


async def test_they_wait_after_a_reply_that_was_stopped_and_while_one_is_being_changed(
    page: ChatPage, app: App, model: OpenAIStandin
) -> None:
    async with free(model):
        await begin(page, model)
        stopped = page.session_id
        await page.ask("รอหลังหยุด")
        await expect(waiting(page)).to_have_count(1)
        await page.new_session()
        async with page.page.expect_response(lambda answer: "/messages?limit=1" in answer.url) as looked:
            await page.page.evaluate("(id) => fetch(`api/sessions/${id}/stop`, { method: 'POST' })", stopped)
        await (await looked.value).finished()
        await begin(page, model, "แชตที่สอง")
        changed = page.session_id
        await page.ask("กำลังแก้")
        await page.page.locator("#queue [data-key^='edit ']").click()
        await page.page.locator("#queue textarea").fill("แก้ค้างไว้")
        await page.new_session()
        model.may_end.set()
        await ended(app, changed, 2)
        await page.page.go_back()
        await expect(page.page.locator("#queue textarea")).to_have_value("แก้ค้างไว้")
        await page.page.locator("#queue textarea").press("Enter")
        await expect(page.replies).to_have_count(2)
        await page.is_idle()
        await page.open(f"{app.address}/?s={stopped}")
        await expect(state(page)).to_contain_text("ไม่จบ")
        await expect(send_now(page)).to_be_visible()
        assert asked(model) == [FIRST, "แชตที่สอง", "แก้ค้างไว้"]
