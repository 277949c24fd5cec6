"""A real Chromium before the real app, which asks a stand-in model server; all of them shared by the tests here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.app import App, running_app
from tests.browser.chat_page import MODELS, ChatPage, visit
from tests.browser.chromium import ARGUMENTS, CHROMIUM, PATIENCE_MS, START_MS
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

# A state is waited for, however busy the machine is.
expect.set_options(timeout=PATIENCE_MS)
_HERE = Path(__file__).parent
_BEFORE = pytest.StashKey[set[str]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try a test here once more when it fails, and name it in the report: decision 0060."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def model_server() -> AsyncIterator[OpenAIStandin]:
    async with OpenAIStandin(models=dict.fromkeys(MODELS, 8192)) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def model(model_server: OpenAIStandin) -> OpenAIStandin:
    """Return the model server as if it had just been started."""
    model_server.script = Script()
    model_server.scripts.clear()
    model_server.seen.clear()
    return model_server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def app(model_server: OpenAIStandin) -> AsyncIterator[App]:
    async with running_app(VLLM_BASE_URL=model_server.base_url) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=(*ARGUMENTS, "--process-per-site"), timeout=START_MS
        )
        yield chromium
        await chromium.close()


@pytest.fixture(autouse=True)
def nothing_of_the_first_try(request: pytest.FixtureRequest) -> None:
    """Delete the sessions of a first try before the second, which looks for names that it may have left.

    Those that were there before it stay: other tests of the file may share them.
    """
    if "app" not in request.fixturenames:
        return
    app: App = request.getfixturevalue("app")
    with httpx.Client(base_url=app.address) as http:
        if getattr(request.node, "execution_count", 1) == 1:
            request.node.stash[_BEFORE] = set(_listed(http))
            return
        for session_id in set(_listed(http)) - request.node.stash[_BEFORE]:
            http.delete(f"/api/sessions/{session_id}?permanent=true").raise_for_status()


def _listed(http: httpx.Client) -> Iterator[str]:
    """Yield the ids of the sessions that anybody may list: none where people sign in, or of an app that was stopped."""
    asked = {"limit": "200"}
    with suppress(httpx.ConnectError):
        while (response := http.get("/api/sessions", params=asked)).status_code != HTTPStatus.UNAUTHORIZED:
            answer = response.raise_for_status().json()
            yield from (session["session_id"] for session in answer["sessions"])
            if not answer["next"]:
                return
            asked["cursor"] = answer["next"]


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, app: App, model: OpenAIStandin) -> AsyncIterator[ChatPage]:
    """Yield a new, empty session in a browser that speaks Thai; what is listed of it is ended before the next test."""
    async with visit(browser, app, "/?new") as page:
        yield page
        print("The browser's console:", page.complaints)  # which a failed test shows
    await end_replies(app)
    model.may_end.set()


async def end_replies(app: App) -> None:
    """Stop the replies that grow in the newest sessions; an app that was stopped has none."""
    async with httpx.AsyncClient(base_url=app.address) as http:
        try:
            newest = (await http.get("/api/sessions")).json()["sessions"]
        except httpx.TransportError:
            return
        for session in newest:
            if session["running"]:
                await http.post(f"/api/sessions/{session['session_id']}/stop")
