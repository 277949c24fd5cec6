"""Texts that count as the same, and the way back to how they were written."""

from __future__ import annotations

import random
import unicodedata

import pytest
from pythainlp.util import normalize

from tests.growth import require_linear
from tests.real_texts import disturbed, pieces, texts
from thai_chat.domain import spelling
from thai_chat.domain.spelling import Folded, fold, fold_part
from thai_chat.history.postgres.search.keys import packed

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


@pytest.mark.parametrize("block", [1, 7, 80])
def test_a_text_that_is_folded_in_pieces_is_the_folded_text(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spelling, "_BLOCK_CHARS", block)
    chosen = random.Random(5)
    letters = "กขฤฦเเแะาำๅัิีึุู่้๊๋์็ํฺ๎ๆ  \n\tab1๑-\u200b\u0301\u0323e\u00adÉ,"
    mixed = ["".join(chosen.choices(letters, k=200)) for _ in range(300)]
    for text in [*mixed, *disturbed(REAL[:400], 200, seed=9)]:
        assert Folded(text).text == fold_part(text)


def test_english_and_code_are_folded_as_if_they_stood_in_thai() -> None:
    chosen = random.Random(6)
    for _ in range(3_000):
        text = "".join(chosen.choices([*map(chr, range(0x80)), *"   "], k=30))
        assert fold_part(text) + "ๆ" == fold_part(text + "ๆ")


def test_many_accents_on_one_letter_are_composed_whatever_their_order() -> None:
    marks = "\u0301\u0323\u0308\u0328" * 20
    assert fold_part("a" + marks) == fold_part("a" + "".join(sorted(marks, key=unicodedata.combining)))


@pytest.mark.parametrize(
    "hostile",
    [
        "aB3+",
        "ก",
        "่",
        "่ิ",
        "า",
        "า่",
        "ํ่",
        " ่",
        "\u0301\u0323",
        "a\u0301\u0315",
        "\u200b",
        " ",
        "\n",
        "\ufdfa",
        "👩\u200d",
        "เ",
    ],
)
def test_folding_and_the_way_back_take_linear_time(hostile: str) -> None:
    def work(text: str) -> None:
        folded = Folded(text + "x")
        folded.origin(len(folded.text) - 1, len(folded.text))

    require_linear(work, lambda size: hostile * (size // len(hostile)))
