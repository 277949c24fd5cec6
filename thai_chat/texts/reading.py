"""Texts of what a person chooses for reading, of keys, days and dates."""

from __future__ import annotations

from collections.abc import Mapping

READING: Mapping[str, tuple[str, str]] = {
    "language_loses": (
        "ข้อความที่พิมพ์ค้างไว้ในหน้านี้ไม่ได้เก็บไว้ที่ใด ถ้าเปลี่ยนภาษาตอนนี้ข้อความนั้นจะหายไป",
        "What you have written on this page is not saved anywhere. If you change the language now, it will be lost.",
    ),
    "language_anyway": ("เปลี่ยนภาษาเลย", "Change the language"),
    "preferences": ("การแสดงผล ภาษา และปุ่มลัด", "Display, language and shortcuts"),
    "language": ("ภาษา", "Language"),
    "theme": ("สี", "Colours"),
    "theme_system": ("ตามระบบ", "System"),
    "theme_light": ("สว่าง", "Light"),
    "theme_dark": ("มืด", "Dark"),
    "contrast": ("ความคมชัด", "Contrast"),
    "contrast_system": ("ตามระบบ", "System"),
    "contrast_more": ("สูง", "High"),
    "face": ("ตัวอักษร", "Typeface"),
    "face_looped": ("มีหัว", "Looped"),
    "face_loopless": ("ไม่มีหัว", "Loopless"),
    "size": ("ขนาดตัวอักษร", "Text size"),
    "size_small": ("เล็ก", "Small"),
    "size_normal": ("ปกติ", "Normal"),
    "size_large": ("ใหญ่", "Large"),
    "size_larger": ("ใหญ่มาก", "Larger"),
    "column": ("ความกว้างของบทสนทนา", "Width of the conversation"),
    "column_narrow": ("แคบ", "Narrow"),
    "column_normal": ("ปกติ", "Normal"),
    "column_wide": ("กว้าง", "Wide"),
    "meter_left_out": (
        "ส่ง {sent} ข้อความล่าสุดจากข้อความก่อนหน้า {total} ข้อความ ไม่ได้ส่ง {left_out} ข้อความ",
        "Of {total} earlier messages the last {sent} {sent:was|were} sent, {left_out} {left_out:was|were} left out",
    ),
    "meter_all": ("ส่งบทสนทนาทั้งหมด", "The whole conversation was sent"),
    "meter_window": ("ใช้ {tokens} จาก {window} โทเค็นที่โมเดลรับได้", "{tokens} of the {window} tokens the model takes"),
    "meter_window_about": (
        "ใช้ราว {tokens} จาก {window} โทเค็นที่โมเดลรับได้",
        "about {tokens} of the {window} tokens the model takes",
    ),
    "date_form": ("วว/ดด/ปปปป", "dd/mm/yyyy"),
    "date_unclear": ("เขียนวันที่แบบ 26/11/2569", "Write the day like 26/11/2026"),
    "date_pick": ("เลือกจากปฏิทิน: {label}", "Pick from the calendar: {label}"),
    "skip": ("ข้ามไปที่ช่องคำถาม", "Skip to the question box"),
    "shortcuts": ("ปุ่มลัดทั้งหมด", "All shortcuts"),
    "shortcut_send": ("ส่งคำถาม", "Send the question"),
    "shortcut_line": ("ขึ้นบรรทัดใหม่", "Start a new line"),
    "shortcut_edit": ("แก้ไขคำถามล่าสุด (เมื่อช่องคำถามว่าง)", "Edit the last question (from an empty box)"),
    "shortcut_stop": ("ปิดสิ่งที่เปิดอยู่ หรือหยุดคำตอบ", "Close what is open, or stop the reply"),
    "shortcut_composer": ("ไปที่ช่องคำถาม", "Go to the question box"),
    "shortcut_new": ("แชตใหม่", "New session"),
    "shortcut_temporary": ("แชตชั่วคราว", "Temporary session"),
    "shortcut_search": ("ค้นหาทุกแชต", "Search all sessions"),
    "shortcut_undo": ("ยกเลิกสิ่งที่เพิ่งทำ", "Undo what was just done"),
    "shortcut_help": ("แสดงปุ่มลัด", "Show the shortcuts"),
}
