"""Nothing that people or models write runs as code, and nothing of another host is ever asked for."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = (
    "<script>window.owned=1</script><img src=x onerror='window.owned=2'>"
    "<svg onload='window.owned=3'></svg><iframe srcdoc='<script>parent.owned=4</script>'></iframe> "
    "${window.owned=5} {{constructor.constructor('window.owned=6')()}} "
    "[press](javascript:window.owned=7) ![seen](http://tracker.example/pixel.png) `</textarea>`"
)
INNOCENT = "window.owned === undefined"


async def test_hostile_text_in_question_reply_and_name_stays_text(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = Script(tokens=tuple(HOSTILE), delay_ms=15)
    await page.ask(HOSTILE)
    await expect(page.growing).to_contain_text("<script>window.owned=1</script>")
    await page.is_idle()
    assert await page.questions.locator(".words").inner_text() == HOSTILE
    await expect(page.replies.locator(".words")).to_contain_text("<script>window.owned=1</script>")
    await expect(page.page.locator("#recent li.shown .name")).to_contain_text("<script>")
    assert await page.page.locator(".message-row :is(script, img, svg:not(.icon), iframe)").count() == 0
    assert await page.page.locator("#chat a[href^='javascript']").count() == 0
    assert await page.page.evaluate(INNOCENT)
    await page.reload()
    assert await page.page.evaluate(INNOCENT)
    assert page.hosts == {"127.0.0.1"}


async def test_hostile_thinking_and_new_names_stay_text(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = Script(reasoning=(HOSTILE,), tokens=("จบ",))
    reply = await page.ask_and_wait("คิดร้าย")
    await reply.locator(".thoughts summary").click()
    await expect(reply.locator(".thoughts-text")).to_have_text(HOSTILE)
    item = page.page.locator("#recent li.shown")
    await page.rename("คิดร้าย", HOSTILE)
    await expect(item.locator(".name")).to_have_text(HOSTILE[:255])
    await page.find.click()
    await expect(page.page.locator("#found")).to_contain_text("<script>")
    assert await page.page.evaluate(INNOCENT)


async def test_code_in_a_reply_is_shown_as_it_was_written(page: ChatPage, model: OpenAIStandin) -> None:
    code = "if a < b && c > d:\n    print('<b>&amp;</b>', ![1])"
    model.script = Script(tokens=("```python\n", code, "\n```\n", "และ `<i>` กับ vec![1]"))
    reply = await page.ask_and_wait("เขียนโค้ด")
    assert await reply.locator("pre code").text_content() == code
    assert await reply.locator("p code").inner_text() == "<i>"
    await reply.get_by_role("button", name="คัดลอกโค้ด").click()
    await expect(reply.get_by_role("button", name="คัดลอกแล้ว")).to_be_visible()
    assert await page.page.evaluate("navigator.clipboard.readText()") == code


async def test_copy_gives_the_reply_as_it_was_written(page: ChatPage, model: OpenAIStandin) -> None:
    written = "**หนา** กับ <b>ดิบ</b> และ `code` 👩‍💻"
    model.script = Script(tokens=(written,))
    reply = await page.ask_and_wait("คัดลอกได้ไหม")
    await reply.locator(".below .copy").click()
    await expect(reply.get_by_label("คัดลอกแล้ว")).to_be_visible()
    assert await page.page.evaluate("navigator.clipboard.readText()") == written


async def test_an_ordinary_visit_asks_no_other_host_and_the_console_is_silent(
    browser: Browser, app: App, model: OpenAIStandin
) -> None:
    async with visit(browser, app, "/?new") as page:
        model.script = Script(
            tokens=("$$E = mc^2$$ ", "\n\n```python\nprint('ไทย')\n```\n", "| ก | ข |\n|---|---|\n| 1 | 2 |")
        )
        await page.ask_and_wait("สูตร โค้ด และตาราง")
        await expect(page.replies.locator(".formula.display math")).to_be_visible()
        await page.page.locator("#count").click()
        await expect(page.page.locator("#drawer .totals").first).to_be_visible()
        await page.reload()
        assert page.hosts == {"127.0.0.1"}
        assert page.complaints == []


async def test_no_form_of_a_model_is_shown_between_lone_backticks(page: ChatPage, model: OpenAIStandin) -> None:
    form = "<form action='http://tracker.example/'><input name=q><button>x</button></form>"
    model.script = Script(tokens=("`\n\n", form, "\n\n`"))
    reply = await page.ask_and_wait("แบบฟอร์ม")
    await expect(reply.locator(".words")).to_contain_text("<form action=")
    assert await reply.locator("form, input").count() == 0
