"""Long sessions: what is drawn, asked for and touched does not grow with them, and the reader's place is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Request, Route, expect

from tests.app import App, running_app
from tests.browser.chat_page import ChatPage, visit
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

LENGTH = 10_000
WINDOW = 30
KEPT = 600
SAME_PLACE_PX = 2
REPLY = """คำตอบที่ {number} **สำคัญ**

- รายการหนึ่ง
- รายการสอง กับ $x^2$

| ชื่อ | ค่า |
|---|---:|
| ก | {number} |

```python
print({number})
```

{rest}"""

TOP = """(id) => document.querySelector(`[data-message-id="${id}"]`).getBoundingClientRect().top
    - document.querySelector('#scroll').getBoundingClientRect().top"""
TO_END = """() => {
    const { scrollHeight, scrollTop, clientHeight } = document.querySelector('#scroll');
    return scrollHeight - scrollTop - clientHeight;
}"""
DRAWN = "() => [...document.querySelectorAll('#chat .words')].every((words) => words.firstChild)"
AT_LINE = """() => [...document.querySelectorAll('.message-row')]
    .find((row) => row.getBoundingClientRect().bottom > 200)
    .dataset.messageId"""
COUNT_FRAMES = """(() => {
    const ask = window.requestAnimationFrame;
    window.framesAsked = 0;
    window.requestAnimationFrame = (act) => { window.framesAsked += 1; return ask.call(window, act); };
})()"""
TOUCHED = """() => {
    const touched = window.touched = {};
    new MutationObserver((changes) => {
        for (const { target, type, attributeName } of changes) {
            const element = target.nodeType === 1 ? target : target.parentElement;
            const row = element?.closest('.message-row');
            if (row) touched[row.dataset.messageId] = `${type} ${attributeName ?? ''} ${element.className}`;
        }
    }).observe(document.querySelector('#chat'), {
        subtree: true, childList: true, characterData: true, attributes: true });
}"""


def said(number: int) -> dict[str, str]:
    """Return a message of the session; they differ in height."""
    if number % 2:
        return {"role": "user", "content": f"คำถามที่ {number}"}
    return {"role": "assistant", "content": REPLY.format(number=number, rest="คำ " * (37 * number % 400))}


async def imported(app: App) -> str:
    messages = [said(number) for number in range(1, LENGTH + 1)]
    async with httpx.AsyncClient(timeout=120) as http:
        files = {"file": ("long.json", json.dumps({"messages": messages}))}
        answer = await http.post(f"{app.address}/api/import", files=files)
        session_id: str = answer.raise_for_status().json()["programs"][0]["newest"][0]["session_id"]
    return session_id


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(model_server: OpenAIStandin) -> AsyncIterator[App]:
    """Yield an app of its own: other tests search through all that theirs has."""
    async with running_app(VLLM_BASE_URL=model_server.base_url) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def session_id(app: App) -> str:
    return await imported(app)


@pytest_asyncio.fixture(loop_scope="session")
async def long(browser: Browser, app: App, session_id: str) -> AsyncIterator[ChatPage]:
    """Yield the page with a session of 10,000 messages at its end."""
    async with visit(browser, app, f"/?s={session_id}") as page:
        await page.page.wait_for_function(DRAWN)
        await page.page.mouse.move(700, 400)
        yield page


async def message_at(app: App, session_id: str, order: int) -> str:
    async with httpx.AsyncClient() as http:
        query = {"before_order": order + 1, "limit": 1}
        body = (await http.get(f"{app.address}/api/sessions/{session_id}/messages", params=query)).json()
    message_id: str = body["history"][-1]["message_id"]
    return message_id


async def settled(page: Page) -> None:
    """Wait until all is drawn and nothing has moved for some frames."""
    await page.wait_for_function(DRAWN)
    await page.evaluate(
        """async () => {
            const scroll = document.querySelector('#scroll');
            for (let still = 0, seen = ''; still < 5;) {
                await new Promise(requestAnimationFrame);
                const now = `${scroll.scrollTop} ${scroll.scrollHeight}`;
                still = now === seen ? still + 1 : 0;
                seen = now;
            }
        }"""
    )


async def load_earlier(page: ChatPage, count: int) -> None:
    """Scroll up until the page has read `count` messages."""
    rows = page.page.locator(".message-row")
    while await rows.count() < count:
        before = await rows.first.get_attribute("data-message-id")
        await page.page.evaluate("document.querySelector('#scroll').scrollTop = 0")
        await expect(rows.first).not_to_have_attribute("data-message-id", before or "")
    await settled(page.page)


async def test_a_long_session_opens_at_its_end_with_a_window_of_it(browser: Browser, app: App, session_id: str) -> None:
    async with visit(browser, app, "/?new") as page:
        asked: list[Request] = []
        page.page.on("request", lambda request: asked.append(request) if "/messages" in request.url else None)
        await page.page.locator(f'#recent li[data-id="{session_id}"] .session').click()
        await expect(page.replies.last).to_contain_text(f"คำตอบที่ {LENGTH}")
        await settled(page.page)
        assert len(asked) == 1
        assert await page.page.locator(".message-row").count() == WINDOW
        assert await page.page.evaluate(TO_END) <= SAME_PLACE_PX


async def test_the_last_session_is_found_in_the_list_that_is_read_anyway(browser: Browser, app: App) -> None:
    context = await browser.new_context(locale="th-TH")
    page = ChatPage(await context.new_page())
    asked: list[str] = []
    page.page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    await page.open(app.address)
    await page.page.wait_for_load_state("networkidle")
    assert asked.count("/api/sessions") == 2  # those that are pinned, and the others
    assert sum(path.endswith("/messages") for path in asked) == 1
    await context.close()


@pytest.mark.parametrize("order", [2, 5_000, 5_001, 9_999])
async def test_a_message_is_brought_to_its_place_and_stays_there(
    long: ChatPage, app: App, session_id: str, order: int
) -> None:
    message_id = await message_at(app, session_id, order)
    await long.page.goto(f"{app.address}/?s={session_id}&m={message_id}")
    await long.is_ready()
    await settled(long.page)
    assert await long.page.locator(".message-row").count() <= 3 * WINDOW + 100
    top = await long.page.evaluate(TOP, message_id)
    is_at_end = await long.page.evaluate(TO_END) <= SAME_PLACE_PX
    assert abs(top - 72) <= SAME_PLACE_PX or (is_at_end and 0 <= top < 657)


@pytest.mark.parametrize(("where", "edge"), [("earlier", "0"), ("later", "1e9")])
async def test_what_is_read_keeps_its_place_while_more_comes(
    long: ChatPage, app: App, session_id: str, where: str, edge: str
) -> None:
    await long.page.goto(f"{app.address}/?s={session_id}&m={await message_at(app, session_id, 5_000)}")
    await long.is_ready()
    await settled(long.page)
    answered = asyncio.Event()
    asked = asyncio.Event()

    async def hold(route: Route) -> None:
        asked.set()
        await answered.wait()
        await route.continue_()

    await long.page.route("**/messages?*", hold)
    await long.page.evaluate(f"document.querySelector('#scroll').scrollTop = {edge}")
    await asked.wait()
    await settled(long.page)
    read = await long.page.evaluate(AT_LINE)
    top = await long.page.evaluate(TOP, read)
    last = long.page.locator(".message-row").nth(0 if where == "earlier" else -1)
    known = await last.get_attribute("data-message-id") or ""
    answered.set()
    await expect(last).not_to_have_attribute("data-message-id", known)
    await settled(long.page)
    assert abs(await long.page.evaluate(TOP, read) - top) <= SAME_PLACE_PX


async def test_what_was_left_behind_leaves_the_page_and_is_read_again(long: ChatPage) -> None:
    rows = long.page.locator(".message-row")
    last = await rows.last.get_attribute("data-message-id") or ""
    await load_earlier(long, KEPT)
    for _ in range(2):
        first = await rows.first.get_attribute("data-message-id") or ""
        await long.page.evaluate("document.querySelector('#scroll').scrollTop = 0")
        await expect(rows.first).not_to_have_attribute("data-message-id", first)
        await settled(long.page)
        assert await rows.count() == KEPT
    await expect(rows.last).not_to_have_attribute("data-message-id", last)
    await expect(long.page.locator("#later")).to_be_visible()
    for _ in range(20):
        if await rows.last.get_attribute("data-message-id") == last:
            break
        await long.page.evaluate("document.querySelector('#scroll').scrollTop = 1e9")
        await settled(long.page)
    await expect(rows.last).to_have_attribute("data-message-id", last)
    assert await rows.count() == KEPT


async def test_what_is_selected_does_not_leave(long: ChatPage) -> None:
    rows = long.page.locator(".message-row")
    last = await rows.last.get_attribute("data-message-id") or ""
    await long.page.evaluate("getSelection().selectAllChildren([...document.querySelectorAll('#chat .words')].at(-1))")
    await load_earlier(long, KEPT + 50)
    await expect(rows.last).to_have_attribute("data-message-id", last)
    assert "คำตอบที่ 10000" in await long.page.evaluate("String(getSelection())")


async def test_the_browser_finds_what_is_loaded(long: ChatPage) -> None:
    await load_earlier(long, 230)
    # Far above the window, and never laid out.
    assert await long.page.evaluate("window.find('คำถามที่ 9901', false, true)")
    assert not await long.page.evaluate("window.find('คำถามที่ 5001', false, true)")


async def test_a_reply_touches_no_other_row(long: ChatPage, model: OpenAIStandin) -> None:
    model.script = Script(tokens=("สวัสดี ", "**ครับ**"))
    await load_earlier(long, 330)
    await long.page.locator("#latest").click()
    await settled(long.page)
    rows = long.page.locator(".message-row")
    shown = set(await rows.evaluate_all("(rows) => rows.map((row) => row.dataset.messageId)"))
    await long.page.evaluate(TOUCHED)
    await long.ask("ถามต่อ")
    await expect(long.replies.last).to_contain_text("สวัสดี ครับ")
    await long.is_idle()
    await settled(long.page)
    touched = await long.page.evaluate("window.touched")
    assert {one: how for one, how in touched.items() if one in shown} == {}


async def test_no_frame_is_asked_for_while_nothing_happens(browser: Browser, app: App) -> None:
    # Every frame costs what is on the page, and Gradio's loading sign asked for them for ever.
    context = await browser.new_context(locale="th-TH")
    page = ChatPage(await context.new_page())
    await page.page.add_init_script(COUNT_FRAMES)
    await page.open(app.address)
    await page.page.wait_for_function(
        """async () => {
            const before = window.framesAsked;
            await new Promise((resolve) => setTimeout(resolve, 500));
            return window.framesAsked === before;
        }"""
    )
    await context.close()
