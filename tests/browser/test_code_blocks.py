"""Blocks of code: exact whatever is in them, and coloured without the page being held."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Route, expect

from tests.app import App
from tests.browser.chat_page import ChatPage, visit
from tests.browser.drawn import until
from tests.browser.message_pieces import in_message
from tests.browser.test_accessibility import faults_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

SAMPLES = {
    "bash": 'for f in *.txt; do echo "$f"; done # all',
    "shell": '$ echo "hi"',
    "powershell": "Get-ChildItem | Where-Object { $_.Length -gt 10 } # big",
    "c": "#include <stdio.h>\nint main(void) { return 0; }",
    "cpp": "std::vector<int> v{1, 2}; // two",
    "c++": "class A final { public: int x = 1; };",
    "C++": "template <typename T> T f(T x) { return x; }",
    "csharp": 'public class A { string s = "x"; }',
    "java": 'public class A { String s = "x"; }',
    "kotlin": 'fun main() { println("x") }',
    "swift": 'let s: String = "x"',
    "go": 'func main() { fmt.Println("x") }',
    "rust": "fn main() { let v = vec![1, 2]; }",
    "python": 'def f(x: int) -> str:\n    """คำ"""\n    return str(x)',
    "javascript": "const x = `a ${1}`;",
    "typescript": "interface A { x: number }",
    "jsx": 'const a = <b className="c">x</b>;',
    "tsx": 'const a: B = <b className="c">x</b>;',
    "json": '{"a": 1, "b": null}',
    "yaml": "a: 1\nb: 'x'",
    "toml": '[a]\nb = "x"',
    "ini": "[a]\nb = 1",
    "xml": "<a b='c'>x</a>",
    "html": "<script>var a = 1;</script><style>a { color: red }</style>",
    "css": "a:hover { color: #fff }",
    "scss": "$x: 1px; a { b { margin: $x } }",
    "sql": "SELECT a FROM b WHERE c = 'x'",
    "php": "<?php echo 'x'; ?>",
    "ruby": "def f(x)\n  puts 'x'\nend",
    "perl": "my $x = 'y'; # z",
    "lua": "local x = 'y' -- z",
    "r": "f <- function(x) { x + 1 }",
    "julia": "function f(x)\n  x + 1\nend",
    "haskell": "module Main where\nmain :: IO ()",
    "elixir": 'defmodule A do\n  def f, do: "x"\nend',
    "erlang": "-module(a).\nf(X) -> X + 1.",
    "scala": 'object A { val x = "y" }',
    "clojure": '(defn f [x] (str x "y"))',
    "dart": "void main() { print('x'); }",
    "objective-c": "@interface A : NSObject\n@end",
    "matlab": "function y = f(x)\n  y = x + 1;\nend",
    "dockerfile": "FROM python:3.14\nRUN echo 'x'",
    "nginx": "server { listen 80; }",
    "makefile": "all: a\n\techo $(X)",
    "cmake": "project(a)\nset(X 1)",
    "diff": "--- a\n+++ b\n-x\n+y",
    "markdown": "# a\n**b** `c`",
    "latex": "\\section{a} % b",
    "graphql": "query { a(id: 1) { b } }",
    "protobuf": 'syntax = "proto3";\nmessage A { int32 b = 1; }',
    "vbnet": 'Dim x As String = "y"',
    "fortran": "program a\n  integer :: x\nend program",
    "groovy": "def x = 'y'",
}
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
ADD = """
    const { codeBlock } = await load('message/code.mjs');
    const block = codeBlock({ isOpen: false, info: '', ...given });
    place.append(block.element);
"""
GROW = """
    const { codeBlock } = await load('message/code.mjs');
    const { code, steps, info } = given;
    const grown = codeBlock({ code: '', info, isOpen: true });
    place.append(grown.element);
    for (const step of steps) {
        grown.update({ code: step, isOpen: true });
        if (grown.element.querySelector('code').textContent !== step) throw new Error(step);
        if (given.waits) await new Promise((done) => setTimeout(done, 40));
    }
    grown.update({ code, isOpen: false });
    const whole = codeBlock({ code, info, isOpen: false });
    place.append(whole.element);
"""


async def add(page: ChatPage, code: str, info: str = "", **more: object) -> None:
    await in_message(page, ADD, {"code": code, "info": info, **more})


async def html_of(page: ChatPage) -> list[str]:
    html: list[str] = await page.page.locator("#placed .code").evaluate_all("all => all.map((one) => one.outerHTML)")
    return html


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
        await add(page, "def f(): pass", "python")
        await add(page, "def f(): pass", "python")
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


async def test_without_its_worker_code_stays_as_it_is(page: ChatPage) -> None:
    await page.page.evaluate("() => { globalThis.Worker = class { constructor() { throw new Error(); } }; }")
    await page.page.clock.install()
    await add(page, "def f(): pass", "python")
    await page.page.clock.run_for(60_000)
    await add(page, "let x = 1", "rust")
    await page.page.clock.run_for(60_000)
    assert await page.page.locator("#placed code").all_text_contents() == ["def f(): pass", "let x = 1"]
    assert page.complaints == []


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_axe_finds_nothing_in_code(browser: Browser, app: App, phone: bool) -> None:
    async with visit(browser, app, phone=phone) as page:
        await page.page.emulate_media(reduced_motion="reduce")
        for info in ("python", "html", "rust", "diff", "markdown", "nginx", "css", "latex"):
            await add(page, f"{SAMPLES[info]}\n" * 12 + "# " + "long " * 60, f'{info} title="a.x"')
        await add(page, "x\n" * 500)
        await expect(page.page.locator("#placed .code").nth(7).locator("[class^=hl-]").first).to_be_attached()
        assert await faults_of(page) == []
        await page.use_theme("dark")
        await expect(page.page.locator("html")).to_have_attribute("data-theme", "dark")
        assert await faults_of(page) == []
        assert not await page.scrolls_sideways()
