"""The list of sessions: groups, pages, pins, the archive, the trash and the way back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.async_api import Browser, Route, expect
from uuid_utils.compat import uuid7

from tests.app import App, running_app
from tests.browser.chat_page import ChatPage, visit
from tests.browser.imported_sessions import LOOK_AGAIN, said

pytestmark = pytest.mark.asyncio(loop_scope="session")

MONTHS = (
    *("มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน"),
    *("กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม"),
)


def group_of(page: ChatPage, name: str) -> str:
    return f"#recent section:has(li:has-text('{name}')) h3"


async def test_sessions_are_grouped_by_the_days_of_the_calendar(page: ChatPage) -> None:
    await page.ask_and_wait("เรื่องที่คุยวันนี้")
    heading = page.page.locator(group_of(page, "เรื่องที่คุยวันนี้"))
    await expect(heading).to_have_text("วันนี้")
    today = datetime.now(UTC)
    month = f"{MONTHS[today.month - 1]} {today.year + 543}"
    for days, group in [(1, "เมื่อวาน"), (5, "7 วันที่ผ่านมา"), (20, "30 วันที่ผ่านมา"), (70, month)]:
        await page.clock.set_fixed_time(today + timedelta(days=days))
        await page.page.evaluate(LOOK_AGAIN)
        await expect(heading).to_have_text(group)


async def test_a_deleted_session_comes_back_with_one_press(page: ChatPage) -> None:
    await page.ask_and_wait("แชตที่ลบแล้วเอาคืน")
    await page.new_session()
    await page.choose("แชตที่ลบแล้วเอาคืน", "ลบ")
    await expect(page.row("แชตที่ลบแล้วเอาคืน")).to_have_count(0)
    await expect(page.toast).to_contain_text("ย้ายไปถังขยะแล้ว")
    await page.toast.get_by_role("button", name="เลิกทำ").click()
    await expect(page.row("แชตที่ลบแล้วเอาคืน")).to_have_count(1)
    await expect(page.toast).to_have_count(0)
    await page.reload()
    await expect(page.row("แชตที่ลบแล้วเอาคืน")).to_have_count(1)


async def test_deleting_the_shown_session_goes_to_a_new_one_and_undo_shows_it_again(page: ChatPage) -> None:
    await page.ask_and_wait("ลบแชตที่เปิดอยู่")
    session_id = page.session_id
    await page.choose("ลบแชตที่เปิดอยู่", "ลบ")
    await expect(page.welcome).to_be_visible()
    assert page.session_id == ""
    await expect(page.toast.locator(".undo")).to_be_visible()
    await page.page.locator("#main").click()
    await page.page.locator("#preferences").focus()
    await page.page.keyboard.press("Control+Z")
    await expect(page.questions).to_have_text("ลบแชตที่เปิดอยู่")
    assert page.session_id == session_id


async def test_a_session_in_the_trash_can_be_read_restored_or_asked_in(page: ChatPage) -> None:
    for name in ("ถังขยะ กู้จากแถบ", "ถังขยะ กู้จากเมนู", "ถังขยะ ถามต่อ"):
        await page.ask_and_wait(name)
        await page.choose(name, "ลบ")
        await expect(page.welcome).to_be_visible()
    await page.show_shelf("ถังขยะ")
    await page.row("ถังขยะ กู้จากแถบ").locator(".session").click()
    await expect(page.questions).to_have_text("ถังขยะ กู้จากแถบ")
    await page.page.locator("#shelved").get_by_role("button", name="กู้คืน").click()
    await expect(page.page.locator("#shelved")).to_be_hidden()
    await expect(page.row("ถังขยะ กู้จากแถบ")).to_have_count(0)
    await page.choose("ถังขยะ กู้จากเมนู", "กู้คืน")
    await expect(page.row("ถังขยะ กู้จากเมนู")).to_have_count(0)
    await page.row("ถังขยะ ถามต่อ").locator(".session").click()
    await expect(page.questions).to_have_text("ถังขยะ ถามต่อ")
    await page.ask_and_wait("กลับมาแล้ว")
    await expect(page.page.locator("#shelved")).to_be_hidden()
    await page.show_shelf("แชตทั้งหมด")
    for name in ("ถังขยะ กู้จากแถบ", "ถังขยะ กู้จากเมนู", "ถังขยะ ถามต่อ"):
        await expect(page.row(name)).to_have_count(1)


async def test_nothing_is_deleted_for_good_without_a_question(page: ChatPage, app: App) -> None:
    names = ("ลบถาวรทีละแชต", "ลบถาวรพร้อมกัน ๑", "ลบถาวรพร้อมกัน ๒")
    ids = [await said(page.page, app, name) for name in names]
    for session_id in ids:
        response = await page.page.request.patch(f"{app.address}/api/sessions/{session_id}", data={"deleted": True})
        assert response.ok
    await page.show_shelf("ถังขยะ")
    box = page.page.locator("dialog.box")
    await page.choose(names[0], "ลบถาวร…")
    await expect(box).to_be_visible()
    await page.page.keyboard.press("Escape")
    await expect(box).to_have_count(0)
    await expect(page.row(names[0])).to_have_count(1)
    await page.choose(names[0], "ลบถาวร…")
    await box.get_by_role("button", name="ลบถาวร").click()
    await expect(page.row(names[0])).to_have_count(0)
    await page.page.get_by_role("button", name="เทถังขยะ").click()
    await box.get_by_role("button", name="เทถังขยะ").click()
    await expect(page.page.locator("#recent .none")).to_have_text("ถังขยะว่างเปล่า")
    for session_id in ids:
        assert (await page.page.request.get(f"{app.address}/api/sessions/{session_id}")).status == 404


async def test_a_pinned_session_stays_on_top(page: ChatPage) -> None:
    await page.ask_and_wait("ปักหมุดฉันไว้")
    await page.new_session()
    await page.ask_and_wait("แชตที่ใหม่กว่าหมุด")
    await page.choose("ปักหมุดฉันไว้", "ปักหมุด")
    pinned = page.page.locator("#recent section").first
    await expect(pinned.locator("h3")).to_have_text("ปักหมุด")
    await expect(pinned.locator(".name")).to_have_text(["ปักหมุดฉันไว้"])
    await page.reload()
    await expect(pinned.locator(".name")).to_have_text(["ปักหมุดฉันไว้"])
    await page.choose("ปักหมุดฉันไว้", "เลิกปักหมุด")
    await expect(pinned.locator("h3")).to_have_text("วันนี้")


async def test_an_archived_session_is_out_of_the_way_and_says_so_when_it_is_shown(page: ChatPage) -> None:
    await page.ask_and_wait("เก็บเรื่องภาษีไว้ก่อน")
    await page.choose("เก็บเรื่องภาษีไว้ก่อน", "เก็บถาวร")
    await expect(page.row("เก็บเรื่องภาษีไว้ก่อน")).to_have_count(0)
    await expect(page.page.locator("#shelved")).to_contain_text("เก็บถาวร")
    await page.show_shelf("ที่เก็บถาวร")
    await page.choose("เก็บเรื่องภาษีไว้ก่อน", "นำกลับมาที่แชตทั้งหมด")
    await expect(page.page.locator("#shelved")).to_be_hidden()
    await page.show_shelf("แชตทั้งหมด")
    await expect(page.row("เก็บเรื่องภาษีไว้ก่อน")).to_have_count(1)


async def test_only_what_is_scrolled_to_is_loaded_and_new_replies_do_not_move_it(
    browser: Browser, app: App, page: ChatPage
) -> None:
    oldest = await said(page.page, app, "แชตแรกสุดของรายการยาว")
    for number in range(70):
        await said(page.page, app, f"รายการยาว {number}")
    async with visit(browser, app) as page:
        rows = page.page.locator("#recent li")
        await expect(page.row("รายการยาว 69")).to_have_count(1)
        assert await rows.count() <= 52  # a page, and what is pinned
        await expect(page.row("แชตแรกสุดของรายการยาว")).to_have_count(0)
        await page.page.locator("#recent").evaluate("(list) => list.scrollTo(0, list.scrollHeight)")
        await expect(page.row("แชตแรกสุดของรายการยาว")).to_have_count(1)
        await page.row("รายการยาว 40").scroll_into_view_if_needed()
        before = await page.row("รายการยาว 40").bounding_box()
        await said(page.page, app, "ถามต่อท้าย", oldest)
        await page.page.evaluate(LOOK_AGAIN)
        await expect(page.page.locator("#recent li .name").first).to_have_text("แชตแรกสุดของรายการยาว")
        assert await page.row("รายการยาว 40").bounding_box() == before


async def test_the_list_and_its_menus_are_reached_by_keys(page: ChatPage) -> None:
    await page.ask_and_wait("ใช้แป้นพิมพ์ ล่าง")
    await page.new_session()
    await page.ask_and_wait("ใช้แป้นพิมพ์ บน")
    first = page.row("ใช้แป้นพิมพ์ บน").locator(".session")
    await first.focus()
    await page.page.keyboard.press("ArrowDown")
    await expect(page.row("ใช้แป้นพิมพ์ ล่าง").locator(".session")).to_be_focused()
    await page.page.keyboard.press("ArrowRight")
    await page.page.keyboard.press("Enter")
    await expect(page.page.get_by_role("menuitem", name="เปลี่ยนชื่อ")).to_be_focused()
    await page.page.keyboard.press("ArrowUp")
    await expect(page.page.get_by_role("menuitem", name="ลบ", exact=True)).to_be_focused()
    await page.page.keyboard.press("Escape")
    await expect(page.page.get_by_role("menu")).to_have_count(0)
    await expect(page.row("ใช้แป้นพิมพ์ ล่าง").locator(".more")).to_be_focused()
    await page.page.keyboard.press("ArrowLeft")
    await page.page.keyboard.press("Delete")
    await expect(page.row("ใช้แป้นพิมพ์ ล่าง")).to_have_count(0)
    await expect(page.toast).to_be_visible()
    assert await page.page.evaluate("document.activeElement.matches('#recent .session')")
    await first.focus()
    await page.page.keyboard.press("F2")
    await page.page.locator(".rename").fill("ชื่อที่ไม่เอาแล้ว")
    await page.page.keyboard.press("Escape")
    await expect(first).to_be_focused()
    await expect(page.row("ใช้แป้นพิมพ์ บน")).to_have_count(1)


async def test_a_session_that_is_named_anew_is_not_opened_by_the_key_that_ends_it(page: ChatPage) -> None:
    await page.ask_and_wait("ตั้งชื่อโดยไม่เปิด")
    await page.new_session()
    await page.ask_and_wait("แสดงอยู่ตลอดที่ตั้งชื่อ")
    async with page.page.expect_response(lambda answer: answer.request.method == "PATCH"):
        await page.rename("ตั้งชื่อโดยไม่เปิด", "ชื่อที่ตั้งโดยไม่เปิด")
    await expect(page.row("ชื่อที่ตั้งโดยไม่เปิด").locator(".session")).to_be_focused()
    await expect(page.questions).to_have_text("แสดงอยู่ตลอดที่ตั้งชื่อ")


async def test_what_one_tab_does_is_seen_in_the_other(page: ChatPage, app: App) -> None:
    await page.ask_and_wait("แชตในสองแท็บ")
    other = ChatPage(await page.page.context.new_page())
    await other.open(app.address)
    await expect(other.row("แชตในสองแท็บ")).to_have_count(1)
    await page.rename("แชตในสองแท็บ", "ชื่อใหม่จากแท็บแรก")
    await expect(other.row("ชื่อใหม่จากแท็บแรก")).to_have_count(1)
    await page.choose("ชื่อใหม่จากแท็บแรก", "ลบ")
    await expect(other.row("ชื่อใหม่จากแท็บแรก")).to_have_count(0)


async def test_a_change_that_the_server_does_not_take_is_said_and_undone(page: ChatPage) -> None:
    await page.ask_and_wait("ชื่อที่เปลี่ยนไม่ได้")

    async def refuse(route: Route) -> None:
        await (route.abort() if route.request.method == "PATCH" else route.continue_())

    await page.page.route("**/api/sessions/*", refuse)
    await page.rename("ชื่อที่เปลี่ยนไม่ได้", "ไม่มีวันเห็น")
    await expect(page.alert).to_contain_text("ติดต่อเซิร์ฟเวอร์ไม่ได้")
    await expect(page.row("ชื่อที่เปลี่ยนไม่ได้")).to_have_count(1)
    await page.choose("ชื่อที่เปลี่ยนไม่ได้", "เก็บถาวร")
    await expect(page.row("ชื่อที่เปลี่ยนไม่ได้")).to_have_count(1)
    await expect(page.toast).to_have_count(0)


async def test_a_new_session_is_in_sight_however_far_the_list_was_scrolled(page: ChatPage, app: App) -> None:
    for number in range(30):
        await said(page.page, app, f"เคยถามเรื่องที่ {number}")
    await page.reload()
    await page.row("เคยถามเรื่องที่ 0").scroll_into_view_if_needed()
    await expect(page.row("เคยถามเรื่องที่ 29")).not_to_be_in_viewport()
    await page.new_session()
    await page.ask_and_wait("แชตใหม่ล่าสุด")
    await expect(page.row("แชตใหม่ล่าสุด")).to_be_in_viewport()


async def test_a_list_that_can_not_be_read_is_said_and_asked_for_again(page: ChatPage) -> None:
    await page.ask_and_wait("มีอยู่ในรายการ")
    await page.page.route("**/api/sessions?*", lambda route: route.abort())
    await page.reload()
    again = page.page.locator("#recent .retry")
    async with page.page.expect_request("**/api/sessions?*"):
        await again.click()
    await expect(again).to_be_visible()
    await page.page.unroute("**/api/sessions?*")
    # The page asks by itself too, now and then: it may have been first.
    await page.page.evaluate("document.querySelector('#recent .retry')?.click()")
    await expect(page.page.locator("#recent li").first).to_be_visible()


async def test_a_phone_opens_a_session_s_menu_with_a_tap(browser: Browser, app: App, page: ChatPage) -> None:
    await page.ask_and_wait("เมนูบนมือถือ")
    async with visit(browser, app, phone=True) as phone:
        await phone.page.locator("#menu-open").tap()
        await phone.row("เมนูบนมือถือ").locator(".more").tap()
        await phone.page.get_by_role("menuitem", name="ปักหมุด").tap()
        await expect(phone.page.locator("#recent section").first).to_contain_text("เมนูบนมือถือ")
        assert not await phone.scrolls_sideways()
        await phone.row("เมนูบนมือถือ").locator(".more").tap()
        await phone.page.get_by_role("menuitem", name="ลบ", exact=True).tap()
        await expect(phone.toast).to_be_in_viewport()


async def test_tags_are_given_taken_and_listed_by(page: ChatPage) -> None:
    await page.ask_and_wait("ติดแท็กให้ฉัน")
    await page.choose("ติดแท็กให้ฉัน", "แท็ก…")
    box = page.page.locator("dialog.labels")
    await box.get_by_label("แท็กใหม่").fill("  #งานด่วน   วันนี้ ")
    await box.get_by_label("แท็กใหม่").press("Enter")
    await box.get_by_label("แท็กใหม่").fill("บันทึกเลย")
    await box.get_by_role("button", name="บันทึก", exact=True).click()
    labels = page.row("ติดแท็กให้ฉัน").locator(".labels")
    await expect(labels).to_have_text("#งานด่วน วันนี้  #บันทึกเลย")
    await page.show_shelf("งานด่วน วันนี้")
    await expect(page.page.locator("#recent li")).to_have_count(1)
    await page.choose("ติดแท็กให้ฉัน", "แท็ก…")
    await box.get_by_role("button", name="งานด่วน วันนี้").click()
    await box.get_by_role("button", name="บันทึก", exact=True).click()
    await expect(page.page.locator("#recent .none")).to_have_text("ไม่มีแชตในนี้")
    await page.page.get_by_role("button", name="กลับไปที่แชตทั้งหมด").click()
    await expect(labels).to_have_text("#บันทึกเลย")


async def test_all_that_is_pinned_is_listed_however_much_it_is(browser: Browser) -> None:
    moment = "2026-11-01T04:00:00+00:00"
    pinned = [
        {"session_id": str(uuid7()), "session_name": "ปักหมุด", "created_at": moment, "pinned_at": moment, "messages": []}
        for _ in range(203)
    ]
    async with running_app() as app, httpx.AsyncClient(base_url=app.address, timeout=20) as http:
        exported = json.dumps({"format": "thai-chat", "version": 1, "sessions": pinned})
        assert (await http.post("/api/import", files={"file": ("pinned.json", exported)})).status_code == 200
        async with visit(browser, app) as page:
            await expect(page.page.locator("#recent li")).to_have_count(203)


async def test_the_archive_is_narrowed_to_its_own_labels(page: ChatPage, app: App) -> None:
    for name, archived in (("ยังใช้อยู่", False), ("เก็บไว้ดู", True), ("เก็บอย่างเดียว", True)):
        session_id = await said(page.page, app, name)
        tags = [] if name == "เก็บอย่างเดียว" else ["บัญชี"]
        await page.page.request.patch(
            f"{app.address}/api/sessions/{session_id}", data={"tags": tags, "archived": archived}
        )
    await page.show_shelf("ที่เก็บถาวร")
    await expect(page.page.locator("#recent li")).to_have_count(2)
    await page.show_shelf("บัญชี")
    await expect(page.page.locator("#recent li")).to_have_count(1)
    await expect(page.row("เก็บไว้ดู")).to_have_count(1)
    await expect(page.page.locator(".list-head .place")).to_have_text("ที่เก็บถาวร · #บัญชี")
    await page.page.get_by_role("button", name="กลับไปที่ที่เก็บถาวร").click()
    await expect(page.page.locator("#recent li")).to_have_count(2)
    await page.show_shelf("แชตทั้งหมด")


async def test_a_session_is_moved_to_a_folder_and_back(page: ChatPage) -> None:
    await page.ask_and_wait("ย้ายฉันเข้าโฟลเดอร์")
    await page.choose("ย้ายฉันเข้าโฟลเดอร์", "ย้ายไปโฟลเดอร์…")
    box = page.page.locator("dialog.labels")
    await box.get_by_label("โฟลเดอร์ใหม่").fill("สวนหลังบ้าน")
    await box.get_by_label("โฟลเดอร์ใหม่").press("Enter")
    await expect(page.toast).to_contain_text("สวนหลังบ้าน")
    await page.show_shelf("สวนหลังบ้าน")
    await expect(page.row("ย้ายฉันเข้าโฟลเดอร์")).to_have_count(1)
    await page.toast.get_by_role("button", name="เลิกทำ").click()
    await expect(page.row("ย้ายฉันเข้าโฟลเดอร์")).to_have_count(0)
    await page.show_shelf("แชตทั้งหมด")
    await page.choose("ย้ายฉันเข้าโฟลเดอร์", "ย้ายไปโฟลเดอร์…")
    await expect(box.locator("[aria-current]")).to_have_text("ไม่อยู่ในโฟลเดอร์")


async def test_a_folder_with_a_long_name_can_be_left_again(page: ChatPage) -> None:
    name = "โครงการปีงบประมาณ ๒๕๗๐ ที่ยังไม่ได้อนุมัติจากคณะกรรมการ"
    await page.ask_and_wait("อยู่ในโฟลเดอร์ชื่อยาว")
    await page.choose("อยู่ในโฟลเดอร์ชื่อยาว", "ย้ายไปโฟลเดอร์…")
    box = page.page.locator("dialog.labels")
    await box.get_by_label("โฟลเดอร์ใหม่").fill(name)
    await box.get_by_label("โฟลเดอร์ใหม่").press("Enter")
    await expect(page.toast).to_contain_text(name)
    await page.show_shelf(name)
    await page.page.get_by_role("button", name="กลับไปที่แชตทั้งหมด").click()
    await expect(page.page.locator(".list-head .place")).to_have_text("แชตทั้งหมด")
