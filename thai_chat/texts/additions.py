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
    "bad_department": ("รหัสแผนกยาวได้ไม่เกิน {limit} ตัวอักษร", "A department's id takes at most {limit} characters."),
    "branch_too_long": (
        "แชตนี้ยาวเกินกว่าจะแยกเป็นแชตใหม่ได้ (ไม่เกิน {limit} ข้อความ)",
        "This is too long to be branched: at most {limit} messages, and 20 million characters.",
    ),
}
