"""The queries that people type, taken apart."""

from __future__ import annotations

import pytest

from thai_chat.chat.search.keyboard import in_other_layout, is_probably, makes_no_sense
from thai_chat.domain.searching import terms_of
from thai_chat.domain.word_forms import forms_of


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("ข้าว ไก่", ["ข้าว", "ไก่"]),
        ("  ข้าว   ข้าว ", ["ข้าว"]),
        ('"ข้าว  มันไก่" GPU', ["ข้าว มันไก่", "gpu"]),
        ('"ข้าว มัน', ["ข้าว มัน"]),
        ("“ข้าว มัน” ไก่", ["ข้าว มัน", "ไก่"]),
        ('5" disk', ['5"', "disk"]),
        ('"" "  " \u200b', []),
        (' "', ['"']),
        ("“”", ["“”"]),
        ("๒๕๖๙", ["2569"]),
    ],
)
def test_words_and_phrases(typed: str, terms: list[str]) -> None:
    assert [term.text for term in terms_of(typed)] == terms


@pytest.mark.parametrize(
    "family",
    [
        "run runs running",
        "study studies studied studying",
        "use uses used using",
        "stop stops stopped stopping",
        "visit visits visited visiting",
        "box boxes",
        "movie movies",
        "die dies died",
        "match matches matched matching",
        "model models modelling modeling",
        "play plays played playing",
        "agree agrees agreed agreeing",
        "see sees seeing saw seen",
        "run runs running ran",
        "go goes going went gone",
        "write writes writing wrote written",
        "child children",
        "person people persons",
        "buy buys buying bought",
        "lie lies lying lay lain",
        "lay lays laying laid",
        "leaf leaves",
    ],
)
def test_every_form_of_a_word_leads_to_every_other(family: str) -> None:
    for word in family.split():
        assert set(family.split()) <= forms_of(word)


@pytest.mark.parametrize("word", ["thing", "string", "bed", "weed", "this", "bus", "glass", "ปลา", "c++", "ab", "2569"])
def test_what_only_looks_like_a_form_has_no_other(word: str) -> None:
    others = {form for form in forms_of(word) if len(form) < len(word)}
    assert others == set()


@pytest.mark.parametrize(("word", "other"), [("saw", "seed"), ("bases", "bass")])
def test_another_word_is_no_form(word: str, other: str) -> None:
    assert other not in forms_of(word) - {word}


def test_a_phrase_has_no_other_forms() -> None:
    assert terms_of('"running"')[0].forms == ()
    assert terms_of("stopping")[0].stems == ("stop",)


def test_forms_without_a_common_beginning_are_looked_for_by_several() -> None:
    (term,) = terms_of("went")
    assert {"went", "go", "gone"} <= set(term.stems)
    assert all(form.startswith(term.stems) for form in (term.text, *term.forms))
    found = [
        text for text in ("he goes there", "gone", "let it go", "goat", "outgoing", "cargo") if [*term.spans(text)]
    ]
    assert found == ["he goes there", "gone", "let it go"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("l;ylfu", "สวัสดี"),
        ("สวัสดี", "l;ylfu"),
        ("้ำสสน", "hello"),
        ("-hk;,yowdj", "ข้าวมันไก่"),
        ("ราคา gpu", None),
        ("123", None),
    ],
)
def test_the_same_keys_in_the_other_layout(typed: str, meant: str | None) -> None:
    assert in_other_layout(typed) == meant


def test_there_and_back_gives_the_same_keys() -> None:
    keys = "l;ylfu8iy[ -yd"
    assert in_other_layout(in_other_layout(keys) or "") == keys


@pytest.mark.parametrize(
    ("other", "probably"), [("สวัสดี", True), ("hello world", True), ("ผำิพฟ", False), ("l;ylfu", False)]
)
def test_only_what_makes_sense_is_suggested(other: str, probably: bool) -> None:
    assert is_probably(other) is probably


@pytest.mark.parametrize(("typed", "nonsense"), [("l;ylfu", True), ("้ำสสน", True), ("สวัสดี", False), ("hello", False)])
def test_what_nobody_types_on_purpose(typed: str, nonsense: bool) -> None:
    assert makes_no_sense(typed) is nonsense
