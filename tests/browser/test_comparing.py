"""Two models side by side on the same question, on a desk and on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Locator, Route, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.browser.drawn import NEAR_PX
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens

pytestmark = pytest.mark.asyncio(loop_scope="session")

ONE = Script(tokens=("ต้มยำ", "กุ้ง", "น้ำ", "ข้น"))
TWO = Script(tokens=("แกง", "เขียว", "หวาน"))
TOP = "document.querySelector('#chat > .compared').getBoundingClientRect().top"
ENDLESS = Script(tokens=thai_tokens(3_000), delay_ms=30)


COMPARE_WITH = re.compile("เปรียบเทียบกับโมเดลอื่น|Compare with another model")
COMPARE_VERSIONS = re.compile("เปรียบเทียบสองเวอร์ชัน|Compare two versions")


async def open_entry(reply: Locator, entry: re.Pattern[str]) -> None:
    """Pick an entry of a reply's menu."""
    await reply.locator(".message-more").click()
    await reply.page.get_by_role("menuitem", name=entry).click()


async def choose(page: ChatPage, model: str) -> None:
    await page.page.locator("#choices [role=option]", has_text=model).first.click()


async def add_model(page: ChatPage, model: str, opener: Locator) -> None:
    await opener.click()
    await choose(page, model)


async def ask_both(page: ChatPage, question: str = "แนะนำเมนูหน่อย") -> tuple[Locator, Locator]:
    """Ask two models, and return their columns."""
    await page.pick_model("thai-large")
    await add_model(page, "thai-small", page.page.locator("#compare-next"))
    await expect(page.page.locator("#compared .chip:not(.more)")).to_have_count(2)
    await page.ask(question)
    row = page.page.locator("#chat > .compared")
    return row.locator("> .message .words"), row.locator("> .beside .words")


async def test_a_model_that_is_taken_out_by_keys_leaves_the_focus_beside_it(page: ChatPage) -> None:
    await page.pick_model("thai-large")
    add = page.page.locator("#compare-next")
    await add_model(page, "thai-small", add)
    await page.page.locator("#compared .chip [aria-label]").press("Enter")
    await expect(page.page.locator("#compared")).to_be_hidden()
    await expect(add).to_be_focused()


async def is_beside(first: Locator, second: Locator) -> bool:
    one, other = await first.bounding_box(), await second.bounding_box()
    assert one
    assert other
    return abs(one["y"] - other["y"]) < 2 and other["x"] >= one["x"] + one["width"]


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_two_models_answer_side_by_side_and_the_better_one_goes_on(
    browser: Browser, app: App, model: OpenAIStandin, phone: bool
) -> None:
    model.scripts.update({"thai-large": ONE, "thai-small": TWO})
    async with visit(browser, app, locale="en-GB" if phone else "th-TH", phone=phone) as page:
        await page.page.keyboard.press("Control+Shift+KeyO")
        await expect(page.welcome).to_be_visible()
        first, second = await ask_both(page)
        await expect(first).to_have_text(ONE.text)
        await expect(second).to_have_text(TWO.text)
        await page.is_idle()
        assert await is_beside(first, second)
        assert not await page.scrolls_sideways()
        heads = page.page.locator(".column-head strong")
        await expect(heads).to_contain_text(["thai-large", "thai-small"])
        await page.page.locator(".verdict .reason").fill("อ่านง่ายกว่า")
        await page.page.locator("#preferences").click()
        await page.page.locator(f"#preferences-box [name=preference-language][value={'th' if phone else 'en'}]").click()
        question = page.page.locator("dialog.box")  # the reason is kept nowhere
        await question.locator("button").first.click()
        await expect(question).to_have_count(0)
        await page.page.keyboard.press("Escape")
        await expect(page.page.locator("#preferences-box")).to_have_count(0)
        await page.page.locator(".beside .better").click()
        await expect(page.page.locator(".compared")).to_have_count(0)
        await expect(page.replies).to_have_count(1)
        await expect(page.replies.first.locator(".words")).to_have_text(TWO.text)
        await expect(page.page.locator("#picker .name")).to_have_text("thai-small")
        await page.ask_and_wait("เผ็ดไหม")
        sent = [message["content"] for message in model.seen[-1].body["messages"]]
        assert sent[:2] == ["แนะนำเมนูหน่อย", TWO.text]

        # The stored comparison is opened again, with what was said of it.
        if phone:
            await page.replies.first.locator(".words").tap()
        await open_entry(page.replies.first, COMPARE_VERSIONS)
        await expect(page.page.locator(".compared > .beside .words")).to_have_text(ONE.text)
        await expect(page.page.locator(".verdict .reason")).to_have_value("อ่านง่ายกว่า")
        await expect(page.page.locator(".compared > .column-foot .better")).to_have_attribute("aria-pressed", "true")
        await page.page.locator(".verdict .close").click()
        await expect(page.page.locator(".compared")).to_have_count(0)
        assert page.complaints == []


async def test_a_reload_and_another_tab_show_both_still_growing_and_each_is_stopped(
    page: ChatPage, browser: Browser, app: App, model: OpenAIStandin
) -> None:
    model.scripts.update({"thai-large": ENDLESS, "thai-small": ENDLESS})
    first, second = await ask_both(page)
    await expect(second).to_contain_text("สวัสดี")
    await page.reload()
    async with visit(browser, app, f"/?s={page.session_id}") as other:
        for each in (page, other):
            await expect(each.page.locator("#chat > .compared > .message .words")).to_contain_text("สวัสดี")
            await expect(each.page.locator("#chat > .compared > .beside .words")).to_contain_text("สวัสดี")
        await page.page.locator(".beside .stop-one").click()
        for each in (page, other):
            await expect(each.page.locator(".beside .status.stopped")).to_be_visible()
        before = len(await first.inner_text())
        await page.page.wait_for_function(
            "(length) => document.querySelector('#chat > .compared > .message .words').textContent.length > length",
            arg=before,
        )
        await other.stop.click()
        await page.is_idle()
        await expect(page.page.locator(".compared > .message .status.stopped")).to_be_visible()
        await expect(page.page.locator(".compared .version")).to_have_text("1/2")
        assert page.complaints == []


async def test_one_that_fails_shows_its_problem_and_the_other_goes_on(page: ChatPage, model: OpenAIStandin) -> None:
    model.scripts.update({"thai-large": ONE, "thai-small": Script(tokens=TWO.tokens, fault="error", fault_after=2)})
    first, _ = await ask_both(page)
    await expect(page.page.locator(".compared > .beside .problem")).to_be_visible()
    await expect(first).to_have_text(ONE.text)
    await page.is_idle()
    await expect(page.page.locator(".compared > .message .problem")).to_have_count(0)


async def test_a_reply_is_compared_afterwards_and_the_reader_keeps_the_place(
    page: ChatPage, model: OpenAIStandin
) -> None:
    model.scripts["thai-large"] = Script(tokens=thai_tokens(1_500))
    await page.pick_model("thai-large")
    await page.ask_and_wait("หนึ่ง")
    model.scripts["thai-small"] = Script(tokens=thai_tokens(1_500), delay_ms=1)
    model.scripts["thai-large"] = ONE
    await page.ask_and_wait("สอง")
    reply = page.replies.first
    await reply.locator(".message-more").scroll_into_view_if_needed()
    await open_entry(reply, COMPARE_WITH)
    await choose(page, "thai-small")
    column = page.page.locator("#chat > .compared > .beside .words")
    await expect(column).to_contain_text("สวัสดี")
    before: float = await page.page.evaluate(TOP)
    await page.is_idle()
    assert abs(await page.page.evaluate(TOP) - before) <= NEAR_PX
    await expect(page.replies.first.locator("> .message .words")).to_contain_text("สวัสดี")


async def test_a_chip_is_taken_away_and_one_model_answers(page: ChatPage, model: OpenAIStandin) -> None:
    await page.pick_model("thai-large")
    await add_model(page, "thai-small", page.page.locator("#compare-next"))
    await page.page.locator("#compared .chip .icon-button").click()
    await expect(page.page.locator("#compared")).to_be_hidden()
    asked = len(model.seen)
    await page.ask_and_wait("คนเดียวพอ")
    assert len(model.seen) == asked + 1


async def test_a_reply_compared_again_after_a_lost_answer_is_compared_once(
    page: ChatPage, model: OpenAIStandin
) -> None:
    lost = 0

    async def lose_the_answer(route: Route) -> None:
        nonlocal lost
        lost += 1
        assert route.request.post_data_json["last_seen_message_id"]
        if lost == 1:
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await page.pick_model("thai-large")
    reply = await page.ask_and_wait("คำตอบหายกลางทาง")
    model.scripts["thai-small"] = TWO
    await page.page.route("**/replies", lose_the_answer)
    await open_entry(reply, COMPARE_WITH)
    await choose(page, "thai-small")
    await expect(page.alert).to_be_visible()
    await open_entry(reply, COMPARE_WITH)
    async with page.page.expect_response("**/replies"):
        await choose(page, "thai-small")
    await expect(page.alert).to_be_hidden()
    await page.is_idle()
    await page.reload()
    await expect(page.replies.first.locator(".version")).to_have_text("1/2")
    assert [request.body["model"] for request in model.seen] == ["thai-large", "thai-small"]
