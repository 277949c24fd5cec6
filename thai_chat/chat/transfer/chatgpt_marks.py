"""ChatGPT's marks in a text, between signs of no alphabet: names, places and links are prose, sources are told by their
links where the message has them, and pointers at what only its page shows are left out."""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson

from thai_chat.chat.transfer.fields import Fields

# A mark ends before the next one begins: else each one that is never closed would be looked through to the end.
_MARK = re.compile("\ue200([^\ue200\ue201]*)\ue201|[\ue200-\ue2ff]")
_POINTER = re.compile(r"turn\d+[a-z]+\d+", re.IGNORECASE)
_BETWEEN = "\ue202"
_NO_PROSE = ("cite", "filecite", "navlist", "image_group", "i", "memcite", "genui", "products", "product_entity")


def as_prose(text: str, metadata: Fields) -> str:
    """Return the text with its marks as prose. `metadata` is that of the message."""
    if "\ue200" not in text:
        return _MARK.sub("", text)
    told = {
        reference.word("matched_text"): alt
        for reference in metadata.listed("content_references")
        if isinstance(alt := reference.raw("alt"), str)
    }
    return _MARK.sub(lambda mark: _prose(mark, told), text)


def _prose(mark: re.Match[str], told: Mapping[str | None, str]) -> str:
    if mark[1] is None:
        return ""
    if alt := told.get(mark[0]):
        return alt
    kind, *words = mark[1].split(_BETWEEN)
    kind = kind.strip()
    if not words and (opened := kind.find("[")) > 0:  # the same without a sign between
        kind, words = kind[:opened], [kind[opened:]]
    if not words or kind in _NO_PROSE:
        return ""
    if kind in ("url", "link"):
        return _link(words)
    return _name(words[0])


def _link(words: list[str]) -> str:
    address = next((word for word in words if word.startswith(("https://", "http://"))), "")
    label = next((word for word in words if word != address and not _POINTER.match(word)), "")
    return f"[{label}]({address})" if label and address else label or address


def _name(word: str) -> str:
    """Return the name in a mark's word: "Chiang Mai" for `["city","Chiang Mai","Thailand"]`."""
    if not word.startswith(("[", "{")):
        return "" if _POINTER.match(word) else word
    try:
        held = orjson.loads(word)
    except orjson.JSONDecodeError:
        return word
    if isinstance(held, list):
        names = [item for item in held[1:2] or held[:1] if isinstance(item, str)]
    else:
        names = [item for key in ("name", "title", "text") if isinstance(item := held.get(key), str)]
    return names[0] if names else ""
