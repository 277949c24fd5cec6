"""Where things stand, and how much room they take: the sidebar, the top bar, the turns, the empty page."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.app import App
from tests.browser.chat_page import ChatPage
from tests.browser.imported_sessions import bring_in, session_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

DESK = {"width": 1440, "height": 900}
STATE_PX = 32
"""The height of the line of states at the foot of the sidebar, when all is well."""


async def rect(of: Locator) -> Any:
    """Return where an element is: left, top, right, bottom, width and height."""
    return await of.evaluate("(element) => element.getBoundingClientRect().toJSON()")


async def test_fifteen_sessions_are_in_view_and_every_control_is_at_hand(page: ChatPage, app: App) -> None:
    await page.page.set_viewport_size(DESK)
    for at in range(3):
        await bring_in(page.page, app, session_of(f"แชตที่ {at}", "คำถาม", "คำตอบ"))
    await page.reload()
    for part in ("#new", "#search input", "#find input", "#load", "#count", "#transfer-open"):
        await expect(page.page.locator(part)).to_be_in_viewport()
    first, second = await rect(page.sessions.nth(0)), await rect(page.sessions.nth(1))
    seen, state = await rect(page.page.locator("#recent")), await rect(page.page.locator("#state"))
    room = seen["bottom"] - first["top"] + state["height"] - STATE_PX
    assert room / (second["top"] - first["top"]) >= 15
