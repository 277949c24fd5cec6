"""The list of models: thousands of them, searched, marked, hidden, walked through by keys, and on a phone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from tests.app import App, running_app
from tests.browser.axe import faults_of
from tests.browser.chat_page import ChatPage, visit
from tests.standins.ollama_server import OllamaStandin
from tests.standins.openai_server import OpenAIStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")

MANY = 1400
LAST = "zephyr-1399"
FEW = {"llama3.2-vision:11b": 131_072, "qwen3:8b": 40_960, "typhoon2.1-gemma3:4b": 131_072, "bge-m3:latest": 8192}
CAPABILITIES = {
    "llama3.2-vision:11b": ["completion", "vision"],
    "qwen3:8b": ["completion", "thinking"],
    "bge-m3:latest": ["embedding"],
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ollama() -> AsyncIterator[OllamaStandin]:
    async with OllamaStandin(models=dict(FEW), capabilities=CAPABILITIES) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def servers() -> AsyncIterator[OpenAIStandin]:
    """Yield a server with very many models, which are `vLLM`'s here."""
    names = ["thai-large", "thai-small", *(f"zephyr-{number:04}" for number in range(MANY))]
    async with OpenAIStandin(models=dict.fromkeys(names, 8192)) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def many_app(servers: OpenAIStandin, ollama: OllamaStandin) -> AsyncIterator[App]:
    async with running_app(VLLM_BASE_URL=servers.base_url, OLLAMA_HOST=ollama.address) as running:
        yield running


class Choices:
    """The list of models on a page."""

    def __init__(self, page: ChatPage) -> None:
        self.page = page
        self.box = page.page.locator(".choices")
        self.find = self.box.get_by_role("combobox")
        self.options = self.box.get_by_role("option")
        self.active = self.box.locator(".offer.active")

    async def open(self, button: Locator | None = None) -> None:
        await (button or self.page.page.locator("#picker [aria-haspopup]")).click()
        await expect(self.options.first).to_be_visible()

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.page.keyboard.press(key)

    def group(self, name: str) -> Locator:
        return self.box.get_by_role("group", name=name)

    def option(self, name: str) -> Locator:
        return self.options.filter(has_text=name)


@asynccontextmanager
async def choosing(
    browser: Browser, app: App, *, locale: str = "en-GB", phone: bool = False
) -> AsyncIterator[tuple[ChatPage, Choices]]:
    async with visit(browser, app, locale=locale, phone=phone) as page:
        choices = Choices(page)
        await choices.open()
        yield page, choices
        assert page.complaints == []


async def test_thousands_of_models_are_listed_by_the_rows_in_view_alone(browser: Browser, many_app: App) -> None:
    async with choosing(browser, many_app) as (page, choices):
        await expect(choices.find).to_be_focused()
        assert await choices.options.count() < 40
        await expect(choices.options.first).to_have_attribute("aria-setsize", str(MANY + 5))
        await choices.press("End")
        await expect(choices.active).to_contain_text("typhoon2.1")
        await choices.press("ArrowDown")  # and around
        await expect(choices.active).to_contain_text("thai-large")
        await choices.press("PageDown", "ArrowDown", "Home", "ArrowUp", "PageUp", "Home", "ArrowDown")
        await expect(choices.active).to_contain_text("thai-small")
        active = await choices.active.get_attribute("id")
        await expect(choices.find).to_have_attribute("aria-activedescendant", str(active))
        await choices.press("Enter")
        await expect(choices.box).to_have_count(0)
        await expect(page.page.locator("#picker .name")).to_have_text("thai-small")
        await expect(page.page.locator("#picker [aria-haspopup]")).to_be_focused()


async def test_every_row_is_reached_by_scrolling(browser: Browser, many_app: App) -> None:
    async with choosing(browser, many_app) as (_, choices):
        listed = choices.box.get_by_role("listbox")
        await listed.evaluate("(list) => { list.scrollTop = list.scrollHeight / 2 }")
        await expect(choices.option(f"zephyr-{MANY // 2:04}")).to_be_visible()
        await listed.evaluate("(list) => { list.scrollTop = list.scrollHeight }")
        await expect(choices.options.last).to_contain_text("typhoon2.1")
        await expect(choices.options.last).to_be_visible()
        assert await choices.options.count() < 40


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ZEPH 1399", [LAST]),
        ("แำยใีก", []),
        ("ะ้ฟร สฟ", ["thai-large"]),  # "thai la" in the Thai layout
        ("llama32", ["llama3.2-vision:11b"]),
        ("ollama", ["llama3.2-vision:11b", "qwen3:8b", "typhoon2.1-gemma3:4b"]),
        ("vision", ["llama3.2-vision:11b"]),
        ("thinking", ["qwen3:8b"]),
        ("bge", []),
    ],
)
async def test_a_search_means_names_backends_and_marks_in_either_layout(
    browser: Browser, many_app: App, query: str, found: list[str]
) -> None:
    async with visit(browser, many_app, locale="en-GB") as page:
        choices = Choices(page)
        await choices.open()
        await choices.find.fill(query)
        await expect(choices.box.locator(".model-name")).to_have_text(found)
        if not found:
            await expect(choices.box.get_by_role("status")).to_have_text("No model matches.")


async def test_favourites_come_first_in_every_tab_and_stay(browser: Browser, many_app: App) -> None:
    async with choosing(browser, many_app, locale="th-TH") as (page, choices):
        other = ChatPage(await page.page.context.new_page())
        await other.open(many_app.address)
        elsewhere = Choices(other)
        await elsewhere.open()
        await choices.find.fill("qwen3")
        await choices.option("qwen3:8b").locator(".star").click()
        favourites = elsewhere.group("รายการโปรด")
        await expect(favourites.get_by_role("option")).to_have_count(1)
        await expect(favourites).to_contain_text("qwen3:8b")
        await expect(favourites).to_contain_text("Ollama")
        await expect(elsewhere.option("qwen3:8b")).to_have_count(1)
        await elsewhere.press("Home")
        await elsewhere.box.get_by_role("button", name="เอาออกจากรายการโปรด").press("Enter")
        await expect(favourites).to_have_count(0)
        await expect(elsewhere.box.get_by_role("button", name="เพิ่มในรายการโปรด")).to_be_focused()
        await other.page.close()


async def test_a_hidden_model_is_out_of_the_list_until_it_is_shown_again(browser: Browser, many_app: App) -> None:
    async with choosing(browser, many_app) as (page, choices):
        await choices.find.fill("thai-small")
        await choices.box.get_by_role("button", name="Hide this model").click()
        await expect(choices.option("thai-small")).to_have_count(0)
        await choices.find.fill("")
        await page.reload()
        await choices.open()
        await expect(choices.option("thai-small")).to_have_count(0)
        line = choices.box.get_by_role("button", name="Hidden (1)")
        await line.click()
        hidden = choices.group("Hidden")
        await expect(hidden.get_by_role("option")).to_have_text(re.compile("thai-small"))
        await hidden.get_by_role("option").hover()
        await hidden.locator(".hide").click()
        await expect(line).to_have_count(0)
        await choices.find.fill("thai")
        await expect(choices.box.locator(".model-name")).to_have_text(["thai-large", "thai-small"])


async def test_the_models_that_were_used_last_are_in_sight(browser: Browser, many_app: App) -> None:
    async with choosing(browser, many_app) as (_, choices):
        await choices.find.fill(LAST)
        await choices.press("Enter")
        await choices.open()
        await choices.press("Home")
        await expect(choices.group("Used last")).to_contain_text(LAST)
        await expect(choices.active).to_contain_text(LAST)


async def test_the_facts_of_a_model_are_told(browser: Browser, many_app: App) -> None:
    async with choosing(browser, many_app) as (_, choices):
        await choices.find.fill("llama3.2")
        await expect(choices.options.locator("small span")).to_have_text(["8K tokens", "vision"])
        await expect(choices.box.locator(".choices-foot")).to_contain_text("takes 8,192 tokens")


@pytest.mark.parametrize("phone", [False, True])
async def test_the_list_has_no_faults_that_a_machine_finds(browser: Browser, many_app: App, phone: bool) -> None:
    async with choosing(browser, many_app, phone=phone, locale="th-TH") as (page, choices):
        await choices.option("thai-large").locator(".star").click()
        await choices.find.fill("thai")
        assert await faults_of(page) == []


async def test_on_a_phone_the_list_is_a_sheet_that_stands_on_the_keyboard(browser: Browser, many_app: App) -> None:
    async with choosing(browser, many_app, phone=True, locale="th-TH") as (page, choices):
        # The keyboard comes with the search, not before it.
        assert await page.page.evaluate("document.activeElement.className") == "choices-list"
        assert float((await choices.find.evaluate("(field) => getComputedStyle(field).fontSize"))[:-2]) >= 16
        sheet = await choices.box.bounding_box()
        assert sheet is not None
        assert (sheet["x"], sheet["width"], sheet["y"] + sheet["height"]) == (0, 390, 844)
        await page.page.set_viewport_size({"width": 390, "height": 420})
        await choices.find.fill("zephyr")
        await expect(choices.options.first).to_be_in_viewport()
        await expect(choices.find).to_be_in_viewport()
        await choices.options.first.click()
        await expect(page.page.locator("#picker .name")).to_have_text("zephyr-0000")
        assert not await page.scrolls_sideways()


async def test_esc_tab_and_a_press_elsewhere_leave_the_choice_as_it_was(browser: Browser, many_app: App) -> None:
    async with choosing(browser, many_app) as (page, choices):
        await choices.find.fill("small")
        await choices.press("Escape")
        await expect(choices.box).to_have_count(0)
        await choices.open()
        await choices.press("Shift+Tab")
        await expect(choices.box).to_have_count(0)
        await choices.open()
        await page.page.mouse.click(1200, 700)
        await expect(choices.box).to_have_count(0)
        await expect(page.page.locator("#picker .name")).to_have_text("thai-large")


async def test_a_reply_is_answered_again_by_a_model_that_is_chosen_for_it_alone(
    browser: Browser, many_app: App
) -> None:
    async with visit(browser, many_app, locale="th-TH") as page:
        choices = Choices(page)
        await page.new_session()
        reply = await page.ask_and_wait("เล่าเรื่องฝน")
        await reply.locator(".message-more").click()
        await choices.open(page.page.get_by_role("menuitem", name="ตอบใหม่ด้วยโมเดลอื่น"))
        await expect(choices.box.get_by_role("option", selected=True)).to_contain_text("thai-large")
        await choices.find.fill("small")
        await choices.press("Enter")
        await expect(page.replies.locator(".version")).to_have_text("2/2")
        await page.is_idle()
        await expect(page.replies.locator(".by b")).to_contain_text("thai-small")
        await expect(page.page.locator("#picker .name")).to_have_text("thai-large")
        await page.reload()
        await expect(page.replies.locator(".by b")).to_contain_text("thai-small")
        await expect(page.page.locator("#picker .name")).to_have_text("thai-large")
