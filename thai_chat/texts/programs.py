"""The texts of errors that programs meet at the door for OpenAI's protocol."""

from __future__ import annotations

PROGRAM_ERRORS: dict[str, tuple[str, str]] = {
    "answer_stopped": ("คำตอบถูกหยุดก่อนจบ", "The answer was stopped before its end."),
    "answer_cut": (
        "การเชื่อมต่อกับ {backend} ขาดก่อนตอบจบ",
        "The connection to {backend} broke before the answer was whole.",
    ),
    "not_an_object": ("เนื้อหาคำขอต้องเป็นออบเจกต์ JSON", "The body has to be a JSON object."),
    "too_many_values": (
        "คำขอมีค่าใน JSON มากเกินไป ส่งได้ไม่เกิน {limit} ค่า",
        "The body has too many JSON values in it: at most {limit} are read.",
    ),
    "not_taken": (
        "ที่นี่ไม่รับ {fields}: ระบุโมเดลด้วย model เท่านั้น และตอบทันทีเสมอ",
        "{fields} isn't taken here: `model` alone says who is asked, and answers come at once.",
    ),
    "not_kept": (
        "เก็บลงแชตได้เฉพาะคำขอ /v1/chat/completions",
        "Only chat completions can be kept in a session: leave the session out, or use /v1/chat/completions.",
    ),
}
