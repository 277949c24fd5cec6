"""The texts of errors about what clients send with a question beside its text."""

from __future__ import annotations

from collections.abc import Mapping

SENT_ERRORS: Mapping[str, tuple[str, str]] = {
    "sent_too_much": (
        "{name} มีได้ไม่เกิน {count} รายการ รวมกันไม่เกิน {limit_kb} KB",
        "{name} takes at most {count} entries and {limit_kb} kB in all.",
    ),
    "sent_unreadable": (
        "{name} มีค่าที่เก็บไม่ได้ (เช่น NUL, อักขระที่ขาดครึ่ง, ตัวเลขเกิน 64 บิต หรือซ้อนกันลึกเกินไป)",
        "{name} has a value that can't be kept: NUL, half of a character, a number of more than 64 bits, or one too "
        "deep inside of others.",
    ),
}
