"""Signs that are true: whether server, database and models answer, and that a newer page waits."""

from __future__ import annotations

import itertools
import json
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Route, expect

from tests.app import App, running_app
from tests.browser.chat_page import ChatPage, visit
from tests.chats import Chat, client_of
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOCALES = ("th-TH", "en-GB")
GONE = {"th-TH": "เซิร์ฟเวอร์ไม่ตอบ", "en-GB": "The server does not answer."}
OFFLINE = {"th-TH": "เครื่องนี้ไม่ได้ต่อเครือข่าย", "en-GB": "This device is offline."}
SOON_MS = 14_000
"""Less than the time after which the page asks the server by itself."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own_app(model_server: OpenAIStandin) -> AsyncIterator[App]:
    """Yield an app that may be stopped and started again."""
    async with running_app(VLLM_BASE_URL=model_server.base_url) as running:
        yield running


@asynccontextmanager
async def followed(
    browser: Browser, app: App, *, locale: str = "th-TH", phone: bool = False
) -> AsyncIterator[ChatPage]:
    """Yield an empty session of a page that hears from the server."""
    async with visit(browser, app, locale=locale, phone=phone) as page:
        async with page.page.expect_response("**/api/changes"):
            await page.page.evaluate("document.querySelector('#new').click()")
        await expect(page.welcome).to_be_visible()
        yield page


def banner(page: ChatPage) -> Locator:
    return page.page.locator("#banner")


async def says_nothing_of_gradios(page: ChatPage) -> None:
    await expect(page.page.locator(".toast-wrap")).to_be_hidden()
    assert "onnection" not in await page.page.locator("body").inner_text()


@pytest.mark.parametrize(("locale", "phone"), [("th-TH", False), ("en-GB", True)])
async def test_a_page_whose_server_is_gone_says_so_keeps_what_is_typed_and_comes_back_by_itself(
    browser: Browser, own_app: App, model: OpenAIStandin, locale: str, phone: bool
) -> None:
    async with followed(browser, own_app, locale=locale, phone=phone) as page:
        await page.ask_and_wait("ก่อนดับ")
        await expect(page.page.locator("#state dd.up")).to_have_count(2)
        await own_app.kill()
        await expect(banner(page)).to_contain_text(GONE[locale], timeout=SOON_MS)
        await expect(page.page.locator("#state .line")).to_contain_text(GONE[locale])
        await expect(page.page.locator("#state dd.up")).to_have_count(0)
        await expect(page.page.locator("#state dd.unknown")).not_to_have_count(0)
        await page.page.locator("#picker [aria-haspopup]").click()  # which asks the server by Gradio
        await expect(page.page.locator("#picker .group-head.up")).to_have_count(0)
        await page.page.keyboard.press("Escape")
        await page.ask("ถามตอนดับ")
        await expect(page.alert).to_be_visible()
        assert await page.text() == "ถามตอนดับ"
        await expect(page.growing).to_have_count(0)
        await says_nothing_of_gradios(page)
        await own_app.start()
        await expect(banner(page)).to_be_hidden(timeout=SOON_MS)
        await expect(page.page.locator("#state dd.up")).to_have_count(2)
        await expect(page.page.locator("#picker [data-state=up]")).to_have_count(1)
        await page.ask_and_wait(await page.text())
        await expect(page.questions).to_have_text(["ก่อนดับ", "ถามตอนดับ"])


async def test_a_server_that_hangs_is_gone_too_and_its_reply_goes_on_when_it_is_back(
    browser: Browser, own_app: App, model: OpenAIStandin
) -> None:
    assert own_app.process
    async with followed(browser, own_app) as page:
        model.script = Script(tokens=thai_tokens(3_000), delay_ms=30)
        await page.ask("เล่าไปเรื่อย ๆ")
        await expect(page.growing).not_to_be_empty()
        own_app.process.send_signal(signal.SIGSTOP)
        try:
            await expect(banner(page)).to_contain_text(GONE["th-TH"], timeout=SOON_MS)
            await expect(page.page.locator("#chat .growing .waiting")).to_contain_text("กำลังต่อใหม่")
        finally:
            own_app.process.send_signal(signal.SIGCONT)
        await expect(banner(page)).to_be_hidden(timeout=SOON_MS)
        shown = len(await page.growing.inner_text())
        await page.page.wait_for_function(f"document.querySelector('#chat .growing .words').innerText.length > {shown}")
        await page.stop.click()
        await page.is_idle()


async def test_what_happened_while_the_page_was_offline_is_read_when_it_is_back(
    browser: Browser, app: App, model: OpenAIStandin
) -> None:
    async with followed(browser, app, locale="en-GB") as page, client_of(app) as http:
        await page.ask_and_wait("Before")
        await page.page.context.set_offline(True)
        await expect(banner(page)).to_contain_text(OFFLINE["en-GB"], timeout=SOON_MS)
        await says_nothing_of_gradios(page)
        chat = Chat(http, model="thai-large", session_id=page.session_id)
        await chat.ask_and_read("From another device")
        await page.page.context.set_offline(False)
        await expect(banner(page)).to_be_hidden(timeout=SOON_MS)
        await expect(page.questions).to_have_text(["Before", "From another device"])
        await expect(page.replies).to_have_count(2)


@pytest.mark.parametrize("locale", LOCALES)
async def test_a_newer_page_is_offered_and_reloading_keeps_what_is_typed(
    browser: Browser, app: App, locale: str
) -> None:
    async with visit(browser, app, locale=locale) as page:
        hello = f"event: hello\ndata: {json.dumps({'page': 'another', 'changed_ms_ago': None})}\n\n"

        async def newer(route: Route) -> None:
            await route.fulfill(content_type="text/event-stream", body=hello)

        await page.page.route("**/api/changes", newer)
        await page.reload()
        await page.page.locator("#new").click()
        await page.box.fill("ยังพิมพ์ไม่จบ")
        offer = page.page.locator("#newer")
        await expect(offer).to_be_visible(timeout=SOON_MS)
        await expect(banner(page)).to_be_hidden()
        await page.page.unroute("**/api/changes")
        async with page.page.expect_navigation():
            await offer.get_by_role("button", name={"th-TH": "โหลดใหม่", "en-GB": "Reload"}[locale]).click()
        await page.is_ready()
        assert await page.text() == "ยังพิมพ์ไม่จบ"
        await expect(offer).to_be_hidden()


def readiness(**changes: object) -> dict[str, object]:
    up = {"state": "up", "models": ["a", "b"]}
    return {"database": {"state": "postgresql", "waiting": 0}, "backends": {"vllm": up, "openai": up}, **changes}


def says(answer: object) -> Callable[[Route], Awaitable[None]]:
    async def fulfil(route: Route) -> None:
        await route.fulfill(json=answer)

    return fulfil


async def well(page: ChatPage) -> None:
    await expect(page.page.locator("#state .line.up")).to_contain_text("PostgreSQL · 4 models answer")
    await expect(page.page.locator("#state-said")).to_be_empty()


async def one_down(page: ChatPage) -> None:
    for place in ("#state .line.loading", "#state-said"):
        await expect(page.page.locator(place)).to_contain_text("OpenAI: down")
    await expect(page.page.locator("#state .line")).to_contain_text("2 models answer")


async def in_memory(page: ChatPage) -> None:
    for place in ("#state .line.loading", "#state-said"):
        await expect(page.page.locator(place)).to_contain_text("Memory only, 3 turns wait")


async def all_down(page: ChatPage) -> None:
    await expect(page.page.locator("#state .line.down")).to_contain_text("no model answers")


DOWN = {"state": "down", "models": []}
STATES: list[tuple[dict[str, object], Callable[[ChatPage], Awaitable[None]]]] = [
    (readiness(), well),
    (readiness(backends={"vllm": {"state": "up", "models": ["a", "b"]}, "openai": DOWN}), one_down),
    (readiness(database={"state": "memory", "waiting": 3}), in_memory),
    (readiness(backends={"vllm": DOWN}), all_down),
]


@pytest.mark.parametrize("phone", [False, True])
async def test_one_line_says_what_is_wrong_also_to_who_hears_it(browser: Browser, app: App, phone: bool) -> None:
    async with visit(browser, app, locale="en-GB", phone=phone) as page:
        for answer, holds in STATES:
            await page.page.unroute("**/readyz")
            await page.page.route("**/readyz", says(answer))
            await page.reload()
            if phone:
                await page.page.locator("#menu-open").click()
            await holds(page)
        await page.page.locator("#state .line").click()
        await expect(page.page.locator("#state dl")).to_be_visible()
        assert not await page.scrolls_sideways()
        assert re.search("down", await page.page.locator("#state dl").inner_text())


async def test_a_server_that_is_away_for_long_is_asked_less_often(browser: Browser, own_app: App) -> None:
    async with visit(browser, own_app) as page:
        clock = page.clock
        await clock.install()
        await page.page.add_init_script(
            "window.asked = []; const plain = window.fetch; window.fetch = (...given) => {"
            " if (String(given[0]).includes('healthz')) window.asked.push(Date.now()); return plain(...given); };"
        )
        async with page.page.expect_response("**/api/changes"):
            await page.reload()
        await own_app.kill()
        await expect(banner(page)).to_be_visible(timeout=SOON_MS)
        asked = 0
        for _ in range(32):
            asked = await page.page.evaluate("window.asked.length")
            await clock.fast_forward(4_000)
            await page.page.wait_for_function("(asked) => window.asked.length > asked", arg=asked)
        while await page.page.evaluate("window.asked.length") < asked + 5:
            await clock.fast_forward(1_000)
        times = (await page.page.evaluate("window.asked"))[-3:]
        assert all(later - earlier >= 5_000 for earlier, later in itertools.pairwise(times))
        await own_app.start()
        await page.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await expect(banner(page)).to_be_hidden(timeout=SOON_MS)
