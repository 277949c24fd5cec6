"""The texts of comparing: several models answer one question, and one of the replies is chosen."""

from __future__ import annotations

from collections.abc import Mapping

COMPARING: Mapping[str, tuple[str, str]] = {
    "compare_with": ("เปรียบเทียบกับโมเดลอื่น", "Compare with another model"),
    "compare_add": ("เพิ่มโมเดล", "Add a model"),
    "compare_next": ("ถามพร้อมกัน", "Asked together"),
    "compare_remove": ("ไม่ถาม {model}", "Don't ask {model}"),
    "compare_same": ("โมเดลนี้ตอบอยู่แล้ว เลือกโมเดลอื่น", "This model answers already: choose another one."),
    "compare_versions": ("เปรียบเทียบสองเวอร์ชัน", "Compare two versions"),
    "compare_stop_one": ("หยุด {model}", "Stop {model}"),
    "compare_better": ("คำตอบนี้ดีกว่า", "This one is better"),
    "compare_chosen": ("เลือกไว้", "Chosen"),
    "compare_reason": ("เพราะอะไร (ไม่ใส่ก็ได้)", "Why? (optional)"),
    "compare_close": ("ปิดการเปรียบเทียบ", "Close the comparison"),
    "compare_kept": ("คุยต่อจากคำตอบของ {model}", "The conversation goes on from the reply of {model}."),
}
