"""The texts of temporary sessions, which are never stored."""

from __future__ import annotations

from collections.abc import Mapping

TEMPORARY: Mapping[str, tuple[str, str]] = {
    "temporary": ("แชตชั่วคราว", "Temporary session"),
    "temporary_title": ("แชตที่ไม่ถูกเก็บไว้ ({keys})", "A session that is not kept ({keys})"),
    "temporary_sign": (
        "แชตชั่วคราว: ไม่ถูกเก็บ ค้นหาไม่พบ และหายไปเมื่อปิดหน้านี้",
        "Temporary: not kept, not found by search, gone when you close it.",
    ),
}
