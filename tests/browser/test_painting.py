"""Painting by templates: what has not changed stays, and the focus with it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.chat_page import ChatPage

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAINT = """async ([before, focused, after]) => {
    const base = document.querySelector('link[href*="page.mjs"]').href;
    const { html, nothing, paint, repeat } = await import(new URL('lib/painting.mjs', base));
    const place = document.createElement('div');
    document.querySelector('#conversation').append(place);
    const list = (keys) => html`${repeat(keys, (key) => key, (key) => html`<button data-key=${key}
        data-heir=${key.startsWith('more') ? 'row' : nothing}>${key}</button>`)}`;
    paint(place, list(before));
    const button = place.querySelector(`[data-key="${focused}"]`);
    button.focus();
    paint(place, list(after));
    const has = document.activeElement.dataset.key ?? null;
    const same = document.activeElement === button;
    const shown = [...place.querySelectorAll('button')].map((one) => one.dataset.key);
    place.remove();
    return { has, same, shown };
}"""


async def painted(page: ChatPage, before: list[str], focused: str, after: list[str]) -> dict[str, Any]:
    """Return what a list of buttons shows when it is painted anew, and which of them has the focus then."""
    found: dict[str, Any] = await page.page.evaluate(PAINT, [before, focused, after])
    assert found["shown"] == after
    return found


async def test_what_is_moved_keeps_its_focus(page: ChatPage) -> None:
    found = await painted(page, ["row 1", "row 2", "row 3"], "row 3", ["row 3", "row 1", "row 2"])
    assert (found["has"], found["same"]) == ("row 3", True)


async def test_the_next_one_of_its_kind_inherits_the_focus_of_what_is_gone(page: ChatPage) -> None:
    rows = ["row 1", "more 1", "row 2", "more 2", "row 3", "more 3"]
    assert (await painted(page, rows, "row 2", ["row 1", "more 1", "row 3", "more 3"]))["has"] == "row 3"
    assert (await painted(page, rows, "more 2", ["row 1", "more 1", "row 3", "more 3"]))["has"] == "row 3"


async def test_the_one_before_inherits_the_focus_when_none_comes_after(page: ChatPage) -> None:
    assert (await painted(page, ["row 1", "row 2"], "row 2", ["row 1"]))["has"] == "row 1"
    assert (await painted(page, ["row 1"], "row 1", []))["has"] is None
