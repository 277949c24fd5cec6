"""Tabs and browsers follow each other: what changes in one is seen in the others without a reload."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser, Request, expect

from tests.app import App
from tests.browser.chat_page import MODELS, ChatPage, visit
from tests.chats import ASYNC, Chat, client_of
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens

pytestmark = pytest.mark.asyncio(loop_scope="session")

ENDLESS = Script(tokens=thai_tokens(3_000), delay_ms=30)
STREAM = "/api/changes"


@asynccontextmanager
async def beside(page: ChatPage, browser: Browser, app: App, *, kind: str, path: str) -> AsyncIterator[ChatPage]:
    """Yield another tab of the same browser, or another browser."""
    if kind == "browser":
        async with visit(browser, app, path) as other:
            yield other
        return
    other = ChatPage(await page.page.context.new_page())
    await other.open(app.address + path)
    yield other
    await other.page.close()


@pytest.mark.parametrize("kind", ["tab", "browser"])
async def test_a_turn_asked_in_one_is_seen_growing_and_ending_in_the_other(
    page: ChatPage, browser: Browser, app: App, model: OpenAIStandin, kind: str
) -> None:
    await page.ask_and_wait("คำถามแรกที่เห็นทั้งคู่")
    async with beside(page, browser, app, kind=kind, path=f"/?s={page.session_id}") as other:
        await expect(other.replies).to_have_count(1)
        model.script = ENDLESS
        await page.ask("ถามจากหน้าหนึ่ง เห็นที่อีกหน้า")
        await expect(other.growing).to_contain_text("น้ำใจคนไทย")
        await expect(other.questions).to_have_text(["คำถามแรกที่เห็นทั้งคู่", "ถามจากหน้าหนึ่ง เห็นที่อีกหน้า"])
        await page.stop.click()
        await expect(other.replies.last.locator(".status")).to_have_text("หยุดโดยคุณ")
        await other.is_idle()
        model.script = Script()
        await other.ask_and_wait("แล้วถามกลับ")
        await expect(page.replies).to_have_count(3)
        await expect(page.questions.last).to_have_text("แล้วถามกลับ")


async def test_names_places_and_deletion_are_followed(page: ChatPage, app: App) -> None:
    await page.ask_and_wait("เรื่องที่จะถูกเปลี่ยนชื่อ")
    async with client_of(app) as http:
        address = f"/api/sessions/{page.session_id}"
        await changed(http, address, session_name="ชื่อจากที่อื่น")
        await expect(page.row("ชื่อจากที่อื่น")).to_be_visible()
        await expect(page.page).to_have_title(re.compile("^ชื่อจากที่อื่น"))
        await changed(http, address, pinned=True)
        pinned = page.page.locator("#recent section", has=page.page.locator("#group-pinned"))
        await expect(pinned).to_contain_text("ชื่อจากที่อื่น")
        await changed(http, address, archived=True)
        await expect(page.row("ชื่อจากที่อื่น")).to_have_count(0)
        await expect(page.page.locator("#shelved")).to_be_visible()
        await changed(http, address, archived=False)
        await expect(page.row("ชื่อจากที่อื่น")).to_be_visible()
        await http.delete(address)
        await expect(page.row("ชื่อจากที่อื่น")).to_have_count(0)
        await http.delete(address, params={"permanent": "true"})
        await expect(page.alert).to_contain_text("ไม่พบแชตนี้")
        await expect(page.welcome).to_be_visible()


async def test_a_session_that_is_begun_elsewhere_is_listed_and_shown_as_answering(
    page: ChatPage, app: App, model: OpenAIStandin
) -> None:
    model.script = ENDLESS
    async with client_of(app) as http:
        kept_nowhere = {"query": "แชตชั่วคราวจากที่อื่น", "temporary": True}
        await http.post(f"/api/sessions/{uuid4()}/messages", json=kept_nowhere, headers=ASYNC)
        chat = Chat(http, model=MODELS[0])
        await chat.ask("เริ่มจากโปรแกรมอื่น")
        running = page.row("เริ่มจากโปรแกรมอื่น").locator(".running")
        await expect(running).to_be_visible()
        await chat.stop()
        await expect(running).to_be_hidden()
        await expect(page.row("แชตชั่วคราว")).to_have_count(0)


async def test_the_tabs_of_a_browser_share_one_stream_and_another_takes_it_over(
    page: ChatPage, browser: Browser, app: App
) -> None:
    """A browser has six connections for a host: eight tabs that held one each could ask nothing any more."""
    await page.ask_and_wait("เปิดหลายแท็บ")
    streams: list[Request] = []
    page.page.context.on("request", lambda request: streams.append(request) if STREAM in request.url else None)
    tabs = [page, *[ChatPage(await page.page.context.new_page()) for _ in range(7)]]
    for tab in tabs[1:]:
        await tab.open(f"{app.address}/?s={page.session_id}")
    async with client_of(app) as http:
        address = f"/api/sessions/{page.session_id}"
        await changed(http, address, session_name="ทุกแท็บเห็น")
        for tab in tabs:
            await expect(tab.page).to_have_title(re.compile("^ทุกแท็บเห็น"))
        assert len(streams) <= 1  # it may have begun before anybody counted
        await page.page.close()
        await changed(http, address, session_name="แท็บแรกปิดแล้ว")
        for tab in tabs[1:]:
            await expect(tab.page).to_have_title(re.compile("^แท็บแรกปิดแล้ว"))
    assert len(streams) <= 2


async def test_a_tab_takes_the_stream_from_one_that_says_nothing(page: ChatPage, app: App) -> None:
    """A browser may stop a tab that nobody looks at, and keep its lock."""
    stopped, hold = await page.page.context.new_page(), "navigator.locks.request"
    await stopped.goto(f"{app.address}/docs")
    await stopped.evaluate(f"() => {{ {hold}('thai-chat:changes', {{steal: true}}, () => new Promise(() => {{}})) }}")
    async with page.page.expect_response(f"**{STREAM}"):
        await page.reload()
    await stopped.close()


async def test_where_there_are_no_locks_a_page_follows_by_itself(browser: Browser, app: App, page: ChatPage) -> None:
    """Plain http of a local network has none."""
    await page.page.add_init_script("Object.defineProperty(navigator, 'locks', { value: undefined })")
    await page.reload()
    await page.ask_and_wait("ไม่มีล็อก")
    async with client_of(app) as http:
        await changed(http, f"/api/sessions/{page.session_id}", session_name="เปลี่ยนจากที่อื่น")
        await expect(page.page).to_have_title(re.compile("^เปลี่ยนจากที่อื่น"))


async def test_a_reply_asked_here_is_read_no_more_often_than_it_has_to_be(page: ChatPage) -> None:
    async with page.page.expect_response(f"**{STREAM}"):
        await page.reload()
    asked: list[str] = []
    page.page.on("request", lambda request: asked.append(f"{request.method} {urlsplit(request.url).path}"))
    for question in ("ครั้งแรกที่ตั้งชื่อ", "ครั้งที่สอง"):
        asked.clear()
        async with page.page.expect_response(lambda response: response.url.endswith(page.session_id or "none yet")):
            await page.ask_and_wait(question)
    assert "GET /api/sessions" not in asked
    assert f"GET /api/sessions/{page.session_id}/messages" not in asked


async def changed(http: httpx.AsyncClient, address: str, **change: object) -> None:
    assert (await http.patch(address, json=change)).status_code == 200


async def test_changes_are_followed_where_locks_are_forbidden(browser: Browser, app: App) -> None:
    async with visit(browser, app) as page, client_of(app) as http:
        await page.page.add_init_script(
            "window.locksAsked = 0; LockManager.prototype.request = async () => {"
            " window.locksAsked += 1; throw new DOMException('forbidden', 'SecurityError'); };"
        )
        async with page.page.expect_response(f"**{STREAM}"):
            await page.reload()
        await page.ask_and_wait("ไม่มีสิทธิ์ล็อก")
        await changed(http, f"/api/sessions/{page.session_id}", session_name="ได้ยินโดยไม่ล็อก")
        await expect(page.row("ได้ยินโดยไม่ล็อก")).to_be_visible()
        assert await page.page.evaluate("window.locksAsked") == 1
