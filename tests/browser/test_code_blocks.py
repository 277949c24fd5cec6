"""Blocks of code: exact whatever is in them, with the names, lines and buttons that people expect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.app import App
from tests.browser.axe import faults_of
from tests.browser.chat_page import ChatPage, visit
from tests.browser.code_pieces import GROW, SAMPLES, add, html_of
from tests.browser.message_pieces import in_message

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("info", "label", "file", "saved"),
    [
        ("python", "Python", None, "code.py"),
        ('python title="a b.py"', "Python", "a b.py", "a b.py"),
        ("py a.py", "Python", "a.py", "a.py"),
        ("python:src/a.py", "Python", "src/a.py", "a.py"),
        ("js {filename=src/x.mjs}", "JavaScript", "src/x.mjs", "x.mjs"),
        ("{.rust file='m.rs'}", "Rust", "m.rs", "m.rs"),
        ("src/โปรแกรม.ts", "TypeScript", "src/โปรแกรม.ts", "โปรแกรม.ts"),
        ("js {1,3-4}", "JavaScript", None, "code.js"),
        ("text notes.md", "Markdown", "notes.md", "notes.md"),
        ("brainfuck", "brainfuck", None, "code.txt"),
        ("c++", "C++", None, "code.cpp"),
        ("Dockerfile", "Dockerfile", None, "code.dockerfile"),
        ("", "โค้ด", None, "code.txt"),
        ('sh title="../../.bashrc"', "Bash", "../../.bashrc", "bashrc"),
        ('sh title=".."', "Bash", "..", "code.sh"),
    ],
)
async def test_the_fence_names_language_and_file(
    page: ChatPage, tmp_path: Path, info: str, label: str, file: str | None, saved: str
) -> None:
    await add(page, "x = 1", info)
    await expect(page.page.locator("#placed .code-language")).to_have_text(label)
    files = page.page.locator("#placed .code-file")
    assert await files.all_text_contents() == ([file] if file else [])
    async with page.page.expect_download() as download:
        await page.page.get_by_role("button", name="ดาวน์โหลดเป็นไฟล์").click()
    kept = await download.value
    assert kept.suggested_filename == saved
    await kept.save_as(tmp_path / "kept")
    assert (tmp_path / "kept").read_text() == "x = 1\n"


async def test_what_is_copied_is_the_code_byte_by_byte(page: ChatPage) -> None:
    code = "\tif a < b:\n\t\treturn '&amp;'  \n \t\n\n    # ไทย 👍🏽  \n\n"
    await add(page, code, "python")
    await page.page.get_by_role("button", name="คัดลอกโค้ด").click()
    await expect(page.page.get_by_role("button", name="คัดลอกแล้ว")).to_be_visible()
    assert await page.page.evaluate("navigator.clipboard.readText()") == code
    assert await page.page.locator("#placed code").text_content() == code


async def test_lines_have_numbers_from_twenty_on_that_are_neither_copied_nor_selected(page: ChatPage) -> None:
    await add(page, "\n".join("abc" for _ in range(19)))
    await add(page, "\n".join("abc" for _ in range(120)) + "\n")
    few, many = await page.page.locator("#placed .code").all()
    shown = "one => getComputedStyle(one, '::before').content"
    assert await few.locator(".code-line").last.evaluate(shown) == "none"
    assert await many.locator(".code-line").last.evaluate(shown) == '"120"'
    assert await many.locator(".code-line").count() == 120
    await many.locator("code").evaluate("one => getSelection().selectAllChildren(one)")
    assert (await page.page.evaluate("getSelection().toString()")).split() == ["abc"] * 120


async def test_long_code_is_folded_and_the_browser_s_search_opens_it(page: ChatPage) -> None:
    code = "\n".join(f"บรรทัด {number}" for number in range(1, 1235))
    await add(page, code)
    block = page.page.locator("#placed .code")
    assert (await block.bounding_box() or {})["height"] < 1400
    assert await block.locator("[hidden]").count() == 24
    assert await block.locator("[hidden=until-found]").count() == 24
    assert await block.locator("code").text_content() == code
    show = page.page.get_by_role("button", name="แสดงทั้งหมด 1,234 บรรทัด")
    await expect(show).to_have_attribute("aria-expanded", "false")
    await show.click()
    assert (await block.bounding_box() or {})["height"] > 1234 * 20
    assert await block.locator("[hidden]").count() == 0
    await page.page.get_by_role("button", name="ย่อโค้ด").click()
    await expect(show).to_be_visible()
    # What a browser does when its search meets something here.
    await block.locator("[hidden]").last.evaluate(
        "one => { one.dispatchEvent(new Event('beforematch', { bubbles: true })); one.removeAttribute('hidden') }"
    )
    assert await block.locator("[hidden]").count() == 0
    await expect(page.page.get_by_role("button", name="ย่อโค้ด")).to_be_visible()


async def test_code_does_not_fold_before_the_eyes_of_who_sees_it_grow(page: ChatPage) -> None:
    code = "\n".join(f"x{number}" for number in range(500))
    await in_message(page, GROW, {"code": code, "info": "", "steps": [code[:100], code]})
    grown, whole = await page.page.locator("#placed .code").all()
    assert await grown.locator("[hidden]").count() == 0
    assert await whole.locator("[hidden]").count() == 9
    await grown.locator(".code-fold").click()
    first, second = await html_of(page)
    assert first == second


async def test_long_lines_scroll_by_keys_until_they_are_wrapped(page: ChatPage) -> None:
    await add(page, "x = 1\n" + "long " * 200, "python")
    pre = page.page.locator("#placed pre")
    await expect(pre).to_have_attribute("tabindex", "0")
    await expect(pre).to_have_attribute("aria-label", "Python")
    wrap = page.page.get_by_role("button", name="ตัดบรรทัดยาว")
    await wrap.click()
    await expect(wrap).to_have_attribute("aria-pressed", "true")
    await expect(pre).not_to_have_attribute("tabindex", "0")
    assert not await page.scrolls_sideways()
    await wrap.click()
    await expect(pre).to_have_attribute("tabindex", "0")


async def test_a_diff_shows_what_is_added_and_removed(page: ChatPage) -> None:
    await add(page, "@@ -1 +1 @@\n-เก่า\n+ใหม่\n เดิม", "diff")
    await expect(page.page.locator("#placed .code-line.added")).to_have_text("+ใหม่\n")
    await expect(page.page.locator("#placed .code-line.removed")).to_have_text("-เก่า\n")


async def test_a_diagram_is_code_that_can_be_drawn(page: ChatPage) -> None:
    await add(page, "graph TD; A-->B", "mermaid")
    await expect(page.page.locator("#placed .code .diagram button")).to_be_visible()
    await add(page, "x", "python")
    assert await page.page.locator("#placed .diagram").count() == 1


WORK = """
    const { codeBlock } = await load('message/code.mjs');
    const block = codeBlock({ code: '', info: 'python', isOpen: true });
    place.append(block.element);
    let changes = 0;
    let most = 0;
    const count = (found) => {
        const now = found.reduce((sum, one) => sum + one.addedNodes.length + one.removedNodes.length + 1, 0);
        changes += now;
        most = Math.max(most, now);
    };
    const observer = new MutationObserver(count);
    const all = { subtree: true, childList: true, characterData: true, attributes: true };
    observer.observe(block.element.querySelector('code'), all);
    let code = '';
    for (let number = 0; number < given; number += 1) {
        code += `${number ? '\\n' : ''}x${number} = ${number}`;
        block.update({ code, isOpen: true });
        count(observer.takeRecords());
    }
    return { changes, most };
"""


async def test_the_work_of_an_update_does_not_grow_with_the_code(page: ChatPage) -> None:
    small: dict[str, Any] = await in_message(page, WORK, 400)
    large: dict[str, Any] = await in_message(page, WORK, 4000)
    assert large["most"] <= small["most"] + 2
    assert large["changes"] < 11 * small["changes"]


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_axe_finds_nothing_in_code(browser: Browser, app: App, phone: bool) -> None:
    async with visit(browser, app, phone=phone) as page:
        await page.page.emulate_media(reduced_motion="reduce")
        await page.leave_session()
        for info in ("python", "html", "rust", "diff", "markdown", "nginx", "css", "latex"):
            await add(page, f"{SAMPLES[info]}\n" * 12 + "# " + "long " * 60, f'{info} title="a.x"')
        await add(page, "x\n" * 500)
        await expect(page.page.locator("#placed .code").nth(7).locator("[class^=hl-]").first).to_be_attached()
        assert await faults_of(page) == []
        await page.use_theme("dark")
        await expect(page.page.locator("html")).to_have_attribute("data-theme", "dark")
        assert await faults_of(page) == []
        assert not await page.scrolls_sideways()
