"""Where things stand, and how much room they take: the sidebar, the top bar, the turns, the empty page."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.browser.imported_sessions import bring_in, session_of
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

DESK = {"width": 1440, "height": 900}
STATE_PX = 32
"""The height of the line of states at the foot of the sidebar, when all is well."""


async def rect(of: Locator) -> Any:
    """Return where an element is: left, top, right, bottom, width and height."""
    return await of.evaluate("(element) => element.getBoundingClientRect().toJSON()")


async def test_fifteen_sessions_are_in_view_and_every_control_is_at_hand(page: ChatPage, app: App) -> None:
    await page.page.set_viewport_size(DESK)
    for at in range(3):
        await bring_in(page.page, app, session_of(f"แชตที่ {at}", "คำถาม", "คำตอบ"))
    await page.reload()
    for part in ("#new", "#search input", "#find input", "#load", "#count", "#transfer-open"):
        await expect(page.page.locator(part)).to_be_in_viewport()
    of_one_day = page.page.locator("#recent section:has(li + li)").first.locator(".session")
    one, next_one = await rect(of_one_day.nth(0)), await rect(of_one_day.nth(1))
    seen, state = await rect(page.page.locator("#recent")), await rect(page.page.locator("#state"))
    room = seen["bottom"] - (await rect(page.sessions.first))["top"] + state["height"] - STATE_PX
    assert room / (next_one["top"] - one["top"]) >= 15


BELOW_QUESTION_PX, BELOW_REPLY_PX = 20, 36


async def test_turns_stand_apart_and_what_can_be_done_with_them_takes_no_room(
    page: ChatPage, model: OpenAIStandin
) -> None:
    table = "สรุปได้ว่า\n\n| ก | ข |\n|---|--:|\n| ๑ | 2 |\n"
    for tokens in (("ตอบสั้น",), (table,), ("```python\nprint(1)\n```",)):
        model.script = Script(tokens=tokens)
        await page.ask_and_wait("ถามสั้น")
    for at in range(3):
        question = await rect(page.questions.nth(at).locator(".asked"))
        words = await rect(page.replies.nth(at).locator(".words"))
        assert words["top"] - question["bottom"] == pytest.approx(BELOW_QUESTION_PX, abs=0.5)
        if at < 2:
            following = await rect(page.questions.nth(at + 1).locator(".asked"))
            assert following["top"] - words["bottom"] == pytest.approx(BELOW_REPLY_PX, abs=0.5)
    # At the table's edge, not at the column's.
    drawn, tools = page.replies.nth(1).locator("table"), page.replies.nth(1).locator(".table-tools button")
    assert (await rect(tools))["right"] <= (await rect(page.replies.nth(1).locator(".words")))["left"] + 200
    assert (await rect(tools))["right"] >= (await rect(drawn))["right"] - 1


async def test_facts_are_seen_under_the_newest_reply_and_under_one_that_is_pointed_at(page: ChatPage) -> None:
    await page.ask_and_wait("คำถามแรก")
    await page.ask_and_wait("คำถามที่สอง")
    older, newest = (page.replies.nth(at).locator(".facts .by") for at in (0, 1))
    copy = page.questions.first.locator(".copy")
    await page.page.mouse.move(0, 0)
    for hidden in (older, copy):
        await expect(hidden).to_have_css("opacity", "0")
    await expect(newest).to_have_css("opacity", "1")
    await expect(newest).to_contain_text("โทเค็น")
    before = await rect(page.replies.last)
    await page.replies.first.hover()
    await expect(older).to_have_css("opacity", "1")
    await page.questions.first.hover()
    await expect(copy).to_have_css("opacity", "1")
    await expect(older).to_have_css("opacity", "0")
    await page.page.mouse.move(0, 0)
    await page.replies.first.locator(".again").focus()
    await expect(older).to_have_css("opacity", "1")
    assert await rect(page.replies.last) == before


async def test_a_tap_on_a_message_shows_what_can_be_done_with_it(browser: Browser, app: App) -> None:
    async with visit(browser, app, phone=True) as phone:
        await phone.page.locator("#menu-open").click()
        await phone.new_session()
        await phone.ask_and_wait("คำถามแรก")
        await phone.ask_and_wait("คำถามที่สอง")
        edit = phone.questions.first.locator(".edit")
        shape = await rect(edit)
        # What is not seen is not hit.
        await phone.page.touchscreen.tap(shape["x"] + shape["width"] / 2, shape["y"] + shape["height"] - 4)
        await expect(phone.page.locator(".editor")).to_have_count(0)
        before = await rect(phone.replies.last)
        await phone.questions.first.locator(".asked").tap()
        await expect(edit).to_have_css("opacity", "1")
        assert await rect(phone.replies.last) == before
        assert min(shape["width"], shape["height"]) >= 40
        await edit.tap()
        await expect(phone.page.locator(".editor textarea")).to_have_value("คำถามแรก")
        assert not await phone.scrolls_sideways()


async def test_the_focus_stays_on_the_name_of_a_session_whatever_happens_in_it(page: ChatPage, app: App) -> None:
    session_id = await bring_in(page.page, app, session_of("ชื่อที่มีโฟกัส", "คำถาม", "คำตอบ"))
    await page.open(f"{app.address}/?s={session_id}")
    name = page.page.locator("#heading button")
    await name.focus()
    session = f"{app.address}/api/sessions/{session_id}"
    for new_name in ("ชื่อจากที่อื่น", "ชื่อจากที่อื่นอีกครั้ง"):
        changed = await page.page.request.patch(session, data={"session_name": new_name})
        assert changed.ok
        await expect(name).to_have_text(new_name)
        await expect(name).to_be_focused()


LONG_NAME = "กู้ปั๊มน้ำที่บ้านผู้ใหญ่ และรายงานการประชุมประจำไตรมาสที่สาม " * 4


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_the_name_of_a_session_stands_at_the_top_and_is_written_anew_there(
    browser: Browser, app: App, phone: bool
) -> None:
    new_name = f"ชื่อใหม่จากด้านบน {phone:d}"
    async with visit(browser, app, locale="en-GB", phone=phone) as page:
        session_id = await bring_in(page.page, app, session_of(LONG_NAME, "คำถาม", "คำตอบ"))
        await page.open(f"{app.address}/?s={session_id}")
        name = page.page.locator("#heading button")
        await expect(name).to_have_text(LONG_NAME.strip())
        shape, top = await rect(name), await rect(page.page.locator("#top"))
        assert shape["height"] < 44
        assert top["left"] <= shape["left"] < shape["right"] <= top["right"]
        assert not await page.scrolls_sideways()
        written = page.page.get_by_label("Name of the session")
        await name.press("Enter")
        await expect(written).to_be_focused()
        await written.fill("ไม่เอาแล้ว")
        await written.press("Escape")
        await expect(name).to_be_focused()
        await expect(name).to_have_text(LONG_NAME.strip())
        await name.press("Enter")
        await written.fill("ชื่อที่ไม่ได้อยู่นาน")
        await written.press("Enter")
        await expect(name).to_have_text("ชื่อที่ไม่ได้อยู่นาน")
        await expect(name).to_be_focused()
        await name.click()
        await written.fill(new_name)
        await page.box.focus()
        await expect(name).to_have_text(new_name)
        await expect(page.page).to_have_title(f"{new_name} · Thai Chat")
        await page.reload()
        await expect(name).to_have_text(new_name)
        kept = await page.page.request.get(f"{app.address}/api/sessions/{session_id}")
        assert (await kept.json())["session_name"] == new_name
        assert page.complaints == []


async def test_a_name_that_is_refused_is_not_shown_as_kept(page: ChatPage) -> None:
    await page.ask_and_wait("ชื่อที่ตั้งไว้")
    name = page.page.locator("#heading button")
    await page.page.route("**/api/sessions/*", lambda route: route.abort())
    await name.click()
    await page.page.locator("#heading .rename").fill("ชื่อที่ไปไม่ถึง")
    await page.page.locator("#heading .rename").press("Enter")
    await expect(page.alert).to_be_visible()
    await expect(name).to_have_text("ชื่อที่ตั้งไว้")


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_an_empty_session_has_its_box_in_the_middle_and_the_first_question_takes_it_to_the_foot(
    browser: Browser, app: App, phone: bool
) -> None:
    async with visit(browser, app, phone=phone) as page:
        if phone:
            await page.page.locator("#menu-open").click()
        await page.new_session()
        composer = page.page.locator("#composer")
        await expect(page.page.locator("#heading")).to_be_hidden()
        greeting, box = await rect(page.welcome), await rect(composer)
        suggestions = await rect(page.page.locator(".suggestions"))
        main = await rect(page.page.locator("#main"))
        assert greeting["bottom"] <= box["top"] + 1
        assert box["bottom"] <= suggestions["top"] + 1
        middle = (greeting["top"] + suggestions["bottom"]) / 2
        assert abs(middle - (main["top"] + main["bottom"]) / 2) < main["height"] * 0.1
        await composer.evaluate(
            """(composer) => {
                const { animate } = composer;
                const top = () => composer.getBoundingClientRect().top;
                const begin = () => { window.begun ??= top(); };
                for (const event of ['keydown', 'click']) addEventListener(event, begin, true);
                composer.animate = (frames, how) => {
                    const ways = frames.map(({ translate }) => parseFloat(translate.split(' ')[1]));
                    window.glided = { ways, way: window.begun - top() };
                    return animate.call(composer, frames, how);
                };
            }"""
        )
        await page.ask_and_wait("คำถามแรกสุด")
        # It sets out from where it was.
        glided = await page.page.evaluate("window.glided")
        assert glided["ways"] == [pytest.approx(glided["way"], abs=1), 0]
        await composer.evaluate("(composer) => Promise.all(composer.getAnimations().map(({ finished }) => finished))")
        after = await rect(composer)
        assert after["top"] > box["bottom"]
        assert main["bottom"] - after["bottom"] < 12
        await expect(page.page.locator("#beginnings")).to_be_hidden()


async def test_a_phone_shows_facts_and_buttons_in_lines_of_their_own_and_moves_nothing_for_them(
    browser: Browser, app: App
) -> None:
    async with visit(browser, app, phone=True) as phone:
        await phone.page.locator("#menu-open").click()
        await phone.new_session()
        await phone.ask_and_wait("คำถามแรก")
        await phone.ask_and_wait("คำถามที่สอง")
        newest = phone.replies.last.locator(".facts")
        facts, button = await rect(newest.locator(".by")), await rect(newest.locator(".copy"))
        assert button["top"] >= facts["bottom"] - 1
        assert facts["width"] > 200
        for part in ("#top > .icon-button >> nth=-1", "#menu-open", "#picker"):
            assert (await rect(phone.page.locator(part)))["bottom"] <= 52
        before = await rect(phone.questions.last)
        await phone.replies.first.locator(".words").tap()
        older = phone.replies.first.locator(".facts .again")
        await expect(older).to_have_css("opacity", "1")
        assert await rect(phone.questions.last) == before
        await older.tap()
        await expect(phone.replies.first.locator(".version")).to_have_text("2/2")
