"""The texts about models that were picked, and about questions that wait for a reply."""

from __future__ import annotations

from collections.abc import Mapping

KEPT: Mapping[str, tuple[str, str]] = {
    "pick_gone": (
        "โมเดลที่เลือกไว้ {gone} ใช้ไม่ได้แล้ว เลือกโมเดลอื่นก่อนถาม",
        "{gone}, which you picked, is not there any more. Pick another model before you ask.",
    ),
    "pick_gone_instead": (
        "โมเดลที่เลือกไว้ {gone} ใช้ไม่ได้แล้ว คำถามถัดไปจะถาม {instead} แทน เลือกโมเดลอื่นได้",
        "{gone}, which you picked, is not there any more. {instead} answers instead, unless you pick another model.",
    ),
}
