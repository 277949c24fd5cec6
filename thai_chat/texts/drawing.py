"""The texts of what is drawn in messages: formulas and diagrams."""

from __future__ import annotations

from collections.abc import Mapping

DRAWING: Mapping[str, tuple[str, str]] = {
    "formula_copy": ("คัดลอกสูตร (TeX)", "Copy the formula (TeX)"),
    "formula_bad": ("แสดงสูตรนี้ไม่ได้: {reason}", "This formula can't be drawn: {reason}"),
    "formula_too_large": ("ใหญ่เกินไป", "it is too large"),
    "formula_unknown": ("อ่านสูตรไม่ออก", "it can't be read"),
    "formula_refused": ("มีคำสั่งที่ไม่อนุญาต", "it holds a command that is not allowed"),
    "diagram": ("แผนภาพ", "Diagram"),
    "diagram_draw": ("วาดแผนภาพ", "Draw the diagram"),
    "diagram_draws": ("กำลังวาด…", "Drawing…"),
    "diagram_source": ("แสดงโค้ด", "Show the source"),
    "diagram_show": ("แสดงแผนภาพ", "Show the diagram"),
    "diagram_bad": (
        "วาดแผนภาพนี้ไม่ได้ เพราะโค้ดไม่ถูกต้อง: {reason}",
        "This diagram can't be drawn: its source is wrong. {reason}",
    ),
    "diagram_slow": (
        "วาดแผนภาพนี้ไม่เสร็จใน {count} วินาที จึงหยุดวาด",
        "This diagram was not drawn within {count} seconds and was given up.",
    ),
    "diagram_too_long": (
        "แผนภาพนี้ยาวเกินไป ({count} ตัวอักษร) วาดได้ไม่เกิน {limit} ตัวอักษร",
        "This diagram is too long ({count} characters): {limit} characters can be drawn.",
    ),
}
