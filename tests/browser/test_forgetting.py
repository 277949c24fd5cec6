"""The browser forgets what it keeps for a session with the session; a page that is told to make room does so."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import Route, expect

from tests.app import App
from tests.browser.chat_page import MODELS, ChatPage

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEPT = "(id) => Object.keys(localStorage).filter((name) => name.includes(id)).length"
CROWDED = 'event: hello\ndata: {"page": "", "changed_ms_ago": null}\n\nevent: crowded\ndata: {}\n\n'


async def test_a_session_that_was_deleted_elsewhere_leaves_nothing_in_the_browser(page: ChatPage, app: App) -> None:
    await page.ask_and_wait("จะถูกลบ")
    async with page.page.expect_response("**/api/changes"):
        await page.reload()
    session_id = page.session_id
    await page.write("ร่างที่ยังไม่ส่ง")
    await page.pick_model(MODELS[1])
    queued = "(id) => localStorage.setItem(`thai-chat:queue:${id}:1:x`, JSON.stringify({ key: 'k', text: 'รอ' }))"
    await page.page.evaluate(queued, session_id)
    assert await page.page.evaluate(KEPT, session_id) == 3
    async with httpx.AsyncClient(base_url=app.address) as http:
        await http.delete(f"/api/sessions/{session_id}", params={"permanent": True})
    await expect(page.welcome).to_be_visible()
    # The page that lost its session may have noticed that before it was told why.
    await page.page.wait_for_function(f"(id) => ({KEPT})(id) === 0", arg=session_id)


async def test_a_page_that_is_told_to_make_room_comes_back_later(page: ChatPage) -> None:
    asked: list[str] = []

    async def crowded(route: Route) -> None:
        asked.append(route.request.url)
        await route.fulfill(content_type="text/event-stream", body=CROWDED)

    await page.page.route("**/api/changes", crowded)
    await page.clock.install()
    async with page.page.expect_response("**/api/changes"):
        await page.page.reload()
    # From here on no time passes but what is told to.
    await page.clock.pause_at(await page.page.evaluate("Date.now() / 1000 + 1"))
    await expect(page.box).to_be_visible()
    assert len(asked) == 1
    for _ in range(4):
        await page.clock.run_for(2_000)
    assert len(asked) == 1
    async with page.page.expect_request("**/api/changes"):
        await page.clock.run_for(12_000)
