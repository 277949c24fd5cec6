"""`./manage.sh screens [FOLDER]`: every view of the page as a picture, to be looked at.

Both sizes (1440x900 and 390x844), light and dark, Thai and English, over an app of its own with real messages.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path

import httpx
from playwright.async_api import Browser, Page, async_playwright

from tests.app import App, running_app
from tests.browser.chromium import CHROMIUM
from tests.standins.openai_server import OpenAIStandin
from tests.standins.script import Script, thai_tokens

REPLIES = Path(__file__).parent.parent / "tests" / "browser" / "cases" / "page"
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
SETTLE_S = 0.6
QUESTIONS = ("อธิบายให้ละเอียด พร้อมตัวอย่าง", "แล้วถ้าเขียนเป็นโค้ดล่ะ?", "Show me a table and a formula, please.\nIn two parts.")

View = Callable[[Page], Awaitable[None]]


async def _fill(app: App, standin: OpenAIStandin) -> str:
    """Say what the pictures show; return the session with every kind of reply."""
    async with httpx.AsyncClient(base_url=app.address, timeout=60) as http:
        for name in ("สรุปรายงานการประชุม", "Python regex for Thai phone numbers", "วางแผนเที่ยวเชียงใหม่ 3 วัน"):
            await http.post("/chat", json={"query": name})
        session_id = None
        for number, reply in enumerate(sorted(REPLIES.glob("*.md"))):
            text = reply.read_text("utf-8")
            standin.script = Script(tokens=tuple(text[at : at + 40] for at in range(0, len(text), 40)))
            asked = {"query": QUESTIONS[number % len(QUESTIONS)], "session_id": session_id}
            session_id = (await http.post("/chat", json=asked)).json()["session_id"]
        standin.script = Script(tokens=thai_tokens(400), reasoning=("คิดก่อนว่า ", "ควรตอบอย่างไรดี"))
        await http.post("/chat", json={"query": "คิดก่อนตอบ", "session_id": session_id})
    return str(session_id)


def _click(*selectors: str) -> View:
    async def act(page: Page) -> None:
        for selector in selectors:
            await page.locator(selector).first.click()

    return act


async def _search(page: Page) -> None:
    await page.keyboard.press("Control+k")
    await page.locator("#search input").fill("ราคา")


async def _show_facts(page: Page) -> None:
    """Open the facts of the newest reply: on a phone those of others come with a tap."""
    await page.locator("#chat .facts-more").last.click()


async def _grow(page: Page) -> None:
    await page.locator("#box textarea").fill("ตอบยาว ๆ หน่อย")
    await page.locator("#send").click()


def _scroll(part: float) -> View:
    async def act(page: Page) -> None:
        await page.evaluate(
            """(part) => {
                const place = document.querySelector('#scroll');
                place.scrollTop = place.scrollHeight * part;
            }""",
            part,
        )

    return act


async def _stay(page: Page) -> None:
    """Show the page as it opens."""


VIEWS: dict[str, tuple[str, View]] = {
    "empty": ("new", _stay),
    "end": ("session", _stay),
    **{f"history-{part}": ("session", _scroll(part / 8)) for part in range(8)},
    "sidebar": ("session", _click("#menu-open")),
    "picker": ("session", _click("#picker [aria-haspopup]")),
    "settings": ("session", _click("#settings-open")),
    "facts": ("session", _show_facts),
    "search": ("session", _search),
    "statistics": ("session", _click("#count")),
    "growing": ("new", _grow),
}


@asynccontextmanager
async def _page(browser: Browser, size: str, theme: str, locale: str) -> AsyncIterator[Page]:
    width, height = SIZES[size]
    context = await browser.new_context(
        locale=locale,
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        is_mobile=size == "phone",
        has_touch=size == "phone",
    )
    yield await context.new_page()
    await context.close()


def _kinds() -> Iterator[tuple[str, str, str]]:
    yield from product(SIZES, ("light", "dark"), ("th-TH", "en-GB"))


async def shoot(folder: Path, only: str) -> None:
    """Write `folder/<view>-<size>-<theme>-<language>.png` of every view whose name holds `only`."""
    async with (
        OpenAIStandin(models={"typhoon2-8b": 8192, "qwen3-14b": 32768}) as standin,
        running_app(VLLM_BASE_URL=standin.base_url) as app,
        async_playwright() as playwright,
    ):
        session_id = await _fill(app, standin)
        standin.script = Script(tokens=thai_tokens(4_000), delay_ms=20)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for (size, theme, locale), (view, (where, act)) in product(_kinds(), VIEWS.items()):
            name = f"{view}-{size}-{theme}-{locale[:2]}"
            if only not in name or (view == "sidebar" and size == "desk") or (view == "statistics" and size == "phone"):
                continue
            async with _page(browser, size, theme, locale) as page:
                await page.goto(f"{app.address}/?s={session_id}" if where == "session" else app.address)
                await page.locator("body[data-ready]").wait_for()
                if where == "new":
                    await page.keyboard.press("Control+Shift+O")
                await act(page)
                await asyncio.sleep(SETTLE_S)
                await page.screenshot(path=folder / f"{name}.png")
                print(folder / f"{name}.png", flush=True)
        await browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("screens"))
    parser.add_argument("--only", default="", help="views whose name holds this, such as phone-dark")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(shoot(options.folder, options.only))


if __name__ == "__main__":
    main()
