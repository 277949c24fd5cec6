"""Names of sessions, made from the first question and cut at whole words, in Thai too."""

from __future__ import annotations

import re

from thai_chat.chat.words import clusters, word_ends

NAME_CHARS = 60
"""Longest name, ellipsis included, in code points."""

_MARKUP = re.compile(r"^[\s>#*\-`~_=|]+|[*_`]{1,3}")
_SPACE = re.compile(r"\s+")


def name_of(question: str) -> str:
    """Return a name of at most NAME_CHARS code points, never cut inside a word that fits nor inside a character
    cluster."""
    lines = (_SPACE.sub(" ", _MARKUP.sub("", line)).strip() for line in question[:4000].splitlines())
    line = next((line for line in lines if line), "") or _SPACE.sub(" ", question[:400]).strip()
    if len(line) <= NAME_CHARS:
        return line
    return line[: _cut(line, NAME_CHARS - 1)].rstrip(" ,.;:–-") + "…"


def _cut(line: str, limit: int) -> int:
    """Return the last boundary of a word at or before `limit`; of a cluster when one word fills it all."""
    # A little more than the limit is segmented, so that the word across it is recognised.
    seen = line[: limit + 40]
    words = [end for end in word_ends(seen) if end <= limit]
    if words and words[-1] > limit // 3:
        return words[-1]
    # One "letter" under sixty marks has no boundary at all: it is cut hard.
    return max((end for end in clusters(seen) if end <= limit), default=limit)
