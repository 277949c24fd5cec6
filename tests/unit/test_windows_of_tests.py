"""Tests in a browser leave nothing in a window that a later test is given (tests/browser/windows.py)."""

from __future__ import annotations

import re
from pathlib import Path

BROWSER = Path(__file__).parent.parent / "browser"
OWN = {"windows.py", "chat_page.py"}
STAYS = re.compile(
    r"context\.(?:add_init_script|expose_\w+|grant_permissions|clear_permissions|set_extra_http_headers|set_geolocation)\b"
    r"|page\.page\.clock\b"
)
"""Calls whose effect a window keeps. `visit(script=...)`, a page's own and `ChatPage.clock` take their place."""


def test_what_can_not_be_taken_back_is_done_to_windows_that_are_not_used_again() -> None:
    assert STAYS.search("await page.page.context.add_init_script(x)")
    found = {path.name for path in BROWSER.glob("*.py") if STAYS.search(path.read_text("utf-8"))}
    assert found - OWN == set()
