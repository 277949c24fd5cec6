"""Drawing a message: a text that has grown looks as if it had been drawn at once, and what is whole stays as it is."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.chat_page import ChatPage

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORDS = (
    "น้ำใจ",
    "กำลัง",
    "เขียน",
    "word",
    "a_b",
    "100",
    "ฯลฯ",
    "x*y",
    "[",
    "]",
    "<tag>",
    "$5",
    "&amp;",
    "https://example.com/a",
)
DRAWN = """async ([texts, how]) => {
    const base = document.querySelector('link[href*="page.mjs"]').href;
    const { draw, Painter } = await import(new URL('message/painter.mjs', base));
    const place = () => {
        const element = document.createElement('div');
        element.className = 'words';
        document.body.append(element);
        return element;
    };
    const run = new Function('texts', 'draw', 'Painter', 'place', `return (async () => {${how}})()`);
    try { return await run(texts, draw, Painter, place); }
    finally { for (const element of document.querySelectorAll('body > .words')) element.remove(); }
}"""


async def run(page: ChatPage, how: str, *texts: Any) -> Any:
    """Return what `how` returns: the body of a function over the painter, `place()` and `texts`."""
    return await page.page.evaluate(DRAWN, [texts, how])


async def drawn(page: ChatPage, text: str, what: str = "element.innerHTML") -> Any:
    return await run(page, f"const element = place(); draw(element, texts[0]); return {what};", text)


GROW = """
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
        const before = grown.textContent;
        painter.end();
        draw(whole, text);
        const settled = (element) => { element.normalize(); return element; };
        const isEqual = settled(grown).isEqualNode(settled(whole));
        found.push({ text, isEqual, lost, source: painter.source === text,
                     shown: isEqual ? '' : grown.innerHTML + '\\n!=\\n' + whole.innerHTML });
        grown.remove();
        whole.remove();
    }
    return found;
"""


def line(rng: random.Random) -> str:
    words = [rng.choice(WORDS) for _ in range(rng.randint(1, 6))]
    at = rng.randrange(len(words))
    sign = rng.choice(("**", "*", "`", "~~", "$", "<sub>", ""))
    words[at] = f"{sign}{words[at]}{sign.replace('<', '</')}"
    if rng.random() < 0.2:
        words.append(
            rng.choice(("[คำ](https://example.com)", "[คำ][x]", "[x]", "[^1]", "![รูป](https://example.com/a.png)"))
        )
    return rng.choice((" ", " ", "")).join(words)


def items(rng: random.Random) -> str:
    marker = rng.choice(("-", "*", "1.", "{n}.", "{n})", "- [ ]", "- [x]", "2567."))
    written = [f"{marker.format(n=n + 1)} {line(rng)}" for n in range(rng.randint(1, 6))]
    if rng.random() < 0.4:
        written[0] += f"\n   - {line(rng)}\n   - {line(rng)}"
    return rng.choice(("\n", "\n", "\n\n")).join(written)


def table(rng: random.Random) -> str:
    rows = "\n".join(f"| {line(rng)} | {line(rng)} |" for _ in range(rng.randint(0, 4)))
    return f"| a | b |\n|:--|--:|\n{rows}"


def odd(rng: random.Random) -> str:
    return rng.choice(
        ("---", "$$\nx^2\n$$", "\\[ x \\]", "    code", "a\n===", "```\nไม่จบ", "<!-- note", "-", "1.", "|a|")
    )


BLOCKS: tuple[Callable[[random.Random], str], ...] = (
    *(lambda rng: "\n".join(line(rng) for _ in range(rng.randint(1, 3))),) * 3,
    lambda rng: "#" * rng.randint(1, 6) + f" {line(rng)}",
    items,
    items,
    table,
    lambda rng: f"```{rng.choice(('python', '', '__proto__'))}\n{line(rng)}\n\n  - {line(rng)}\n```",
    lambda rng: "> " + block(rng).replace("\n", "\n> "),
    lambda rng: f"[{rng.choice('xy1')}]: https://example.com/{rng.randrange(9)}",
    lambda rng: f"[^1]: {line(rng)}",
    lambda rng: f"<details><summary>{line(rng)}</summary>\n\n{block(rng)}\n\n</details>",
    odd,
    lambda rng: line(rng),
)


def block(rng: random.Random) -> str:
    return rng.choice(BLOCKS)(rng)


def markdown(rng: random.Random) -> str:
    return "".join(block(rng) + rng.choice(("\n", "\n\n", "\n\n", "\r\n\r\n")) for _ in range(rng.randint(1, 9)))


def pieces(rng: random.Random, text: str) -> list[str]:
    most = rng.choice((3, 20, 200))
    found, at = [], 0
    while at < len(text):
        size = rng.randint(1, most)
        found.append(text[at : at + size])
        at += size
    return found


async def test_a_text_that_has_grown_looks_as_if_it_had_been_drawn_at_once(page: ChatPage) -> None:
    rng = random.Random(13)
    for _ in range(15):
        texts = [markdown(rng) for _ in range(20)]
        for found in await run(page, GROW, *[[text, pieces(rng, text)] for text in texts]):
            assert found["isEqual"], f"{found['text']!r}\n{found['shown']}"
            assert found["lost"] == 0, found["text"]
            assert found["source"]
    assert page.complaints == []
