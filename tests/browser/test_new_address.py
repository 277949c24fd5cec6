"""The address of a session that nothing is said in yet: `/?new`."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit

pytestmark = pytest.mark.asyncio(loop_scope="session")


def asked(page: ChatPage) -> str:
    return urlsplit(page.page.url).query


async def test_a_new_session_is_still_new_after_a_reload(page: ChatPage) -> None:
    await page.ask_and_wait("คำถามก่อนเซสชันใหม่")
    await page.new_session()
    assert asked(page) == "new"
    await page.reload()
    await expect(page.welcome).to_be_visible()
    await expect(page.questions).to_have_count(0)
    assert asked(page) == "new"


async def test_what_is_typed_there_is_kept(page: ChatPage) -> None:
    await page.box.fill("ยังพิมพ์ไม่เสร็จ")
    await page.reload()
    await expect(page.box).to_have_value("ยังพิมพ์ไม่เสร็จ")
    await page.box.fill("")


async def test_the_first_question_puts_the_session_in_its_place(page: ChatPage) -> None:
    await page.ask_and_wait("คำถามแรก")
    assert page.session_id
    assert asked(page) == f"s={page.session_id}"
    await page.reload()
    await expect(page.questions).to_have_text("คำถามแรก")


async def test_back_leads_to_the_session_before_and_forth_to_a_new_one(page: ChatPage) -> None:
    await page.ask_and_wait("คำถามของเซสชันก่อน")
    before = page.session_id
    await page.new_session()
    await page.page.go_back()
    await expect(page.questions).to_have_text("คำถามของเซสชันก่อน")
    assert page.session_id == before
    await page.page.go_forward()
    await expect(page.welcome).to_be_visible()
    assert asked(page) == "new"


async def test_it_opens_a_new_session_beside_others_and_leaves_the_rest_of_the_address(
    page: ChatPage, browser: Browser, app: App
) -> None:
    await page.ask_and_wait("คำถามในอีกแท็บ")
    async with visit(browser, app, "/?utm=1&new&renew=") as other:
        await expect(other.welcome).to_be_visible()
        await expect(other.questions).to_have_count(0)
        await other.ask_and_wait("คำถามในแท็บใหม่")
        assert sorted(asked(other).split("&")) == ["renew=", f"s={other.session_id}", "utm=1"]


async def test_a_session_that_is_named_too_is_the_one_that_is_opened(
    page: ChatPage, browser: Browser, app: App
) -> None:
    await page.ask_and_wait("คำถามที่มีที่อยู่")
    async with visit(browser, app, f"/?new&s={page.session_id}") as other:
        await expect(other.questions).to_have_text("คำถามที่มีที่อยู่")
        assert asked(other) == f"s={page.session_id}"
