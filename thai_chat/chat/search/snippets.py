"""The piece of a text that shows why it was found, cut at whole clusters, and where in it the hits are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from thai_chat.chat.search.signs import Sign, signs_in
from thai_chat.chat.words import clusters
from thai_chat.domain.searching import Term
from thai_chat.domain.spelling import Folded, fold_part

SNIPPET_CHARS = 160
"""About so long, in code points."""
_BEFORE = 40
_MARGIN = 40
_HITS = 200
"""The hits of each term that are looked at to choose the piece."""
_PART_CHARS = 20_000
"""The characters of a longer text that are looked at: a part around a hit."""
_SPACE = re.compile(r"\s")
_ELLIPSIS = "…"

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Snippet:
    text: str
    hits: Sequence[Span]
    """Start and end in `text`, in code points, in order, none overlapping another, each of whole clusters."""


def snippet_of(text: str, terms: Sequence[Term], *, length: int = SNIPPET_CHARS, is_markdown: bool = False) -> Snippet:
    """Return the piece of `text` where most of the terms stand near each other, the first of such; letters stay as they
    are.

    Of Markdown the signs are left out, as on the page; those that were looked for are shown.
    """
    part = _part_of(text, terms, length - _BEFORE)
    folded = Folded(text[part : part + _PART_CHARS])
    found = sorted(
        (span, number) for number, term in enumerate(terms) for span in islice(term.spans(folded.text), _HITS)
    )
    first = _densest(found, length - _BEFORE)
    if first is None:
        return _cut(text, (0, 0), (), _Measure(length, is_markdown))

    def origin(span: Span) -> Span:
        start, end = folded.origin(*span)
        return part + start, part + end

    reach = first[0] + 3 * length
    near = [span for span, _ in found if first[0] - 2 * _BEFORE <= span[0] < reach]
    return _cut(text, origin(first), [origin(span) for span in near], _Measure(length, is_markdown))


def around_hits(text: str, terms: Sequence[Term]) -> str:
    """Return a part of at most _PART_CHARS of `text`, with hits in it where there are any."""
    part = _part_of(text, terms, SNIPPET_CHARS)
    return text[part : part + _PART_CHARS]


def _part_of(text: str, terms: Sequence[Term], reach: int) -> int:
    """Return where a part of _PART_CHARS begins that has hits near each other.

    In long texts they are looked for as they are written, which is quick; only when there are none, in other spellings
    and forms.
    """
    if len(text) <= _PART_CHARS:
        return 0
    lower = text.lower()
    if len(lower) != len(text):  # one letter has a lower case of two
        lower = text
    written = ((span, number) for number, term in enumerate(terms) for span in islice(term.literal_spans(lower), _HITS))
    first = _densest(sorted(written), reach)
    place = first[0] if first else _place_in_any_spelling(text, terms)
    return max(0, place - _PART_CHARS // 4)


def _place_in_any_spelling(text: str, terms: Sequence[Term]) -> int:
    """Return a place a little before a hit; 0 without any."""
    step, more = _PART_CHARS // 2, _PART_CHARS // 4
    for start in range(0, len(text), step):
        folded = fold_part(text[start : start + step + more])
        if any(next(term.spans(folded), None) for term in terms):
            return start
    return 0


def _densest(found: Sequence[tuple[Span, int]], reach: int) -> Span | None:
    """Return the first hit from which most different terms are within reach; `found` is in order."""
    best, most, end = None, 0, 0
    within: Counter[int] = Counter()
    for span, number in found:
        while end < len(found) and found[end][0][0] < span[0] + reach:
            within[found[end][1]] += 1
            end += 1
        if len(within) > most:
            best, most = span, len(within)
        within[number] -= 1
        if not within[number]:
            del within[number]
    return best


@dataclass(frozen=True, slots=True)
class _Measure:
    chars: int
    is_markdown: bool


def _cut(text: str, first: Span, hits: Sequence[Span], measure: _Measure) -> Snippet:
    length = measure.chars
    start = max(0, first[0] - _BEFORE)
    end = max(start + length, min(first[1], start + 3 * length))
    signs = signs_in(text, max(0, start - length), end + length) if measure.is_markdown else []
    end += min(length, sum(sign.end - sign.start for sign in signs if start <= sign.start and sign.end <= end))
    if end >= len(text):
        end, start = len(text), max(0, min(start, len(text) - length))
    ends = _boundaries(text, start, end)
    start = max((at for at in ends if at <= start), default=start) if start else 0
    end = min((at for at in ends if at >= end), default=end)
    marked = _merged(_whole(span, ends) for span in sorted(hits) if span[0] < end and span[1] > start)
    marked = [(max(a, start), min(b, end)) for a, b in marked]
    return _shown(text, (start, end), marked, [sign for sign in signs if {sign.start, sign.end} <= {0, *ends}])


def _shown(text: str, piece: Span, hits: Sequence[Span], signs: Sequence[Sign]) -> Snippet:
    """Return the piece without the signs, but for those in a hit."""
    start, end = piece
    left_out = [
        sign
        for sign in signs
        if start <= sign.start and sign.end <= end and not any(a < sign.end and b > sign.start for a, b in hits)
    ]
    before = _ELLIPSIS if start else ""
    parts, at = [before], start
    for sign in left_out:
        parts += [text[at : sign.start], sign.shown]
        at = sign.end
    shown = _SPACE.sub(" ", "".join((*parts, text[at:end])))

    def place(at: int) -> int:
        lost = sum(sign.end - sign.start - len(sign.shown) for sign in left_out if sign.end <= at)
        return len(before) + at - start - lost

    return Snippet(shown + (_ELLIPSIS if end < len(text) else ""), [(place(a), place(b)) for a, b in hits])


def _boundaries(text: str, start: int, end: int) -> list[int]:
    """Return where clusters end in the piece and a little around it.

    Counting begins before the piece, so that it has found the true boundaries when it gets there.
    """
    first = max(0, start - _MARGIN)
    return [first, *(first + at for at in clusters(text[first : end + _MARGIN]))]


def _whole(span: Span, ends: Sequence[int]) -> Span:
    """Return the span widened to the clusters that it begins and ends in."""
    start = max((at for at in ends if at <= span[0]), default=span[0])
    return start, min((at for at in ends if at >= span[1]), default=span[1])


def _merged(spans: Iterator[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
