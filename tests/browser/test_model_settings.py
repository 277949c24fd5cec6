"""Model settings on the page: of a session, and what a model is asked with in the end."""

from __future__ import annotations

import json
import re

import pytest
from playwright.async_api import Browser, expect

from tests.app import App
from tests.browser.chat_page import MODELS
from tests.browser.settings_panel import OWN, PROMPT, opened, sent, settings_app
from tests.standins.openai_server import OpenAIStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")
__all__ = ["settings_app"]  # a fixture

SERVERS = "แชตนี้ใช้ค่าเริ่มต้นของเซิร์ฟเวอร์"


async def test_what_is_set_before_the_first_question_is_asked_with_it_and_stays_with_the_session(
    browser: Browser, settings_app: App, model: OpenAIStandin
) -> None:
    async with opened(browser, settings_app) as (page, settings):
        await expect(settings.button).to_have_attribute("aria-label", "ตั้งค่าโมเดล")
        await settings.open()
        await expect(settings.in_force).to_contain_text(SERVERS)
        await settings.field("คำสั่งประจำ").fill(PROMPT)
        await expect(settings.panel).to_contain_text(f"{len(PROMPT)} / 20,000 ตัวอักษร")
        await settings.field("Temperature").fill("๐,๒")
        await settings.field("ความยาวสูงสุด").fill("1,024")
        await settings.field("คิดก่อนตอบ").select_option("ปิด")
        await settings.write_json('{"top_k": 40, "chat_template_kwargs": {"tone": "polite"}}')
        await settings.save()
        await expect(settings.in_force).to_contain_text(OWN)
        await settings.close()
        await expect(settings.button).to_be_focused()
        await page.ask_and_wait("สวัสดี")
        body = sent(model)
        assert body.pop("messages")[0] == {"role": "system", "content": PROMPT}
        assert body == {
            "temperature": 0.2,
            "max_tokens": 1024,
            "top_k": 40,
            "chat_template_kwargs": {"tone": "polite", "enable_thinking": False},
        }
        await page.reload()
        await expect(settings.button).to_have_attribute("aria-label", "ตั้งค่าโมเดล (ตั้งไว้แล้ว)")
        await settings.open()
        await expect(settings.field("คำสั่งประจำ")).to_have_value(PROMPT)
        await expect(settings.field("Temperature")).to_have_value("0.2")
        await expect(settings.field("คิดก่อนตอบ")).to_have_value("off")
        assert json.loads(await settings.field("ค่าอื่น ๆ (JSON)").input_value()) == {
            "top_k": 40,
            "chat_template_kwargs": {"tone": "polite"},
        }
        await settings.close()
        await page.new_session()
        await expect(settings.button).to_have_attribute("aria-label", "ตั้งค่าโมเดล")
        await page.ask_and_wait("ถามใหม่")
        assert set(sent(model)) == {"messages"}


async def test_a_slip_of_the_hand_is_told_at_once_and_where(
    browser: Browser, settings_app: App, model: OpenAIStandin
) -> None:
    async with opened(browser, settings_app) as (_, settings):
        await settings.open()
        await settings.field("Temperature").fill("7")
        await expect(settings.panel.locator(".field-temperature .field-problem")).to_have_text("ใส่ตัวเลข 0–2")
        await settings.press("บันทึกให้แชตนี้")
        await expect(settings.field("Temperature")).to_be_focused()
        await settings.field("Temperature").fill("0.7")
        await expect(settings.problems).to_have_count(0)
        for text, says in {
            '{"top_k": 40,\n "min_p" 0.05}': "JSON ผิดรูปแบบที่บรรทัด 2 ตัวที่ 10",
            '{"top_k": 40': "JSON ผิดรูปแบบที่บรรทัด 1 ตัวที่ 13",
            "[40]": "ต้องเป็น JSON ในวงเล็บปีกกา",
            '{"temperature": 1}': "“temperature” มีช่องของตัวเองด้านบนแล้ว",
        }.items():
            await settings.write_json(text)
            await expect(settings.panel.locator(".field-advanced .field-problem")).to_contain_text(says)
        # A problem that only the server knows is told beside the field too, before any question is asked.
        await settings.write_json('{"top_k": "มาก"}')
        await settings.press("บันทึกให้แชตนี้")
        await expect(settings.panel.locator(".field-advanced .field-problem")).to_contain_text("“top_k” ใช้แบบนี้ไม่ได้")
        await expect(settings.in_force).to_contain_text(SERVERS)
        assert model.seen == []


async def test_the_server_s_refusal_stands_beside_the_field_of_a_stored_session_too(
    browser: Browser, settings_app: App, model: OpenAIStandin
) -> None:
    async with opened(browser, settings_app) as (page, settings):
        await page.ask_and_wait("สวัสดี")
        await settings.open()
        await settings.write_json('{"seed": 1.5}')
        await settings.press("บันทึกให้แชตนี้")
        await expect(settings.panel.locator(".field-advanced .field-problem")).to_contain_text("“seed” ใช้แบบนี้ไม่ได้")
        await expect(settings.field("ค่าอื่น ๆ (JSON)")).to_be_focused()


async def test_a_reset_leaves_everything_to_the_server_and_can_be_undone(
    browser: Browser, settings_app: App, model: OpenAIStandin
) -> None:
    async with opened(browser, settings_app) as (page, settings):
        await page.ask_and_wait("สวัสดี")
        await settings.open()
        await settings.field("Top P").fill("0.5")
        await settings.save()
        await settings.press("ล้างค่า")
        await expect(settings.in_force).to_contain_text(SERVERS)
        await expect(settings.field("Top P")).to_have_value("")
        await settings.press("เลิกทำ")
        await expect(settings.in_force).to_contain_text(OWN)
        await settings.close()
        await page.ask_and_wait("อีกที")
        assert sent(model)["top_p"] == 0.5


async def test_what_is_not_saved_yet_is_there_when_the_panel_is_opened_again(
    browser: Browser, settings_app: App, model: OpenAIStandin
) -> None:
    async with opened(browser, settings_app) as (page, settings):
        await page.ask_and_wait("แชตที่ตั้งค่าค้างไว้")
        await settings.open()
        await settings.field("คำสั่งประจำ").fill(PROMPT)
        await expect(settings.said).to_have_text("มีค่าที่ยังไม่บันทึก")
        await page.page.keyboard.press("Escape")
        await expect(settings.panel).to_be_hidden()
        await settings.open()
        await expect(settings.field("คำสั่งประจำ")).to_have_value(PROMPT)
        await settings.close()
        await page.new_session()
        await settings.open()
        await expect(settings.field("คำสั่งประจำ")).to_have_value("")
        await settings.close()
        await page.page.go_back()
        await expect(page.questions).to_have_count(1)
        await settings.open()
        await expect(settings.field("คำสั่งประจำ")).to_have_value(PROMPT)


async def test_all_of_it_is_reached_by_the_keyboard_and_esc_closes_one_layer_at_a_time(
    browser: Browser, settings_app: App, model: OpenAIStandin
) -> None:
    async with opened(browser, settings_app, locale="en-GB") as (page, settings):
        keys = page.page.keyboard
        await settings.button.focus()
        await keys.press("Enter")
        await expect(settings.panel).to_be_visible()
        await settings.field("Temperature").focus()
        await keys.type("0.4")
        await keys.press("Enter")
        await expect(settings.in_force).to_contain_text("This session has its own settings.")
        await page.page.get_by_role("button", name="Save as a preset…").focus()
        await keys.press("Enter")
        await keys.type("Steady")
        await keys.press("Enter")
        more = page.page.get_by_role("button", name="Options of the preset Steady")
        await more.focus()
        await keys.press("Enter")
        await keys.press("ArrowDown")
        await expect(page.page.get_by_role("menuitem", name=f"Always use with {MODELS[0]}")).to_be_focused()
        await keys.press("Enter")
        await expect(settings.presets).to_contain_text(f"always with {MODELS[0]}")
        await expect(more).to_be_focused()
        await keys.press("Enter")
        await expect(page.page.get_by_role("menu")).to_be_visible()
        await keys.press("Escape")
        await expect(page.page.get_by_role("menu")).to_have_count(0)
        await expect(settings.panel).to_be_visible()
        await keys.press("Escape")
        await expect(settings.panel).to_be_hidden()
        await expect(settings.button).to_be_focused()


async def test_the_panel_is_as_wide_as_a_phone_and_nothing_of_it_is_cut_off(
    browser: Browser, settings_app: App, model: OpenAIStandin
) -> None:
    async with opened(browser, settings_app, phone=True) as (page, settings):
        await settings.open()
        await settings.write_json('{"top_k": 40}')
        box = await settings.panel.bounding_box()
        assert box
        assert (round(box["x"]), round(box["width"])) == (0, 390)
        body = settings.panel.locator(".settings-body")
        assert await body.evaluate("(body) => body.scrollWidth <= body.clientWidth")
        await settings.press("บันทึกเป็นชุดค่า…")
        asking = await page.page.locator(".asking").bounding_box()
        assert asking
        assert 0 <= asking["x"] <= 390 - asking["width"]


async def test_the_picker_and_the_sidebar_tell_how_many_of_several_servers_answer(
    browser: Browser, settings_app: App, model: OpenAIStandin
) -> None:
    async with opened(browser, settings_app) as (page, _):
        await expect(page.page.locator("#state")).to_contain_text("พร้อม 2 จาก 3 เครื่อง")
        await page.page.locator("#picker [aria-haspopup]").click()
        group = page.page.locator("#picker .group-head", has_text="vLLM")
        await expect(group).to_have_text(re.compile("พร้อม 2 จาก 3 เครื่อง"))
