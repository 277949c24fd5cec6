"""Ollama's models on the page: loading the one that is picked, and fetching one that is missing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.app import App, running_app
from tests.browser.chat_page import ChatPage, visit
from tests.standins.ollama_server import OllamaStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")

MISSING = "typhoon2:8b"
QUESTION = "สรุปข่าววันนี้ให้หน่อย 📰"
SIZES = (4_700_000_000, 1_000_000)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ollama() -> AsyncIterator[OllamaStandin]:
    models: dict[str, int | None] = {"llama3.2:3b": 131_072, "qwen3:8b": 40_960}
    async with OllamaStandin(models=models, registry={MISSING: SIZES}) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ollama_app(ollama: OllamaStandin) -> AsyncIterator[App]:
    """Yield an app whose settings name a model that the server does not have."""
    async with running_app(OLLAMA_HOST=ollama.address, OLLAMA_MODEL=MISSING) as running:
        yield running


@asynccontextmanager
async def opened(
    browser: Browser, app: App, ollama: OllamaStandin, *, locale: str = "th-TH"
) -> AsyncIterator[ChatPage]:
    """Yield a new session, with the server as it is when it has just been started."""
    ollama.models.pop(MISSING, None)
    ollama.loaded.clear()
    ollama.pulls.clear()
    ollama.pull_fault = None
    ollama.may_load.set()
    ollama.may_pull.set()
    async with visit(browser, app, "/?new", locale=locale) as page:
        yield page
        assert page.complaints == []


async def test_a_picked_model_shows_that_it_loads_until_it_is_there(
    browser: Browser, ollama_app: App, ollama: OllamaStandin
) -> None:
    async with opened(browser, ollama_app, ollama) as page:
        ollama.may_load.clear()
        await page.pick_model("qwen3:8b")
        await expect(page.page.locator("#picker .loads")).to_have_text("กำลังโหลด")
        assert ("qwen3:8b", 8192) in ollama.loads
        await page.page.locator("#picker [aria-haspopup]").click()
        await expect(page.page.locator("#picker [role=option][aria-selected=true]")).to_contain_text("กำลังโหลด")
        await page.page.keyboard.press("Escape")
        ollama.may_load.set()
        await expect(page.page.locator("#picker .loads")).to_be_empty()
        await page.ask_and_wait(QUESTION)


async def test_a_question_to_a_model_that_loads_says_so_before_the_wait(
    browser: Browser, ollama_app: App, ollama: OllamaStandin
) -> None:
    async with opened(browser, ollama_app, ollama) as page:
        ollama.may_load.clear()
        await page.pick_model("llama3.2:3b")
        await ollama.until(lambda: "llama3.2:3b" in ollama.loaded)
        await page.ask(QUESTION)
        await expect(page.page.locator("#chat .growing .notice")).to_contain_text("llama3.2:3b กำลังโหลด")
        ollama.may_load.set()
        await page.is_idle()
        await expect(page.replies.first).to_contain_text("น้ำใจคนไทย")


async def test_a_missing_model_is_fetched_from_the_failed_reply_and_then_answers(
    browser: Browser, ollama_app: App, ollama: OllamaStandin
) -> None:
    async with opened(browser, ollama_app, ollama) as page:
        ollama.may_pull.clear()
        await page.pick_model("qwen3:8b")
        await page.pick_model(MISSING)  # as a setting names it, though no list does
        reply = await page.ask_and_wait(QUESTION)
        await expect(reply.locator(".problem")).to_contain_text(MISSING)
        await reply.get_by_role("button", name=f"ดาวน์โหลด {MISSING}").click()
        await expect(reply.get_by_role("progressbar")).to_have_js_property("value", 2_350_000_000 / SIZES[0])
        await expect(reply.locator(".fetch-says")).to_have_text(re.compile(r"2[.]4\sGB จาก 4[.]7\sGB · 50%"))
        ollama.may_pull.set()
        await expect(reply.locator(".fetch-done")).to_contain_text("ถามใหม่ได้เลย")
        await page.page.locator("#picker [aria-haspopup]").click()
        await expect(page.page.locator("#picker [role=option]", has_text=MISSING)).to_be_visible()
        await page.page.keyboard.press("Escape")
        answer = await page.ask_and_wait(QUESTION)
        await expect(answer).to_contain_text("น้ำใจคนไทย")


async def test_a_fetch_goes_on_while_another_session_is_shown_and_can_be_cancelled(
    browser: Browser, ollama_app: App, ollama: OllamaStandin
) -> None:
    async with opened(browser, ollama_app, ollama, locale="en-GB") as page:
        ollama.may_pull.clear()
        reply = await page.ask_and_wait(QUESTION)
        await reply.get_by_role("button", name=f"Download {MISSING}").click()
        await expect(reply.locator(".fetch-says")).to_contain_text("50%")
        await page.new_session()
        await page.sessions.first.click()
        await expect(reply.locator(".fetch-says")).to_contain_text("50%")
        await reply.get_by_role("button", name="Cancel").click()
        await expect(reply.get_by_role("button", name=f"Download {MISSING}")).to_be_visible()
        await ollama.until(lambda: not ollama.pulls[0].running)
        assert ollama.pulls[0].left


async def test_a_fetch_begun_and_cancelled_with_keys_keeps_the_focus(
    browser: Browser, ollama_app: App, ollama: OllamaStandin
) -> None:
    async with opened(browser, ollama_app, ollama, locale="en-GB") as page:
        ollama.may_pull.clear()
        reply = await page.ask_and_wait(QUESTION)
        start = reply.get_by_role("button", name=f"Download {MISSING}")
        await start.press("Enter")
        await expect(reply.get_by_role("button", name="Cancel")).to_be_focused()
        await ollama.until(lambda: len(ollama.pulls) == 1)
        await page.page.keyboard.press("Enter")
        await expect(start).to_be_focused()
        # A download that goes on would give the model to whoever asks next.
        await ollama.until(lambda: not ollama.pulls[0].running)


async def test_a_fetch_that_fails_says_why_and_can_be_begun_again(
    browser: Browser, ollama_app: App, ollama: OllamaStandin
) -> None:
    async with opened(browser, ollama_app, ollama, locale="en-GB") as page:
        ollama.pull_fault = "no_space"
        reply = await page.ask_and_wait(QUESTION)
        await reply.get_by_role("button", name=f"Download {MISSING}").click()
        await expect(reply.locator(".fetch-problem")).to_contain_text("disk space")
        ollama.pull_fault = None
        await reply.get_by_role("button", name=f"Download {MISSING}").click()
        await expect(reply.locator(".fetch-done")).to_be_visible()


async def test_the_offer_to_fetch_is_still_there_after_a_reload(
    browser: Browser, ollama_app: App, ollama: OllamaStandin
) -> None:
    async with opened(browser, ollama_app, ollama) as page:
        await page.ask_and_wait(QUESTION)
        await page.reload()
        await expect(page.replies.first.get_by_role("button", name=f"ดาวน์โหลด {MISSING}")).to_be_visible()
        assert not await page.scrolls_sideways()
