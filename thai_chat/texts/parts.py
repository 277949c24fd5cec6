"""The texts that stand around the parts of a message: tool calls, attachments, sources."""

from __future__ import annotations

from collections.abc import Mapping

PARTS: Mapping[str, tuple[str, str]] = {
    "footnote": ("เชิงอรรถ {label}", "Footnote {label}"),
    "footnote_back": ("กลับไปที่ข้อความของเชิงอรรถ {label}", "Back to the text of footnote {label}"),
    "task_done": ("ทำแล้ว", "Done"),
    "task_open": ("ยังไม่ได้ทำ", "To do"),
    "part_tool": ("เครื่องมือ: {name}", "Tool: {name}"),
    "part_tool_result": ("ผลลัพธ์", "Result"),
    "part_tool_error": ("เครื่องมือทำงานไม่สำเร็จ", "The tool failed"),
    "part_attachment": ("ไฟล์แนบ", "Attached file"),
    "part_citation": ("แหล่งที่มา", "Source"),
    "part_citations": ("แหล่งที่มา", "Sources"),
    "part_unknown": ("ส่วนที่ยังไม่รู้จัก: {type}", "A part of an unknown kind: {type}"),
}
