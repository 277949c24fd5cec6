"""Markdown as tokens: what is bold, a formula, code or an address; and that no word of a source is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import CDPSession

from tests.browser.chat_page import ChatPage

pytestmark = pytest.mark.asyncio(loop_scope="session")

HERE = Path(__file__).parent
PAGES = {path.stem: path.read_text("utf-8") for path in sorted((HERE / "cases" / "page").glob("*.md"))}
LIBRARY = (HERE / "markdown.js").read_text("utf-8")
RANDOM_TEXTS = 3_000
BATCH = 500
SMALL, TIMES, SLACK = 5_000, 4, 3
LEAST_S = 0.02
TRIES = 4


async def run(page: ChatPage, body: str, given: object = None) -> Any:
    """Return what `body` returns, which has what markdown.js declares."""
    script = f"""async (given) => {{
        const base = document.querySelector('link[href*="page.mjs"]').href;
        {LIBRARY}
        {body}
    }}"""
    return await page.page.evaluate(script, given)


async def told(page: ChatPage, sources: list[str]) -> list[str]:
    found: list[str] = await run(page, "return given.map((source) => told(read(source)));", sources)
    return found


async def require(page: ChatPage, cases: dict[str, str]) -> None:
    """Fail where a source is told otherwise than it says here."""
    assert dict(zip(cases, await told(page, list(cases)), strict=True)) == cases


async def require_paragraphs(page: ChatPage, cases: dict[str, str]) -> None:
    await require(page, {source: f"p{{{meant}}}" for source, meant in cases.items()})


async def test_words_of_scripts_without_blanks_are_bold_as_meant(page: ChatPage) -> None:
    await require_paragraphs(
        page,
        {
            "**ราคา:**100": "B{ราคา:}100",
            'คือ**"คำ"**และ**"สอง"**จบ': 'คือB{"คำ"}และB{"สอง"}จบ',
            "**50%**ของ": "B{50%}ของ",
            "**(ฉบับที่ 2)**กำหนด": "B{(ฉบับที่ 2)}กำหนด",
            "*…*คำ": "I{…}คำ",
            "**ฯลฯ**และ**ต่างๆ**นะ": "B{ฯลฯ}และB{ต่างๆ}นะ",
            "*คำ:*100": "I{คำ:}100",
            '_"คำ"_เป็น': 'I{"คำ"}เป็น',
            "__ตัวหนา__ไทย _เอียง_ไทย": "B{ตัวหนา}ไทย I{เอียง}ไทย",
            "**หนา *เอียง* หนา**ไทย": "B{หนา I{เอียง} หนา}ไทย",
            "***หนา***ไทย": "I{B{หนา}}ไทย",
            '这是**"术语"**的': '这是B{"术语"}的',
            "**「術語」**の": "B{「術語」}の",
            "**注意：**正文": "B{注意：}正文",
            "~~**ก**~~ข": "S{B{ก}}ข",
            "**`x`**เป็น": "B{`x`}เป็น",
            "**[ก](/x)**ข": "B{link{ก|/x}}ข",
            "**API**s un**bold**ed": "B{API}s unB{bold}ed",
            '"**foo**" **bar**': '"B{foo}" B{bar}',
        },
    )


async def test_signs_that_mean_no_emphasis_stay(page: ChatPage) -> None:
    untouched = (
        "2 * 3 * 4 = 24 และ 5*6*7",
        "x**2 + y**2",
        "กว้าง 2*ยาว 3*สูง",
        "a*b*c",
        "snake_case_name และ __init__.py และ __name__",
        "ก_ข_ค",
        "ไฟล์ *.txt และ *.md",
        "file*.txt, data*.csv",
        "ราคา 100 บาท* และ 200*",
        "*หมายเหตุ: ก",
        "** ก **",
        "เวลา 10:00~12:00 น. และ 13:00~15:00",
        "ราคา ~100~ ถึง ~200",
        "**",
        "_",
    )
    await require_paragraphs(page, {source: source for source in untouched})


async def test_formulas_are_told_from_money(page: ChatPage) -> None:
    await require_paragraphs(
        page,
        {
            "$12.50 ถึง $18.60": "$12.50 ถึง $18.60",
            "ราคา **$4** ต่อ และ $12.50": "ราคา B{$4} ต่อ และ $12.50",
            "$5-$10 และ US$5": "$5-$10 และ US$5",
            "ใช้ $5 และ `$x`": "ใช้ $5 และ `$x`",
            "$ a$ และ $a $": "$ a$ และ $a $",
            "$$ และ $$": "$$ และ $$",
            r"\$5 และ $x$": "$5 และ tex{x}",
            "$E = mc^2$ไทย $n$th": "tex{E = mc^2}ไทย tex{n}th",
            r"$a\$b$": r"tex{a\$b}",
            r"$\text{ราคา}$": r"tex{\text{ราคา}}",
            "$$E=mc^2$$ ต่อ": "TEX{E=mc^2} ต่อ",
            r"\(a^2\) และ \[b\] จบ": "tex{a^2} และ TEX{b} จบ",
            "\\(\na\n\\)": "tex{a}",
            "ก $$\nx\n$$ ข": "ก TEX{x} ข",
            r"\[ก\](/x)": "[ก](/x)",
            r"`\(a\)` `$$x$$`": r"`\(a\)` `$$x$$`",
            r"\(a+b": "(a+b",
            "$$\nx": "$$⏎x",
            "ราคา $a": "ราคา $a",
        },
    )


async def test_a_formula_may_take_lines_for_itself(page: ChatPage) -> None:
    await require(
        page,
        {
            "ก\n$$\nx\n\\frac{1}{2}\n$$\nข": "p{ก}TEX{x\n\\frac{1}{2}}p{ข}",
            "\\[\n\\sum_{i=1}^{n} i\n= 3\n\\]": "TEX{\\sum_{i=1}^{n} i\n= 3}",
            "- ก\n  $$\n  x\n  + y\n  $$\n- ข": "ul{- กTEX{x\n+ y};- ข}",
            "> $$\n> x\n> $$": "quote{TEX{x}}",
            "```\n$$\nx\n$$\n```": "code{|$$\nx\n$$}",
            "ก\n$$\nx\n\nข": "p{ก⏎$$⏎x}p{ข}",
        },
    )


async def test_html_that_is_not_meant_for_replies_is_text(page: ChatPage) -> None:
    await require(
        page,
        {
            "H<sub>2</sub>O<br/>x<BR>y": "p{Hsub{2}O⏎x⏎y}",
            "<b>ก <i>ข</b> ค</i>": "p{b{ก <i>ข} ค</i>}",
            "**a <b>c** d</b>": "p{**a b{c** d}}",
            '<b class="x">ก</b> a<b และ c>d': 'p{<b class="x">ก</b> a<b และ c>d}',
            "/approve <id> List<String> <unknown a='*b*'>": "p{/approve <id> List<String> <unknown a='*b*'>}",
            "ก <!-- *ข* --> ค": "p{ก <!-- *ข* --> ค}",
            "<!-- ก *ข* -->\nค": "p{<!-- ก *ข* -->}p{ค}",
            "<script>\na * b * c;\n\n  x\n</script>\nหลัง": "p{<script>⏎a * b * c;⏎⏎  x⏎</script>}p{หลัง}",
            "<script>\n**ไม่จบ**": "p{<script>⏎B{ไม่จบ}}",
            '<div align="center">\n  ก\n</div>': 'p{<div align="center">⏎ก⏎</div>}',
            "a < b `c <d": "p{a < b `c <d}",
            "<details><summary>**More**</summary>ซ่อน</details>\nค": "details{B{More}|p{ซ่อน}}p{ค}",
            "<details open>\n<summary>ก</summary>\n\n- ข\n\n```html\n</details>\n```\n</details>": (
                "details open{ก|ul{- ข}code{html|</details>}}"
            ),
            "<details>\nไม่จบ **ก**": "p{<details>⏎ไม่จบ B{ก}}",
            "&nbsp;&copy;&#3585;&unknown; `&nbsp;` AT&T": "p{\xa0©ก&unknown; `&nbsp;` AT&T}",
        },
    )


async def test_footnotes_and_definitions_keep_their_words(page: ChatPage) -> None:
    await require(
        page,
        {
            "ลดลง[^1]\n\n[^1]: กรมอุตุนิยมวิทยา": "p{ลดลงref{1}}note{1|p{กรมอุตุนิยมวิทยา}}",
            "ก\n[^1]: สอง\n  สาม\n\n    สี่\n\nห้า": "p{ก}note{1|p{สอง⏎สาม}p{สี่}}p{ห้า}",
            "[^1]: ก\n[^2]: ข": "note{1|p{ก}}note{2|p{ข}}",
            "[^a-z]+ [^0-9] [^note]": "p{[^a-z]+ [^0-9] ref{note}}",
            "[x]: ไม่มีช่องว่าง": "p{[x]: ไม่มีช่องว่าง}",
            '[ก][1] [1]\n\n[1]: https://a.b "ชื่อ"': "p{link{ก|https://a.b|ชื่อ} link{1|https://a.b|ชื่อ}}def{1|https://a.b|ชื่อ}",
            "[x]: <ไทย>\n[y]: ./a.html": "def{x|ไทย|}def{y|./a.html|}",
            "vec![1, 2] n![k] arr![0]": "p{vec![1, 2] n![k] arr![0]}",
            "[x](ก) f[i](x) [](/a)": "p{[x](ก) f[i](x) [](/a)}",
            "![โลโก้](https://a.b/c.png)": "p{image{โลโก้|https://a.b/c.png}}",
            "[![โลโก้](/a.png)](https://b.c)": "p{link{image{โลโก้|/a.png}|https://b.c}}",
            "---\ntitle: x\n---": "hr{}h2{title: x}",
            "#แฮชแท็ก\n## C#": "p{#แฮชแท็ก}h2{C#}",
            "| a | b |\n|---|---|\n| 1 | 2 | 3 |": "table{a|b;1|2 | 3}",
        },
    )


async def test_an_address_ends_where_its_sentence_goes_on(page: ChatPage) -> None:
    def link(address: str) -> str:
        return f"link{{{address}|{address}}}"

    await require_paragraphs(
        page,
        {
            "https://example.com/ และ": f"{link('https://example.com/')} และ",
            "https://example.org/docs/, ดู": f"{link('https://example.org/docs/')}, ดู",
            "https://example.com/xดูต่อ": f"{link('https://example.com/x')}ดูต่อ",
            "https://th.wikipedia.org/wiki/ประเทศไทย ค": f"{link('https://th.wikipedia.org/wiki/ประเทศไทย')} ค",
            "(https://a.b/c_(d)) ดูhttps://a.b/c).": f"({link('https://a.b/c_(d)')}) ดู{link('https://a.b/c')}).",
            "**https://a.b/c**ไทย": f"B{{{link('https://a.b/c')}}}ไทย",
            "https://a.b/c。后": f"{link('https://a.b/c')}。后",
            "https://a.b/?x=1&y=2, จบ": f"{link('https://a.b/?x=1&y=2')}, จบ",
            "www.a.b/c!": "link{www.a.b/c|http://www.a.b/c}!",
            "อีเมลa_b@c.comที่": "อีเมลlink{a_b@c.com|mailto:a_b@c.com}ที่",
            "<https://a.b/x?y=*1*> <foo@a.b>": f"{link('https://a.b/x?y=*1*')} link{{foo@a.b|mailto:foo@a.b}}",
            "[https://a.b](https://a.b)": link("https://a.b"),
            "ผู้ใช้@บ้าน a@b": "ผู้ใช้@บ้าน a@b",
        },
    )


async def test_code_is_kept_byte_for_byte(page: ChatPage) -> None:
    await require(
        page,
        {
            "```\na\tb\n\n  c \n```": "code{|a\tb\n\n  c }",
            "```js title=x\n<a": "code open{js title=x|<a}",
            "~~~\n```\n~~~": "code{|```}",
            "```\n```": "code{|}",
            "  ```\n   a\n  \tb\n  ```": "code{| a\n\tb}",
            "1. ก\n\n   ```make\n   all:\n   \tgcc &amp; <x>\n   ```": "ol{1 p{ก}code{make|all:\n\tgcc &amp; <x>}}",
            "- a\n\n\t```\n\tall:\n\t\tgcc\n\t```": "ul{- p{a}code{|all:\n\tgcc}}",
            "> - ```\n>   \tx\n>   ```": "quote{ul{- code{|\tx}}}",
            "\tcode\n\t\tx": "code{|code\n\tx}",
            "`` a`<b ``": "p{`a`<b`}",
            "```__proto__\nx\n```": "code{__proto__|x}",
        },
    )


async def test_items_keep_the_number_that_was_written(page: ChatPage) -> None:
    await require(
        page,
        {
            "2568. ก\n2569. ข\n\n100. ค": "ol{2568 p{ก};2569 p{ข};100 p{ค}}",
            "1. ก\n1. ข\n1. ค": "ol{1 ก;2 ข;3 ค}",
            "3. ก\n5. ข": "ol{3 ก;5 ข}",
            "ในปี\n2567. ก": "p{ในปี⏎2567. ก}",
            r"1986\. ก": "p{1986. ก}",
            "- [ ] ก\n- [x] ข": "ul{- [ ] ก;- [x] ข}",
        },
    )


@pytest.mark.parametrize("source", PAGES.values(), ids=PAGES)
async def test_no_word_of_a_reply_is_lost(page: ChatPage, source: str) -> None:
    assert await run(page, "return lossOf(given);", source) == ""


async def test_no_word_is_lost_while_a_reply_grows(page: ChatPage) -> None:
    grow = """const losses = [];
        for (let end = 1; end <= given.length; end += 1) losses.push(lossOf(given.slice(0, end)));
        return losses.filter((loss) => loss).slice(0, 3);"""
    for source in PAGES.values():
        assert await run(page, grow, source[:1000]) == []


async def test_no_word_of_a_random_text_is_lost(page: ChatPage) -> None:
    for first in range(0, RANDOM_TEXTS, BATCH):
        lost = await run(
            page,
            """const losses = [];
            for (let seed = given[0]; seed < given[1]; seed += 1) losses.push(lossOf(randomMarkdown(seed)));
            return losses.filter((loss) => loss).slice(0, 3);""",
            [first, min(first + BATCH, RANDOM_TEXTS)],
        )
        assert lost == []


async def test_definitions_of_an_earlier_reading_are_known(page: ChatPage) -> None:
    links = await run(
        page,
        """const { links } = read('[1]: https://a.b');
        return [told(read('[ก][1]', links)), told(read('[ก][1]'))];""",
    )
    assert links == ["p{link{ก|https://a.b}}", "p{[ก][1]}"]


TOO_MUCH = {
    "quotes": "'>'.repeat(10_000) + ' a'",
    "lists": "'- '.repeat(2_000) + 'a'",
    "lists by blanks": "Array.from({ length: 100 }, (_, depth) => `${'  '.repeat(depth)}- a`).join('\\n')",
    "notes in notes": "'[^1]: '.repeat(5_000)",
    "details in details": "'<details>\\n'.repeat(4_000) + '</details>\\n'.repeat(4_000)",
    "cells": "'|a'.repeat(1_000) + '\\n' + '|-'.repeat(1_000) + '\\n' + '|\\n'.repeat(1_000)",
    "lines that lists in quotes may go on with": "'> - a\\nlazy\\n'.repeat(2_000)",
    "characters": "'ก'.repeat(1_000_001)",
}


@pytest.mark.parametrize("source", TOO_MUCH.values(), ids=TOO_MUCH)
async def test_what_would_take_too_long_is_refused(page: ChatPage, source: str) -> None:
    refused = f"""try {{ read({source}); }} catch (error) {{ return error instanceof TooMuch; }}
        return false;"""
    assert await run(page, refused) is True


async def test_wide_rules_and_long_tables_are_not_too_much(page: ChatPage) -> None:
    sources = """[
        '-'.repeat(500),
        `a|b\\n-|-\\n${'1|2\\n'.repeat(3_000)}`,
        '> '.repeat(40) + 'a',
        '```\\n' + '--|--\\na|b\\n'.repeat(9_000),
    ]"""
    read = f"return {sources}.map((source) => canBeRead(source) && read(source).length > 0);"
    assert await run(page, read) == [True] * 4


REPEATED = [
    "**a ", "a** ", "*a _b ", "ก*ข_ ", "**ก*ข", "*ก", "_a", "__a_b", "~~a ", "a~~", "[", "[a](", '[a](b.c "',
    "![a", "[a](<b", "[a](/x)", "[^1]", "[^1]: a\n", "a\n[^", "`a", "``a`", "<", "<a b ", '<a b="', "<!-- ",
    "<? ", "<b>", "<b>* ", "<b></i>", "$a", "$a $ ", "$$ a", "$$\na\n", "\\[\n", "\\(", "a\n$$", "&amp",
    "http://", "www.", "a@", "a@b.c ", "a.", "a\n\n", "a  \n", "[a]: /b\n", "[a]: b\n", "<pre>\n", "```\na\n",
    "- ก\n", "1. ก\n", "- [ ] a\n", "|a", "a|b\n", "a\n=\n", "# a\n", "😀**", "\\", "- a\n\n\t\tcode\n\n",
    "<details>\n", "> a\n",
]  # fmt: skip


async def cost_s(devtools: CDPSession, page: ChatPage, unit: str, size: int) -> float:
    """Return the seconds that the page's own thread worked to read `size` characters."""

    async def spent() -> float:
        metrics = (await devtools.send("Performance.getMetrics"))["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "ScriptDuration")

    begun = await spent()
    await run(page, "try { read(given[0].repeat(given[1])); } catch {}", [unit, size // len(unit)])
    return await spent() - begun


@pytest.mark.parametrize("part", range(4))
async def test_reading_takes_four_times_as_long_for_four_times_the_text(page: ChatPage, part: int) -> None:
    devtools = await page.page.context.new_cdp_session(page.page)
    await devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    for unit in REPEATED[part::4]:
        for attempt in range(TRIES):
            before = max(LEAST_S, await cost_s(devtools, page, unit, SMALL))
            after = await cost_s(devtools, page, unit, TIMES * SMALL)
            if after < TIMES * SLACK * before:
                break
            assert attempt < TRIES - 1, (
                f"{unit!r}: {before:.3f} s for {SMALL:,} characters, {after:.3f} s for {TIMES} times as many"
            )
