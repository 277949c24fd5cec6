"""No vowel nor tone mark of Thai is cut off: each text that is seen is painted with the highest and the deepest."""

from __future__ import annotations

import base64
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops
from playwright.async_api import Browser, expect

from tests.app import App
from tests.browser import test_accessibility as places
from tests.browser.chat_page import ChatPage, visit

pytestmark = pytest.mark.asyncio(loop_scope="session")

said = places.said
"""The fixture: a session with everything that a reply can have."""
SCRIPT = (Path(__file__).parent / "marks.js").read_text("utf-8")
ZOOM = 3
MOST_MISSING_PX = 0.7
"""Less is missing where a glyph falls between pixels."""
_MOST_OTHER = 50


@dataclass(frozen=True)
class Picture:
    """A part of the page, `ZOOM` times as large, and where its left upper corner is on the page, in pixels."""

    image: Image.Image
    left: int
    top: int


async def picture_of(page: ChatPage, placed: list[dict[str, Any]]) -> Picture:
    """Return a picture of the part of the page in which all these places are."""
    lefts, tops, rights, bottoms = zip(*map(edges_of, placed), strict=True)
    left, top = max(0, floor(min(lefts))), max(0, floor(min(tops)))
    right, bottom = ceil(max(rights)), ceil(max(bottoms))
    devtools = await page.page.context.new_cdp_session(page.page)
    clip = {"x": left, "y": top, "width": right - left, "height": bottom - top, "scale": ZOOM}
    taken = await devtools.send("Page.captureScreenshot", {"clip": clip, "optimizeForSpeed": True})
    return Picture(Image.open(io.BytesIO(base64.b64decode(taken["data"]))).convert("RGB"), left, top)


def edges_of(place: dict[str, Any]) -> tuple[float, float, float, float]:
    return (place["left"] - 3, place["top"], place["right"] + 3, place["bottom"])


def ink_of(picture: Picture, place: dict[str, Any]) -> float:
    """Return how high that is what is painted at a place in its colour."""
    left, top, right, bottom = edges_of(place)
    x, end_x = (round((edge - picture.left) * ZOOM) for edge in (left, right))
    y, end_y = (round((edge - picture.top) * ZOOM) for edge in (top, bottom))
    channels = list(picture.image.crop((x, y, end_x, end_y)).split())
    own = channels.pop(place["colour"])
    ink = ImageChops.subtract(own, ImageChops.lighter(*channels)).point(lambda shade: 255 * (shade > _MOST_OTHER))
    bounds = ink.getbbox()
    return (bounds[3] - bounds[1]) / ZOOM if bounds else 0


async def cut_marks(page: ChatPage) -> list[str]:
    """Return each kind of text whose marks are not whole, and how much of their height is there."""
    await page.page.evaluate("document.fonts.ready.then(() => true)")
    placed = await page.page.evaluate(f"() => {SCRIPT}.write()")
    assert placed
    picture = await picture_of(page, placed)
    fonts = list({place["font"] for place in placed})
    lines = await page.page.evaluate(f"(fonts) => {SCRIPT}.showWhole(fonts)", fonts)
    sheet = await picture_of(page, lines)
    whole = {font: ink_of(sheet, line) for font, line in zip(fonts, lines, strict=True)}
    assert min(whole.values()) > 10
    return [
        f"{place['kind']}: {ink:.1f} of {whole[place['font']]:.1f}"
        for place in placed
        if (ink := ink_of(picture, place)) < whole[place["font"]] - MOST_MISSING_PX
    ]


async def a_name_that_is_written_anew(page: ChatPage) -> None:
    await places.menu(page)
    await page.sessions.first.press("F2")
    await expect(page.page.locator("#recent .rename")).to_be_visible()


async def a_title_that_is_written_anew(page: ChatPage) -> None:
    await page.page.locator("#heading button").click()


async def tags(page: ChatPage) -> None:
    await places.a_menu(page)
    await page.page.get_by_role("menuitem", name="แท็ก").click()
    await expect(page.page.locator("dialog[open]")).to_be_visible()


async def words_on_what_was_done(page: ChatPage) -> None:
    await places.a_menu(page)
    await page.page.get_by_role("menuitem", name="เก็บถาวร").click()
    await expect(page.toast).to_be_visible()
    await expect(page.page.locator("#shelved")).to_be_visible()
    patched = await page.page.request.patch(
        page.page.url.split("?")[0] + f"api/sessions/{page.session_id}", data={"archived": False}
    )
    assert patched.ok
    await expect(page.page.locator("#shelved")).to_be_hidden()
    await expect(page.page.locator(".sessions .none")).to_have_count(0)
    await page.box.press("Enter")
    await expect(page.page.locator("#hint.told")).to_be_visible()


async def labels_of_the_last_in_a_list(page: ChatPage) -> None:
    """Show the sessions of a tag that one alone has: the list ends with its labels."""
    answer = await page.page.request.patch(
        page.page.url.split("?")[0] + f"api/sessions/{page.session_id}", data={"tags": ["ปุ๋ยสั่งซื้อ"]}
    )
    assert answer.ok
    await expect(page.page.locator("#recent .labels", has_text="ปุ๋ยสั่งซื้อ")).to_be_visible()
    await page.show_shelf("ปุ๋ยสั่งซื้อ")
    await expect(page.page.locator("#recent li")).to_have_count(1)


OTHERS = (places.a_drawn_diagram, places.a_search_without_words)
"""States that have no further texts."""
STATES: tuple[Callable[[ChatPage], Awaitable[None]], ...] = (
    *(state for state in places.STATES if state not in OTHERS),
    a_name_that_is_written_anew,
    a_title_that_is_written_anew,
    tags,
    labels_of_the_last_in_a_list,
    words_on_what_was_done,
)


ON_A_PHONE = (places.the_sidebar, places.the_picker, places.a_menu, a_title_that_is_written_anew)
CASES = [(state, phone) for phone, states in ((False, STATES), (True, ON_A_PHONE)) for state in states]


@pytest.mark.parametrize(("state", "phone"), CASES, ids=[f"{state.__name__}-{phone:d}" for state, phone in CASES])
async def test_no_mark_is_cut_off(
    browser: Browser, app: App, said: str, state: Callable[[ChatPage], Awaitable[None]], phone: bool
) -> None:
    async with visit(browser, app, said, phone=phone) as page:
        await page.page.emulate_media(reduced_motion="reduce")
        await expect(page.replies.last.locator("pre[tabindex='0']").first).to_be_attached()
        await state(page)
        await page.is_at_rest()
        assert await cut_marks(page) == []
