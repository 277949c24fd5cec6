"""Choices for reading are shown at once, kept, followed by other tabs, and there before the first paint."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, Locator, Route, expect

from tests.app import App
from tests.browser.axe import faults_of
from tests.browser.chat_page import ChatPage, visit
from tests.browser.test_accessibility import FULL, the_search
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

DEFAULTS = {"theme": "system", "contrast": "system", "face": "looped", "size": "normal", "column": "normal"}
OTHERS = {"theme": "dark", "contrast": "more", "face": "loopless", "size": "large", "column": "wide"}


def option(page: ChatPage, name: str, value: str) -> Locator:
    return page.page.locator(f"#preferences-box [name=preference-{name}][value={value}]")


async def choose(page: ChatPage, **chosen: str) -> None:
    await page.page.locator("#preferences").click()
    for name, value in chosen.items():
        await option(page, name, value).check()
    await page.page.keyboard.press("Escape")
    await expect(page.page.locator("#preferences-box")).to_have_count(0)


async def look_of(page: ChatPage) -> dict[str, str]:
    """Return what the root element says of the page's looks."""
    return dict(await page.page.evaluate("({...document.documentElement.dataset})"))


async def test_what_is_chosen_shows_at_once_and_is_there_before_any_module(page: ChatPage) -> None:
    root = page.page.locator("html")
    await page.page.locator("#preferences").click()
    for name, value in OTHERS.items():
        await expect(option(page, name, DEFAULTS[name])).to_be_checked()
        await option(page, name, value).check()
        await expect(root).to_have_attribute(f"data-{name}", value)
    await page.page.keyboard.press("Escape")

    async def never(route: Route) -> None:
        await asyncio.Event().wait()

    await page.page.route("**/*.mjs", never)
    await page.page.reload(wait_until="commit")
    await expect(page.page.locator("body")).to_be_attached()
    assert OTHERS.items() <= (await look_of(page)).items()
    await expect(page.page.locator("body.dark")).to_be_attached()


async def test_the_theme_follows_the_system_until_one_is_chosen(page: ChatPage) -> None:
    root = page.page.locator("html")
    for theme in ("dark", "light"):
        await page.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        await expect(root).to_have_attribute("data-theme", theme)
    await choose(page, theme="light")
    await page.page.emulate_media(color_scheme="dark")
    await page.reload()
    await expect(root).to_have_attribute("data-theme", "light")
    await choose(page, theme="system")
    await expect(root).to_have_attribute("data-theme", "dark")
    await expect(page.page.locator("body")).to_have_class("dark")


async def test_a_system_that_wants_more_contrast_gets_it(page: ChatPage) -> None:
    root = page.page.locator("html")
    await expect(root).to_have_attribute("data-contrast", "normal")
    await page.page.emulate_media(contrast="more")
    await expect(root).to_have_attribute("data-contrast", "more")


async def test_other_tabs_follow_at_once(page: ChatPage, app: App) -> None:
    other = ChatPage(await page.page.context.new_page())
    await other.open(app.address)
    await choose(page, theme="dark", size="larger")
    await expect(other.page.locator("html[data-theme=dark][data-size=larger]")).to_be_attached()
    await choose(page, **DEFAULTS)
    await expect(other.page.locator("html[data-theme=light][data-size=normal]")).to_be_attached()


async def test_size_and_width_are_those_of_the_conversation(page: ChatPage, model: OpenAIStandin) -> None:
    reply = await page.ask_and_wait("อ่านสบาย")
    await page.page.set_viewport_size({"width": 1600, "height": 900})

    async def measured() -> tuple[float, float]:
        size, width = await reply.locator(".words").evaluate(
            "(words) => [parseFloat(getComputedStyle(words).fontSize), words.clientWidth]"
        )
        return size, width

    normal = await measured()
    await choose(page, size="larger", column="wide")
    large = await measured()
    assert large[0] > normal[0] * 1.2
    assert large[1] > normal[1] * 1.2
    await choose(page, size="small", column="narrow")
    small = await measured()
    assert small[0] < normal[0]
    assert small[1] < normal[1]
    assert small[0] >= 15
    assert not await page.scrolls_sideways()


async def test_the_face_that_is_not_chosen_is_not_loaded(page: ChatPage) -> None:
    faces: list[str] = []
    page.page.on("request", lambda request: faces.append(request.url.split("/")[-1].partition("-")[0]))
    await page.reload()
    assert (faces.count("looped"), faces.count("loopless")) == (1, 0)
    await choose(page, face="loopless")
    await page.page.wait_for_function("document.fonts.check('16px loopless', 'ก')")
    assert faces.count("loopless") == 1
    assert "loopless" in await page.box.evaluate("(box) => getComputedStyle(box).fontFamily")
    await choose(page, face="looped")
    assert faces.count("looped") == 1


async def test_the_face_for_code_comes_with_the_first_code(page: ChatPage, model: OpenAIStandin) -> None:
    fonts: list[str] = []
    model.script = Script(tokens=("ไม่มี",))
    await page.ask_and_wait("คำตอบไม่มีโค้ด")
    page.page.on("request", lambda request: fonts.append(request.url) if request.url.endswith(".woff2") else None)
    await page.reload()
    assert fonts == []
    model.script = FULL
    await page.ask_and_wait("ขอโค้ด")
    await page.page.wait_for_function("document.fonts.check('14px mono', 'aก')")
    assert sorted(font.split("/")[-1] for font in fonts) == [
        "noto-sans-mono-latin-400-normal.woff2",
        "noto-sans-thai-thai-400-normal.woff2",
    ]
    assert page.hosts == {"127.0.0.1"}


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_axe_finds_nothing_with_more_contrast_nor_in_the_dialog(
    browser: Browser, app: App, model: OpenAIStandin, phone: bool
) -> None:
    async with visit(browser, app, phone=phone) as page:
        await page.page.emulate_media(reduced_motion="reduce", contrast="more")
        model.script = FULL
        await page.ask_and_wait("น้ำท่วมเกิดจากอะไร")
        for theme in ("light", "dark"):
            await page.use_theme(theme)
            assert await faults_of(page) == []
        await page.page.locator("#preferences").click()
        await expect(page.page.locator("#preferences-box")).to_be_visible()
        assert await faults_of(page) == []
        await page.use_theme("light")
        assert await faults_of(page) == []
        await page.page.keyboard.press("Escape")
        await expect(page.page.locator("#preferences-box")).to_have_count(0)
        await the_search(page)
        assert await faults_of(page) == []


async def test_a_choice_that_is_unknown_is_none(page: ChatPage) -> None:
    await page.page.evaluate("localStorage.setItem('thai-chat:theme', 'purple')")
    await page.reload()
    await expect(page.page.locator("html")).to_have_attribute("data-theme", "light")
    assert page.complaints == []
