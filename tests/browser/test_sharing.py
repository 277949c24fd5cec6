"""Sharing by link as people do it: the link, a private window, a password, taking it back, and going on with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.app import App
from tests.browser.axe import faults_of
from tests.browser.chat_page import ChatPage, visit
from tests.browser.test_accessibility import finds_nothing_in_light_nor_in_dark
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

REPLY = """# สูตร

**ตำขิง** ![ไก่](https://evil.example/x.png) [ลิงก์](https://example.com/a)

|ส่วนผสม|ปริมาณ|
|-|-:|
|ขิง|50 กรัม|

```python
print("a line that is much too long for a phone, so that it is scrolled sideways in its own box")
```

<script>document.title = 'broken'</script>
"""


@asynccontextmanager
async def private_window(browser: Browser, *, locale: str = "th-TH", phone: bool = False) -> AsyncIterator[Page]:
    """Yield a page of a browser that knows nothing, and complains about nothing."""
    size = {"width": 390, "height": 844} if phone else {"width": 1440, "height": 900}
    context = await browser.new_context(locale=locale, viewport=size)  # type: ignore[arg-type]
    page = await context.new_page()
    complaints: list[str] = []
    hosts: set[str] = set()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2].split(":")[0]))
    yield page
    assert complaints == []
    assert hosts <= {"127.0.0.1"}
    assert await context.cookies() == []
    await context.close()


async def share_dialog(page: ChatPage, name: str, entry: str = "แชร์ด้วยลิงก์…") -> Locator:
    await page.choose(name, entry)
    dialog = page.page.locator("#share")
    await expect(dialog).to_be_visible()
    return dialog


async def made_link(dialog: Locator) -> str:
    await dialog.locator(".main").click()
    link = dialog.locator(".share-link")
    await expect(link).to_be_visible()
    return await link.input_value()


@pytest.mark.parametrize(("locale", "phone"), [("th-TH", False), ("en-US", True)])
async def test_a_link_opens_in_a_private_window(
    page: ChatPage, browser: Browser, model: OpenAIStandin, locale: str, phone: bool
) -> None:
    model.script = Script(tokens=(REPLY,))
    name = f"แชร์ฉันที {locale}"
    await page.ask_and_wait(name)
    dialog = await share_dialog(page, name)
    url = await made_link(dialog)
    await dialog.locator(".main").click()
    assert await page.page.evaluate("navigator.clipboard.readText()") == url
    async with private_window(browser, locale=locale, phone=phone) as other:
        await other.goto(url)
        await expect(other.locator("h1")).to_have_text(name)
        await expect(other.locator("article.assistant strong")).to_have_text("ตำขิง")
        await expect(other.locator("article.assistant h2")).to_contain_text("คำตอบ" if locale == "th-TH" else "Reply")
        await expect(other.locator("article")).to_have_count(2)
        assert await other.locator("img, script, style").count() == 0
        assert await other.evaluate("document.documentElement.scrollWidth <= innerWidth")
        face = await other.locator("article.assistant strong").evaluate("(e) => getComputedStyle(e).fontFamily")
        assert face.startswith("looped")
        for scheme in ("light", "dark"):
            await other.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            ground = await other.locator("body").evaluate("(e) => getComputedStyle(e).backgroundColor")
            assert ground == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(23, 23, 26)")
            assert await faults_of(other.main_frame) == []


async def test_a_password_is_asked_for_and_a_link_is_taken_back(page: ChatPage, browser: Browser) -> None:
    await page.ask_and_wait("ลับมาก")
    dialog = await share_dialog(page, "ลับมาก")
    await dialog.get_by_label("รหัสผ่าน").fill("ab")
    await dialog.locator(".main").click()
    await expect(dialog.locator(".share-problem")).to_contain_text("4")
    await dialog.get_by_label("รหัสผ่าน").fill("น้ำจิ้มลับ")
    url = await made_link(dialog)
    async with private_window(browser) as other:
        await other.goto(url)
        await expect(other.locator("article")).to_have_count(0)
        await other.get_by_label("รหัสผ่านของลิงก์").fill("น้ำจิ้มลับ")
        await other.keyboard.press("Enter")
        await expect(other.locator("h1")).to_have_text("ลับมาก")
        await dialog.get_by_text("ลิงก์ที่แชร์ไว้").click()
        entry = page.page.locator("#shares li", has_text="ลับมาก")
        await expect(entry).to_contain_text("มีรหัสผ่าน")
        await expect(entry).to_contain_text("เปิดดู 1 ครั้ง")
        await entry.get_by_text("ปิดลิงก์").click()
        await page.page.locator("dialog .danger", has_text="ปิดลิงก์").last.click()
        await expect(entry).to_contain_text("ปิดแล้ว")
        await expect(entry.locator("button")).to_have_count(0)
    context = await browser.new_context(locale="th-TH")
    gone = await context.new_page()
    answer = await gone.goto(url)
    assert answer
    assert answer.status == 404
    await expect(gone.locator("main")).to_contain_text("ลิงก์นี้ใช้ไม่ได้")
    await context.close()


async def test_somebody_goes_on_with_a_shared_session(page: ChatPage, browser: Browser, app: App) -> None:
    await page.ask_and_wait("ต่อจากนี้")
    dialog = await share_dialog(page, "ต่อจากนี้")
    await dialog.get_by_label("รหัสผ่าน").fill("น้ำจิ้มลับ")
    url = await made_link(dialog)
    shared = page.session_id
    async with visit(browser, app) as other:
        await other.page.goto(url)
        await other.page.get_by_label("รหัสผ่านของลิงก์").fill("น้ำจิ้มลับ")
        await other.page.keyboard.press("Enter")
        await other.page.locator("footer a.primary").click()
        await other.is_ready()
        asking = other.page.locator("#continue")
        await expect(asking).to_be_visible()
        assert "continue" not in other.page.url
        await asking.locator(".main").click()
        await asking.get_by_label("รหัสผ่านของลิงก์").fill("น้ำจิ้มลับ")
        await asking.locator(".main").click()
        await expect(asking).to_have_count(0)
        await expect(other.questions).to_have_count(1)
        await expect(other.page).not_to_have_url(app.address + "/")
        await other.ask_and_wait("แล้วน้ำซุปล่ะ")
        assert other.session_id not in ("", shared)
    await expect(page.questions).to_have_count(1)


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_the_dialogs_are_for_everybody(browser: Browser, app: App, page: ChatPage, phone: bool) -> None:
    name = f"สำหรับทุกคน {phone}"
    await page.ask_and_wait(name)
    async with visit(browser, app, locale="en-US", phone=phone) as other:
        if phone:
            await other.page.locator("#menu-open").click()
        dialog = await share_dialog(other, name, "Share by link…")
        await finds_nothing_in_light_nor_in_dark(other)
        await dialog.get_by_label("System prompt").check()
        await dialog.get_by_label("Password").press("Enter")
        await expect(dialog.locator(".share-link")).to_be_visible()
        await expect(dialog.locator(".main")).to_be_focused()
        await finds_nothing_in_light_nor_in_dark(other)
        await dialog.get_by_text("My links").click()
        await expect(other.page.locator("#shares li").first).to_be_visible()
        await finds_nothing_in_light_nor_in_dark(other)
        await other.page.keyboard.press("Escape")
        await expect(other.page.locator("#shares")).to_have_count(0)
        assert other.complaints == []
