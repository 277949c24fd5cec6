"""Thinking in tags at the head of a reply, cut in every possible way."""

from __future__ import annotations

import pytest

from thai_chat.backends.reasoning import ReasoningSplitter
from thai_chat.domain.events import ReasoningDelta, TextDelta, WasReasoning

REPLY = "<think>\nผู้ใช้ทักทาย 👋🏽 a < b\n</think>\n\nสวัสดีครับ น้ำใจ"


def split(*pieces: str, splitter: ReasoningSplitter | None = None, is_whole: bool = True) -> tuple[str, str]:
    """Return the reasoning and the reply, when the content comes in these pieces."""
    splitter = splitter or ReasoningSplitter()
    events = [event for piece in pieces for event in splitter.feed(piece)] + splitter.end(is_whole=is_whole)
    thought = said = ""
    for event in events:
        match event:
            case ReasoningDelta(text):
                thought += text
            case TextDelta(text):
                said += text
            case WasReasoning(closing):
                assert said.endswith(closing)
                thought, said = thought + said.removesuffix(closing), ""
    return thought, said


@pytest.mark.parametrize("size", range(1, len(REPLY) + 1))
def test_it_makes_no_difference_how_the_content_is_cut(size: int) -> None:
    pieces = [REPLY[at : at + size] for at in range(0, len(REPLY), size)]
    assert split(*pieces) == ("ผู้ใช้ทักทาย 👋🏽 a < b\n", "สวัสดีครับ น้ำใจ")


@pytest.mark.parametrize("cut", range(1, len(REPLY)))
def test_a_single_cut_anywhere_is_harmless(cut: int) -> None:
    assert split(REPLY[:cut], REPLY[cut:]) == split(REPLY)


@pytest.mark.parametrize("tags", [("<think>", "</think>"), ("<thinking>", "</thinking>"), ("[THINK]", "[/THINK]")])
def test_every_known_tag_is_recognised(tags: tuple[str, str]) -> None:
    assert split(*f"{tags[0]}คิด{tags[1]}ตอบ") == ("คิด", "ตอบ")


@pytest.mark.parametrize(
    "reply",
    ["สวัสดี <think> คือแท็ก </think> ครับ", "<b>หนา</b>", "<", "<thin air>", "[THIN]", "  เว้นวรรคหน้า", "", "<tha"],
)
def test_a_reply_without_thinking_at_its_head_stays_as_it_is(reply: str) -> None:
    assert split(*reply) == ("", reply)
    assert split(reply) == ("", reply)


def test_spaces_before_the_tag_do_not_hide_it() -> None:
    assert split("\n ", "<think>", "คิด</think>", "ตอบ") == ("คิด", "ตอบ")


def test_empty_thinking_leaves_no_trace() -> None:
    assert split("<think>", "\n\n", "</think>", "\n\n", "ตอบ") == ("", "ตอบ")


def test_thinking_that_never_ends_is_no_reply() -> None:
    assert split("<think>", "คิดไม่จบ </thi") == ("คิดไม่จบ </thi", "")


def test_a_second_thought_before_the_first_word_counts_too() -> None:
    assert split(*"<think>หนึ่ง</think>\n<think>สอง</think>ตอบ") == ("หนึ่งสอง", "ตอบ")


def test_visible_text_is_not_held_back() -> None:
    splitter = ReasoningSplitter()
    assert splitter.feed("สวัส") == [TextDelta("สวัส")]
    assert splitter.feed("<") == [TextDelta("<")]
    assert splitter.end() == []


UNSEEN = "ผู้ใช้ทักทาย 👋🏽\nตอบสั้น ๆ\n</think>\n\nสวัสดีครับ\n</think>\nน้ำใจ"


@pytest.mark.parametrize("size", range(1, len(UNSEEN) + 1))
def test_thinking_that_nobody_saw_begin_is_told_by_its_end_however_it_is_cut(size: int) -> None:
    pieces = [UNSEEN[at : at + size] for at in range(0, len(UNSEEN), size)]
    assert split(*pieces) == ("ผู้ใช้ทักทาย 👋🏽\nตอบสั้น ๆ\n", "สวัสดีครับ\n</think>\nน้ำใจ")


@pytest.mark.parametrize(
    "reply",
    [
        "ปิดด้วย </think> เสมอ",
        "ปิดด้วย `</think>`\nเสมอ",
        "```\n<think>\nคิด\n</think>\n```",
        "รายการ\n- ก\n- ข\n</ul>\n",
        "ยังไม่รู้\n</think>",
        "ปิดแท็กแบบนี้\n\n```xml\n</think>\n```\nแล้วตอบต่อ\nได้เลย\n",
        "- ตัวอย่าง\n  ````\n  </think>\n  ````\nจบ\n",
    ],
)
def test_a_reply_that_only_speaks_of_the_tag_stays_as_it_is(reply: str) -> None:
    assert split(*reply) == ("", reply)
    assert split(reply) == ("", reply)


def test_code_within_unseen_thinking_does_not_hide_its_end() -> None:
    reply = "ลองเขียน\n```python\nx = 1\n</think>\n```\nได้แล้ว\n</think>\n\nตอบ"
    assert split(*reply) == split(reply) == (reply.removesuffix("</think>\n\nตอบ"), "ตอบ")


def test_an_end_of_thinking_that_was_switched_off_leaves_no_trace() -> None:
    assert split(*"\n</think>\n\nตอบ") == ("", "ตอบ")


@pytest.mark.parametrize("size", range(1, 12))
def test_a_model_that_is_known_to_think_from_the_start_is_understood_from_the_start(size: int) -> None:
    splitter = ReasoningSplitter(opened="</think>")
    pieces = ["คิดก่อน\n</think>\n\nตอบ"[at : at + size] for at in range(0, 25, size)]
    events = [event for piece in pieces for event in splitter.feed(piece)]
    assert not any(isinstance(event, WasReasoning) for event in events)
    assert split(*pieces, splitter=ReasoningSplitter(opened="</think>")) == ("คิดก่อน\n", "ตอบ")
    assert splitter.opened == "</think>"


def test_a_whole_reply_that_never_ended_its_assumed_thinking_was_none() -> None:
    splitter = ReasoningSplitter(opened="</think>")
    assert split("สวัสดี", "ครับ", splitter=splitter)[1] == "สวัสดีครับ"
    assert splitter.opened == ""
    assert split("สวัสดี", "ครับ", splitter=ReasoningSplitter(opened="</think>"), is_whole=False) == ("สวัสดีครับ", "")
