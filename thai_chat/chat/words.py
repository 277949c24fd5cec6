"""Words and character clusters of Thai, which puts no spaces between words.

The dictionary is PyThaiNLP's word list (CC0) in a MARISA trie (3 MB; its own tokenizer would hold 70 MB). The
segmentation with the fewest words and unknown clusters wins, which is PyThaiNLP's "newmm" idea on one short line.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import marisa_trie
import regex

from thai_chat.domain.spelling import fold

_CLUSTER = regex.compile(r"[เ-ไ]?\X[ะาๅ]*")
_LATIN = regex.compile(r"(?:(?!\p{Thai})[\w'’./@-]\p{M}*)+")


def clusters(text: str) -> list[int]:
    """Return where each cluster ends: what a reader takes for one letter, with the vowels that Thai writes around
    it."""
    return [match.end() for match in _CLUSTER.finditer(text)]


def cut(text: str, limit: int) -> str:
    """Return at most `limit` code points from the text's beginning, in whole clusters where one of them ends before
    that."""
    if len(text) <= limit:
        return text
    return text[: max((end for end in clusters(text[: 2 * limit]) if end <= limit), default=limit)]


def word_ends(text: str) -> list[int]:
    """Return where words end, by the segmentation with the fewest words; an unknown cluster counts as two."""
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


def words(text: str) -> list[str]:
    """Return the words in their order; what stands between them, spaces and signs, comes as words too."""
    return [text[start:end] for start, end in pairwise([0, *word_ends(text)])]


def is_made_of_words(text: str) -> bool:
    """Tell whether every part between spaces is nothing but words of the dictionary."""
    for part in text.split():
        ends = word_ends(part)
        if any(part[start:end] not in _dictionary() for start, end in pairwise([0, *ends])):
            return False
    return bool(text.strip())


@cache
def function_words() -> frozenset[str]:
    """Return the Thai words that say little of what a text is about, folded: PyThaiNLP's stop words."""
    from pythainlp.corpus.common import thai_stopwords

    return frozenset(fold(word) for word in thai_stopwords())


@cache
def _dictionary() -> marisa_trie.Trie:
    # Here, since a start should not wait for words that are needed with the first long question.
    from pythainlp.corpus.common import thai_words

    return marisa_trie.Trie(thai_words())
