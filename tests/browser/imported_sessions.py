"""Sessions that a page did not make itself: brought in by a file of our own format, or asked in by another client."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from playwright.async_api import Page
from uuid_utils.compat import uuid7

from tests.app import App

LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"
"""The page reads its lists anew when somebody comes back to it."""

BEGUN = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
MODEL = "thai-large"
Said = str | list[dict[str, Any]]
"""The text of a message, or its parts."""


def text_of(said: Said) -> str:
    return said if isinstance(said, str) else "".join(part["text"] for part in said if part["type"] == "text")


def session_of(name: str, *said: Said) -> dict[str, Any]:
    """Return a session in which a person and a model speak by turns, a minute after each other."""
    ids = [uuid7() for _ in said]
    return {
        "session_id": str(uuid7()),
        "session_name": name,
        "created_at": BEGUN.isoformat(),
        "messages": [_message(at, words, ids) for at, words in enumerate(said)],
    }


def _message(at: int, said: Said, ids: Sequence[UUID]) -> dict[str, Any]:
    message: dict[str, Any] = {
        "message_id": str(ids[at]),
        "parent_id": str(ids[at - 1]) if at else None,
        "role": "assistant" if at % 2 else "user",
        "content": text_of(said),
        "message_order": at + 1,
        "created_at": (BEGUN + timedelta(minutes=at)).isoformat(),
        "parts": None if isinstance(said, str) else said,
    }
    return message | ({"backend": "vllm", "model": MODEL, "status": "complete"} if at % 2 else {})


async def bring_in(page: Page, app: App, *sessions: dict[str, Any]) -> str:
    """Import sessions and return the id of the first."""
    content = json.dumps({"format": "thai-chat", "version": 2, "sessions": sessions}).encode()
    file: Any = {"name": "session.json", "mimeType": "application/json", "buffer": content}
    response = await page.request.post(f"{app.address}/api/import", multipart={"file": file})
    assert response.ok, await response.text()
    return str(sessions[0]["session_id"])


async def said(page: Page, app: App, name: str, session_id: str | None = None) -> str:
    """Ask this question by another client and return its session's id."""
    response = await page.request.post(f"{app.address}/chat", data={"query": name, "session_id": session_id})
    assert response.ok
    return str((await response.json())["session_id"])
