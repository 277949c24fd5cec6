"""Texts about links to snapshots of sessions: what is refused, what the shared page says, what the chat page says."""

from __future__ import annotations

from collections.abc import Mapping

SHARE_ERRORS: Mapping[str, tuple[str, str]] = {
    "share_not_found": (
        "ลิงก์นี้ใช้ไม่ได้ อาจหมดอายุ ถูกยกเลิก หรือพิมพ์ไม่ครบ",
        "This link does not work: it may have expired, been taken back, or be incomplete.",
    ),
    "share_password_needed": ("ลิงก์นี้ต้องใช้รหัสผ่าน", "This link needs a password."),
    "wrong_share_password": ("รหัสผ่านไม่ถูกต้อง", "The password is wrong."),
    "bad_share_password": (
        "รหัสผ่านของลิงก์ต้องยาว {least} ถึง {most} ตัวอักษร",
        "A link's password has {least} to {most} characters.",
    ),
    "nothing_to_share": ("แชตนี้ยังไม่มีข้อความให้แชร์", "This session has no messages to share yet."),
    "share_too_large": (
        "แชตนี้ยาวเกินกว่าจะแชร์ด้วยลิงก์ (ไม่เกิน {limit_mb} MB) ส่งออกเป็นไฟล์แทนได้",
        "This session is too long for a link (at most {limit_mb} MB). You can export it as a file instead.",
    ),
    "too_many_shares": (
        "มีลิงก์ที่ยังเปิดอยู่ครบ {limit} ลิงก์แล้ว ปิดลิงก์ที่ไม่ใช้ก่อน",
        "You have {limit} open links already. Take back one that you do not need.",
    ),
}

SHARED_PAGE: Mapping[str, tuple[str, str]] = {
    "shared_by_link": ("แชตที่แชร์ด้วยลิงก์", "A session shared by link"),
    "shared_at": ("แชร์เมื่อ {when}", "Shared on {when}"),
    "shared_question": ("คำถาม", "Question"),
    "shared_reply": ("คำตอบ", "Reply"),
    "shared_system_prompt": ("คำสั่งระบบ", "System prompt"),
    "shared_reasoning": ("ความคิดของโมเดล", "What the model thought"),
    "shared_documents": ("เอกสารที่ใช้ตอบ ({count})", "Documents given to the model ({count})"),
    "shared_document": ("เอกสาร {number}", "Document {number}"),
    "shared_attachment": ("ไฟล์แนบ: {name}", "Attached file: {name}"),
    "shared_not_whole": ("คำตอบนี้ยังไม่จบ", "This reply is not complete."),
    "shared_code": ("โค้ด", "Code"),
    "shared_formula": ("สูตร", "Formula"),
    "shared_table": ("ตาราง", "Table"),
    "shared_continue": ("คุยต่อจากแชตนี้", "Continue this chat"),
    "shared_continue_more": (
        "จะได้สำเนาเป็นแชตของคุณเอง ต้นฉบับไม่เปลี่ยน",
        "You get a copy of your own; the original stays as it is.",
    ),
    "shared_foot": (
        "นี่คือสำเนา ณ เวลาที่แชร์ อ่านได้อย่างเดียว คำตอบเขียนโดยโมเดลและอาจผิดได้",
        "This is a read-only copy from the time it was shared. A model wrote the replies; they may be wrong.",
    ),
    "shared_password_title": ("ใส่รหัสผ่านเพื่ออ่าน", "Enter the password to read"),
    "shared_password": ("รหัสผ่านของลิงก์", "The link's password"),
    "shared_show": ("แสดงแชต", "Show the session"),
    "shared_none_title": ("เปิดลิงก์นี้ไม่ได้", "This link can't be opened"),
    "shared_away_title": ("เปิดแชตไม่ได้ชั่วคราว", "The session can't be shown just now"),
    "shared_away": (
        "ฐานข้อมูลไม่ตอบ ลิงก์ยังใช้ได้ ลองเปิดใหม่ในอีกสักครู่",
        "The database does not answer. The link still works; please try again in a moment.",
    ),
}

SHARING: Mapping[str, tuple[str, str]] = {
    "share_more": ("แชร์ด้วยลิงก์…", "Share by link…"),
    "share_title": ("แชร์ด้วยลิงก์", "Share by link"),
    "share_who": (
        "ใครมีลิงก์ก็อ่านแชตนี้ได้โดยไม่ต้องเข้าสู่ระบบ เห็นเฉพาะข้อความที่มีอยู่ตอนนี้ ข้อความใหม่จะไม่ตามไป",
        "Anyone with the link can read this session without signing in. They see what is in it now, "
        "not what is added later.",
    ),
    "share_also": ("แชร์สิ่งเหล่านี้ด้วย", "Share these too"),
    "share_prompt": ("คำสั่งระบบ", "System prompt"),
    "share_reasoning": ("ความคิดของโมเดล", "What the model thought"),
    "share_documents": ("เอกสารที่ใช้ตอบ", "Documents given to the model"),
    "share_ends": ("ลิงก์หมดอายุ", "The link expires"),
    "share_ends_day": ("ใน 1 วัน", "in 1 day"),
    "share_ends_week": ("ใน 7 วัน", "in 7 days"),
    "share_ends_month": ("ใน 30 วัน", "in 30 days"),
    "share_ends_never": ("ไม่หมดอายุ", "never"),
    "share_password": ("รหัสผ่าน (ไม่ใส่ก็ได้)", "Password (optional)"),
    "share_link_password": ("รหัสผ่านของลิงก์", "The link's password"),
    "share_make": ("สร้างลิงก์", "Make the link"),
    "share_made": ("ลิงก์พร้อมแล้ว คัดลอกเก็บไว้ เพราะจะไม่แสดงอีก", "The link is ready. Copy it now: it is not shown again."),
    "share_link": ("ลิงก์", "Link"),
    "share_copy": ("คัดลอกลิงก์", "Copy the link"),
    "share_copied": ("คัดลอกลิงก์แล้ว", "The link is copied"),
    "shares": ("ลิงก์ที่แชร์ไว้", "My links"),
    "shares_none": ("ยังไม่มีลิงก์ที่แชร์ไว้", "You have not shared anything yet."),
    "share_views": ("เปิดดู {count} ครั้ง", "{count} views"),
    "share_views_last": ("เปิดดู {count} ครั้ง ล่าสุด {when}", "{count} views, last {when}"),
    "share_until": ("ถึง {when}", "until {when}"),
    "share_open_ended": ("ไม่หมดอายุ", "does not expire"),
    "share_over": ("หมดอายุแล้ว", "expired"),
    "share_revoked": ("ปิดแล้ว", "taken back"),
    "share_has_password": ("มีรหัสผ่าน", "with a password"),
    "share_made_at": ("แชร์เมื่อ {when}", "shared {when}"),
    "share_revoke": ("ปิดลิงก์", "Take the link back"),
    "share_revoke_sure": (
        "ปิดลิงก์นี้ไหม คนที่มีลิงก์จะเปิดไม่ได้อีก",
        "Take this link back? Nobody who has it can open it any more.",
    ),
    "continue_title": ("คุยต่อจากแชตที่แชร์", "Continue a shared session"),
    "continue_question": (
        "ทำสำเนาของแชตที่แชร์นี้เป็นแชตของคุณเอง แล้วคุยต่อไหม",
        "Make a copy of the shared session that is your own, and go on with it?",
    ),
    "continue_yes": ("คุยต่อ", "Continue"),
}
