"""Gemini's part of a Google Takeout (My Activity as JSON): one entry a question, with its chat's address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from thai_chat.chat.transfer.fields import Fields, Loaded, SourcePlace
from thai_chat.chat.transfer.hypertext import text_in
from thai_chat.chat.transfer.said import files_of, joined
from thai_chat.chat.transfer.trees import Node, Origin, session_of, straight
from thai_chat.domain.messages import Role
from thai_chat.domain.transfer import KeptSession

_PROMPTED = re.compile(r"Prompted\s+")
"""The word before a question in English; in other languages the title is the question, with or without such a word."""
_CHAT = re.compile(r"https://gemini\.google\.com/app/(?:c_)?(\w{8,64})")

_BEGINNING = datetime.min.replace(tzinfo=UTC)


def is_gemini(value: Loaded) -> bool:
    """Tell whether an entry is of a chat. Notes that something was opened, made or used have no reply, and ask
    nothing."""
    title = value.get("title") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(title, str) or "time" not in value:
        return False
    if "safeHtmlItem" not in value and not _PROMPTED.match(title):
        return False
    products = value.get("products")
    named = [value.get("header"), *(products if isinstance(products, list) else ())]
    return any(isinstance(name, str) and ("gemini" in name.lower() or "bard" in name.lower()) for name in named)


def conversation_of(value: Loaded) -> str | None:
    """Return the id of the chat that an entry is of; entries of before 2026 do not say it, and each stands alone."""
    held = value.get("details") if isinstance(value, dict) else None
    for detail in held if isinstance(held, list) else ():
        address = detail.get("url") if isinstance(detail, dict) else None
        if isinstance(address, str) and (found := _CHAT.match(address)):
            return found[1]
    return None


def read_session(values: Sequence[Loaded], place: SourcePlace) -> KeptSession:
    """Make one session of the entries of a chat, which come newest first. Raises ImportRefused."""
    entries = [Fields(value, place) for value in reversed(values)]
    entries.sort(key=lambda entry: entry.moment("time") or _BEGINNING)
    nodes = [node for entry in entries for node in _turn(entry)]
    times = [node.at for node in nodes if node.at]
    origin = Origin(
        program="gemini",
        key=conversation_of(values[0]),
        name="",
        backend="google",
        model="gemini",
        created_at=min(times, default=None),
        updated_at=max(times, default=None),
    )
    return session_of(origin, straight(nodes))


def _turn(entry: Fields) -> list[Node]:
    replies = [text_in(one.word("html") or "") for one in entry.listed("safeHtmlItem")]
    reply = joined(*replies)
    title = entry.word("title") or ""
    prompted = _PROMPTED.match(title)
    question = joined(title[prompted.end() :] if prompted else title, files_of(entry.raw("attachedFiles")))
    entry.require_short(question, "title")
    entry.require_short(reply, "safeHtmlItem")
    at = entry.moment("time")
    nodes = [Node(role=Role.USER, content=question, at=at)] if question else []
    if reply:
        nodes.append(Node(role=Role.ASSISTANT, content=reply, at=at))
    return nodes
