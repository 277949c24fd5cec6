"""Presets on the page: saved as they stand in the panel, used, replaced, and the ones that a model always has."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import Browser, Route, expect

from tests.app import App
from tests.browser.chat_page import MODELS
from tests.browser.settings_panel import OWN, PROMPT, opened, sent, settings_app
from tests.standins.openai_server import OpenAIStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")
__all__ = ["settings_app"]  # a fixture


async def test_a_preset_is_saved_with_what_is_not_saved_yet_and_the_session_uses_it(
    browser: Browser, settings_app: App, model: OpenAIStandin
) -> None:
    async with opened(browser, settings_app) as (page, settings):
        await page.pick_model(MODELS[1])
        await settings.open()
        await settings.field("คำสั่งประจำ").fill(PROMPT)
        await settings.field("Temperature").fill("0.2")
        await settings.make_preset("แม่นยำ")
        await expect(settings.said).to_contain_text("และใช้กับแชตนี้")
        await expect(settings.in_force).to_contain_text("แชตนี้ใช้ชุดค่า “แม่นยำ”")
        used = settings.presets.locator(".preset[aria-pressed=true]")
        await expect(used).to_contain_text("แม่นยำ")
        await expect(used).to_contain_text(f"สำหรับ {MODELS[1]}")
        await expect(settings.panel.get_by_role("button", name="บันทึกให้แชตนี้")).to_be_disabled()  # nothing is left
        await settings.make_preset("เหมือนกัน")  # another with the same options
        await expect(used).to_contain_text("เหมือนกัน")
        await settings.close()
        await page.ask_and_wait("สวัสดี")
        assert sent(model)["messages"][0] == {"role": "system", "content": PROMPT}
        assert sent(model)["temperature"] == 0.2


async def test_a_preset_of_the_same_name_is_replaced_only_when_the_person_says_so(
    browser: Browser, settings_app: App, model: OpenAIStandin
) -> None:
    async with opened(browser, settings_app) as (page, settings):
        await settings.open()
        await settings.field("Temperature").fill("0.1")
        await settings.make_preset("แม่นยำ")
        await settings.field("Temperature").fill("0.9")
        await settings.press("บันทึกเป็นชุดค่า…")
        await settings.name.fill("  แม่นยำ ")
        await settings.name.press("Enter")
        asked = page.page.locator(".box", has_text="มีชุดค่า “แม่นยำ” อยู่แล้ว")
        await asked.get_by_role("button", name="ยกเลิก").click()
        await expect(settings.name).to_have_value("แม่นยำ")  # another name may be given
        await settings.name.press("Enter")
        await asked.get_by_role("button", name="บันทึกทับ").click()
        await expect(settings.said).to_contain_text("บันทึกทับชุดค่า “แม่นยำ” แล้ว")
        await expect(settings.presets).to_have_count(1)
        await page.reload()
        await settings.open()
        await settings.presets.locator(".preset").click()
        await expect(settings.field("Temperature")).to_have_value("0.9")


async def test_a_preset_that_can_not_be_saved_says_why_and_loses_nothing(
    browser: Browser, settings_app: App, model: OpenAIStandin
) -> None:
    async with opened(browser, settings_app) as (page, settings):
        await settings.open()
        await settings.field("Temperature").fill("0.1")
        refused = {"error": {"code": "history_unavailable", "message": "ฐานข้อมูลไม่พร้อม ลองใหม่อีกครั้ง", "param": None}}

        async def refuse(route: Route) -> None:
            if route.request.method == "POST":
                await route.fulfill(status=503, json=refused)
            else:
                await route.continue_()

        await page.page.route("**/api/presets", refuse)
        await settings.press("บันทึกเป็นชุดค่า…")
        await settings.name.fill("แม่นยำ")
        await settings.name.press("Enter")
        await expect(settings.said).to_contain_text("ฐานข้อมูลไม่พร้อม")
        await page.page.unroute("**/api/presets")
        await expect(settings.field("Temperature")).to_have_value("0.1")
        await settings.press("บันทึกเป็นชุดค่า…")
        await expect(settings.name).to_have_value("แม่นยำ")
        await settings.name.press("Enter")
        await expect(settings.said).to_contain_text("บันทึกชุดค่า “แม่นยำ” แล้ว")
        page.complaints.clear()  # of the refusal


async def test_a_preset_serves_a_model_in_every_session_that_has_no_settings_of_its_own(
    browser: Browser, settings_app: App, model: OpenAIStandin
) -> None:
    async with opened(browser, settings_app) as (page, settings):
        await settings.open()
        await settings.field("คำสั่งประจำ").fill(PROMPT)
        await settings.make_preset("จบแล้วจ้า")
        await settings.choose("จบแล้วจ้า", f"ใช้กับ {MODELS[0]} เสมอ")
        await expect(settings.presets).to_contain_text(f"ใช้กับ {MODELS[0]} เสมอ")
        await settings.close()
        await page.ask_and_wait("ใช้ค่าที่ตั้งไว้กับแชตนี้")
        await page.new_session()
        await expect(settings.button).to_have_attribute("aria-label", "ตั้งค่าโมเดล (ตั้งไว้แล้ว)")
        await page.ask_and_wait("สวัสดี")
        assert sent(model)["messages"][0] == {"role": "system", "content": PROMPT}
        await settings.open()
        await expect(settings.in_force).to_contain_text(f"จึงใช้ “จบแล้วจ้า” ซึ่งเป็นชุดค่าประจำของ {MODELS[0]}")
        await settings.close()
        await page.pick_model(MODELS[1])
        await expect(settings.button).to_have_attribute("aria-label", "ตั้งค่าโมเดล")
        await page.ask_and_wait("อีกที")
        assert sent(model)["messages"][0]["role"] == "user"


async def test_a_session_can_say_that_it_wants_nothing_of_its_models_preset(
    browser: Browser, settings_app: App, model: OpenAIStandin
) -> None:
    async with opened(browser, settings_app) as (page, settings):
        await settings.open()
        await settings.field("คำสั่งประจำ").fill(PROMPT)
        await settings.write_json('{"top_k": 40}')
        await settings.make_preset("จบแล้วจ้า")
        await settings.choose("จบแล้วจ้า", f"ใช้กับ {MODELS[0]} เสมอ")
        await settings.close()
        await page.new_session()
        await page.ask_and_wait("สวัสดี")
        assert sent(model)["top_k"] == 40
        await settings.open()
        await settings.field("คำสั่งประจำ").fill("")
        await settings.write_json("")
        await settings.save()
        await expect(settings.in_force).to_contain_text(f"แชตนี้ตั้งไว้ว่าไม่ส่งค่าใด ๆ แม้ {MODELS[0]} จะมีชุดค่าประจำ")
        await settings.close()
        await page.pick_model(MODELS[1])
        await settings.open()
        await expect(settings.in_force).to_contain_text("แชตนี้ตั้งไว้ว่าไม่ส่งค่าใด ๆ")
        await expect(settings.in_force).not_to_contain_text("จะมีชุดค่าประจำ")
        await settings.close()
        await page.pick_model(MODELS[0])
        await page.ask_and_wait("อีกที")
        assert set(sent(model)) == {"messages"}
        assert sent(model)["messages"][0]["role"] == "user"
        await page.reload()
        await settings.open()
        await expect(settings.field("คำสั่งประจำ")).to_have_value("")
        await expect(settings.field("ค่าอื่น ๆ (JSON)")).to_have_value("")
        await settings.press("ล้างค่า")
        await expect(settings.in_force).to_contain_text("จึงใช้ “จบแล้วจ้า”")
        await expect(settings.field("คำสั่งประจำ")).to_have_value(PROMPT)


async def test_a_preset_goes_over_to_the_model_that_is_picked(
    browser: Browser, settings_app: App, model: OpenAIStandin
) -> None:
    async with opened(browser, settings_app) as (page, settings):
        await settings.open()
        await settings.field("Temperature").fill("0.1")
        await settings.make_preset("แม่นยำ")
        await settings.choose("แม่นยำ", f"ใช้กับ {MODELS[0]} เสมอ")
        await settings.close()
        await page.new_session()
        await page.pick_model(MODELS[1])
        await settings.open()
        await settings.choose("แม่นยำ", f"เปลี่ยนเป็นของ {MODELS[1]}")
        await expect(settings.said).to_contain_text(f"“แม่นยำ” เป็นชุดค่าของ {MODELS[1]} แล้ว")
        await expect(settings.presets).to_contain_text(f"ใช้กับ {MODELS[1]} เสมอ")
        await settings.close()
        await page.ask_and_wait("สวัสดี")
        assert sent(model)["temperature"] == 0.1


async def test_a_preset_is_applied_changed_renamed_and_deleted(
    browser: Browser, settings_app: App, model: OpenAIStandin
) -> None:
    async with opened(browser, settings_app) as (page, settings):
        await settings.open()
        await settings.field("Temperature").fill("0.1")
        await settings.make_preset("แม่นยำ")
        await settings.presets.get_by_role("button", name="แม่นยำ", exact=False).first.click()
        await expect(settings.in_force).to_contain_text("แชตนี้ใช้ชุดค่า “แม่นยำ”")
        await expect(settings.presets.locator(".preset")).to_have_attribute("aria-pressed", "true")
        await settings.field("Temperature").fill("0.3")
        await settings.choose("แม่นยำ", "บันทึกค่าที่กรอกทับชุดนี้")
        await expect(settings.said).to_contain_text("แก้ชุดค่า “แม่นยำ” แล้ว")
        await settings.choose("แม่นยำ", "เปลี่ยนชื่อ")
        await settings.name.fill("  ")
        await settings.name.press("Enter")
        await expect(page.page.locator(".asking .field-problem")).to_have_text("ใส่ชื่อชุดค่าก่อน")
        await settings.name.fill("แม่นยำมาก")
        await settings.name.press("Enter")
        await settings.choose("แม่นยำมาก", "แชร์ให้ทุกคนที่นี่")
        await expect(settings.presets).to_contain_text("แชร์อยู่")
        await settings.choose("แม่นยำมาก", "ลบ")
        await page.page.get_by_role("button", name="ยกเลิก").click()
        await expect(settings.presets).to_have_count(1)
        await settings.choose("แม่นยำมาก", "ลบ")
        await page.page.locator(".box").get_by_role("button", name="ลบ").click()
        await expect(settings.presets).to_have_count(0)
        # The session keeps what it was given.
        await expect(settings.in_force).to_contain_text(OWN)


async def test_a_preset_is_carried_elsewhere_as_json(browser: Browser, settings_app: App, model: OpenAIStandin) -> None:
    async with opened(browser, settings_app) as (page, settings):
        await settings.open()
        await settings.field("คำสั่งประจำ").fill(PROMPT)
        await settings.write_json('{"min_p": 0.05}')
        await settings.make_preset("พกพา")
        await settings.choose("พกพา", "คัดลอกเป็น JSON")
        await expect(settings.said).to_have_text("คัดลอก JSON แล้ว")
        copied = await page.page.evaluate("() => navigator.clipboard.readText()")
        assert json.loads(copied) == {"preset_name": "พกพา", "options": {"system_prompt": PROMPT, "min_p": 0.05}}
        await settings.close()
        await page.new_session()
        await settings.open()
        await settings.press("ตัวเลือกเพิ่มเติม")
        await page.page.get_by_role("menuitem", name="วาง JSON…").click()
        box = page.page.get_by_role("textbox", name="วาง JSON")
        await box.fill(copied.replace("0.05", "0,05"))
        await expect(page.page.locator(".asking .field-problem")).to_contain_text("บรรทัด 4")
        await box.fill(copied)
        await page.page.get_by_role("button", name="ใส่ลงในช่อง").click()
        await expect(settings.field("คำสั่งประจำ")).to_have_value(PROMPT)
        await settings.press("บันทึกเป็นชุดค่า…")
        await expect(settings.name).to_have_value("พกพา")
