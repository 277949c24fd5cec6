"""Texts about limits: what is refused, and what the page says before."""

from __future__ import annotations

LIMIT_ERRORS: dict[str, tuple[str, str]] = {
    "limit_reached": ("ถึงขีดจำกัดแล้ว", "A limit is reached."),
    "too_many_requests": (
        "ส่งคำขอถี่เกินไป (ไม่เกิน {limit} ครั้งต่อนาที) รออีก {retry_after_s} วินาทีแล้วลองใหม่",
        "Too many requests: {limit} a minute are allowed. Try again in {retry_after_s} seconds.",
    ),
    "too_many_replies": (
        "มีคำตอบที่กำลังเขียนอยู่ครบ {limit} คำตอบแล้ว รอให้คำตอบหนึ่งเสร็จ หรือหยุดคำตอบหนึ่งก่อน แล้วส่งใหม่",
        "As many replies as you may have at a time ({limit}) are being written. Wait for one to end, or stop one, then "
        "send again.",
    ),
    "quota_used_up": ("ตอนนี้ยังถามต่อไม่ได้ {why}", "You can't ask more for now. {why}"),
    "tokens_day_used_up": (
        "ใช้โทเค็นของวันนี้ครบ {limit} แล้ว ถามต่อได้หลังเที่ยงคืนคืนนี้ (เวลากรุงเทพฯ)",
        "You have used all of today's {limit} tokens. You can ask again after midnight, Bangkok time.",
    ),
    "tokens_month_used_up": (
        "ใช้โทเค็นของเดือนนี้ครบ {limit} แล้ว ถามต่อได้ตั้งแต่วันที่ 1 เดือนหน้า (เวลากรุงเทพฯ)",
        "You have used all of this month's {limit} tokens. You can ask again on the 1st of next month, Bangkok time.",
    ),
    "usd_day_used_up": (
        "ใช้เงินของวันนี้ครบ {limit} ดอลลาร์แล้ว ถามต่อได้หลังเที่ยงคืนคืนนี้ (เวลากรุงเทพฯ)",
        "You have spent all of today's {limit} US dollars. You can ask again after midnight, Bangkok time.",
    ),
    "usd_month_used_up": (
        "ใช้เงินของเดือนนี้ครบ {limit} ดอลลาร์แล้ว ถามต่อได้ตั้งแต่วันที่ 1 เดือนหน้า (เวลากรุงเทพฯ)",
        "You have spent all of this month's {limit} US dollars. You can ask again on the 1st of next month, Bangkok "
        "time.",
    ),
    "unknown_model": (
        "ไม่มีโมเดลนี้ให้คุณใช้ที่นี่ เลือกโมเดลอื่น",
        "There is no such model here for you. Choose another one.",
    ),
    "chats_are_private": (
        "ที่นี่ผู้ดูแลระบบอ่านแชตของคนอื่นไม่ได้ (ADMIN_READS_CHATS=no)",
        "Administrators don't read other people's chats here (ADMIN_READS_CHATS=no).",
    ),
    "only_administrators_share": (
        "เฉพาะผู้ดูแลระบบเท่านั้นที่แชร์พรีเซ็ตให้ทุกคนได้",
        "Only an administrator may share a preset with everybody.",
    ),
}
LIMITS: dict[str, tuple[str, str]] = {
    "limit_near_tokens_day": (
        "วันนี้ใช้โทเค็นไป {used} จาก {limit} · เริ่มนับใหม่ {time}",
        "{used} of today's {limit} tokens used · it starts anew on {time}",
    ),
    "limit_near_tokens_month": (
        "เดือนนี้ใช้โทเค็นไป {used} จาก {limit} · เริ่มนับใหม่ {time}",
        "{used} of this month's {limit} tokens used · it starts anew on {time}",
    ),
    "limit_near_usd_day": (
        "วันนี้ใช้ไป {used} จาก {limit} · เริ่มนับใหม่ {time}",
        "{used} of today's {limit} spent · it starts anew on {time}",
    ),
    "limit_near_usd_month": (
        "เดือนนี้ใช้ไป {used} จาก {limit} · เริ่มนับใหม่ {time}",
        "{used} of this month's {limit} spent · it starts anew on {time}",
    ),
    "limit_over_tokens_day": (
        "ใช้โทเค็นของวันนี้ครบ {limit} แล้ว ถามต่อได้ตั้งแต่ {time}",
        "You have used all of today's {limit} tokens. You can ask again from {time}.",
    ),
    "limit_over_tokens_month": (
        "ใช้โทเค็นของเดือนนี้ครบ {limit} แล้ว ถามต่อได้ตั้งแต่ {time}",
        "You have used all of this month's {limit} tokens. You can ask again from {time}.",
    ),
    "limit_over_usd_day": (
        "ใช้เงินของวันนี้ครบ {limit} แล้ว ถามต่อได้ตั้งแต่ {time}",
        "You have spent all of today's {limit}. You can ask again from {time}.",
    ),
    "limit_over_usd_month": (
        "ใช้เงินของเดือนนี้ครบ {limit} แล้ว ถามต่อได้ตั้งแต่ {time}",
        "You have spent all of this month's {limit}. You can ask again from {time}.",
    ),
}
"""Said by the page's scripts."""
