"""Words and questions that come again and again."""

from __future__ import annotations

from uuid_utils.compat import uuid7

from thai_chat.chat.questions import frequent_words, words_of_all
from thai_chat.domain.statistics import AskedQuestion

ASKED = ("แต่ถ้าฝนตกมากเลย น้ำท่วมไหม", "ถ้าน้ำท่วม ต้องทำยังไง", "แต่มันต้องมากเลย")


def test_frequent_words_are_what_questions_are_about_not_what_holds_them_together() -> None:
    questions = [AskedQuestion(uuid7(), text) for text in ASKED]
    found = frequent_words(questions, words_of_all(questions, {}), limit=20)
    assert [(word.word, len(word.message_ids)) for word in found] == [("น้ำท่วม", 2)]
