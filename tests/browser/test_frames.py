"""Little work for the browser: no frame is made anew with nothing new in it, and nothing is laid out twice."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.browser.imported_sessions import bring_in, session_of
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens

pytestmark = pytest.mark.asyncio(loop_scope="session")

COUNT_LOOP = """(() => {
    window.loop = { frames: 0, timers: 0 };
    const isLoop = (act) => String(act).includes('.tasks.forEach(');
    const [ask, wait] = [window.requestAnimationFrame, window.setTimeout];
    window.requestAnimationFrame = (act) => { loop.frames += isLoop(act); return ask.call(window, act); };
    window.setTimeout = (act, ...more) => { loop.timers += isLoop(act); return wait.call(window, act, ...more); };
})()"""
GROWS_AND_MOVES_NOTHING_UNSEEN = """() => document.querySelector('#chat .growing.speaking') && !document.getAnimations()
    .filter(({ playState }) => playState === 'running')
    .some(({ effect }) => getComputedStyle(effect.target).visibility === 'hidden')"""


async def test_gradios_loading_sign_goes_on_by_a_timer(browser: Browser, app: App) -> None:
    """Svelte asked for each frame of the five seconds that the sign takes for its round, long after it has gone."""
    context = await browser.new_context(locale="th-TH")
    page = ChatPage(await context.new_page())
    await page.page.add_init_script(COUNT_LOOP)
    await page.open(app.address)
    await page.page.wait_for_function("loop.timers > 5")
    assert await page.page.evaluate("loop.frames") == 0
    await context.close()


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_what_is_not_seen_does_not_move_while_a_reply_grows(
    browser: Browser, app: App, model: OpenAIStandin, phone: bool
) -> None:
    model.script = Script(tokens=thai_tokens(40))
    model.may_end.clear()
    async with visit(browser, app, phone=phone) as page:
        # The list of them moves at its end, as it has more than one reads at once.
        await bring_in(page.page, app, *(session_of(f"เรื่องที่ {at}", "คำถาม", "คำตอบ") for at in range(60)))
        await page.reload()
        await expect(page.page.locator("#recent .tail .loading")).to_be_attached()
        await page.ask("เล่าเรื่องตลาดน้ำ")
        await page.page.wait_for_function(GROWS_AND_MOVES_NOTHING_UNSEEN)
        model.may_end.set()
        await page.is_idle()


async def test_the_face_is_ready_before_anything_is_laid_out_in_it(browser: Browser, app: App) -> None:
    context = await browser.new_context(locale="th-TH")
    page = await context.new_page()
    await page.route("**/assets/index-*.js", lambda route: route.abort())  # nothing is laid out without it
    await page.goto(app.address)
    await page.wait_for_function(
        """() => {
            const faces = [...document.fonts].filter(({ family }) => family === 'looped');
            return faces.length === 4 && faces.every(({ status }) => status === 'loaded');
        }"""
    )
    assert await page.evaluate("[...document.fonts].filter(({ status }) => status !== 'unloaded').length") == 4
    await context.close()
