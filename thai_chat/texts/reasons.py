"""Why a model did not answer, by the code of the error: the end of a sentence that begins with the backend's name."""

from __future__ import annotations

from collections.abc import Mapping

REASONS: Mapping[str, tuple[str, str]] = {
    "backend_error": ("ตอบไม่ได้ในตอนนี้", "couldn't answer right now"),
    "backend_unreachable": ("ติดต่อไม่ได้", "can't be reached"),
    "backend_timeout": ("ไม่ตอบภายในเวลาที่กำหนด", "didn't answer in time"),
    "backend_loading": ("ยังโหลดโมเดลอยู่", "is still loading its model"),
    "backend_denied": ("ไม่อนุญาตให้ใช้โมเดลนี้ด้วยคีย์นี้", "doesn't let this key use the model"),
    "model_denied": ("ไม่อนุญาตให้บัญชีนี้ใช้โมเดลนี้", "doesn't let this account use the model"),
    "engine_dead": ("มีตัวประมวลผลโมเดลที่หยุดทำงานแล้ว", "has an engine that died"),
    "no_chat_template": ("ไม่มี chat template ของโมเดลนี้", "has no chat template for the model"),
    "model_not_found": ("ไม่มีโมเดลนี้", "doesn't have the model"),
    "backend_busy": ("มีคำขอรอเต็มคิว", "has a full queue of requests"),
    "model_too_large": ("มีหน่วยความจำไม่พอสำหรับโมเดลนี้", "has too little memory for the model"),
    "rate_limited": (
        "รับคำขอเพิ่มไม่ได้ในตอนนี้ (ครบโควตาหรือถี่เกินไป)",
        "takes no more requests right now (quota or rate limit)",
    ),
    "quota_exceeded": ("ไม่มีเครดิตหรือโควตาเหลือ", "has no credit left for this account"),
    "backend_failed": ("ขัดข้อง", "failed"),
    "backend_moved": ("ย้ายไปที่อยู่อื่น", "sends its clients to another address"),
    "backend_garbled": ("ตอบในรูปแบบที่อ่านไม่ได้", "sent something that can't be understood"),
    "web_page": ("ตอบเป็นหน้าเว็บ ไม่ใช่เซิร์ฟเวอร์โมเดล", "answers with a web page, not as a model server"),
    "reply_cut": ("ตัดการเชื่อมต่อก่อนตอบ", "broke off before its first word"),
    "empty_reply": ("ตอบกลับมาว่างเปล่า", "gave an empty reply"),
    "reply_filtered": ("มีตัวกรองเนื้อหาที่ไม่ยอมให้ตอบ", "has a content filter that held the reply back"),
    "only_thinking": ("ใช้โทเค็นทั้งหมดไปกับการคิด", "spent all its tokens on thinking"),
}
