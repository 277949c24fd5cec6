"""The page keeps what somebody has picked and written, and shows what is newer before it asks from an old view."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.app import App, running_app
from tests.browser.chat_page import MODELS, ChatPage, visit
from tests.chats import client_of, until_stored
from tests.postgres_servers import PostgresServer, Proxy
from tests.standins.openai_server import OpenAIStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")

LARGE, SMALL = MODELS


async def second_tab(page: ChatPage, app: App, path: str = "/") -> ChatPage:
    """Return another tab of the same browser."""
    other = ChatPage(await page.page.context.new_page())
    await other.open(app.address + path)
    return other


async def begin_session(page: ChatPage, *, phone: bool) -> None:
    if phone:
        await page.page.locator("#menu-open").click()
    await page.new_session()


def picked(page: ChatPage) -> Locator:
    return page.page.locator("#picker .name")


@pytest.mark.parametrize(("locale", "phone"), [("th-TH", False), ("en-US", True)], ids=["desk", "phone"])
async def test_a_picked_model_stays_with_its_session_until_it_is_asked(
    browser: Browser, app: App, model: OpenAIStandin, locale: str, phone: bool
) -> None:
    async with visit(browser, app, locale=locale, phone=phone) as page:
        await begin_session(page, phone=phone)
        await page.ask_and_wait("แชตที่เลือกโมเดล")
        address = page.page.url
        await page.pick_model(SMALL)
        await begin_session(page, phone=phone)
        await expect(picked(page)).to_have_text(LARGE)
        await page.page.go_back()
        await expect(page.questions).to_have_count(1)
        await expect(picked(page)).to_have_text(SMALL)
        await page.open(address)
        await expect(picked(page)).to_have_text(SMALL)
        await page.ask_and_wait("ถามโมเดลที่เลือก")
        assert [request.body["model"] for request in model.seen] == [LARGE, SMALL]
        assert await page.page.evaluate("Object.keys(localStorage).filter((key) => key.includes('pick'))") == []
        await page.reload()
        await expect(picked(page)).to_have_text(SMALL)


async def test_a_new_session_keeps_its_question_its_model_and_its_options(
    page: ChatPage, app: App, model: OpenAIStandin
) -> None:
    await page.ask_and_wait("แชตที่มีอยู่แล้ว")
    await page.new_session()
    await page.box.fill("คำถามแรกที่ยังไม่ส่ง")
    await page.pick_model(SMALL)
    await page.page.locator("#settings-open").click()
    await page.page.get_by_label("Temperature").fill("0.2")
    await page.page.locator("#settings button.main").click()
    await expect(page.page.locator("#settings-open")).to_have_class("icon-button is-set")
    await page.page.keyboard.press("Escape")
    await page.row("แชตที่มีอยู่แล้ว").locator(".session").click()
    await expect(page.questions).to_have_count(1)
    await expect(picked(page)).to_have_text(LARGE)
    assert await page.text() == ""
    await page.open(app.address)
    await expect(page.welcome).to_be_visible()
    assert await page.text() == "คำถามแรกที่ยังไม่ส่ง"
    await expect(picked(page)).to_have_text(SMALL)
    await page.box.press("Enter")
    await expect(page.replies).to_have_count(1)
    await page.is_idle()
    assert (model.seen[-1].body["model"], model.seen[-1].body["temperature"]) == (SMALL, 0.2)
    await page.new_session()
    assert await page.text() == ""
    await expect(picked(page)).to_have_text(LARGE)
    await expect(page.page.locator("#settings-open")).to_have_class("icon-button")


async def test_a_pick_in_one_tab_is_none_in_another_session(page: ChatPage, app: App) -> None:
    await page.ask_and_wait("แชตของแท็บแรก")
    other = await second_tab(page, app)
    await other.new_session()
    await page.pick_model(SMALL)
    await expect(picked(other)).to_have_text(LARGE)
    await other.ask_and_wait("แชตของแท็บที่สอง")
    await other.reload()
    await expect(picked(other)).to_have_text(LARGE)
    await page.reload()
    await expect(picked(page)).to_have_text(SMALL)


@pytest.mark.parametrize(("locale", "told"), [("th-TH", "ใช้ไม่ได้แล้ว"), ("en-US", "is not there any more")])
async def test_a_picked_model_that_is_gone_is_said(
    browser: Browser, model: OpenAIStandin, locale: str, told: str
) -> None:
    both = {"VLLM_BASE_URL": model.base_url, "OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-test"}
    async with running_app(**both) as app, visit(browser, app, locale=locale) as page:
        await page.ask_and_wait("ก่อนเอาโมเดลออก")
        await page.page.locator("#picker [aria-haspopup]").click()
        await page.page.locator(f"#picker [data-value='openai/{SMALL}']").click()
        await expect(picked(page)).to_have_text(SMALL)
        address = page.page.url
        await page.page.goto("about:blank")  # else the page may say it as soon as the server is back
        await app.stop()
        app.environment = {"VLLM_BASE_URL": model.base_url}
        await app.start()
        await page.open(address)
        for words in (told, SMALL, LARGE):
            await expect(page.alert).to_contain_text(words)
        await expect(picked(page)).to_have_text(LARGE)
        await page.reload()
        await expect(page.questions).to_have_count(1)
        await expect(page.alert).to_have_count(0)


async def test_the_drafts_of_two_tabs_stay_both(page: ChatPage, app: App) -> None:
    await page.ask_and_wait("แชตที่เปิดสองแท็บ")
    other = await second_tab(page, app, f"/?s={page.session_id}")
    await page.box.fill("ร่างของแท็บแรก")
    await expect(other.box).to_have_value("ร่างของแท็บแรก")  # nothing else is written there
    await other.box.fill("ร่างของแท็บที่สอง")
    await page.reload()
    assert await page.text() == "ร่างของแท็บแรก"
    await other.reload()
    assert await other.text() == "ร่างของแท็บที่สอง"
    address = page.page.url
    third = await second_tab(page, app)
    await page.page.close()
    await other.page.close()
    await third.open(address)
    assert await third.text() == "ร่างของแท็บแรก\n\nร่างของแท็บที่สอง"


async def test_a_question_that_is_sent_leaves_the_other_tab_s_box_too(page: ChatPage, app: App) -> None:
    await page.ask_and_wait("แชตที่เปิดสองแท็บ")
    other = await second_tab(page, app, f"/?s={page.session_id}")
    await page.box.fill("เขียนที่แท็บแรก")
    await expect(other.box).to_have_value("เขียนที่แท็บแรก")
    await page.ask_and_wait("เขียนที่แท็บแรก")
    await expect(other.box).to_have_value("")


@pytest.mark.parametrize(("locale", "told"), [("th-TH", "ใหม่กว่า"), ("en-US", "Something newer")])
async def test_a_question_from_a_stale_tab_shows_what_is_newer_and_is_asked_when_it_is_sent_again(
    browser: Browser, app: App, model: OpenAIStandin, locale: str, told: str
) -> None:
    async with visit(browser, app, "/?new", locale=locale) as page:
        await page.ask_and_wait("เรื่องที่หนึ่ง")
        async with client_of(app) as http, page.seeing_nothing_new():
            await http.post(f"/api/sessions/{page.session_id}/messages", json={"query": "จากอีกเครื่อง"})
            await page.ask("จากแท็บเก่า")
        await expect(page.alert).to_contain_text(told)
        await expect(page.questions).to_have_text(["เรื่องที่หนึ่ง", "จากอีกเครื่อง"])
        await expect(page.replies).to_have_count(2)
        assert await page.text() == "จากแท็บเก่า"
        await page.box.press("Enter")
        await expect(page.questions).to_have_text(["เรื่องที่หนึ่ง", "จากอีกเครื่อง", "จากแท็บเก่า"])
        await page.is_idle()
        await expect(page.alert).to_have_count(0)
        assert len(model.seen) == 3


async def test_an_edit_and_another_reply_from_a_stale_tab_show_what_is_newer_first(
    page: ChatPage, app: App, model: OpenAIStandin
) -> None:
    await page.ask_and_wait("เรื่องที่หนึ่ง")
    async with client_of(app) as http:
        async with page.seeing_nothing_new():
            await http.post(f"/api/sessions/{page.session_id}/messages", json={"query": "จากอีกเครื่อง"})
            await page.replies.first.locator(".again").click()
        await expect(page.alert).to_contain_text("ใหม่กว่า")
        await expect(page.questions).to_have_text(["เรื่องที่หนึ่ง", "จากอีกเครื่อง"])
        editor = page.page.locator(".editor textarea")
        async with page.seeing_nothing_new():
            await http.post(f"/api/sessions/{page.session_id}/messages", json={"query": "จากอีกเครื่องอีกครั้ง"})
            await page.questions.first.locator(".edit").click()
            await editor.fill("เรื่องที่หนึ่งซึ่งแก้แล้ว")
            await editor.press("Enter")
    await expect(page.questions).to_have_count(3)
    assert await editor.input_value() == "เรื่องที่หนึ่งซึ่งแก้แล้ว"
    assert len(model.seen) == 3
    await editor.press("Enter")
    await expect(page.questions.locator(".asked")).to_have_text(["เรื่องที่หนึ่งซึ่งแก้แล้ว"])
    await page.is_idle()


async def test_an_edit_whose_question_left_the_page_meanwhile_is_in_the_box(page: ChatPage, app: App) -> None:
    await page.ask_and_wait("เรื่องที่หนึ่ง")
    first = await page.questions.first.get_attribute("data-message-id")
    await page.questions.first.locator(".edit").click()
    await page.page.locator(".editor textarea").fill("แก้ในแท็บเก่า")
    async with client_of(app) as http, page.seeing_nothing_new():
        body = {"query": "แก้จากอีกเครื่อง", "edits": first}
        await http.post(f"/api/sessions/{page.session_id}/messages", json=body)
        await page.page.locator(".editor textarea").press("Enter")
    await expect(page.questions.locator(".asked")).to_have_text(["แก้จากอีกเครื่อง"])
    await expect(page.alert).to_contain_text("ใหม่กว่า")
    await expect(page.box).to_have_value("แก้ในแท็บเก่า")


async def test_a_stale_tab_is_told_of_what_is_newer_in_an_outage_too(
    browser: Browser, model: OpenAIStandin, postgres: PostgresServer, proxy: Proxy, own_database: str
) -> None:
    address = postgres.address(own_database, port=proxy.port)
    async with (
        running_app(VLLM_BASE_URL=model.base_url, DATABASE_URL=address) as app,
        visit(browser, app) as page,
        client_of(app) as http,
    ):
        await page.ask_and_wait("ก่อนดับ")
        await asyncio.to_thread(proxy.refuse)
        async with page.seeing_nothing_new():
            await http.post(f"/api/sessions/{page.session_id}/messages", json={"query": "ตอนดับ"})
            await page.ask("จากแท็บเก่า")
        await expect(page.alert).to_contain_text("ใหม่กว่า")
        await expect(page.questions).to_have_text(["ก่อนดับ", "ตอนดับ"])
        await page.ask_and_wait("จากแท็บเก่า")
        await asyncio.to_thread(proxy.resume)
        await until_stored(http)
        await page.reload()
        await expect(page.questions).to_have_text(["ก่อนดับ", "ตอนดับ", "จากแท็บเก่า"])
