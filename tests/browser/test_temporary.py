"""Temporary sessions on the page: they say what they are, go on over a reload, and leave nothing behind."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import Browser, Route, expect

from tests.app import App
from tests.browser.chat_page import MODELS, ChatPage, visit
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = "ความลับของฉัน-qzxv"
KEPT_HERE = """() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.title])"""


async def begin(page: ChatPage) -> None:
    await page.page.keyboard.press("Control+Shift+KeyO")
    await expect(page.welcome).to_be_visible()
    await page.page.locator("#temporary").click()


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_it_says_so_survives_a_reload_and_is_nowhere_else(
    browser: Browser, app: App, model: OpenAIStandin, phone: bool
) -> None:
    async with visit(browser, app, locale="en-GB" if phone else "th-TH", phone=phone) as page:
        await begin(page)
        sign = page.page.locator("#temporary-sign")
        await expect(sign).to_contain_text("not kept" if phone else "ไม่ถูกเก็บ")
        assert not await page.scrolls_sideways()
        await page.write(SECRET)
        assert SECRET not in await page.page.evaluate(KEPT_HERE)
        await page.ask_and_wait(SECRET)
        assert SECRET not in await page.page.evaluate(KEPT_HERE)
        model.script = Script(tokens=thai_tokens(3_000), delay_ms=30)
        await page.ask("ต่อ")
        await expect(page.growing).to_contain_text("สวัสดี")
        await page.ask(f"รอ {SECRET}")
        await expect(page.page.locator("#queue .queued")).to_contain_text(SECRET)
        assert SECRET not in await page.page.evaluate(KEPT_HERE)
        await page.reload()
        await expect(page.growing).to_contain_text("สวัสดี")
        await expect(sign).to_be_visible()
        await expect(page.questions.first).to_contain_text(SECRET)
        await page.stop.click()
        await page.is_idle()
        await expect(page.page.locator("#recent")).not_to_contain_text(SECRET)
        assert SECRET not in await page.page.evaluate(KEPT_HERE)
        session_id = page.session_id

        await page.page.keyboard.press("Control+Shift+KeyO")
        await expect(sign).to_be_hidden()
        async with httpx.AsyncClient(base_url=app.address) as http:
            assert session_id not in (await http.get("/api/sessions")).text
            assert (await http.get("/api/search", params={"q": SECRET})).json()["results"] == []
        assert page.complaints == []


async def test_a_picked_model_is_not_written_down(page: ChatPage, model: OpenAIStandin) -> None:
    await begin(page)
    await page.ask_and_wait(SECRET)
    await page.pick_model(MODELS[1])
    assert page.session_id not in await page.page.evaluate(KEPT_HERE)
    await page.ask_and_wait("ต่อ")
    assert model.seen[-1].body["model"] == MODELS[1]


async def test_a_page_that_closes_says_so(page: ChatPage, model: OpenAIStandin) -> None:
    await begin(page)
    await page.ask_and_wait(SECRET)
    left = f"/api/sessions/{page.session_id}/leave"
    async with page.page.expect_request(lambda request: request.url.endswith(left)):
        # What a page says while it goes is not told to those who drive the browser.
        await page.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")


async def test_keys_begin_one_and_take_it_back(page: ChatPage) -> None:
    sign = page.page.locator("#temporary-sign")
    await page.page.keyboard.press("Control+Shift+Semicolon")
    await expect(sign).to_be_visible()
    await expect(page.page.locator("#temporary")).to_have_attribute("aria-pressed", "true")
    await page.page.keyboard.press("Control+Shift+Semicolon")
    await expect(sign).to_be_hidden()
    await page.ask_and_wait("เก็บไว้")
    await page.page.keyboard.press("Control+Shift+Semicolon")
    await expect(page.welcome).to_be_visible()
    await expect(sign).to_be_visible()


async def test_a_question_whose_answer_was_lost_makes_no_session_temporary(page: ChatPage, app: App) -> None:
    async def lose_the_answer(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await begin(page)
    await page.page.route("**/api/sessions/*/messages", lose_the_answer)
    await page.ask(SECRET)
    await expect(page.alert).to_be_visible()
    await page.page.unroute("**/api/sessions/*/messages")
    await page.page.locator("#temporary").click()
    await page.ask_and_wait("เก็บไว้")
    await expect(page.page.locator("#temporary-sign")).to_be_hidden()
    await expect(page.questions).to_have_count(1)
    async with httpx.AsyncClient(base_url=app.address) as http:
        assert page.session_id in (await http.get("/api/sessions")).text
