"""The continuation of a reply joins its beginning without a word said twice."""

from __future__ import annotations

import pytest

from thai_chat.backends.continuation import Continuation

THAI = "ประเทศไทยมีภาคเหนือ ภาคกลาง และภาคใต้ ซึ่งแต่ละภาคมีอาหารที่ไม่เหมือนกันเลย เช่น ข้าวซอยของภาคเหนื"
CODE = "```python\ndef add(a, b):\n    return a + b\n\n"
EMOJI = "ครอบครัวของเรา 👨‍👩‍👧‍👦 ไปเที่ยวทะเลที่กระบี่ 🇹🇭 ด้ว"


def joined(beginning: str, said: str, *, size: int = 3, prefilled: bool = False) -> str:
    continuation = Continuation(beginning, prefilled=prefilled)
    pieces = [continuation.feed(said[at : at + size]) for at in range(0, len(said), size)]
    return beginning + "".join(pieces) + continuation.end()


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    ("beginning", "said", "reply"),
    [
        (THAI, "อ และแกงไตปลา", THAI + "อ และแกงไตปลา"),
        (THAI, "ข้าวซอยของภาคเหนือ และแกงไตปลา", THAI + "อ และแกงไตปลา"),
        (THAI, "อาหารที่ไม่เหมือนกันเลย เช่น ข้าวซอยของภาคเหนือ", THAI + "อ"),
        (THAI, THAI + "อ และแกงไตปลา", THAI + "อ และแกงไตปลา"),
        (THAI, "...ข้าวซอยของภาคเหนือ", THAI + "อ"),
        (THAI, "… " + THAI + "อ", THAI + "อ"),
        (EMOJI, "ไปเที่ยวทะเลที่กระบี่ 🇹🇭 ด้วยกัน", EMOJI + "ยกัน"),
        (EMOJI, "ยกัน", EMOJI + "ยกัน"),
        (CODE, "    return a + b\n\nprint(add(1, 2))\n```", CODE + "print(add(1, 2))\n```"),
        (CODE, "print(add(1, 2))\n```", CODE + "print(add(1, 2))\n```"),
        ("The answer is forty", " two.", "The answer is forty two."),
        ("The answer is forty", "The answer is forty-two.", "The answer is forty-two."),
        ("The answer is forty \n", "answer is forty \ntwo.", "The answer is forty \ntwo."),
        ("สวัส", "สวัสดีครับ", "สวัสดีครับ"),
    ],
)
def test_what_is_said_again_is_cut_wherever_the_pieces_end(beginning: str, said: str, reply: str, size: int) -> None:
    assert joined(beginning, said, size=size) == reply


@pytest.mark.parametrize(
    ("beginning", "said"),
    [
        ("ไชโย ไชโย", " ไชโย"),
        ("| ชื่อ | ราคา |\n| --- | --- |", "\n| --- | --- |"),
        ("- **ข้าว**: 50\n- **", "ก๋วยเตี๋ยว**: 60"),
        ("1. ข้าว\n2. แกง\n", "3. ขนม"),
        ("ก", "ก ข ค"),
    ],
)
def test_short_and_intended_repetitions_stay(beginning: str, said: str) -> None:
    assert joined(beginning, said, size=1) == beginning + said


def test_what_only_looked_like_a_repetition_is_given_out_whole() -> None:
    other = THAI[:60] + " แต่เล่าอีกแบบ"
    assert joined(THAI, other, size=4) == THAI + other


def test_what_was_held_back_is_given_out_at_the_end() -> None:
    continuation = Continuation(THAI, prefilled=False)
    assert continuation.feed("ประเทศไทยมี") == ""
    assert continuation.end() == "ประเทศไทยมี"


def test_a_reply_that_was_whole_already_gets_nothing_added() -> None:
    assert joined(THAI, THAI) == THAI
    assert joined(THAI, "") == THAI


def test_new_words_are_not_held_back_at_all() -> None:
    continuation = Continuation(THAI, prefilled=False)
    assert continuation.feed("อ แล") == "อ แล"
    assert continuation.feed("ประเทศไทย") == "ประเทศไทย"


def test_a_model_that_goes_on_by_itself_may_say_the_last_words_again() -> None:
    assert joined(THAI, "ข้าวซอยของภาคเหนื", prefilled=True) == THAI + "ข้าวซอยของภาคเหนื"


def test_a_server_that_gives_the_beginning_along_has_it_cut() -> None:
    assert joined(THAI, THAI + "อ", prefilled=True) == THAI + "อ"


@pytest.mark.parametrize(
    ("beginning", "said", "reply"),
    [
        ("ข้อแรก\n\n", "\n\nข้อสอง", "ข้อแรก\n\nข้อสอง"),
        ("ข้อแรก\n\n", "\nข้อสอง", "ข้อแรก\n\nข้อสอง"),
        ("ข้อแรก\n\n", "ข้อสอง", "ข้อแรก\n\nข้อสอง"),
        ("one,", " two", "one, two"),
        ("one, ", " two", "one, two"),
    ],
)
@pytest.mark.parametrize("size", [1, 100])
def test_spaces_at_the_seam_are_not_doubled(beginning: str, said: str, reply: str, size: int) -> None:
    assert joined(beginning, said, size=size, prefilled=True) == reply


def test_a_long_reply_that_is_said_again_is_cut_without_much_work() -> None:
    beginning = "".join(f"บรรทัดที่ {at}: ก็ก็ก็ก็\n" for at in range(3000)) + "จบที่บรรทัดสุดท้าย"
    assert joined(beginning, beginning + "นี้", size=50) == beginning + "นี้"
