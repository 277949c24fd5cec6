"""Axe looks at a page: its rules are what WCAG demands and what is held to be good; experimental ones are out."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Frame, Page

from tests.browser.chat_page import ChatPage

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_SCRIPT = Axe().axe_script
# Only what is found is sent back; all that was looked at is a hundred times as much.
_LOOK = """async (rules) => {
    const { violations } = await axe.run({ resultTypes: ['violations'], ...(rules && { runOnly: rules }) });
    return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ target, html }) => ({ target, html })) }));
}"""


async def faults_of(place: ChatPage | Page | Frame) -> list[str]:
    """Return rule and place of all that axe finds in the page; in a frame, which is no page, of what WCAG demands."""
    looked_at = place.page if isinstance(place, ChatPage) else place
    if not await looked_at.evaluate("'axe' in window"):
        await looked_at.evaluate(_SCRIPT)
    found: list[dict[str, Any]] = await looked_at.evaluate(_LOOK, WCAG if isinstance(place, Frame) else None)
    return [f"{one['id']}: {node['target']} {node['html'][:160]}" for one in found for node in one["nodes"]]
