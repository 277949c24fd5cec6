"""Things a person should know about a reply or a model."""

from __future__ import annotations

from collections.abc import Mapping

NOTICES: Mapping[str, tuple[str, str]] = {
    "answered_by_other": (
        "ถาม {asked} ({asked_model}) แต่ {answered} ({answered_model}) เป็นผู้ตอบ เพราะ {asked} {reason}",
        "You asked {asked} ({asked_model}), but {answered} ({answered_model}) answered, because {asked} {reason}.",
    ),
    "asking_other": (
        "{asked} ({asked_model}) {reason} จึงกำลังถาม {answered} ({answered_model}) แทน",
        "{asked} ({asked_model}) {reason}. Asking {answered} ({answered_model}) instead.",
    ),
    "others_failed": (
        "ลองถาม {tried} แทนแล้ว แต่ตอบไม่ได้เช่นกัน",
        "Asked instead, and also without an answer: {tried}.",
    ),
    "retrying": (
        "{backend} {reason} จะลองใหม่ใน {seconds} วินาที",
        "{backend} {reason}. Trying again in {seconds} s.",
    ),
    "reply_broken_by_filter": (
        "ตัวกรองเนื้อหาของผู้ให้บริการหยุดคำตอบนี้ไว้กลางคัน",
        "The provider's content filter broke this reply off.",
    ),
    "context_shrunk": (
        "บทสนทนายาวเกินที่ {model} รับได้ จึงตัดข้อความเก่าออกแล้วถามใหม่",
        "The conversation was longer than {model} can take; older messages were left out and it was asked again.",
    ),
    "answer_not_streamed": (
        "โมเดลนี้ส่งคำตอบมาทีเดียวทั้งก้อน",
        "This model sends its answer in one piece.",
    ),
    "parameter_dropped": ("โมเดลไม่รับค่า “{param}” จึงถามโดยไม่ใช้ค่านี้", "The model refuses “{param}”; asked without it."),
    "reply_too_long": (
        "คำตอบยาวไม่จบ จึงตัดไว้ที่ {chars} ตัวอักษร ส่วนที่ได้มาแล้วเก็บไว้ทั้งหมด",
        "The reply had no end and was cut at {chars} characters. All that came up to there is kept.",
    ),
    "thinking_too_long": (
        "โมเดลคิดไม่จบ จึงหยุดไว้ที่ {chars} ตัวอักษร ส่วนที่ได้มาแล้วเก็บไว้ทั้งหมด",
        "The model's thinking had no end and was cut at {chars} characters. All that came up to there is kept.",
    ),
    "option_left_out": (
        "ค่า “{param}” ไม่อยู่ในรายการที่ส่งให้เซิร์ฟเวอร์นี้ได้ จึงถามโดยไม่ใช้ค่านี้",
        "“{param}” isn't passed on to this kind of server, or not with this value; asked without it.",
    ),
    "reply_cap_lowered": (
        "คำตอบนี้ยาวได้ไม่เกิน {tokens} โทเค็น เพราะบทสนทนาใช้ที่เหลือของโมเดลไปแล้ว",
        "This reply has at most {tokens} tokens: the conversation takes up the rest of what the model can hold.",
    ),
    "model_loading": (
        "{model} กำลังโหลด คำตอบแรกอาจใช้เวลาสักครู่",
        "{model} is loading; the first words may take a while.",
    ),
    "prompt_truncated": (
        "{model} อ่านได้ครั้งละ {context_window} โทเค็น ข้อความที่ยาวกว่านั้นถูกตัดส่วนต้นออกโดยไม่ได้อ่าน",
        "{model} reads {context_window} tokens at a time; the oldest part of what was sent was cut off unread.",
    ),
    "demo_model": (
        "โมเดลสาธิตภาษาอังกฤษขนาดเล็ก",
        "Small English demo model",
    ),
}
