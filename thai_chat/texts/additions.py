"""Texts about what programs add: metadata, departments, contexts, branches."""

from __future__ import annotations

ADDITION_ERRORS: dict[str, tuple[str, str]] = {
    "too_many_contexts": (
        "ข้อความหนึ่งมีเอกสารประกอบได้ไม่เกิน {limit} รายการ",
        "A message takes at most {limit} contexts.",
    ),
    "metadata_too_large": (
        "metadata ใหญ่เกินไป ใช้ได้ไม่เกิน {limit} ไบต์ และซ้อนกันได้ไม่เกิน 30 ชั้น",
        "The metadata is too large: at most {limit} bytes of JSON, nested 30 levels deep.",
    ),
    "reserved_metadata": (
        "metadata ใช้ชื่อเหล่านี้ไม่ได้ เพราะระบบใช้อยู่: {names}",
        "The metadata can't have these names, which are used by Thai Chat itself: {names}.",
    ),
    "bad_department": (
        "รหัสแผนกต้องเป็นข้อความที่ยาวไม่เกิน {limit} ตัวอักษร",
        "A department's id is a text of at most {limit} characters.",
    ),
    "branch_too_long": (
        "แชตนี้ยาวเกินกว่าจะแยกเป็นแชตใหม่ได้ (ไม่เกิน {limit} ข้อความ)",
        "This is too long to be branched: at most {limit} messages, and 20 million characters.",
    ),
    "two_names": (
        "ใส่ title หรือ session_name อย่างใดอย่างหนึ่ง",
        "Give title or session_name, not both with different texts.",
    ),
    "two_texts": ("ใส่ query หรือ content อย่างใดอย่างหนึ่ง", "Give query or content, not both with different texts."),
    "one_question": (
        "ใส่คำถามใน message หรือ query อย่างใดอย่างหนึ่ง",
        "Give the question as message or as query, one of the two.",
    ),
    "metadata_of_a_question": (
        "ใส่ metadata ได้เฉพาะข้อความที่ไม่ให้โมเดลตอบ",
        "A question takes no metadata; only a message that no model answers does.",
    ),
    "kept_as_it_is": (
        "ข้อความที่ไม่ให้โมเดลตอบ ใช้ช่องเหล่านี้ไม่ได้: {fields}",
        "A message that no model answers takes its text as content, and can't have: {fields}.",
    ),
}
