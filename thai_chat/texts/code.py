"""Texts at code and tables of a message."""

from __future__ import annotations

from collections.abc import Mapping

CODE: Mapping[str, tuple[str, str]] = {
    "code": ("โค้ด", "Code"),
    "code_copy": ("คัดลอกโค้ด", "Copy the code"),
    "code_download": ("ดาวน์โหลดเป็นไฟล์", "Download as a file"),
    "code_wrap": ("ตัดบรรทัดยาว", "Wrap long lines"),
    "code_show_all": ("แสดงทั้งหมด {count} บรรทัด", "Show all {count} lines"),
    "code_show_less": ("ย่อโค้ด", "Show fewer lines"),
    "table": ("ตาราง", "Table"),
    "table_copy": ("คัดลอกเป็น CSV", "Copy as CSV"),
}
