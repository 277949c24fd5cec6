"""Export and import as a person does them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Download, FilePayload, Locator, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.browser.test_accessibility import finds_nothing_in_light_nor_in_dark
from tests.foreign_exports import as_file, chatgpt_conversation, node, said

EXPORTS = Path(__file__).parent.parent / "exports"

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def dialog_of(page: ChatPage) -> Locator:
    await page.page.locator("#transfer-open").click()
    dialog = page.page.locator("#transfer-box")
    await expect(dialog).to_be_visible()
    return dialog


def payload(content: bytes, name: str = "conversations.json") -> list[FilePayload]:
    return [{"name": name, "mimeType": "application/json", "buffer": content}]


async def text_of(download: Download) -> str:
    return await asyncio.to_thread(Path(await download.path()).read_text, "utf-8")


async def test_the_open_session_or_everything_is_downloaded(page: ChatPage) -> None:
    await page.ask_and_wait("ส่งออกฉันที")
    dialog = await dialog_of(page)
    await dialog.get_by_label("แชตที่เปิดอยู่").check()
    await dialog.locator("input[value=md]").check()
    async with page.page.expect_download() as started:
        await dialog.locator(".primary").click()
    download = await started.value
    assert download.suggested_filename == "ส่งออกฉันที.md"
    assert "## คุณ · " in await text_of(download)
    await dialog.get_by_label("ทุกแชต").check()
    await dialog.locator("input[value=json]").check()
    async with page.page.expect_download() as started:
        await dialog.locator(".primary").click()
    exported = json.loads(await text_of(await started.value))
    assert page.session_id in [session["session_id"] for session in exported["sessions"]]


async def test_an_empty_session_can_not_be_exported(page: ChatPage) -> None:
    dialog = await dialog_of(page)
    await expect(dialog.locator("input[value=open]")).to_be_disabled()
    await expect(dialog.locator("input[value=everything]")).to_be_checked()


async def test_a_chosen_file_is_imported_and_listed(page: ChatPage) -> None:
    dialog = await dialog_of(page)
    conversation = chatgpt_conversation(title="นำเข้าจากที่อื่น", conversation_id="browser")
    await dialog.locator("input[type=file]").first.set_input_files(payload(as_file([conversation])))
    await expect(dialog.locator(".done")).to_contain_text("นำเข้า 1 แชต 5 ข้อความแล้ว")
    await dialog.locator("input[type=file]").first.set_input_files(payload(as_file([conversation])))
    await expect(dialog.locator(".done")).to_have_text("มีอยู่แล้ว 1 แชต จึงคงไว้ตามเดิม")
    conversation["mapping"]["q9"] = node("q9", "a3", said("user", "ถามต่อทีหลัง"))
    await dialog.locator("input[type=file]").first.set_input_files(payload(as_file([conversation])))
    await expect(dialog.locator(".done")).to_have_text("เพิ่มข้อความใหม่ในแชตที่มีอยู่แล้ว 1 แชต")
    assert page.complaints == []


async def test_presets_that_were_defaults_elsewhere_are_told_as_none(page: ChatPage) -> None:
    dialog = await dialog_of(page)
    preset = {"preset_id": str(uuid4()), "preset_name": "กวีจากที่อื่น", "updated_at": "2026-11-21T04:00:00Z"}
    preset |= {"backend": "vllm", "model": "กวี", "options": {"system_prompt": "ตอบเป็นกลอน"}, "is_default": True}
    content = as_file({"format": "thai-chat", "version": 1, "presets": [preset], "sessions": []})
    await dialog.locator("input[type=file]").first.set_input_files(payload(content))
    await expect(dialog.locator(".done")).to_contain_text("ชุดค่าใหม่ 1 ชุด ในนั้น 1 ชุดเคยเป็นค่าเริ่มต้นของโมเดล")
    assert page.complaints == []


async def test_a_dropped_file_that_is_wrong_is_refused_with_its_line(page: ChatPage) -> None:
    dialog = await dialog_of(page)
    await dialog.locator(".drop").evaluate(
        """(drop) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File(['[\\n{"mapping": 5}]'], 'พัง.json'));
            drop.dispatchEvent(new DragEvent('drop', {dataTransfer, bubbles: true, cancelable: true}));
        }"""
    )
    await expect(dialog.get_by_role("alert")).to_contain_text("ไฟล์ “พัง.json” บรรทัดที่ 2")


async def test_a_long_import_shows_how_far_it_is_and_can_be_cancelled(page: ChatPage) -> None:
    dialog = await dialog_of(page)
    conversations = [chatgpt_conversation(conversation_id=f"long {number}") for number in range(4000)]
    await dialog.locator("input[type=file]").first.set_input_files(payload(as_file(conversations)))
    await expect(dialog.locator(".told")).to_contain_text("จาก 4,000 แชต")
    await page.page.keyboard.press("Escape")
    await expect(dialog).to_be_visible()
    await dialog.get_by_role("button", name="ยกเลิก").click()
    await expect(dialog.get_by_role("alert")).to_have_text("ยกเลิกแล้ว ไม่ได้นำเข้าอะไร")


async def test_one_of_something_is_not_told_as_many(browser: Browser, app: App) -> None:
    async with visit(browser, app, locale="en-GB") as page:
        dialog = await dialog_of(page)
        conversation = chatgpt_conversation(title="One of a kind", conversation_id="english")
        await dialog.locator("input[type=file]").first.set_input_files(payload(as_file([conversation])))
        await expect(dialog.locator(".done")).to_have_text("Imported 1 session with 5 messages.")
        await dialog.locator("input[type=file]").first.set_input_files(payload(as_file([conversation])))
        await expect(dialog.locator(".done")).to_have_text("1 session was here already and was left as it is.")


async def test_the_dialog_fits_a_phone(browser: Browser, app: App) -> None:
    async with visit(browser, app, locale="en-GB", phone=True) as phone:
        await phone.page.locator("#menu-open").click()
        dialog = await dialog_of(phone)
        await expect(dialog.get_by_role("heading", name="Export / import")).to_be_visible()
        assert not await dialog.evaluate("(dialog) => dialog.scrollWidth > dialog.clientWidth")
        assert phone.complaints == []


def folder() -> list[FilePayload]:
    """Return files as an unpacked export is chosen, with another program's file among it."""
    conversations = [
        chatgpt_conversation(title=f"ทริปเชียงใหม่ {number}", conversation_id=f"folder {number}") for number in range(5)
    ]
    odd = {**conversations[0], "title": "บทสนทนาที่เสีย", "mapping": None}
    files = {
        "conversations.json": as_file([*conversations, odd]),
        "claude.json": (EXPORTS / "claude.json").read_bytes(),
        "notes.json": b'{"a": 1}',
        "user.json": (EXPORTS / "user.json").read_bytes(),
        "export_manifest.json": (EXPORTS / "export_manifest.json").read_bytes(),
        "file-abc.png": b"\x89PNG",
    }
    return [payload(content, name)[0] for name, content in files.items()]


async def test_the_page_says_what_came_from_where_and_leads_there(page: ChatPage) -> None:
    dialog = await dialog_of(page)
    await dialog.get_by_label("เลือกไฟล์").set_input_files(folder())
    report = dialog.locator(".report")
    await expect(report.locator(".done")).to_contain_text("นำเข้า 6 แชต 27 ข้อความแล้ว")
    origins = report.locator(".origins > li")
    await expect(origins.nth(0)).to_contain_text("ChatGPT")
    await expect(origins.nth(0)).to_contain_text("ใหม่ 5 แชต")
    await expect(origins.nth(0).locator("a")).to_have_count(3)
    await expect(origins.nth(1)).to_contain_text("Claude")
    await expect(report.locator(".left-out summary")).to_have_text("ข้ามไป 2 รายการ")
    await expect(report.locator(".left-out")).to_contain_text("แชตที่ 6 “บทสนทนาที่เสีย”: ไม่มีฟิลด์ “mapping”")
    await expect(report.locator(".left-out")).to_contain_text("ไฟล์ “notes.json”")
    await expect(report.locator(".companions")).to_contain_text("user.json, export_manifest.json")
    await origins.nth(1).get_by_role("link", name="โค้ดไพทอน").click()
    await expect(dialog).to_be_hidden()
    await expect(page.page.locator("#chat")).to_contain_text("เขียนลูปให้หน่อย")
    assert page.complaints == []


async def test_a_dropped_folder_is_read_with_what_is_in_it(page: ChatPage) -> None:
    """Pictures beside the chats are not even sent."""
    dialog = await dialog_of(page)
    content = as_file([chatgpt_conversation(title="จากโฟลเดอร์", conversation_id="dropped folder")]).decode()
    await dialog.locator(".drop").evaluate(
        """(drop, content) => {
            const file = (name, text) => ({isFile: true, file: (take) => take(new File([text], name))});
            const pages = [[file('conversations.json', content), file('a.png', 'x')], []];
            const createReader = () => ({readEntries: (take) => take(pages.shift() ?? [])});
            const folder = {isDirectory: true, createReader};
            const event = new Event('drop', {bubbles: true, cancelable: true});
            event.dataTransfer = {items: [{webkitGetAsEntry: () => folder}], files: []};
            drop.dispatchEvent(event);
        }""",
        content,
    )
    await expect(dialog.locator(".done")).to_contain_text("นำเข้า 1 แชต 5 ข้อความแล้ว")
    await expect(dialog.locator(".left-out")).to_have_count(0)


@pytest.mark.parametrize(("locale", "phone"), [("th-TH", True), ("en-GB", True), ("en-GB", False)])
async def test_the_report_of_an_import_fits(browser: Browser, app: App, locale: str, phone: bool) -> None:
    async with visit(browser, app, locale=locale, phone=phone) as visitor:
        if phone:
            await visitor.page.locator("#menu-open").click()
        dialog = await dialog_of(visitor)
        await dialog.locator("input[type=file]").first.set_input_files(folder())
        await expect(dialog.locator(".report")).to_be_visible()
        assert not await dialog.evaluate("(dialog) => dialog.scrollWidth > dialog.clientWidth")
        assert visitor.complaints == []


async def test_examples_for_fine_tuning_are_counted_before_they_are_downloaded(page: ChatPage) -> None:
    reply = await page.ask_and_wait("ฝึกฉันที")
    dialog = await dialog_of(page)
    await dialog.get_by_label("แชตที่เปิดอยู่").check()
    await dialog.locator("input[value=dpo]").check()
    await expect(dialog.locator(".examples")).to_contain_text("ยังไม่มีคู่คำตอบ")
    await expect(dialog.locator(".primary")).to_be_hidden()
    await dialog.locator("input[value=sft]").check()
    await expect(dialog.locator(".examples")).to_have_text("มี 1 ตัวอย่าง")
    await page.page.emulate_media(reduced_motion="reduce")
    await finds_nothing_in_light_nor_in_dark(page)
    await dialog.get_by_label("คะแนน").select_option("up")
    await expect(dialog.locator(".examples")).to_have_text("ยังไม่มีคำตอบที่ตรงตามนี้")
    await dialog.get_by_role("button", name="ปิด").click()
    await reply.get_by_role("button", name="คำตอบดี", exact=True).click()
    await expect(page.page.locator(".why")).to_be_visible()
    dialog = await dialog_of(page)
    await expect(dialog.locator(".examples")).to_have_text("มี 1 ตัวอย่าง")
    async with page.page.expect_download() as started:
        await dialog.locator(".primary").click()
    download = await started.value
    assert download.suggested_filename == "ฝึกฉันที.jsonl"
    (line,) = (await text_of(download)).splitlines()
    assert json.loads(line)["messages"][0] == {"role": "user", "content": "ฝึกฉันที"}
