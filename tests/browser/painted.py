"""The painter alone, in the page: texts that are drawn at once, or grow."""

from __future__ import annotations

from typing import Any

from tests.browser.chat_page import ChatPage

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
