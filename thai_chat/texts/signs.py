"""The texts that say how server, database and models are, and that there is a newer page."""

from __future__ import annotations

from collections.abc import Mapping

SIGNS: Mapping[str, tuple[str, str]] = {
    "server_gone": ("เซิร์ฟเวอร์ไม่ตอบ", "The server does not answer."),
    "offline": ("เครื่องนี้ไม่ได้ต่อเครือข่าย", "This device is offline."),
    "away_more": (
        "กำลังลองต่อใหม่เรื่อย ๆ สิ่งที่พิมพ์ไว้ยังอยู่ครบ",
        "The page keeps trying. What you have typed is kept.",
    ),
    "state_unknown": ("ไม่ทราบสถานะ", "unknown"),
    "state_memory": ("หน่วยความจำเท่านั้น รอบันทึก {count} รายการ", "Memory only, {count} {count:turn waits|turns wait}"),
    "models_answer": ("โมเดลพร้อม {count} ตัว", "{count} {count:model answers|models answer}"),
    "models_answer_none": ("ไม่มีโมเดลที่ตอบได้", "no model answers"),
    "page_newer": (
        "มีหน้าแชตรุ่นใหม่ สิ่งที่พิมพ์ไว้ไม่หาย",
        "There is a newer version of this page. What you have typed is kept.",
    ),
    "reload": ("โหลดใหม่", "Reload"),
}
