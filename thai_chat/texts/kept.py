"""The texts about models that were picked, and about questions that wait for a reply."""

from __future__ import annotations

from collections.abc import Mapping

KEPT: Mapping[str, tuple[str, str]] = {
    "queue": ("คำถามที่รอส่ง", "Questions that wait"),
    "queue_waits": ("ส่งต่อเมื่อคำตอบนี้จบ", "Sent when this reply has ended"),
    "queue_broken": ("คำตอบก่อนหน้าไม่จบ คำถามนี้จึงยังรออยู่", "The last reply did not finish, so this was not sent."),
    "queue_held": ("ยังไม่ได้ส่ง", "Not sent yet"),
    "queue_refused": ("ส่งไม่ได้: {reason}", "Not sent: {reason}"),
    "queue_send": ("ส่งเลย", "Send now"),
    "queue_edit": ("แก้ไขคำถามที่รอส่ง", "Edit the waiting question"),
    "queue_take_back": ("ดึงกลับมาไว้ในช่อง", "Take it back into the box"),
    "send_later": ("ส่งต่อเมื่อคำตอบนี้จบ (Enter)", "Send when this reply has ended (Enter)"),
    "pick_gone": (
        "โมเดลที่เลือกไว้ {gone} ใช้ไม่ได้แล้ว เลือกโมเดลอื่นก่อนถาม",
        "{gone}, which you picked, is not there any more. Pick another model before you ask.",
    ),
    "pick_gone_instead": (
        "โมเดลที่เลือกไว้ {gone} ใช้ไม่ได้แล้ว คำถามถัดไปจะถาม {instead} แทน เลือกโมเดลอื่นได้",
        "{gone}, which you picked, is not there any more. {instead} answers instead, unless you pick another model.",
    ),
}
