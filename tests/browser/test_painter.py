"""Drawing a message: a text that has grown looks as if it had been drawn at once, and what is whole stays as it is."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.chat_page import ChatPage

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAINTER = """async ([texts, how]) => {
    const base = document.querySelector('link[href*="page.mjs"]').href;
    const { draw, Painter } = await import(new URL('message/painter.mjs', base));
    const { drawParts } = await import(new URL('message/parts.mjs', base));
    const place = () => {
        const element = document.createElement('div');
        element.className = 'words';
        element.style.cssText = 'position: fixed; inset: 0; z-index: 9; overflow: auto; background: white';
        document.body.append(element);
        return element;
    };
    const names = ['texts', 'draw', 'Painter', 'drawParts', 'place'];
    try {
        return await new Function(...names, `return (async () => {${how}})()`)(texts, draw, Painter, drawParts, place);
    } finally {
        for (const element of document.querySelectorAll('body > .words:not(.kept)')) element.remove();
    }
}"""
DRAW = "const element = place(); draw(element, texts[0]);"
GROW = """
    const element = place(), painter = new Painter(element);
    const grow = (text) => { painter.add(text); painter.paint(); };
"""


async def run(page: ChatPage, how: str, *texts: Any) -> Any:
    """Return what the body of a function returns that has the painter, `place()` and `texts`."""
    return await page.page.evaluate(PAINTER, [texts, how])


async def drawn(page: ChatPage, text: str, what: str = "element.innerHTML") -> Any:
    return await run(page, f"{DRAW} return {what};", text)


async def keep(page: ChatPage, how: str, *texts: Any) -> None:
    """Draw what stays on the page, for a person to use."""
    await run(page, f"{how} element.classList.add('kept');", *texts)


class Writer:
    """Writes Markdown at random."""

    words = (
        *("น้ำใจ", "กำลัง", "เขียน", "word", "a_b", "100", "ฯลฯ", "x*y", "[", "]", "<tag>", "$5", "&amp;"),
        "https://example.com/a",
    )
    links = ("[คำ](https://example.com)", "[คำ][x]", "[x]", "[^1]", "![รูป](https://example.com/a.png)")
    lone = (
        "---",
        "$$\nx^2\n$$",
        "\\[ x \\]",
        "    code",
        "a\n===",
        "```\nไม่จบ",
        "<!-- note",
        "<details>",
        "-",
        "1.",
        "|a|",
        "[y]: https://example.com/",
    )

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.blocks: tuple[Callable[[], str], ...] = (
            *(self.paragraph, self.paragraph, self.line, self.heading, self.items, self.items, self.table, self.code),
            *(self.quote, self.definition, self.note, self.details, lambda: self.rng.choice(self.lone)),
        )

    def text(self) -> str:
        blocks = (self.block() + self.rng.choice(("\n", "\n\n", "\n\n", "\r\n\r\n")) for _ in range(9))
        return "".join(block for block in blocks if self.rng.random() < 0.7)

    def pieces(self, text: str) -> list[str]:
        most = self.rng.choice((3, 20, 200))
        found, at = [], 0
        while at < len(text):
            size = self.rng.randint(1, most)
            found.append(text[at : at + size])
            at += size
        return found

    def block(self) -> str:
        return self.rng.choice(self.blocks)()

    def line(self) -> str:
        words = [self.rng.choice(self.words) for _ in range(self.rng.randint(1, 6))]
        at = self.rng.randrange(len(words))
        sign = self.rng.choice(("**", "*", "`", "~~", "$", "<sub>", ""))
        words[at] = f"{sign}{words[at]}{sign.replace('<', '</')}"
        if self.rng.random() < 0.2:
            words.append(self.rng.choice(self.links))
        return self.rng.choice((" ", " ", "")).join(words)

    def paragraph(self) -> str:
        return "\n".join(self.line() for _ in range(self.rng.randint(1, 3)))

    def heading(self) -> str:
        return "#" * self.rng.randint(1, 6) + f" {self.line()}"

    def items(self) -> str:
        marker = self.rng.choice(("-", "*", "1.", "{n}.", "{n})", "- [ ]", "- [x]", "2567."))
        items = [f"{marker.format(n=n + 1)} {self.line()}" for n in range(self.rng.randint(1, 6))]
        if self.rng.random() < 0.4:
            items[0] += f"\n   - {self.line()}\n   - {self.line()}"
        return self.rng.choice(("\n", "\n", "\n\n")).join(items)

    def table(self) -> str:
        rows = "\n".join(f"| {self.line()} | {self.line()} |" for _ in range(self.rng.randint(0, 4)))
        return f"| a | b |\n|:--|--:|\n{rows}"

    def code(self) -> str:
        return f"```{self.rng.choice(('python', '', '__proto__'))}\n{self.line()}\n\n  - {self.line()}\n```"

    def quote(self) -> str:
        return "> " + self.block().replace("\n", "\n> ")

    def definition(self) -> str:
        return f"[{self.rng.choice('xy1')}]: https://example.com/{self.rng.randrange(9)}"

    def note(self) -> str:
        return f"[^1]: {self.line()}"

    def details(self) -> str:
        return f"<details><summary>{self.line()}</summary>\n\n{self.block()}\n\n</details>"


COMPARE = """
    // What is fetched later comes when it comes: its source stands for it.
    const settled = (element) => {
        for (const one of element.querySelectorAll('.formula, .code')) {
            one.replaceWith(one.dataset.source ?? one.textContent);
        }
        element.normalize();
        return element;
    };
    const found = [];
    for (const [text, pieces] of texts) {
        const grown = place(), whole = place(), painter = new Painter(grown);
        let kept = [], lost = 0;
        for (const piece of pieces) {
            painter.add(piece);
            painter.paint();
            const now = [...grown.children];
            lost += kept.filter((node, at) => now[at] !== node).length;
            kept = now.slice(0, painter.blocks.fixed);
        }
        painter.end();
        draw(whole, text);
        const isEqual = settled(grown).isEqualNode(settled(whole));
        const shown = isEqual ? '' : `${grown.innerHTML}\\n!=\\n${whole.innerHTML}`;
        found.push({ text, isEqual, shown, lost, isSource: painter.source === text });
        grown.remove();
        whole.remove();
    }
    return found;
"""


async def test_a_text_that_has_grown_looks_as_if_it_had_been_drawn_at_once(page: ChatPage) -> None:
    writer = Writer(seed=13)
    for _ in range(10):
        texts = [writer.text() for _ in range(20)]
        for found in await run(page, COMPARE, *[[text, writer.pieces(text)] for text in texts]):
            assert found["isEqual"], f"{found['text']!r}\n{found['shown']}"
            assert found["lost"] == 0, found["text"]
            assert found["isSource"], found["text"]
    assert page.complaints == []


LONG: Mapping[str, tuple[str, list[str], str]] = {
    "a list": ("", [f"{n}. ข้อ **{n}**\n" for n in range(1, 301)], "ol > li"),
    "a loose list": ("", [f"- ข้อ **{n}**\n\n" for n in range(300)], "ul > li"),
    "a table": ("| a | b |\n|---|--:|\n", [f"| แถว | {n} |\n" for n in range(300)], "tbody > tr"),
    "paragraphs": ("", [f"ย่อหน้า *{n}*\n\n" for n in range(300)], "p"),
}


@pytest.mark.parametrize(("begun", "more", "selector"), LONG.values(), ids=LONG)
async def test_the_work_of_an_update_does_not_grow_with_what_is_there(
    page: ChatPage, begun: str, more: list[str], selector: str
) -> None:
    found = await run(
        page,
        GROW
        + """
        const [begun, more, selector] = texts, tails = [], changes = [];
        const watch = new MutationObserver(() => {});
        watch.observe(element, { childList: true, subtree: true });
        grow(begun);
        for (const piece of more) {
            grow(piece);
            tails.push(painter.tail.length);
            changes.push(watch.takeRecords().length);
        }
        const nodes = [...element.querySelectorAll(selector)];
        painter.end();
        const after = [...element.querySelectorAll(selector)];
        return { longest: Math.max(...tails), changes: Math.max(...changes.slice(10)), count: nodes.length,
                 kept: nodes.every((node, at) => node === after[at]) };
        """,
        begun,
        more,
        selector,
    )
    assert found["count"] == len(more)
    assert found["longest"] < 200
    assert found["changes"] < 20
    assert found["kept"]


async def test_code_that_grows_is_not_read_again(page: ChatPage) -> None:
    found = await run(
        page,
        GROW
        + """
        grow('ก่อน\\n\\n```python\\n');
        const block = element.querySelector('.code');
        let reads = 0;
        const read = painter.paintTail.bind(painter);
        painter.paintTail = () => { reads += 1; read(); };
        for (let at = 0; at < 300; at += 1) { grow(`x_${at} = `); grow('"ก"\\n'); }
        const whileOpen = reads;
        grow('```\\n\\nจบ');
        painter.end();
        return { whileOpen, isSame: block === element.querySelector('.code'), last: element.lastChild.textContent,
                 code: block.querySelector('pre').textContent.trim() };
        """,
    )
    assert found["whileOpen"] == 0
    assert found["isSame"]
    assert found["last"] == "จบ"
    assert found["code"] == "\n".join(f'x_{at} = "ก"' for at in range(300))


async def test_what_is_open_selected_and_focused_stays_so(page: ChatPage) -> None:
    found = await run(
        page,
        GROW
        + """
        grow('<details><summary>ดู</summary>\\n\\nข้างใน\\n\\n</details>\\n\\n- คำ [ลิงก์](https://example.com) แรก');
        const details = element.querySelector('details'), link = element.querySelector('a');
        details.open = true;
        link.focus();
        const word = element.querySelector('.line').firstChild;
        getSelection().setBaseAndExtent(word, 0, word, 2);
        grow(' แล้วต่อ **หนา** อีก');
        grow('\\n- ข้อสอง\\n\\nจบ');
        painter.end();
        return [element.querySelector('details').open, document.activeElement === link, String(getSelection())];
        """,
    )
    assert found == [True, True, "คำ"]


async def test_a_definition_that_comes_late_changes_only_what_uses_it(page: ChatPage) -> None:
    found = await run(
        page,
        GROW
        + """
        grow('ดู [คู่มือ][x] ก่อน\\n\\nไม่เกี่ยว [y]\\n\\n');
        const [first, other] = element.children;
        grow('ต่อ\\n\\n[x]: https://example.com/a\\n\\nจบ [คู่มือ][x]');
        const early = element.querySelectorAll('a').length;
        painter.end();
        return [early, [...element.querySelectorAll('a')].map((link) => link.href), element.children[1] === other,
                element.children[0] === first];
        """,
    )
    assert found == [1, ["https://example.com/a"] * 2, True, True]


UNSAFE = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "/api/sessions",
    "../x",
    "http:x",
    "file:///x",
)


async def test_links_lead_to_the_web_or_to_a_mailbox_alone(page: ChatPage) -> None:
    links = "[...element.querySelectorAll('a')].map((link) => [link.getAttribute('href'), link.target, link.rel])"
    rel = ["_blank", "noopener noreferrer nofollow"]
    safe = "[ก](https://example.com/ก) และ [ข](mailto:a@example.com)"
    assert await drawn(page, safe, links) == [["https://example.com/ก", *rel], ["mailto:a@example.com", *rel]]
    for address in UNSAFE:
        for source in (f"[คำ]({address})", f"![คำ]({address})", f"[คำ][x]\n\n[x]: {address}", f"<{address}>"):
            assert await drawn(page, source, links) == [], source
            shown = await drawn(page, source, "element.textContent")
            assert "".join(shown.split()) == "".join(source.split())


async def test_a_picture_is_a_link_and_nothing_is_loaded(page: ChatPage) -> None:
    hosts = set(page.hosts)
    source = (
        "![รูป](https://pictures.example/a.png) <img src=https://pictures.example/b.png> ![](https://pictures.example/c)"
    )
    assert await drawn(page, source, "element.querySelectorAll('img, iframe, script, [style*=url]').length") == 0
    assert await drawn(page, source, "element.querySelector('a').textContent") == "รูป"
    assert "<img src=" in await drawn(page, source, "element.textContent")
    assert page.hosts == hosts


async def test_numbers_are_those_that_are_written(page: ChatPage) -> None:
    numbers = """[...element.querySelectorAll('li')].map((item) => [item.parentElement.start, item.value])"""
    assert await drawn(page, "2568. ก\n2570. ข\n2571. ค", numbers) == [[2568, 0], [2568, 2570], [2568, 0]]
    assert await drawn(page, "2568. ก\n\n100. ข\n101. ค", numbers) == [[2568, 0], [2568, 100], [2568, 0]]
    assert await drawn(page, "3. ก\n3. ข\n3. ค", numbers) == [[3, 0], [3, 0], [3, 0]]
    assert await drawn(page, "1. ก\n1. ข\n1. ค", numbers) == [[1, 0]] * 3
    inside = """(() => { const list = element.querySelector('ol'), range = document.createRange();
        return parseFloat(getComputedStyle(list).paddingLeft) / parseFloat(getComputedStyle(list).fontSize); })()"""
    assert await drawn(page, "2568. ก", inside) > await drawn(page, "1. ก", inside) + 1


async def test_headings_are_told_without_a_gap_between_their_levels(page: ChatPage) -> None:
    text = "### ก\n\n##### ข\n\nคำ\n\n> ###### ค\n\n# ง\n\n## จ\n\nจบ"
    levels = "[...element.querySelectorAll('.heading')].map((one) => [one.localName, one.getAttribute('aria-level')])"
    expected = [["h3", "2"], ["h5", "3"], ["h6", "4"], ["h1", "2"], ["h2", "3"]]
    assert await drawn(page, text, levels) == expected
    assert await run(page, GROW + f"for (const sign of texts) grow(sign); return {levels};", *text) == expected


async def test_tasks_have_boxes_that_say_what_they_are(page: ChatPage) -> None:
    boxes = """[...element.querySelectorAll('input')].map((box) => [box.disabled, box.checked, box.ariaLabel])"""
    found = await drawn(page, "- [x] ก\n- [ ] ข\n\n  ค\n- ง", boxes)
    assert found == [[True, True, "ทำแล้ว"], [True, False, "ยังไม่ได้ทำ"]]


async def test_notes_are_reached_and_left_by_buttons_without_an_id(page: ChatPage) -> None:
    await keep(page, DRAW, "ฝนลดลง[^หมายเหตุ] แล้ว\n\n[^หมายเหตุ]: กรมอุตุ2568\n\nจบ")
    await page.page.locator(".kept .footnote-ref button").click()
    await expect(page.page.locator(".kept .footnote button")).to_be_focused()
    await page.page.keyboard.press("Enter")
    await expect(page.page.locator(".kept .footnote-ref button")).to_be_focused()
    await expect(page.page.locator(".kept .footnote")).to_contain_text("กรมอุตุ2568")
    await expect(page.page.locator(".kept [id]")).to_have_count(0)
    await page.page.locator(".kept").evaluate("(element) => element.remove()")


async def test_a_block_that_can_not_be_drawn_is_shown_as_it_was_written(page: ChatPage) -> None:
    failing = """
        document.createElement = (name) => {
            if (name === 'em') throw new Error('no');
            return Document.prototype.createElement.call(document, name);
        };
        try {
            ACT
        } finally { delete document.createElement; }
        return [...element.children].map((one) => [one.className, one.textContent]);
    """
    texts = ["ก่อน **หนา**\n\n", "กลาง *เอน*\n\n", "> - อ้าง\n> - *เอน*\n\n", "จบ"]
    expected = [["", "ก่อน หนา"], ["plain", "กลาง *เอน*"], ["", "อ้าง*เอน*"], ["", "จบ"]]
    whole = "const element = place();" + failing.replace("ACT", "draw(element, texts.join(''));")
    assert await run(page, whole, *texts) == expected
    assert await run(page, GROW + failing.replace("ACT", "texts.forEach(grow); painter.end();"), *texts) == expected


async def test_what_is_too_much_is_shown_as_it_was_written_and_the_rest_is_drawn(page: ChatPage) -> None:
    deep = "> " * 200 + "ลึก\n\n"
    text = "**ก่อน**\n\n" + deep + "**หลัง**"
    look = "[...element.children].map((one) => [one.className, one.textContent])"
    expected = [["", "ก่อน"], ["plain", deep], ["", "หลัง"]]
    assert await drawn(page, text, look) == expected
    assert (
        await run(page, GROW + f"for (const sign of texts) grow(sign); painter.end(); return {look};", *text)
        == expected
    )


async def test_a_very_long_text_is_plain_in_pieces_from_where_it_is_too_long(page: ChatPage) -> None:
    text = "น้ำใจ **คนไทย**\n" * 30_000
    shown = "[element.textContent === texts[0], element.children.length > 10, element.querySelector('strong')]"
    assert await drawn(page, text, shown) == [True, True, None]
    pieces = [text[at : at + 50_000] for at in range(0, len(text), 50_000)]
    whole = shown.replace("texts[0]", "texts.join('')")
    assert await run(page, f"{GROW} texts.forEach(grow); painter.end(); return {whole};", *pieces) == [True, True, None]


PARTS = [
    {"type": "reasoning", "text": "คิด **ก่อน**"},
    {"type": "text", "text": "คำ**ตอบ"},
    {"type": "text", "text": "** จบ"},
    {"type": "tool_call", "call_id": "a", "name": "ค้นหา<b>", "arguments": {"q": "ข้าว"}},
    {"type": "attachment", "file_id": "f", "name": "แผนที่.png", "media_type": "image/png", "size_bytes": 12_000},
    {"type": "tool_result", "call_id": "a", "text": "พบ <i>3</i> แห่ง", "is_error": False},
    {"type": "tool_result", "call_id": "ไม่มี", "text": "ลอย", "is_error": True},
    {"type": "citation", "title": "คู่มือ", "url": "https://example.com/a", "quote": "อ้าง"},
    {"type": "citation", "title": "อันตราย", "url": "javascript:alert(1)"},
    {"type": "notice", "code": "demo_model", "params": {}},
    {"type": "notice", "code": "constructor", "params": {}},
    {"type": "video", "address": "https://example.com/v"},
    ["ไม่ใช่ออบเจกต์"],
    None,
]


async def test_every_kind_of_part_is_shown(page: ChatPage) -> None:
    await keep(page, "const element = place(); drawParts(element, texts);", *PARTS)
    shown = page.page.locator(".kept")
    await expect(shown.locator("details")).to_have_count(6)
    await expect(shown.locator("details[open]")).to_have_count(0)
    await expect(shown.locator(".thoughts-text")).to_have_text("คิด **ก่อน**")
    await expect(shown.locator(".part-text strong")).to_have_text("ตอบ")
    tool = shown.locator(".tool").first
    await expect(tool.locator("summary")).to_contain_text("ค้นหา<b>")
    await expect(tool.locator("pre")).to_contain_text(["ข้าว", "พบ <i>3</i> แห่ง"])
    await expect(shown.locator(".attachment")).to_contain_text("แผนที่.png")
    await expect(shown.locator(".attachment")).to_contain_text("image/png · 12")
    await expect(shown.locator(".citations > li")).to_have_count(2)
    await expect(shown.locator(".citations a")).to_have_count(1)
    await expect(shown.locator(".citations")).to_contain_text("javascript:alert(1)")
    await expect(shown.locator(".notice")).to_have_text(["โมเดลสาธิตภาษาอังกฤษขนาดเล็ก", "constructor"])
    await expect(shown.locator(".unknown pre")).to_contain_text(["https://example.com/v", "ไม่ใช่ออบเจกต์", "null"])
    await shown.evaluate("(element) => element.remove()")
    assert page.complaints == []
