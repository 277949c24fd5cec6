"""The texts of what is done with single messages: rating, deleting, linking."""

from __future__ import annotations

from collections.abc import Mapping

MARKS: Mapping[str, tuple[str, str]] = {
    "rating": ("ให้คะแนนคำตอบ", "Rate the reply"),
    "rating_up": ("คำตอบดี", "Good reply"),
    "rating_down": ("คำตอบไม่ดี", "Bad reply"),
    "rating_why_up": ("ดีตรงไหน", "What is good about it?"),
    "rating_why_down": ("ไม่ดีตรงไหน", "What is wrong with it?"),
    "rating_reason": ("เขียนเพิ่มได้ (ไม่บังคับ)", "More, in your own words (optional)"),
    "rating_keep": ("บันทึกเหตุผล", "Keep the reason"),
    "rating_reason_kept": ("บันทึกเหตุผลแล้ว", "The reason is kept."),
    "rating_wrong": ("ข้อมูลผิด", "Wrong"),
    "rating_not_thai_enough": ("ไทยไม่เป็นธรรมชาติ", "Not Thai enough"),
    "rating_too_long": ("ยาวเกินไป", "Too long"),
    "rating_too_short": ("สั้นเกินไป", "Too short"),
    "rating_off_topic": ("ไม่ตรงคำถาม", "Off topic"),
    "rating_unsafe": ("ไม่เหมาะสม", "Not appropriate"),
    "rating_clear": ("เข้าใจง่าย", "Clear"),
    "rating_useful": ("มีประโยชน์", "Useful"),
    "rating_well_put": ("ภาษาดี", "Well put"),
    "message_menu": ("ทำอย่างอื่นกับข้อความนี้", "More for this message"),
    "message_link": ("คัดลอกลิงก์", "Copy link"),
    "message_link_copied": ("คัดลอกลิงก์ของข้อความนี้แล้ว", "The link to this message is copied."),
    "message_delete": ("ลบข้อความ", "Delete message"),
    "message_deleted": ("ลบข้อความแล้ว", "The message is deleted."),
    "message_restored": ("กู้คืนข้อความแล้ว", "The message is back."),
    "deleted_messages": ("ข้อความที่ลบ", "Deleted messages"),
    "deleted_more": ("ข้อความที่ลบ…", "Deleted messages…"),
    "message_purged": ("ลบถาวรแล้ว", "Deleted for good."),
    "deleted_none": ("แชตนี้ไม่มีข้อความที่ลบ", "No message of this session is deleted."),
    "deleted_restore": ("กู้คืน", "Restore"),
    "deleted_purge": ("ลบถาวร", "Delete for good"),
    "deleted_purge_sure": (
        "ลบข้อความนี้ถาวรใช่ไหม กู้คืนไม่ได้อีก",
        "Delete this message for good? It can't be restored after that.",
    ),
}
