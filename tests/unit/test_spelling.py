"""Texts that count as the same, and the way back to how they were written."""

from __future__ import annotations

import random

import pytest
from pythainlp.util import normalize

from tests.real_texts import pieces, texts
from thai_chat.domain.spelling import Folded, fold, fold_part
from thai_chat.history.search_keys import packed

REAL = texts(1500)


def test_all_that_pythainlp_takes_for_the_same_is_the_same() -> None:
    for text in REAL:
        assert fold(normalize(text)).strip() == fold(text).strip()


def test_folding_twice_changes_nothing() -> None:
    for text in [*REAL, *pieces(REAL, 500)]:
        assert fold(fold(text)) == fold(text)


def test_every_piece_leads_back_to_where_it_came_from() -> None:
    chosen = random.Random(3)
    for text in REAL[:400]:
        folded = Folded(text)
        assert folded.text == fold_part(text)
        for _ in range(5):
            start = chosen.randrange(len(folded.text))
            end = min(len(folded.text), start + chosen.randint(1, 20))
            origin = folded.origin(start, end)
            assert folded.text[start:end] in fold_part(text[slice(*origin)])


@pytest.mark.parametrize(
    ("text", "piece", "origin"),
    [
        ("ใส่น\u0e4d\u0e49\u0e32ปลา", "น้ำ", (3, 7)),
        ("a\u200b\u200bbc", "ab", (0, 4)),
        ("ปี ๒๕๖๙!", "2569", (3, 7)),
        ("x  \n y", "x y", (0, 6)),
        ("Straße", "strasse", (0, 6)),
        ("เเม่", "แม่", (0, 4)),
        ("มาาาาก", "มาก", (0, 6)),
        ("cafe\u0301s", "café", (0, 5)),
        ("นะ ์ ่ hada", "ะ h", (1, 8)),
    ],
)
def test_the_origin_of_a_piece_has_all_of_it(text: str, piece: str, origin: tuple[int, int]) -> None:
    folded = Folded(text)
    start = folded.text.index(piece)
    assert folded.origin(start, start + len(piece)) == origin


def test_a_mark_alone_can_be_looked_for() -> None:
    assert fold_part("่") == "่"
    assert fold_part("่") in fold("ที่")


def test_packing_keeps_different_texts_different() -> None:
    everything = "".join(map(chr, range(0x20, 0x2000))) + "".join(map(chr, range(0x1F300, 0x1F700)))
    letters = sorted(set(fold(everything)))
    assert len({packed(letter) for letter in letters}) == len(letters)
    for text in REAL[:300]:
        assert len(packed(fold(text))) == len(fold(text))
