"""Names of sessions from the first question."""

import pytest
from pythainlp.corpus.common import thai_words

from thai_chat.chat.titles import NAME_CHARS, name_of
from thai_chat.chat.words import clusters

LONG_THAI = "ช่วยอธิบายความแตกต่างระหว่างฐานข้อมูลเชิงสัมพันธ์กับฐานข้อมูลแบบเอกสารให้เข้าใจง่ายๆ พร้อมตัวอย่าง"


def test_a_short_question_is_its_own_name() -> None:
    assert name_of("สวัสดีครับ") == "สวัสดีครับ"


def test_a_long_thai_question_is_cut_behind_a_whole_word() -> None:
    name = name_of(LONG_THAI)
    assert name.endswith("…")
    assert len(name) <= NAME_CHARS
    kept, rest = name[:-1], LONG_THAI[len(name) - 1 :]
    words = thai_words()
    assert any(kept.endswith(word) for word in words)
    assert any(rest.startswith(word) for word in words)


def test_english_is_cut_between_words() -> None:
    question = "can you please explain how PostgreSQL multiversion concurrency control works"
    kept = name_of(question)[:-1]
    assert question.startswith(kept)
    assert question[len(kept)] == " "


@pytest.mark.parametrize("unit", ["น้ำ", "👨‍👩‍👧‍👦", "🇹🇭", "é", "เกี๊ยว", "👍🏽"])
def test_nothing_is_cut_inside_a_cluster(unit: str) -> None:
    kept = name_of(unit * 60)[:-1]
    assert kept == unit * (len(kept) // len(unit))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("เก้าอี้", ["เก้า", "อี้"]),
        ("น้ำ", ["น้ำ"]),
        ("ไปไหน", ["ไป", "ไห", "น"]),
        ("ab", ["a", "b"]),
        ("", []),
    ],
)
def test_a_cluster_is_a_letter_with_its_vowels_and_marks(text: str, expected: list[str]) -> None:
    ends = clusters(text)
    assert [text[start:end] for start, end in zip([0, *ends], ends, strict=False)] == expected


def test_markup_is_no_part_of_a_name() -> None:
    assert name_of("## **สรุปข่าว** `วันนี้`\n\nรายละเอียด") == "สรุปข่าว วันนี้"


def test_a_question_of_one_long_word_is_cut_to_the_limit() -> None:
    assert name_of("ก" * 500) == "ก" * (NAME_CHARS - 1) + "…"


def test_a_letter_under_hundreds_of_marks_still_gives_a_name() -> None:
    assert 0 < len(name_of("ก" + "้" * 500)) <= NAME_CHARS


def test_a_question_of_markup_alone_still_gives_a_name() -> None:
    assert name_of("***") == "***"
