"""Names that people give, or files bring: of sessions and presets, of tags and folders."""

from __future__ import annotations

from collections.abc import Iterable

from thai_chat.chat.text import storable
from thai_chat.chat.words import cut
from thai_chat.domain.messages import LABEL_CHARS, MOST_TAGS, SESSION_NAME_CHARS


def tidy(name: str) -> str:
    """Return the name on one line, without white space around it, and with what no store keeps replaced."""
    return storable(" ".join(name.split()))


def short_name(name: str) -> str:
    """Return a session's or a preset's name, tidy and cut at a whole cluster where it is too long; perhaps empty."""
    return cut(tidy(name), SESSION_NAME_CHARS).rstrip()


def short_label(label: str) -> str:
    """Return a tag's or a folder's name, tidy and cut at a whole cluster where it is too long; perhaps empty."""
    return cut(tidy(label), LABEL_CHARS).rstrip()


def short_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the first MOST_TAGS of the tags, each once and as `short_label` has it."""
    return tuple(dict.fromkeys(label for tag in tags if (label := short_label(tag))))[:MOST_TAGS]
