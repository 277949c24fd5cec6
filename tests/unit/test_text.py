"""Checks of what people type."""

import pytest

from thai_chat.chat.text import checked_question, identifier, storable
from thai_chat.domain.errors import EmptyQuestion, InvalidIdentifier, QuestionTooLong, UnreadableText
from thai_chat.domain.messages import MAX_QUESTION_CHARS


@pytest.mark.parametrize("text", ["", "  \n\t ", "\u3000"])
def test_a_question_of_white_space_is_refused(text: str) -> None:
    with pytest.raises(EmptyQuestion):
        checked_question(text)


def test_a_megabyte_of_text_is_refused_with_the_limit() -> None:
    with pytest.raises(QuestionTooLong) as caught:
        checked_question("ก" * 1_000_000)
    assert caught.value.params["limit"] == MAX_QUESTION_CHARS


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "\udfff"])
def test_text_that_no_store_can_keep_is_refused(text: str) -> None:
    with pytest.raises(UnreadableText):
        checked_question(text)


def test_white_space_around_a_question_goes_and_inside_stays() -> None:
    assert checked_question("  สวัสดี\n\nครับ 👨‍👩‍👧 ") == "สวัสดี\n\nครับ 👨‍👩‍👧"


def test_what_a_model_sends_is_made_storable() -> None:
    assert storable("ก\x00ข\ud83dค") == "ก\ufffdข\ufffdค"


@pytest.mark.parametrize("value", ["", "x", "0199a1b2-0000-7000-8000-00000000000", "../../etc/passwd", "๑๒๓"])
def test_a_malformed_identifier_is_refused(value: str) -> None:
    with pytest.raises(InvalidIdentifier):
        identifier(value)
