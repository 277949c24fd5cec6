"""A text that has grown looks as if it had been drawn at once, and what is whole stays as it is."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import pytest

from tests.browser.chat_page import ChatPage
from tests.browser.painted import GROW, run

pytestmark = pytest.mark.asyncio(loop_scope="session")


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
