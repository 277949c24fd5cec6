"""Snippets: the piece that shows a hit, cut and marked at whole clusters."""

from __future__ import annotations

import random

import pytest
import regex

from tests.real_texts import pieces, texts
from thai_chat.chat.snippets import SNIPPET_CHARS, snippet_of
from thai_chat.domain.searching import terms_of
from thai_chat.domain.spelling import fold_part

REAL = texts(300, seed=7)


def marked(text: str, query: str) -> list[str]:
    snippet = snippet_of(text, terms_of(query))
    return [snippet.text[start:end] for start, end in snippet.hits]


def test_a_short_text_is_shown_whole() -> None:
    snippet = snippet_of("ใส่น้ำปลา", terms_of("น้ำ"))
    assert (snippet.text, snippet.hits) == ("ใส่น้ำปลา", [(3, 6)])


def test_the_original_spelling_is_shown() -> None:
    assert marked("ใส่น\u0e4d\u0e49\u0e32ปลา ปี ๒๕๖๙", "น้ำ 2569") == ["น\u0e4d\u0e49\u0e32", "๒๕๖๙"]


@pytest.mark.parametrize(
    ("text", "query", "marks"),
    [
        ("กินน้ำ", "น", ["น", "น้ำ"]),
        ("ที่นี่", "ี", ["ที่", "นี่"]),
        ("👩🏽‍🍳 ทำ", "👩", ["👩🏽‍🍳"]),
        ("A run, running", "running", ["run", "running"]),
        ("banana", "ana", ["ana"]),
        ("aaaa", "aa", ["aa", "aa"]),
        ("ข้าวมันไก่", "ข้าว ข้าวมัน", ["ข้าวมัน"]),
    ],
)
def test_hits_are_whole_clusters_and_none_overlaps_another(text: str, query: str, marks: list[str]) -> None:
    assert marked(text, query) == marks


def test_a_long_text_is_cut_around_the_hit() -> None:
    text = "ก่อนหน้านี้ยาวมาก " * 50 + "พบตรงนี้ " + "ตามหลังอีกยาว " * 50
    snippet = snippet_of(text, terms_of("พบตรงนี้"))
    assert snippet.text.startswith("…")
    assert snippet.text.endswith("…")
    assert [snippet.text[start:end] for start, end in snippet.hits] == ["พบตรงนี้"]
    assert len(snippet.text) < 2 * SNIPPET_CHARS


def test_the_piece_shows_as_many_of_the_words_as_it_can() -> None:
    text = "ข้าว " + "อื่น ๆ อีกมากมาย " * 40 + "ข้าวกับไก่"
    assert marked(text, "ข้าว ไก่") == ["ข้าว", "ไก่"]


def test_pieces_of_real_texts_are_cut_at_whole_clusters_and_have_what_was_looked_for() -> None:
    chosen = random.Random(9)
    for piece in pieces(REAL, 300, seed=8):
        terms = terms_of(f'"{piece}"')
        text = chosen.choice(["", "นำหน้า " * 30]) + next(text for text in REAL if piece in text)
        snippet = snippet_of(text, terms)
        clusters = {0, *(match.end() for match in regex.finditer(r"\X", text))}
        shown = snippet.text.strip("…") if len(snippet.text) < len(text) else snippet.text
        start = regex.sub(r"\s", " ", text).index(shown)
        assert start in clusters
        assert start + len(shown) in clusters
        if terms:
            assert snippet.hits
            assert all(terms[0].text in fold_part(snippet.text[a:b]) for a, b in snippet.hits[:1])
