"""Model settings on the page: of a session, as presets, and what a model is asked with in the end."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from tests.app import App, running_app
from tests.browser.chat_page import MODELS, ChatPage, visit
from tests.routing import NOWHERE
from tests.standins.openai_server import OpenAIStandin

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROMPT = "ตอบเป็นภาษาไทย สั้น ๆ และลงท้ายว่า “จบแล้วจ้า” 🙏"
OWN = "แชตนี้ใช้ค่าที่ตั้งเอง"
SERVERS = "แชตนี้ใช้ค่าเริ่มต้นของเซิร์ฟเวอร์"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def settings_app(model_server: OpenAIStandin) -> AsyncIterator[App]:
    """Yield an app of whose three servers one is away; the other two are one under two names."""
    again = model_server.base_url.replace("127.0.0.1", "localhost")
    async with running_app(VLLM_BASE_URL=f"{model_server.base_url},{NOWHERE}/v1,{again}") as running:
        yield running


class Settings:
    """The panel as a person uses it."""

    def __init__(self, page: ChatPage) -> None:
        self.page = page
        self.button = page.page.locator("#settings-open")
        self.panel = page.page.locator("#settings")
        self.in_force = self.panel.locator(".in-force")
        self.said = self.panel.locator(".settings-said")
        self.presets = self.panel.locator(".presets li")
        self.problems = self.panel.locator(".field-problem:visible")
        self.name = page.page.get_by_role("textbox", name="ชื่อชุดค่า")

    async def open(self) -> None:
        await self.button.click()
        await expect(self.panel).to_be_visible()

    async def close(self) -> None:
        await self.panel.get_by_role("button", name="ปิด", exact=True).click()
        await expect(self.panel).to_be_hidden()

    def field(self, label: str) -> Locator:
        return self.panel.get_by_label(label)

    async def write_json(self, text: str) -> None:
        if not await self.panel.locator("details.field-advanced[open]").count():
            await self.panel.locator("summary", has_text="ค่าอื่น ๆ").click()
        await self.field("ค่าอื่น ๆ (JSON)").fill(text)

    async def press(self, name: str) -> None:
        await self.panel.get_by_role("button", name=name, exact=True).click()

    async def save(self) -> None:
        await self.press("บันทึกให้แชตนี้")
        await expect(self.said).to_contain_text("บันทึกให้แชตนี้แล้ว")

    async def make_preset(self, name: str) -> None:
        await self.press("บันทึกเป็นชุดค่า…")
        await self.name.fill(name)
        await self.name.press("Enter")
        await expect(self.said).to_contain_text(f"บันทึกชุดค่า “{name}” แล้ว")

    async def choose(self, preset: str, entry: str) -> None:
        await self.presets.filter(has_text=preset).locator(".more").click()
        await self.page.page.get_by_role("menuitem", name=entry, exact=True).click()


@asynccontextmanager
async def opened(
    browser: Browser, app: App, *, locale: str = "th-TH", phone: bool = False
) -> AsyncIterator[tuple[ChatPage, Settings]]:
    """Yield a new session.

    Nobody has presets yet, and the browser has nothing to complain of but what was refused.
    """
    async with visit(browser, app, locale=locale, phone=phone) as page:
        api = page.page.request
        for preset in (await (await api.get(f"{app.address}/api/presets")).json())["presets"]:
            await api.delete(f"{app.address}/api/presets/{preset['preset_id']}")
        await page.reload()
        if not phone:
            await page.new_session()
        yield page, Settings(page)
        assert [complaint for complaint in page.complaints if "400 (Bad Request)" not in complaint] == []


def sent(model: OpenAIStandin) -> dict[str, Any]:
    """Return the last request, without what every one has."""
    body = model.seen[-1].body
    return {name: value for name, value in body.items() if name not in ("model", "stream", "stream_options")}


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
