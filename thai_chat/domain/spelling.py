"""When two texts count as spelled the same: `fold` gives both the same form, and `Folded` leads back to the original.

The Thai rules are those of `pythainlp.util.normalize` (a test compares them), which needs 60 MB and offers no way back.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import TypeAlias

Replacement: TypeAlias = "str | Callable[[re.Match[str]], str]"
Rule: TypeAlias = tuple[re.Pattern[str], re.Pattern[str], Replacement]
"""A quick pattern that shows whether there may be something to do; then the pattern that is replaced, and by what."""

_CONSONANTS = "ก-ฮ"
_LEAD = "เ-ไ"
_FOLLOW = "ะาำๅ"
_ABOVE = "ัิีึืํ็"
_BELOW = "ุู"
_TONES = "่-๋"
_DANGLING = f"{_ABOVE}{_BELOW}{_TONES}ฺ์๎"
_VOWELS = f"{_LEAD}{_FOLLOW}{_ABOVE}{_BELOW}"
_JOINED = f"{_VOWELS}{_DANGLING}"
"""The characters that a rule may join over a space to what stands before it."""
# Control characters, zero-width and direction marks, joiners, soft hyphens and the selectors of an emoji's look.
_INVISIBLE = (
    "\x00-\x08\x0e-\x1b\x7f\u00ad\u034f\u061c\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
)
_ACCENTS = "\u0300-\u036f\u3099\u309a"
_FEW = 30


def _composed(match: re.Match[str]) -> str:
    text = match[0]
    if len(text) > _FEW:
        # `normalize` puts marks in order by insertion, in quadratic time: it is given them in order.
        text = text[0] + "".join(sorted(text[1:], key=unicodedata.combining))
    return unicodedata.normalize("NFC", text)


def _digit(match: re.Match[str]) -> str:
    return str(unicodedata.digit(match[0]))


def _last(match: re.Match[str]) -> str:
    return match[0][-1]


def _rule(pattern: str, replacement: Replacement, *, shown_by: str | None = None) -> Rule:
    return re.compile(shown_by or pattern), re.compile(pattern), replacement


_BEFORE_CASE = (
    _rule(f"[{_INVISIBLE}]+", ""),
    _rule(f"[^\\W\\d_][{_ACCENTS}]+", _composed, shown_by=f"[{_ACCENTS}]"),
)
_AFTER_CASE = (
    _rule("[๐-๙]", _digit),
    _rule(r"[^\S ]\s*| \s+", " "),
    _rule(f" (?<=[{_CONSONANTS}] )(?<![{_VOWELS}][{_CONSONANTS}] )(?=[{_DANGLING}])", ""),
    _rule("เเ", "แ"),
    # The whole beginning of a run that may not be followed by what is asked for: else each of its characters would be
    # tried.
    _rule(f"(?<![{_TONES}์])([{_TONES}์]+)([{_ABOVE}{_BELOW}]+)", r"\2\1", shown_by=f"[{_TONES}์][{_ABOVE}{_BELOW}]"),
    _rule(f"ํ([{_TONES}]*)า", r"\1ำ"),
    _rule(f"(?<![{_FOLLOW}])([{_FOLLOW}]+)([{_TONES}]+)", r"\2\1", shown_by=f"[{_FOLLOW}][{_TONES}]"),
    _rule("(?<=[^ฤฦ])ๅ", "า", shown_by="ๅ"),
    _rule(f"([{_FOLLOW}{_LEAD}{_ABOVE}{_BELOW}ฺ์๎])(?: *\\1)+", r"\1"),
    _rule(f"[{_TONES}]{{2,}}", _last),
    _rule(f" (?:[{_DANGLING}]+ ?)+", " ", shown_by=f" [{_DANGLING}]"),
)
_SPACES = re.compile("  +")
_ASCII = {code: " " if chr(code).isspace() else None for code in (*range(0x21), 0x7F)}
_AT_START = re.compile(f"^[{_DANGLING}]+")
# No rule reaches over such a place: pieces that are folded one by one and joined are the folded text.
_BETWEEN = re.compile(
    rf"(?<=\s)(?=[^\s{_JOINED}{_INVISIBLE}])"
    rf"|(?=[^\s{_JOINED}{_INVISIBLE}{_ACCENTS}{_CONSONANTS}]|[{_CONSONANTS}][^\s{_INVISIBLE}])"
)
_BLOCK_CHARS = 80


def fold(text: str) -> str:
    """Return the form of `text` that is compared: composed, without case and invisible characters, with Arabic digits,
    one space for each white space, and Thai in one order and spelling.

    No control characters and no A to Z are left in it.
    """
    return _AT_START.sub("", fold_part(text))


def fold_part(text: str) -> str:
    """Return what `fold` does for a text that may be the middle of another: Thai marks at its beginning stay."""
    if text.isascii():  # English and code, which are long: what is left of the rules for them, thirty times as fast
        return _SPACES.sub(" ", text.translate(_ASCII).lower())
    return _applied(_AFTER_CASE, _applied(_BEFORE_CASE, text).casefold())


def _applied(rules: tuple[Rule, ...], text: str) -> str:
    for sign, pattern, replacement in rules:
        if sign.search(text):
            text = pattern.sub(replacement, text)
    return text


class Folded:
    """A folded text, and where in the original each part of it comes from."""

    def __init__(self, original: str) -> None:
        self._blocks = list(_blocks(original))
        parts = [fold_part(block) for block in self._blocks]
        self.text = "".join(parts)
        self._starts = [0, *accumulate(map(len, parts))]
        self._original_starts = [0, *accumulate(map(len, self._blocks))]
        self._origins: dict[int, _Origins] = {}

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return start and end of the piece of the original that `text[start:end]`, which is not empty, was made of."""
        return self._origin(start)[0], self._origin(end - 1)[1]

    def _origin(self, position: int) -> tuple[int, int]:
        block = bisect_right(self._starts, position) - 1
        if block not in self._origins:  # few are ever asked for, and this is slow
            self._origins[block] = _Origins(self._blocks[block])
        start, end = self._origins[block].spans[position - self._starts[block]]
        return self._original_starts[block] + start, self._original_starts[block] + end


class _Origins:
    """Does what `fold_part` does, character by character, and keeps where each came from."""

    def __init__(self, block: str) -> None:
        self.text = block
        self.spans = [(position, position + 1) for position in range(len(block))]
        self._apply(_BEFORE_CASE)
        folded = [character.casefold() for character in self.text]
        self.spans = [span for span, new in zip(self.spans, folded, strict=True) for _ in new]
        self.text = "".join(folded)
        self._apply(_AFTER_CASE)

    def _apply(self, rules: tuple[Rule, ...]) -> None:
        for sign, pattern, replacement in rules:
            if sign.search(self.text):
                self._replace(pattern, replacement)

    def _replace(self, pattern: re.Pattern[str], replacement: Replacement) -> None:
        parts, spans, done = list[str](), list[tuple[int, int]](), 0
        for match in pattern.finditer(self.text):
            new = match.expand(replacement) if isinstance(replacement, str) else replacement(match)
            parts += self.text[done : match.start()], new
            spans += self.spans[done : match.start()]
            spans += [(self.spans[match.start()][0], self.spans[match.end() - 1][1])] * len(new)
            done = match.end()
        self.text = "".join((*parts, self.text[done:]))
        self.spans = spans + self.spans[done:]


def _blocks(text: str) -> Iterator[str]:
    done = 0
    while found := _BETWEEN.search(text, done + _BLOCK_CHARS):
        yield text[done : found.start()]
        done = found.start()
    if done < len(text):
        yield text[done:]
