"""Names of sessions, made from the first question and cut at whole words, in Thai too.

Thai puts no spaces between words, so a cut needs a dictionary: the words are those of PyThaiNLP (CC0), kept in a
MARISA trie (3 MB; its own tokenizer would hold 70 MB for a title). The segmentation with the fewest words and
unknown clusters wins, which is PyThaiNLP's "newmm" idea on one short line.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

import marisa_trie
import regex

NAME_CHARS = 60
"""Longest name, ellipsis included, in code points."""

_MARKUP = re.compile(r"^[\s>#*\-`~_=|]+|[*_`]{1,3}")
_SPACE = re.compile(r"\s+")
_CLUSTER = regex.compile(r"[เ-ไ]?\X[ะาๅ]*")
_LATIN = regex.compile(r"(?:(?!\p{Thai})[\w'’./@-]\p{M}*)+")


def name_of(question: str) -> str:
    """A name of at most NAME_CHARS code points, never cut inside a word that fits nor inside a character cluster."""
    lines = (_SPACE.sub(" ", _MARKUP.sub("", line)).strip() for line in question[:4000].splitlines())
    line = next((line for line in lines if line), "") or _SPACE.sub(" ", question[:400]).strip()
    if len(line) <= NAME_CHARS:
        return line
    return line[: _cut(line, NAME_CHARS - 1)].rstrip(" ,.;:–-") + "…"


def _cut(line: str, limit: int) -> int:
    """The last boundary of a word at or before `limit`; of a cluster when one word fills it all."""
    # A little more than the limit is segmented, so that the word across it is recognised.
    seen = line[: limit + 40]
    words = [end for end in _word_ends(seen) if end <= limit]
    if words and words[-1] > limit // 3:
        return words[-1]
    # One "letter" under sixty marks has no boundary at all: it is cut hard.
    return max((end for end in clusters(seen) if end <= limit), default=limit)


def clusters(text: str) -> list[int]:
    """Where each cluster ends: what a reader takes for one letter, with the vowels that Thai writes around it."""
    return [match.end() for match in _CLUSTER.finditer(text)]


def _word_ends(text: str) -> list[int]:
    """Ends of words, from the segmentation with the fewest words; an unknown cluster counts as two."""
    starts = [0, *clusters(text)]
    following = dict(pairwise(starts))
    best: dict[int, tuple[int, int]] = {0: (0, 0)}
    for start in starts[:-1]:
        if start not in best:
            continue
        cost = best[start][0]
        steps = [(start + len(word), cost + 1) for word in _dictionary().prefixes(text[start:])]
        steps.append((following[start], cost + 2))
        if latin := _LATIN.match(text, start):
            steps.append((latin.end(), cost + 1))
        for end, total in steps:
            if (end in following or end == len(text)) and (end not in best or total < best[end][0]):
                best[end] = (total, start)
    ends = [len(text)]
    while ends[-1] > 0:
        ends.append(best[ends[-1]][1])
    return ends[-2::-1]


@cache
def _dictionary() -> marisa_trie.Trie:
    # Here, since a start should not wait for words that are needed with the first long question.
    from pythainlp.corpus.common import thai_words

    return marisa_trie.Trie(thai_words())
