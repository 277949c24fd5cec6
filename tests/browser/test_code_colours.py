"""Colours of code: they come from a worker, without the page being held, and do without it."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, Route, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.browser.code_pieces import ADD, GROW, SAMPLES, add, html_of
from tests.browser.drawn import until
from tests.browser.message_pieces import in_message

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = (
    "constructor",
    "toString",
    "__proto__",
    "hasOwnProperty",
    "../../page",
    "<b>x</b>",
    "x" * 5000,
    "ภาษาไทย",
    "",
    "{",
    "=",
)


async def test_every_language_gets_colours_in_a_fresh_page(page: ChatPage) -> None:
    for info, code in SAMPLES.items():
        await add(page, code, info)
    blocks = page.page.locator("#placed .code")
    for at, (info, code) in enumerate(SAMPLES.items()):
        await expect(blocks.nth(at).locator("[class^=hl-], .added").first, info).to_be_attached()
        assert await blocks.nth(at).locator("code").text_content() == code
    assert page.complaints == []
    assert page.hosts == {"127.0.0.1"}


async def test_names_of_no_language_are_shown_and_harm_nothing(page: ChatPage) -> None:
    for info in HOSTILE:
        await add(page, "a = 1", info)
        await add(page, "a = 1", f'{info} title="<img src=x>/../\u202eexe.py"')
    await add(page, SAMPLES["python"], "python")
    await expect(page.page.locator("#placed .code").last.locator(".hl-keyword").first).to_be_attached()
    assert await page.page.locator("#placed :is(img, b)").count() == 0
    assert page.complaints == []


CODE = 'def f(x):\n    """หลาย\n    บรรทัด"""\n\treturn x  \n\n' * 30 + "# จบ"


async def test_code_that_grew_is_as_if_it_had_come_at_once(page: ChatPage) -> None:
    cuts = [*range(200), *range(200, len(CODE), 37)]
    given = {"code": CODE, "info": "python", "steps": [CODE[:cut] for cut in cuts]}
    await in_message(page, GROW, given)
    await expect(
        page.page.locator("#placed .code").last.locator(".code-line").last.locator(".hl-comment")
    ).to_be_attached()
    await expect(
        page.page.locator("#placed .code").first.locator(".code-line").last.locator(".hl-comment")
    ).to_be_attached()
    grown, whole = await html_of(page)
    assert grown == whole


async def test_code_that_is_taken_back_is_as_if_it_had_come_at_once(page: ChatPage) -> None:
    lines = [f"x{number} = {number}" for number in range(120)]
    steps = [
        "\n".join(lines[:count]) + tail
        for count in (3, 110, 50, 0, 51, 49, 100, 101, 99)
        for tail in ("", "\n", "\n``", "``")
    ]
    await in_message(page, GROW, {"code": "\n".join(lines[:100]), "info": "python", "steps": steps, "waits": True})
    for block in await page.page.locator("#placed .code").all():
        await expect(block.locator(".hl-number")).to_have_count(100)
    grown, whole = await html_of(page)
    assert grown == whole


async def test_it_has_colours_while_it_grows(page: ChatPage) -> None:
    await add(page, "def f(x):\n    retu", "python", isOpen=True)
    await expect(page.page.locator("#placed .hl-keyword").first).to_have_text("def")
    await expect(page.page.get_by_role("button", name="คัดลอกโค้ด")).to_be_visible()


async def test_its_colours_are_seen(page: ChatPage) -> None:
    await add(page, SAMPLES["python"], "python")
    await expect(page.page.locator("#placed .hl-keyword").first).to_have_css("color", "rgb(138, 45, 165)")
    await expect(page.page.locator("#placed .hl-string").first).to_have_css("color", "rgb(26, 115, 64)")
    await expect(page.page.locator("#placed .code-language")).to_have_css("color", "rgb(96, 96, 106)")


async def test_colours_wait_for_a_selection_to_end(page: ChatPage) -> None:
    select = """
        getSelection().selectAllChildren(block.element.querySelector('code'));
        globalThis.selected = getSelection().toString();
    """
    await in_message(page, ADD + select, {"code": "def f():\n    return 1", "info": "python"})
    await add(page, "def g():\n    return 1", "python")
    await expect(page.page.locator("#placed .code").last.locator(".hl-number")).to_be_attached()
    assert await page.page.evaluate("getSelection().toString() === globalThis.selected && globalThis.selected !== ''")
    await page.page.evaluate("getSelection().removeAllRanges()")
    await expect(page.page.locator("#placed .code").first.locator(".hl-number")).to_be_attached()


async def test_very_long_code_is_coloured_as_far_as_it_fits(page: ChatPage) -> None:
    line = "value = 12345678901234567890123456789012345\n"
    await add(page, line * 6_000, "python")
    lines = page.page.locator("#placed .code-line")
    await expect(lines.nth(4_000).locator(".hl-number")).to_be_attached()
    assert await lines.last.locator(".hl-number").count() == 0
    assert await page.page.locator("#placed code").text_content() == line * 6_000


async def test_without_workers_code_stays_plain(browser: Browser, app: App) -> None:
    async with visit(browser, app) as page:
        await page.page.evaluate("() => { window.Worker = class { constructor() { throw new Error('none here'); } } }")
        await page.clock.install()
        for _ in range(2):
            await add(page, "def f(): pass", "python")
            await page.clock.run_for(60_000)  # until no worker is tried any more
        assert await page.page.locator("#placed code").all_text_contents() == ["def f(): pass"] * 2
        assert page.complaints == []


async def test_without_its_file_a_language_stays_plain_and_the_others_do_not(browser: Browser, app: App) -> None:
    async with visit(browser, app) as page:
        await page.page.context.route("**/python.min.js", lambda route: route.abort())
        await add(page, "def f(): pass", "python")
        await add(page, "let x = 1", "rust")
        await expect(page.page.locator("#placed .hl-keyword").first).to_have_text("let")
        assert await page.page.locator("#placed code").first.text_content() == "def f(): pass"


async def test_colours_come_once_the_server_is_back(page: ChatPage) -> None:
    refused: list[Route] = []

    async def refuse(route: Route) -> None:
        refused.append(route)
        await route.abort()

    files = "**/highlighter.mjs"
    await page.page.context.route(files, refuse)
    await add(page, "def f(): pass", "python")
    await add(page, "let x = 1", "rust", isOpen=True)
    await until(lambda: asyncio.sleep(0, len(refused) == 2))
    await page.page.context.unroute(files)
    for code in await page.page.locator("#placed .code").all():
        await expect(code.locator(".hl-keyword").first).to_be_attached()
