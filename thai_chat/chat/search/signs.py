"""Where Markdown's own signs stand in a text: what somebody who reads it on the page does not see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

LINE_CHARS = 400
"""The characters of a line on either side of a piece that are looked at for the other half of a sign."""

_FENCE = re.compile(r"^[ \t>]*(?P<fence>`{3,}|~{3,})(?P<info>[^\n`]*)(?:\n|\Z)", re.MULTILINE)
_MARK = re.compile("```|~~~")
_RULE = re.compile(r"[ \t]*(?:(?:[-*_=][ \t]*){3,}|(?=.*\|)(?=.*-)[|:\- \t]+)$")
_BEGINNING = re.compile(r"(?:[ \t]*>)*[ \t]*(?:#{1,6}[ \t]+|[-*+][ \t]+(?:\[[ xX]\][ \t]+)?)?")
_ESCAPE = re.compile(r"\\(?=[\\`*_~#|>])")
_CODE = re.compile(r"(?<!`)(?P<open>`+)(?!`)(?:.*?[^`])(?P<close>(?P=open))(?!`)")
_LINK = re.compile(r"(?P<open>!?\[)[^\]\[]*(?P<close>\]\([^()\s]*(?:\s\"[^\"]*\")?\))")
_EMPHASIS = tuple(
    re.compile(rf"(?P<open>{before}{sign})(?=\S)(?:.*?\S)(?P<close>{sign}{after})")
    for before, sign, after in (
        ("", r"\*\*\*", ""),
        ("", r"\*\*", r"(?!\*)"),
        ("", r"\*", ""),
        ("", "~~", ""),
        (r"(?<!\w)", "__", r"(?!\w)"),
        (r"(?<!\w)", "_", r"(?!\w)"),
    )
)
_HIDDEN = "\0"
"""Stands for a character that can be no sign any more."""


class Sign(NamedTuple):
    start: int
    end: int
    shown: str = ""
    """The characters that a reader is shown in its place."""


def signs_in(text: str, start: int, end: int) -> list[Sign]:
    """Return the signs in a piece of `text`, in their order, none overlapping another. Code is left as it is."""
    first = max(0, start - LINE_CHARS, text.rfind("\n", 0, start) + 1)
    line_end = text.find("\n", end)
    last = min(len(text), end + LINE_CHARS, line_end if line_end >= 0 else len(text))
    found: list[Sign] = []
    for from_, to, is_code in _parts(text, last):
        if to <= first:
            continue
        if is_code:
            found += _fences(text, from_, to)
        else:
            found += _signs_of_lines(text, max(from_, first), min(to, last))
    return [sign for sign in found if sign.end > start and sign.start < end]


def _parts(text: str, end: int) -> Iterator[tuple[int, int, bool]]:
    """Yield the pieces of the text up to `end` and a little beyond, and whether each is fenced code, with its
    fences."""
    at = 0
    while at < end:
        opening = _next_fence(text, at, end)
        if opening is None or opening.start() >= end:
            yield at, end, False
            return
        if opening.start() > at:
            yield at, opening.start(), False
        fence = opening["fence"]
        closing: re.Match[str] | None = opening
        while closing and (closing is opening or not _closes(closing, fence)):
            closing = _next_fence(text, closing.end(), len(text))
        at = closing.end() if closing else len(text)
        yield opening.start(), at, True


def _next_fence(text: str, at: int, end: int) -> re.Match[str] | None:
    """Return the first fence from `at` on, where a line begins, that stands before `end`; most lines need not be looked
    at."""
    while at < end and (mark := _MARK.search(text, at)):
        at = max(at, text.rfind("\n", 0, mark.start()) + 1)
        if fence := _FENCE.match(text, at):
            return fence if at < end else None
        at = text.find("\n", at) + 1 or end
    return None


def _closes(fence: re.Match[str], opened: str) -> bool:
    return fence["fence"].startswith(opened) and not fence["info"].strip()


def _fences(text: str, start: int, end: int) -> list[Sign]:
    opening = _FENCE.match(text, start)
    assert opening
    last = max(start, text.rfind("\n", start, end - 1) + 1)
    closing = _FENCE.match(text, last)
    own = [Sign(opening.start(), opening.end())]
    return [*own, Sign(last, closing.end())] if closing and last > start and _closes(closing, opening["fence"]) else own


def _signs_of_lines(text: str, start: int, end: int) -> list[Sign]:
    found: list[Sign] = []
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        line = text[start:stop]
        if _RULE.match(line):
            found.append(Sign(start, min(stop + 1, end)))
        else:
            found += sorted(Sign(start + sign.start, start + sign.end, sign.shown) for sign in _signs_of(line))
        start = stop + 1
    return found


def _signs_of(line: str) -> Iterator[Sign]:
    beginning = _BEGINNING.match(line)
    if beginning and beginning.end():
        yield Sign(0, beginning.end())
        line = _hide(line, 0, beginning.end())
    for escape in _ESCAPE.finditer(line):
        yield Sign(escape.start(), escape.end())
        line = _hide(line, escape.start(), escape.end() + 1)
    for code in _CODE.finditer(line):
        yield from _pair(code)
        line = _hide(line, code.start(), code.end())
    if line.lstrip(" \t\0").startswith("|"):
        yield from _cells(line)
        line = line.replace("|", _HIDDEN)
    for kind in (_LINK, *_EMPHASIS):
        for pair in kind.finditer(line):
            yield from _pair(pair)
            line = _hide(_hide(line, *pair.span("open")), *pair.span("close"))


def _pair(found: re.Match[str]) -> Iterator[Sign]:
    yield Sign(*found.span("open"))
    yield Sign(*found.span("close"))


def _cells(line: str) -> Iterator[Sign]:
    """Yield the bars of a table: those between two cells stay to be seen."""
    bars = [at for at, character in enumerate(line) if character == "|"]
    last = len(line.rstrip()) - 1
    for at in bars:
        yield Sign(at, at + 1, "" if at in (bars[0], last) else "·")


def _hide(line: str, start: int, end: int) -> str:
    return line[:start] + _HIDDEN * (end - start) + line[end:]
