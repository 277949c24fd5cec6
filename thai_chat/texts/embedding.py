"""The texts of the chat button on a page of another site."""

from __future__ import annotations

from collections.abc import Mapping

EMBEDDING: Mapping[str, tuple[str, str]] = {
    "embed_open": ("เปิดแชต", "Open the chat"),
    "embed_close": ("ปิดแชต", "Close the chat"),
    "embed_chat": ("แชต", "Chat"),
}
