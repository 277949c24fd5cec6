"""Which of what was found is probably meant: whole words before parts of words, much of it before little."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from thai_chat.chat.search.snippets import around_hits
from thai_chat.chat.words import word_ends
from thai_chat.domain.searching import SearchHit, Term
from thai_chat.domain.spelling import fold

_HITS = 20
"""The hits of a term that are counted."""
_AROUND = 12
"""Characters on both sides of a hit that show whether it is a whole word: most words are shorter."""


class Rank(NamedTuple):
    """The greater comes first: literal hits before those in other forms of a word, among equals the newest."""

    is_literal: bool
    score: float
    created_at: datetime
    message_id: UUID


def ranked(hits: Sequence[SearchHit], terms: Sequence[Term]) -> list[tuple[Rank, SearchHit]]:
    """Return the hits with their ranks, the best first."""
    found = (
        (Rank(hit.is_literal, score(hit, terms), hit.message.created_at, hit.message.message_id), hit) for hit in hits
    )
    return sorted(found, key=lambda pair: pair[0], reverse=True)


def score(hit: SearchHit, terms: Sequence[Term]) -> float:
    """Return how well a hit fits. Words and density weigh about the same; the session's name a little."""
    size = len(hit.message.content)
    text, name = fold(around_hits(hit.message.content, terms)), fold(hit.session.session_name)
    total = 0.0
    for term in terms:
        spans = list(islice(term.spans(text), _HITS))
        if spans:
            total += 2.0 * _is_word(text, *spans[0])
            total += len(spans) * len(term.text) ** 0.5 / math.sqrt(50 + size)
        total += 0.3 * (term.text in name)
    return total / len(terms)


def _is_word(text: str, start: int, end: int) -> bool:
    """Tell whether words begin and end where the hit does."""
    first = max(0, start - _AROUND)
    around = text[first : end + _AROUND]
    ends = {0, *word_ends(around)}
    return start - first in ends and end - first in ends
