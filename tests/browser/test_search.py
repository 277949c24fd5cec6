"""Finding what was said, and opening it in its place."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Error, Locator, Route, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens

NOTE_MARKS = """
    window.marked = [];
    new MutationObserver((changes) => changes.forEach(({ target }) => {
        if (target.matches('.message-row.sought')) window.marked.push(target.textContent);
    })).observe(document, { subtree: true, attributes: true, attributeFilter: ['class'] });
"""
LAST_QUESTION = "[...document.querySelectorAll('.message-row.user-row')].at(-1).textContent"

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(frozen=True, slots=True)
class Long:
    """A session of many turns; question number n says so."""

    session_id: str
    questions: list[str]
    """Ids of its messages."""

    def address(self, number: int) -> str:
        return f"/?s={self.session_id}&m={self.questions[number]}"

    def row(self, page: ChatPage, number: int) -> Locator:
        """Return the row of a question; the mark that it is the one that was looked for fades soon."""
        return page.page.locator(f"[data-message-id='{self.questions[number]}']")


async def is_marked(page: ChatPage, text: str) -> None:
    """Wait until a message with `text` has been marked; the mark itself fades soon."""
    await page.page.wait_for_function("(text) => window.marked.some((one) => one.includes(text))", arg=text)


async def long_session(app: App, name: str, *, turns: int) -> Long:
    """Make a long session, asked by another client than the page."""
    session_id: str | None = None
    async with httpx.AsyncClient(base_url=app.address, timeout=30) as http:
        for number in range(turns):
            asked = await http.post("/chat", json={"query": f"{name} ข้อที่ {number}", "session_id": session_id})
            session_id = str(asked.json()["session_id"])
        messages = await http.get(f"/api/sessions/{session_id}/messages", params={"limit": 200})
    history = messages.json()["history"]
    return Long(str(session_id), [message["message_id"] for message in history if message["role"] == "user"])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def far(app: App, model_server: OpenAIStandin) -> Long:
    """Return a long session of long replies: only a part of it is near."""
    model_server.script = Script(tokens=("ยาวมาก\n\n" * 30,))
    return await long_session(app, "ไกลมาก", turns=45)


async def test_the_panel_of_results_is_made_when_somebody_is_about_to_search(page: ChatPage) -> None:
    panel = page.page.locator("#results")
    await expect(panel).to_have_count(0)
    await page.page.locator("#search-box").focus()
    await expect(panel).to_have_count(1)
    await expect(panel).to_be_hidden()
    await expect(page.page.locator("#search-box")).to_have_attribute("aria-controls", "results")


async def test_an_address_opens_a_message_far_back_and_marks_it(browser: Browser, app: App, far: Long) -> None:
    async with visit(browser, app, far.address(10), script=NOTE_MARKS) as page:
        await is_marked(page, "ไกลมาก ข้อที่ 10")
        await expect(far.row(page, 10)).to_be_in_viewport()
        # Of 90 messages; those before them are read where a slow browser lays out so late that they seem to be near.
        assert 30 <= await page.page.locator("#chat .message-row").count() < 60
        await page.page.wait_for_function(f"""() => {{
            const scroll = document.querySelector('#scroll');
            scroll.scrollTo(0, scroll.scrollHeight);
            return {LAST_QUESTION}.includes('ข้อที่ 44');
        }}""")
        await expect(page.page.locator("#later")).to_be_hidden()
        await page.page.evaluate("document.querySelector('#scroll').scrollTo(0, 0)")
        await expect(page.questions.first).to_have_text("ไกลมาก ข้อที่ 0")
        await expect(page.page.locator("#earlier")).to_be_hidden()


async def test_from_a_message_far_back_one_press_leads_to_the_end(browser: Browser, app: App, far: Long) -> None:
    async with visit(browser, app, far.address(12)) as page:
        await expect(far.row(page, 12)).to_be_in_viewport()
        await page.page.evaluate("document.querySelector('#scroll').scrollTo(0, 0)")
        await expect(page.questions.first).to_have_text("ไกลมาก ข้อที่ 0")
        await page.page.locator("#latest").click()
        await expect(page.questions.last).to_have_text("ไกลมาก ข้อที่ 44")
        await expect(page.replies.last.locator(".facts")).to_be_in_viewport()
        assert "m=" not in page.page.url
        await page.page.go_back()
        await expect(page.questions.last).not_to_have_text("ไกลมาก ข้อที่ 44")


async def test_a_question_asked_from_far_back_goes_on_from_the_end(
    browser: Browser, app: App, model: OpenAIStandin
) -> None:
    middle = await long_session(app, "ถามจากกลางทาง", turns=20)
    async with visit(browser, app, middle.address(2)) as page:
        await expect(middle.row(page, 2)).to_be_in_viewport()
        model.script = Script(tokens=thai_tokens(60), delay_ms=20)
        await page.ask("ถามต่อจากที่อ่านอยู่")
        await expect(page.questions.nth(-2)).to_have_text("ถามจากกลางทาง ข้อที่ 19")
        await expect(page.questions.last).to_have_text("ถามต่อจากที่อ่านอยู่")
        await page.is_idle()
        await expect(page.questions.filter(has_text="ถามต่อจากที่อ่านอยู่")).to_have_count(1)
        await expect(page.page.locator("#later")).to_be_hidden()
        assert "m=" not in page.page.url


async def test_a_message_of_another_branch_is_shown_on_its_branch(page: ChatPage, app: App, browser: Browser) -> None:
    await page.ask_and_wait("คำถามก่อนแก้")
    session_id = page.session_id
    messages = await page.page.request.get(f"{app.address}/api/sessions/{session_id}/messages")
    first = (await messages.json())["history"][0]["message_id"]
    await page.page.request.post(
        f"{app.address}/api/sessions/{session_id}/messages", data={"query": "คำถามหลังแก้", "edits": first}
    )
    async with visit(browser, app, f"/?s={session_id}") as other:
        await expect(other.questions.locator(".words")).to_have_text("คำถามหลังแก้")
    async with visit(browser, app, f"/?s={session_id}&m={first}", script=NOTE_MARKS) as other:
        await is_marked(other, "คำถามก่อนแก้")
        await expect(other.questions.locator(".version")).to_have_text("1/2")


@pytest.mark.parametrize("message_id", ["01900000-0000-7000-8000-00000000dead", "nonsense"])
async def test_a_message_that_does_not_exist_is_said_and_its_session_shown(
    page: ChatPage, app: App, browser: Browser, message_id: str
) -> None:
    await page.ask_and_wait("ยังเปิดแชตได้อยู่")
    async with visit(browser, app, f"/?s={page.session_id}&m={message_id}") as other:
        await expect(other.alert).to_contain_text("ไม่พบข้อความนี้")
        await expect(other.questions).to_have_text("ยังเปิดแชตได้อยู่")


def results(page: ChatPage) -> Locator:
    return page.page.locator("#results .results-list a")


async def look_for(page: ChatPage, text: str) -> None:
    await page.page.keyboard.press("Control+K")
    await expect(page.search).to_be_focused()
    await page.search.fill(text)


async def test_what_was_said_is_found_as_one_types_and_opened_in_its_place(
    page: ChatPage, model: OpenAIStandin
) -> None:
    model.script = Script(tokens=("ลอง", "ทำ 👩‍💻🇹🇭 ", "มัสมั่นไก่กอและ", " ดูไหม"))
    await page.ask_and_wait("มื้อเย็นกินอะไรดี")
    session_id = page.session_id
    await page.new_session()
    await page.page.keyboard.press("Control+K")
    await page.search.press_sequentially("ไก่กอและ")
    await expect(results(page)).to_have_count(1)
    found = results(page).first
    await expect(found.locator("mark")).to_have_text("ไก่กอและ")
    await expect(found.locator("b")).to_have_text("มื้อเย็นกินอะไรดี")
    await expect(found.locator("small")).to_have_text("thai-large · vLLM")
    await expect(found.locator("time")).to_contain_text(str(datetime.now(UTC).year + 543))
    await page.page.evaluate(NOTE_MARKS)
    await found.click()
    await is_marked(page, "มัสมั่นไก่กอและ")
    assert (page.session_id, "m=" in page.page.url) == (session_id, True)
    assert await page.page.evaluate("[...CSS.highlights.get('sought')].map(String)") == ["ไก่กอและ"]
    await expect(found).to_have_attribute("aria-current", "true")


async def test_a_result_far_back_is_opened_by_keys_alone(page: ChatPage, far: Long) -> None:
    await look_for(page, '"ไกลมาก ข้อที่ 7"')
    await expect(results(page).first).to_contain_text("ไกลมาก ข้อที่ 7")
    await page.page.evaluate(NOTE_MARKS)
    await page.page.keyboard.press("ArrowDown")
    await page.page.keyboard.press("Enter")
    await is_marked(page, "ไกลมาก ข้อที่ 7")
    assert page.session_id == far.session_id
    await expect(results(page).first).to_be_focused()
    await page.page.keyboard.press("ArrowUp")
    await expect(page.search).to_be_focused()
    await page.page.keyboard.press("Escape")
    await expect(page.page.locator("#results")).to_be_hidden()


async def test_more_results_come_as_one_scrolls(page: ChatPage, far: Long) -> None:
    await look_for(page, "ไกลมาก ข้อที่")
    await expect(results(page)).to_have_count(21)  # the name, and a page of messages
    await expect(page.page.locator(".results-status")).to_have_text("21 รายการแรก")
    while await page.page.locator(".results-status").inner_text() != f"พบ {len(far.questions) + 1} รายการ":
        shown = await results(page).count()
        await page.page.locator(".results-body").evaluate("(body) => body.scrollTo(0, body.scrollHeight)")
        await expect(results(page)).not_to_have_count(shown)
    await expect(results(page)).to_have_count(len(far.questions) + 1)


async def test_an_answer_that_was_overtaken_is_not_shown(page: ChatPage) -> None:
    await page.ask_and_wait("ทะเลสาบสงขลา")
    held = asyncio.Event()

    async def hold_the_first(route: Route) -> None:
        if route.request.url.endswith("q=%E0%B8%97") or "q=%E0%B8%97&" in route.request.url:
            await held.wait()
        with contextlib.suppress(Error):  # given up by the page
            await route.continue_()

    await page.page.route("**/api/search?*", hold_the_first)
    await look_for(page, "ท")
    async with page.page.expect_request("**/api/search?*"):
        pass
    await page.search.fill("ทะเลสาบสงขลาที่ไม่มี")
    await expect(page.page.locator(".results-status")).to_have_text("ไม่พบข้อความ")
    held.set()
    await expect(results(page)).to_have_count(0)


async def test_the_wrong_keyboard_layout_is_noticed(page: ChatPage) -> None:
    await page.ask_and_wait("สวัสดีตอนเช้า")
    await look_for(page, "l;ylfu")
    suggestion = page.page.locator(".suggestion button")
    await expect(suggestion).to_have_text("สวัสดี")
    await suggestion.click()
    await expect(page.search).to_have_value("สวัสดี")
    await expect(results(page).filter(has_text="สวัสดีตอนเช้า").first).to_be_visible()


async def test_filters_narrow_what_is_found(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = Script(tokens=("กล้วยไม้", "ป่า"))
    await page.ask_and_wait("กล้วยไม้พันธุ์ไหนเลี้ยงง่าย")
    await page.new_session()
    await page.ask_and_wait("กล้วยไม้ในอีกแชต")
    await page.page.locator("#search-within").click()
    await page.search.fill("กล้วยไม้")
    await expect(results(page)).to_have_count(2)
    filters = page.page.locator("#results .head-button")
    await expect(filters).to_contain_text("1")
    await page.page.get_by_label("เฉพาะ “กล้วยไม้ในอีกแชต”").uncheck()
    await expect(results(page)).to_have_count(6)  # two names, two questions, two replies
    await filters.click()
    await page.page.locator("#search-filters select").first.select_option("user")
    await expect(results(page).locator("small", has_text="vLLM")).to_have_count(0)
    await page.page.locator("#search-filters select").nth(1).select_option(label="thai-small")
    await expect(page.page.locator("#results .tips")).to_contain_text("ตัวกรอง")
    await page.page.get_by_role("button", name="ล้างตัวกรอง").click()
    await expect(results(page)).to_have_count(6)


async def test_hostile_text_stays_text_in_the_results(page: ChatPage) -> None:
    await page.ask_and_wait("<img src=x onerror='window.owned=1'> เสือโคร่ง <b>")
    await look_for(page, "เสือโคร่ง <b>")
    await expect(results(page).locator(".snippet").first).to_contain_text("<img src=x")
    assert await page.page.locator("#results :is(img, .snippet b)").count() == 0
    assert await page.page.evaluate("window.owned === undefined")


async def test_a_search_that_fails_says_so_and_is_asked_again(page: ChatPage) -> None:
    await page.ask_and_wait("ค้นตอนเซิร์ฟเวอร์ดับ")
    await page.page.route("**/api/search?*", lambda route: route.abort())
    await look_for(page, "ค้นตอนเซิร์ฟเวอร์ดับ")
    failed = page.page.locator(".results-note.failed")
    await expect(failed).to_contain_text("ติดต่อเซิร์ฟเวอร์ไม่ได้")
    await page.page.unroute("**/api/search?*")
    await failed.get_by_role("button").click()
    await expect(results(page)).to_have_count(2)


async def test_a_phone_searches_on_the_whole_screen(browser: Browser, app: App, far: Long) -> None:
    async with visit(browser, app, phone=True) as phone:
        await phone.page.locator("#menu-open").tap()
        await phone.search.fill("ไกลมาก ข้อที่ 8")
        await expect(results(phone).first).to_be_in_viewport()
        assert not await phone.scrolls_sideways()
        await results(phone).filter(has_text="ข้อที่ 8").last.tap()
        await expect(phone.page.locator("#results")).to_be_hidden()
        await expect(phone.page.locator("#left")).to_be_hidden()
        await expect(far.row(phone, 8)).to_be_in_viewport()


async def test_how_much_is_not_searchable_yet_is_told_until_the_search_is_whole(page: ChatPage, app: App) -> None:
    left = 400_000

    async def unindexed(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        for part in (body, body.get("database", {})):
            part["unindexed"] = left
        body["suggestion"] = "คำ"
        await route.fulfill(response=answer, json=body)

    await page.page.route("**/api/search?*", unindexed)
    await page.page.route("**/readyz", unindexed)
    await page.page.locator("#search-box").fill("ยังไม่มีคำนี้")
    note = page.page.locator("#results .results-note")
    await expect(note).to_contain_text("400,000")
    foot = page.page.locator(".state dd.loading")
    await page.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(foot).to_contain_text("400,000")
    left = 120
    await expect(note).to_contain_text("120")
    await expect(foot).to_have_count(0)
    suggestion = page.page.locator("#results .suggestion button")
    await suggestion.focus()
    await page.page.evaluate(
        """() => {
            window.announced = 0;
            const observer = new MutationObserver((changes) => { window.announced += changes.length; });
            const status = document.querySelector('.results-status');
            observer.observe(status, {childList: true, characterData: true, subtree: true});
        }"""
    )
    left = 90
    await expect(note).to_contain_text("90")
    await expect(suggestion).to_be_focused()
    assert await page.page.evaluate("window.announced") == 0
    await page.page.locator("#search-box").focus()
    async with page.page.expect_request("**/api/search?*"):
        left = 0
    await expect(note).to_have_count(0)
