"""Failures are said in the page's language, the question is kept, and the page stays usable."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.browser.settings_panel import Settings
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, openai_error, thai_tokens

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("สวัสดี\x00ครับ", "อักขระที่เก็บไม่ได้", id="NUL"),
        pytest.param("ตัวครึ่ง \ud83d ตัว", "อักขระที่เก็บไม่ได้", id="half a surrogate pair"),
        pytest.param("ยาว abc\n" * 25_001, "ยาวเกินไป", id="too long"),
        pytest.param("ยาว abcd\n" * 75_000, "ยาวเกินไป", id="a megabyte"),
    ],
)
async def test_a_question_that_cannot_be_taken_stays_in_the_box(
    page: ChatPage, model: OpenAIStandin, text: str, said: str
) -> None:
    await page.page.evaluate("(text) => { window.asked = text }", _escaped(text))
    await page.box.evaluate(
        """(box) => { box.value = JSON.parse('"' + window.asked + '"');
            box.dispatchEvent(new Event('input', {bubbles: true})) }"""
    )
    await page.box.press("Enter")
    await expect(page.alert).to_contain_text(said)
    assert await page.page.evaluate("document.querySelector('#box textarea').value.length") == len(text)
    await expect(page.questions).to_have_count(0)
    await page.box.fill("ถามใหม่ดีๆ")
    await page.box.press("Enter")
    await expect(page.replies).to_have_count(1)
    await expect(page.alert).to_have_count(0)
    assert len(model.seen) == 1


@pytest.mark.parametrize("way", ["paste", "drop"])
async def test_what_is_far_too_long_is_left_out_and_the_text_in_the_box_stays(page: ChatPage, way: str) -> None:
    await page.box.fill("พิมพ์ไว้แล้ว")
    if way == "paste":
        await page.page.evaluate("navigator.clipboard.writeText('ยาว abc '.repeat(75_000))")
        await page.box.press("Control+v")
    else:
        await page.page.evaluate(
            """() => {
              const from = document.createElement('p');
              from.id = 'from';
              from.draggable = true;
              from.textContent = 'ลาก';
              from.style = 'position:fixed;top:60px;left:400px;z-index:99';
              from.ondragstart = (event) => event.dataTransfer.setData('text/plain', 'ยาว abc '.repeat(75_000));
              document.body.append(from);
            }"""
        )
        await page.page.locator("#from").drag_to(page.box)
    await expect(page.alert).to_contain_text("600,000")
    assert await page.text() == "พิมพ์ไว้แล้ว"
    await page.page.evaluate("navigator.clipboard.writeText(' แล้ววาง')")
    await page.box.press("Control+End")
    await page.box.press("Control+v")
    assert await page.text() == "พิมพ์ไว้แล้ว แล้ววาง"
    await page.reload()
    assert await page.text() == "พิมพ์ไว้แล้ว แล้ววาง"


@pytest.mark.parametrize(("count", "told"), [(300_000, "(300,000 "), (1_500_000, "(1,000,000+ ")])
async def test_what_is_too_long_is_counted_as_its_limit_is(page: ChatPage, count: int, told: str) -> None:
    """In code points, of which each here has two units of UTF-16, and not without an end."""
    await page.page.evaluate(f"navigator.clipboard.writeText('😀'.repeat({count}))")
    await page.box.press("Control+v")
    await expect(page.alert).to_contain_text(told)


async def test_a_question_that_was_refused_is_there_after_a_reload(page: ChatPage, app: App) -> None:
    await page.ask_and_wait("แชตก่อนหน้า")  # the address without a session would open it
    await page.new_session()

    async def refuse(route) -> None:  # type: ignore[no-untyped-def]
        await route.fulfill(status=413, json={"error": {"code": "question_too_long", "message": "ยาวเกินไป"}})

    await page.page.route("**/api/sessions/*/messages", refuse)
    await page.ask("คำถามยาวที่ถูกปฏิเสธ")
    await expect(page.alert).to_contain_text("ยาวเกินไป")
    for again in (page.page.url, app.address):
        await page.open(again)
        assert await page.text() == "คำถามยาวที่ถูกปฏิเสธ"
        await expect(page.welcome).to_be_visible()
    await page.box.fill("")
    await page.open(app.address)
    await expect(page.questions).to_have_text("แชตก่อนหน้า")


def _escaped(text: str) -> str:
    """Return the text as inside a JSON string, in ASCII: a lone surrogate can't be sent to the browser in any other
    way."""
    return "".join(f"\\u{ord(char):04x}" for char in text)


@pytest.mark.parametrize("text", ["", "   ", "\n\n"])
async def test_an_empty_question_is_not_sent(page: ChatPage, model: OpenAIStandin, text: str) -> None:
    await page.write(text)
    await page.box.press("Enter")
    await expect(page.page.locator("#hint.told")).to_have_text("พิมพ์คำถามก่อนส่ง")
    await expect(page.welcome).to_be_visible()
    assert model.seen == []


@pytest.mark.parametrize(
    "address", ["/?s=01900000-0000-7000-8000-00000000dead", "/?s=nonsense", "/?s=%3Cscript%3E", "/?s=" + "a" * 3_000]
)
async def test_a_session_that_does_not_exist_is_said_and_a_new_one_offered(
    browser: Browser, app: App, model: OpenAIStandin, address: str
) -> None:
    async with visit(browser, app, address) as page:
        await expect(page.alert).to_contain_text("ไม่พบแชตนี้")
        await expect(page.welcome).to_be_visible()
        await page.ask_and_wait("เริ่มใหม่ก็ได้")
        await expect(page.alert).to_have_count(0)


async def test_a_stream_that_breaks_keeps_its_part_and_says_so(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = Script(tokens=thai_tokens(60), delay_ms=5, fault="drop", fault_after=40)
    reply = await page.ask_and_wait("ตอบครึ่งเดียว")
    await expect(reply).to_contain_text("น้ำใจคนไทย")
    await expect(reply.locator(".problem")).to_contain_text("เก็บไว้ให้")
    await expect(reply.locator(".status")).to_have_text("ตอบไม่สำเร็จ")
    model.script = Script()
    await page.ask_and_wait("ลองอีกที")


async def test_a_backend_that_refuses_is_named_without_its_own_words(page: ChatPage, model: OpenAIStandin) -> None:
    model.script = openai_error(401, "Incorrect API key provided: sk-secret.", code="invalid_api_key")
    reply = await page.ask_and_wait("มีสิทธิ์ไหม")
    await expect(reply.locator(".problem")).to_contain_text("ปฏิเสธ")
    assert "sk-secret" not in await page.page.content()


async def test_a_draft_survives_a_reload(page: ChatPage) -> None:
    await page.ask_and_wait("ก่อนเขียนร่าง")
    await page.box.fill("ร่างที่ยังไม่ส่ง ๑๒๓")
    await page.reload()
    assert await page.text() == "ร่างที่ยังไม่ส่ง ๑๒๓"
    await page.new_session()
    assert await page.text() == ""


@pytest.mark.parametrize("has_options", [False, True], ids=["plain", "with options"])
async def test_a_question_whose_answer_was_lost_on_the_way_is_stored_once(
    page: ChatPage, model: OpenAIStandin, has_options: bool
) -> None:
    lost = 0

    async def lose_the_answer(route) -> None:  # type: ignore[no-untyped-def]
        nonlocal lost
        lost += 1
        if lost == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    if has_options:  # they come with the first question, and the session is known to be stored before the second
        settings = Settings(page)
        await settings.open()
        await settings.field("คำสั่งประจำ").fill("ตอบสั้น ๆ")
        await settings.save()
        await settings.close()
    await page.page.route("**/api/sessions/*/messages", lose_the_answer)
    await page.ask("ส่งแล้วสายหลุด")
    await expect(page.alert).to_contain_text("ติดต่อเซิร์ฟเวอร์ไม่ได้")
    assert await page.text() == "ส่งแล้วสายหลุด"
    await page.box.press("Enter")
    await expect(page.replies).to_have_count(1)
    await page.is_idle()
    await expect(page.questions).to_have_count(1)
    assert len(model.seen) == 1
