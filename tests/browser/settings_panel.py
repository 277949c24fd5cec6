"""The panel of the model settings as a person uses it, for the tests of it and of presets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from tests.app import App, running_app
from tests.browser.chat_page import ChatPage, visit
from tests.routing import NOWHERE
from tests.standins.openai_server import OpenAIStandin

PROMPT = "ตอบเป็นภาษาไทย สั้น ๆ และลงท้ายว่า “จบแล้วจ้า” 🙏"
OWN = "แชตนี้ใช้ค่าที่ตั้งเอง"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def settings_app(model_server: OpenAIStandin) -> AsyncIterator[App]:
    """Yield an app of whose three servers one is away; the other two are one under two names."""
    again = model_server.base_url.replace("127.0.0.1", "localhost")
    async with running_app(VLLM_BASE_URL=f"{model_server.base_url},{NOWHERE}/v1,{again}") as running:
        yield running


class Settings:
    """The panel as a person uses it."""

    def __init__(self, page: ChatPage) -> None:
        self.page = page
        self.button = page.page.locator("#settings-open")
        self.panel = page.page.locator("#settings")
        self.in_force = self.panel.locator(".in-force")
        self.said = self.panel.locator(".settings-said")
        self.presets = self.panel.locator(".presets li")
        self.problems = self.panel.locator(".field-problem:visible")
        self.name = page.page.get_by_role("textbox", name="ชื่อชุดค่า")

    async def open(self) -> None:
        await self.button.click()
        await expect(self.panel).to_be_visible()

    async def close(self) -> None:
        await self.panel.get_by_role("button", name="ปิด", exact=True).click()
        await expect(self.panel).to_be_hidden()

    def field(self, label: str) -> Locator:
        return self.panel.get_by_label(label)

    async def write_json(self, text: str) -> None:
        if not await self.panel.locator("details.field-advanced[open]").count():
            await self.panel.locator("summary", has_text="ค่าอื่น ๆ").click()
        await self.field("ค่าอื่น ๆ (JSON)").fill(text)

    async def press(self, name: str) -> None:
        await self.panel.get_by_role("button", name=name, exact=True).click()

    async def save(self) -> None:
        await self.press("บันทึกให้แชตนี้")
        await expect(self.said).to_contain_text("บันทึกให้แชตนี้แล้ว")

    async def make_preset(self, name: str) -> None:
        await self.press("บันทึกเป็นชุดค่า…")
        await self.name.fill(name)
        await self.name.press("Enter")
        await expect(self.said).to_contain_text(f"บันทึกชุดค่า “{name}” แล้ว")

    async def choose(self, preset: str, entry: str) -> None:
        await self.presets.filter(has_text=preset).locator(".more").click()
        await self.page.page.get_by_role("menuitem", name=entry, exact=True).click()


@asynccontextmanager
async def opened(
    browser: Browser, app: App, *, locale: str = "th-TH", phone: bool = False
) -> AsyncIterator[tuple[ChatPage, Settings]]:
    """Yield a new session.

    Nobody has presets yet, and the browser has nothing to complain of but what was refused.
    """
    async with visit(browser, app, locale=locale, phone=phone) as page:
        api = page.page.request
        for preset in (await (await api.get(f"{app.address}/api/presets")).json())["presets"]:
            await api.delete(f"{app.address}/api/presets/{preset['preset_id']}")
        await page.reload()
        if not phone:
            await page.new_session()
        yield page, Settings(page)
        assert [complaint for complaint in page.complaints if "400 (Bad Request)" not in complaint] == []


def sent(model: OpenAIStandin) -> dict[str, Any]:
    """Return the last request, without what every one has."""
    body = model.seen[-1].body
    return {name: value for name, value in body.items() if name not in ("model", "stream", "stream_options")}
