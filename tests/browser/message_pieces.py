"""Pieces of a message, built by our modules in the page and put where a message stands."""

from __future__ import annotations

from typing import Any

from tests.browser.chat_page import ChatPage

_BEGIN = """async (given) => {
    const base = document.querySelector('link[href*="page.mjs"]').href;
    const load = (name) => import(new URL(name, base));
    let place = document.querySelector('#placed');
    if (!place) {
        place = document.createElement('div');
        place.id = 'placed';
        place.className = 'words';
        document.querySelector('#scroll').append(place);
    }
"""


async def in_message(page: ChatPage, script: str, given: object = None) -> Any:
    """Run `script` in the page. It has `load(path of a module)`, `place`, which is a message's element, and `given`."""
    return await page.page.evaluate(f"{_BEGIN}{script}\n}}", given)
