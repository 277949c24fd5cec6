"""The questions to begin with suit the model that answers; when none can, the page says what to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from tests.app import App, running_app
from tests.browser.chat_page import visit
from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")

CAPABILITIES = {"qwen3:8b": ["completion", "thinking"], "bge-m3:latest": ["embedding"]}
FIRST = {
    "mistral:7b": "อธิบาย MVCC ของ PostgreSQL แบบเข้าใจง่าย",
    "typhoon2.1-gemma3:4b": "อธิบายสำนวน “น้ำขึ้นให้รีบตัก” พร้อมตัวอย่าง",
    "qwen2.5-coder:7b": "เขียนตัวอย่าง FastAPI ที่อ่านไฟล์ CSV",
    "qwen3:8b": "เชือกสองเส้นไหม้หมดเส้นละหนึ่งชั่วโมงแต่ไม่สม่ำเสมอ จับเวลา 45 นาทีอย่างไร",
    "llama3.2:1b": "แปลเป็นอังกฤษ: “ขอบคุณที่ช่วยนะ”",
}


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[tuple[OllamaStandin, AsyncExitStack]]:
    """Yield a model server, and what stops it."""
    async with AsyncExitStack() as stack:
        standin = OllamaStandin(models=dict.fromkeys(FIRST, 8192), capabilities=CAPABILITIES)
        yield await stack.enter_async_context(standin), stack


@pytest_asyncio.fixture(loop_scope="session")
async def ollama_app(server: tuple[OllamaStandin, AsyncExitStack]) -> AsyncIterator[App]:
    async with running_app(OLLAMA_HOST=server[0].address) as running:
        yield running


async def test_the_suggestions_suit_the_model_and_are_gone_when_none_answers(
    browser: Browser, ollama_app: App, server: tuple[OllamaStandin, AsyncExitStack]
) -> None:
    ollama, stopping = server
    async with visit(browser, ollama_app, "/?new") as page:
        suggestions = page.page.locator(".suggestions button")
        note = page.page.locator("#model-note")
        for name, first in FIRST.items():
            await page.pick_model(name)
            await expect(suggestions.first).to_have_text(first)
        await expect(note).to_be_hidden()
        ollama.models = {"bge-m3:latest": 8192}
        await expect(note).to_contain_text("Ollama ยังไม่มีโมเดลสำหรับคุย")
        await expect(suggestions.first).to_be_hidden()
        await stopping.aclose()
        await expect(note).to_contain_text("ตอนนี้ไม่มีโมเดลที่ตอบได้ ติดต่อ Ollama ไม่ได้")
        await expect(suggestions.first).to_be_hidden()


async def test_no_question_changes_under_the_pointer_while_the_models_are_not_known(
    browser: Browser, app: App, model: OpenAIStandin
) -> None:
    known = asyncio.Event()

    async def later(route: Route) -> None:
        await known.wait()
        await route.continue_()

    async with visit(browser, app, "/?new") as page:
        await page.page.route("**/gradio_api/run/predict*", later)
        await page.page.reload()
        await expect(page.page.locator("#welcome h1")).to_be_visible()
        suggestions = page.page.locator(".suggestions button")
        await expect(suggestions.first).to_be_hidden()
        known.set()
        await expect(suggestions.first).to_be_visible()
        text = await suggestions.first.inner_text()
        await page.is_ready()
        await suggestions.first.click()
        await expect(page.replies).to_have_count(1)
        await page.is_idle()
        assert model.seen[-1].body["messages"][-1]["content"] == text


async def test_a_browser_without_scripts_is_told_that_alone(browser: Browser, app: App) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="en-US")
    page = await context.new_page()
    await page.goto(app.address)
    assert "needs JavaScript" in await page.content()
    await expect(page.locator("#opening noscript")).to_be_visible()
    await expect(page.locator("#opening > span")).to_have_count(2)
    for said in await page.locator("#opening > span").all():
        await expect(said).to_be_hidden()
    await context.close()
