"""Snippets: the piece that shows a hit, cut and marked at whole clusters."""

from __future__ import annotations

import random

import pytest
import regex

from tests.growth import require_linear
from tests.real_texts import pieces, texts
from thai_chat.chat.search import snippets
from thai_chat.chat.search.snippets import SNIPPET_CHARS, snippet_of
from thai_chat.domain.searching import SEARCHED_CHARS, terms_of
from thai_chat.domain.spelling import fold_part

REAL = texts(300, seed=7)


def marked(text: str, query: str) -> list[str]:
    snippet = snippet_of(text, terms_of(query))
    return [snippet.text[start:end] for start, end in snippet.hits]


def read(text: str, query: str = "") -> tuple[str, list[str]]:
    """Return what is shown of Markdown, spaces taken together as the page does, and what is marked in it."""
    snippet = snippet_of(text, terms_of(query), is_markdown=True)
    return " ".join(snippet.text.split()), [snippet.text[start:end] for start, end in snippet.hits]


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("## หัวข้อ **น้ำท่วม** กับ `ฝน` ~~ลม~~ ***ทั้งคู่***", "หัวข้อ น้ำท่วม กับ ฝน ลม ทั้งคู่"),
        ("| ชื่อ | ราคา |\n|:---|---:|\n| **ก๋วยเตี๋ยว** | ๖๕ |", "ชื่อ · ราคา ก๋วยเตี๋ยว · ๖๕"),
        ("> อ้าง\n> - [x] ทำแล้ว\n* ข้อ\n1. หนึ่ง\n\n---\nจบ", "อ้าง ทำแล้ว ข้อ 1. หนึ่ง จบ"),
        ("ดู [คู่มือ](https://example.org/a_b) และ ![รูป](x.png)", "ดู คู่มือ และ รูป"),
        ("ก่อน\n```python\n# ไม่ใช่ **หัวข้อ**\n| x |\n```\n*หลัง*", "ก่อน # ไม่ใช่ **หัวข้อ** | x | หลัง"),
        ("````\n```\n**x**\n````\n**y**", "``` **x** y"),
        ("snake_case_name 2 * 3 * 4 a || b \\*ดาว\\* `**x**`", "snake_case_name 2 * 3 * 4 a || b *ดาว* **x**"),
        ("``a ` b`` **ไม่จบ และ *ไม่จบ", "a ` b **ไม่จบ และ *ไม่จบ"),
        ("ยัง **\u0e31แปลก** อยู่", "ยัง **\u0e31แปลก อยู่"),
    ],
)
def test_signs_of_markdown_are_left_out_and_words_and_code_are_not(text: str, shown: str) -> None:
    assert read(text)[0] == shown


@pytest.mark.parametrize(
    ("text", "query", "shown", "marks"),
    [
        ("## ใช้ **น้ำ** กับ `น้ำ`", "น้ำ", "ใช้ น้ำ กับ น้ำ", ["น้ำ", "น้ำ"]),
        ("ใช้ **PostgreSQL 18** กับ *Python*", "**post", "ใช้ **PostgreSQL 18 กับ Python", ["**Post"]),
        ("| ก | ข |\n|---|---|\n| ค | ง |", "---", "ก · ข |---|---| ค · ง", ["---", "---"]),
        ("```python\nx = 1\n```", "python", "```python x = 1", ["python"]),
        ("[ลิงก์](https://example.org)", "example", "ลิงก์](https://example.org)", ["example"]),
    ],
)
def test_what_was_looked_for_is_shown_and_marked_among_signs_too(
    text: str, query: str, shown: str, marks: list[str]
) -> None:
    assert read(text, query) == (shown, marks)


def test_a_cut_piece_of_markdown_has_the_words_that_its_signs_leave_room_for() -> None:
    text = "ก่อนหน้า " * 60 + "**พบตรงนี้** " + "**คำ** `โค้ด` " * 60
    snippet = snippet_of(text, terms_of("พบตรงนี้"), is_markdown=True)
    assert [snippet.text[start:end] for start, end in snippet.hits] == ["พบตรงนี้"]
    assert "*" not in snippet.text
    assert "`" not in snippet.text
    assert len(snippet.text) > SNIPPET_CHARS * 0.8


def test_code_stays_as_it_is_however_far_above_it_begins() -> None:
    text = "```sql\n" + "-- ย่อหน้า\n" * 500 + "SELECT **น้ำ** FROM x\n" + "-- ต่อ\n" * 100 + "```\n"
    assert "SELECT **น้ำ** FROM" in read(text, "น้ำ")[0]


def test_hits_in_markdown_of_real_texts_are_the_same_with_and_without_its_signs() -> None:
    chosen = random.Random(11)
    wraps = ("**{}**", "`{}`", "## {}\n", "- {}\n", "| {} | {} |\n", "*{}* ", "```\n{}\n```\n", "[{}](u) ", "{}")
    for _ in range(200):
        words = chosen.choices(REAL, k=6)
        text = "".join(chosen.choice(wraps).replace("{}", word) for word in words)
        start = chosen.randrange(len(text))
        terms = terms_of('"' + text[start : start + chosen.randint(1, 12)].replace('"', " ") + '"')
        if terms and (whole := snippet_of(text, terms)).hits:
            snippet = snippet_of(text, terms, is_markdown=True)
            first = slice(*whole.hits[0])
            assert snippet.text[slice(*snippet.hits[0])] == whole.text[first]
            assert len(snippet.hits) >= len(whole.hits)
            assert terms[0].text in fold_part(snippet.text[slice(*snippet.hits[0])])


@pytest.mark.parametrize("around", ["aB3+", "คำหนึ่ง word ", "`a", "**a ", "```\n", "> ", "[a](", "่", "🇹", "\u0301"])
@pytest.mark.parametrize("place", [0.01, 0.99])
def test_a_hit_in_a_long_text_is_shown_and_marked(around: str, place: float) -> None:
    text = around * (SEARCHED_CHARS // len(around) // 8)
    at = int(len(text) * place)
    snippet = snippet_of(f"{text[:at]} พบ ตรงนี้ {text[at:]}", terms_of("พบ ตรงนี้"), is_markdown=True)
    assert [snippet.text[start:end] for start, end in snippet.hits] == ["พบ", "ตรงนี้"]


@pytest.mark.parametrize(
    ("hit", "query"), [("น\u0e4d\u0e49\u0e32", "น้ำ"), ("mice", "mouse"), ("๒๕๖๙", "2569"), ("Straße", "strasse")]
)
def test_a_hit_in_another_spelling_is_found_in_a_long_text_too(hit: str, query: str) -> None:
    text = "คำหนึ่ง word " * 10_000
    assert marked(f"{text} {hit} {text}", query) == [hit]


def test_a_snippet_of_a_long_text_is_that_of_the_text_around_the_hit() -> None:
    text = " ".join(REAL)[:19_000]
    before = "ก่อนหน้านี้ " * 5_000
    for piece in pieces(REAL, 20, seed=12):
        terms = terms_of(f'"{piece}"')
        if terms and terms[0].text not in fold_part(before) and snippet_of(text, terms).hits:
            far, near = snippet_of(before + text + before, terms), snippet_of(before[-200:] + text, terms)
            assert [far.text[a:b] for a, b in far.hits][:1] == [near.text[a:b] for a, b in near.hits][:1]


@pytest.mark.parametrize(
    "hostile", ["aB3+", "`a", "``a` ", "**a ", "[a](x ", "```a\n", "~~~\n", "| ", "- ", "> ", "่", "\n"]
)
def test_snippets_take_linear_time(hostile: str) -> None:
    def work(text: str) -> None:
        snippet_of(f"{text} needle {text}", terms_of("needle"), is_markdown=True)

    require_linear(work, lambda size: hostile * (size // len(hostile)))


def test_all_that_is_searched_of_a_text_without_spaces_is_looked_through_at_once() -> None:
    def work(text: str) -> None:
        assert snippet_of(f"{text} needle ", terms_of("needle")).hits

    require_linear(work, lambda size: "aB3+" * (size // 4), size=SEARCHED_CHARS // 4)


@pytest.mark.parametrize("chars", [19_000, 40_000])
def test_snippets_take_linear_time_in_the_number_of_terms(chars: int) -> None:
    """Each term is one that the text has very often."""
    text = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz", k=chars))

    def work(query: str) -> None:
        snippet_of(text, terms_of(query), is_markdown=True)

    require_linear(work, lambda size: " ".join({text[at : at + 2] for at in range(size)}), size=60)


def test_the_first_piece_with_most_terms_is_shown() -> None:
    chosen = random.Random(3)
    for _ in range(300):
        found = sorted(((at, at + 2), chosen.randrange(4)) for at in chosen.sample(range(200), k=20))
        reach = chosen.randint(1, 60)
        counts = [len({n for (start, _), n in found if at <= start < at + reach}) for (at, _), _ in found]
        assert snippets._densest(found, reach) == found[counts.index(max(counts))][0]
