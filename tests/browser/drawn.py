"""Messages as they are drawn: words, the boxes of blocks and pixels, to be compared with one another."""

from __future__ import annotations

import asyncio
import functools
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageFilter
from playwright.async_api import Locator, Page, expect

from tests.browser.chat_page import ChatPage
from tests.browser.chromium import PATIENCE_MS

CASES = {path.stem: path.read_text("utf-8") for path in sorted((Path(__file__).parent / "cases" / "page").glob("*.md"))}
NEAR_PX = 2
_SHADES = 40
"""So much of 255 may antialiasing change."""
_BAND_PX = 256
_REACH_PX = 2 * NEAR_PX
"""So far around a pixel lies all that decides whether it is strange, and more."""

Box = tuple[int, int, int, int]
"""Left, top, right and bottom edge in pixels; the last two lie outside."""

_LOOK = """(words) => {
    const row = words.closest('.message-row').getBoundingClientRect();
    const blocks = ['p, .line, .heading, ul, ol, li, blockquote, hr, figure, pre, table, tr, th, td',
        'details, summary, .formula, .footnote, .plain'].join();
    // What is folded has boxes only once somebody has opened it.
    const isSeen = (block) => block.getClientRects().length && !block.closest('details:not([open]) > :not(summary)');
    const seen = [words, ...words.querySelectorAll(blocks)].filter(isSeen);
    const boxes = seen.map((block) => {
        const { left, top, width, height } = block.getBoundingClientRect();
        return [block.tagName.toLowerCase(), left - row.left, top - row.top, width, height];
    });
    return { text: words.innerText, boxes };
}"""
_SETTLED = """async (words) => {
    await document.fonts.ready;
    const isDrawn = (formula) => formula.matches('.bad, :has(> math)');
    while (![...words.querySelectorAll('.formula')].every(isDrawn)) await new Promise(requestAnimationFrame);
    // Colours come from a worker; of some code there are none.
    const waits = () => [...words.querySelectorAll('figure.code')].some((code) => !code.querySelector('[class^=hl-]'));
    for (let frames = 0; frames < 60 && waits(); frames += 1) await new Promise(requestAnimationFrame);
}"""
# What is far away is not laid out until the frame after it has come near.
_IS_LAID_OUT = "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(go))))"
_NOT_THE_MESSAGE = ".growing .words *::after, #latest, #copy-markdown { visibility: hidden !important; }"
_EXPECTED = """async (source) => {
    const base = document.querySelector('link[href*="page.mjs"]').href;
    const { draw } = await import(new URL('message/painter.mjs', base));
    const { whenFormulasSettle } = await import(new URL('message/formulas.mjs', base));
    const element = document.createElement('div');
    element.className = 'words';
    draw(element, source);
    await whenFormulasSettle();
    return element.textContent;
}"""


@dataclass
class Look:
    """The text of a message, the boxes of its blocks relative to its row, and a picture of it."""

    text: str
    boxes: list[tuple[str, float, float, float, float]]
    picture: bytes

    def differs_from(self, other: Look) -> str:
        """Return what differs by more than antialiasing does, or nothing."""
        if self.text != other.text:
            return f"text: {self.text!r} != {other.text!r}"
        if len(self.boxes) != len(other.boxes):
            return f"{len(self.boxes)} blocks != {len(other.boxes)}"
        for mine, its in zip(self.boxes, other.boxes, strict=True):
            if mine[0] != its[0] or any(abs(a - b) > NEAR_PX for a, b in zip(mine[1:], its[1:], strict=True)):
                return f"box: {mine} != {its}"
        return pixels_differ(self.picture, other.picture)


def pixels_differ(before: bytes, after: bytes) -> str:
    """Tell whether a picture has what the other has not within 2 px."""
    if before == after:
        return ""
    one, two = (Image.open(io.BytesIO(picture)).convert("RGB") for picture in (before, after))
    if any(abs(a - b) > NEAR_PX for a, b in zip(one.size, two.size, strict=True)):
        return f"pictures of {one.size} and {two.size}"
    size = (min(one.width, two.width), min(one.height, two.height))
    one, two = one.crop((0, 0, *size)), two.crop((0, 0, *size))
    for top in range(0, size[1], _BAND_PX):
        band = (0, top, size[0], min(top + _BAND_PX, size[1]))
        if where := _strange_in(band, one, two):
            return f"pixels in {where}"
    return ""


def _strange_in(band: Box, one: Image.Image, two: Image.Image) -> Box | None:
    """Return where one of two pictures has what the other has not near there, looking only where they differ by enough:
    a pixel is no further from all that is near in the other than from the one in its place."""
    differing = ImageChops.difference(one.crop(band), two.crop(band)).point(_is_much).getbbox()
    if not differing:
        return None
    left, top, right, bottom = differing[0], band[1] + differing[1], differing[2], band[1] + differing[3]
    near = (max(0, left - _REACH_PX), max(0, top - _REACH_PX), right + _REACH_PX, bottom + _REACH_PX)
    box = (near[0], near[1], min(near[2], one.width), min(near[3], one.height))
    mine, its = one.crop(box), two.crop(box)
    soft = [picture.filter(ImageFilter.BoxBlur(1)) for picture in (mine, its)]
    found = Image.new("L", mine.size)
    for before, after, soft_before, soft_after in ((mine, its, *soft), (its, mine, *reversed(soft))):
        # A thin line between two pixels is half as dark in each, and as dark as it was where both are blurred.
        strange = ImageChops.darker(_strange(before, after), _strange(soft_before, soft_after))
        found = ImageChops.lighter(found, strange)
    # What lies at the edge of the pictures has no neighbours there.
    inner = (NEAR_PX, NEAR_PX, one.width - NEAR_PX, one.height - NEAR_PX)
    seen = (
        max(inner[0], left) - box[0],
        max(inner[1], top) - box[1],
        min(inner[2], right) - box[0],
        min(inner[3], bottom) - box[1],
    )
    if seen[0] >= seen[2] or seen[1] >= seen[3]:
        return None
    where = found.crop(seen).getbbox()
    if not where:
        return None
    at_x, at_y = box[0] + seen[0], box[1] + seen[1]
    return (at_x + where[0], at_y + where[1], at_x + where[2], at_y + where[3])


def _is_much(shade: int) -> int:
    return 255 * (shade > _SHADES)


def _strange(left: Image.Image, right: Image.Image) -> Image.Image:
    """Return where `right` is darker or lighter than all that `left` has near."""
    above = ImageChops.subtract(right, lightest_near(left))
    below = ImageChops.subtract(darkest_near(left), right)
    return ImageChops.lighter(above, below).convert("L").point(_is_much)


def lightest_near(picture: Image.Image) -> Image.Image:
    """Return in each place the lightest of all that is near: what `MaxFilter` returns, which sorts it in each place."""
    width, height = picture.size
    for along in ((1, 0), (0, 1)):
        moved = (
            picture.crop((x, y, x + width, y + height))
            for x, y in ((step * along[0], step * along[1]) for step in range(-NEAR_PX, NEAR_PX + 1))
        )
        picture = functools.reduce(ImageChops.lighter, moved)
    return picture


def darkest_near(picture: Image.Image) -> Image.Image:
    return ImageChops.invert(lightest_near(ImageChops.invert(picture)))


async def settled(words: Locator) -> None:
    """Wait until fonts, formulas and colours of code are there."""
    await words.evaluate(_SETTLED)


async def look_at(page: ChatPage, words: Locator) -> Look:
    """Look at a message in a window that is high enough for all of it."""
    await expect(words).not_to_be_empty()
    await settled(words)
    height = await words.evaluate("(words) => words.offsetHeight")
    await page.page.set_viewport_size({"width": 1280, "height": height + 600})
    await words.scroll_into_view_if_needed()
    await words.evaluate(_IS_LAID_OUT)
    await page.page.mouse.move(1, 1)
    seen = await words.evaluate(_LOOK)
    return Look(
        seen["text"],
        [tuple(box) for box in seen["boxes"]],
        await words.screenshot(animations="disabled", style=_NOT_THE_MESSAGE),
    )


async def expected_text(page: Page, source: str) -> str:
    """Return the text of a message that is drawn at once."""
    return str(await page.evaluate(_EXPECTED, source))


async def until(fact: Callable[[], Awaitable[Any]]) -> None:
    """Wait until `fact()` is true."""
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while not await fact():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def small_pieces(text: str) -> tuple[str, ...]:
    """Return a text as a model says it, and an empty last piece, which stands for the end."""
    pieces, at, size = [], 0, 1
    while at < len(text):
        pieces.append(text[at : at + size])
        at += size
        size = size % 6 + 1
    return (*pieces, "")
