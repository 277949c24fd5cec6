"""Few requests: what is asked for while the page opens, how often, and how many bytes come."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Request

from tests.app import App
from tests.browser.chat_page import ChatPage
from tests.standins.openai_server import OpenAIStandin
from thai_chat.gate.doors import RUN

pytestmark = pytest.mark.asyncio(loop_scope="session")

MOST_REQUESTS = 40
MOST_BYTES = {"cold": 450_000, "warm": 60_000}


@dataclass
class Opened:
    """The requests of one opening, and the bytes that the network brought for them."""

    asked: list[Request] = field(default_factory=list)
    received_bytes: float = 0

    @property
    def paths(self) -> list[str]:
        return [urlsplit(request.url).path for request in self.asked]


Open = Callable[[], Awaitable[Opened]]


@pytest_asyncio.fixture(loop_scope="session")
async def opening(browser: Browser, app: App, model: OpenAIStandin) -> AsyncIterator[Open]:
    """Yield what opens the page in a tab of its own, in a browser that remembers the earlier ones alone.

    The newest session, which the page shows, is a plain one: another test's code and formulas bring fonts and styles.
    """
    async with httpx.AsyncClient(base_url=app.address) as http:
        (await http.post("/chat", json={"query": "สวัสดี"})).raise_for_status()
    context = await browser.new_context(locale="th-TH", viewport={"width": 1280, "height": 800})

    async def open_page() -> Opened:
        opened = Opened()
        page = await context.new_page()
        await _follow(page, opened)
        await ChatPage(page).open(app.address)
        await page.wait_for_load_state("networkidle")
        await page.close()
        return opened

    yield open_page
    await context.close()


async def _follow(page: Page, opened: Opened) -> None:
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")

    def received(event: dict[str, float]) -> None:
        opened.received_bytes += event["encodedDataLength"]

    devtools.on("Network.loadingFinished", received)
    page.on("request", lambda request: None if request.url.startswith("data:") else opened.asked.append(request))


async def test_nothing_is_asked_for_twice_while_the_page_opens(opening: Open) -> None:
    for visit in ("cold", "warm"):
        asked = (await opening()).asked
        counted = Counter((request.method, request.url, request.post_data) for request in asked)
        assert [key for key, count in counted.items() if count > 1] == [], visit


async def test_the_models_are_asked_for_once_while_the_page_opens(opening: Open) -> None:
    assert (await opening()).paths.count(RUN) == 1


async def test_the_page_opens_with_few_requests_and_few_bytes(opening: Open) -> None:
    for visit, most_bytes in MOST_BYTES.items():
        opened = await opening()
        assert len(opened.asked) <= MOST_REQUESTS, opened.paths
        assert opened.received_bytes <= most_bytes, visit


async def test_the_styles_of_page_and_gradio_come_as_one_file_and_the_fonts_as_one(opening: Open) -> None:
    paths = (await opening()).paths
    assert len([path for path in paths if path.endswith(".css")]) == 2
    assert [path for path in paths if path.endswith(".woff2")] == []


async def test_every_script_was_asked_for_by_the_document(app: App, opening: Open) -> None:
    """A script that only another one names is found later than it could be."""
    opened = await opening()
    async with httpx.AsyncClient() as http:
        html = (await http.get(app.address, headers={"Accept-Language": "th"})).text
    scripts = [path for path in opened.paths if path.endswith("js")]
    assert len(scripts) > 20
    assert [path for path in scripts if path.removeprefix("/") not in html] == []
