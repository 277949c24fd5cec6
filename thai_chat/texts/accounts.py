"""Texts about accounts: what is refused, and what signing in says."""

from __future__ import annotations

ACCOUNT_ERRORS: dict[str, tuple[str, str]] = {
    "account_not_found": ("ไม่พบบัญชีนี้", "There is no such account."),
    "key_not_found": ("ไม่พบคีย์ API นี้", "There is no such API key."),
    "too_many_keys": (
        "มีคีย์ API ครบ {limit} คีย์แล้ว ลบคีย์ที่ไม่ใช้ก่อน",
        "You have {limit} API keys already. Delete one that you don't use first.",
    ),
    "no_accounts": (
        "เครื่องนี้ไม่ได้ใช้บัญชีผู้ใช้ (AUTH=none)",
        "There are no accounts here (AUTH=none).",
    ),
    "no_passwords": (
        "เครื่องนี้ไม่ได้ให้เข้าสู่ระบบด้วยรหัสผ่าน",
        "People don't sign in by a password here.",
    ),
    "sign_in_not_found": ("ไม่พบการเข้าสู่ระบบนี้ อาจออกจากระบบไปแล้ว", "There is no such sign-in. It may be over."),
    "body_too_large": ("ข้อมูลที่ส่งมายาวเกินไป", "What was sent is too long."),
    "bad_account_name": (
        "ชื่อผู้ใช้ต้องมีอย่างน้อย 1 ตัวอักษร ไม่เกิน {limit} ตัว และไม่มีอักขระที่มองไม่เห็น",
        "A name has 1 to {limit} characters, and none that can't be seen.",
    ),
    "bad_password": (
        "รหัสผ่านต้องยาว {least} ถึง {most} ตัวอักษร",
        "A password has {least} to {most} characters.",
    ),
    "name_taken": ("มีผู้ใช้ชื่อนี้แล้ว เลือกชื่ออื่น", "Somebody has this name already. Choose another one."),
    "invitation_over": (
        "ลิงก์นี้ใช้ไม่ได้แล้ว ขอลิงก์ใหม่จากผู้ดูแลระบบ",
        "This link can't be used any more. Ask an administrator for a new one.",
    ),
    "sign_up_closed": (
        "สมัครบัญชีเองที่นี่ไม่ได้ ขอลิงก์เชิญจากผู้ดูแลระบบ",
        "You can't make an account here by yourself. Ask an administrator for an invitation.",
    ),
    "passwords_off": (
        "ที่นี่ไม่มีใครเข้าด้วยรหัสผ่าน ผู้ให้บริการ OpenID เป็นผู้ยืนยันตัวตน (AUTH)",
        "Nobody signs in by a password here: the OpenID provider knows who people are (AUTH).",
    ),
    "account_disabled": (
        "บัญชีนี้ถูกปิดอยู่ เปิดให้ใช้ก่อน",
        "This account is disabled. Let them in again first.",
    ),
    "already_taken_over": (
        "มีบัญชีหนึ่งรับแชตเดิมของเครื่องนี้ไปแล้ว",
        "An account has already taken over the chats of before.",
    ),
    "nothing_taken_over": (
        "บัญชีนี้ไม่ได้รับแชตเดิมของเครื่องนี้มา",
        "This account has not taken over the chats of before.",
    ),
    "last_administrator": (
        "ต้องมีผู้ดูแลระบบเหลืออย่างน้อยหนึ่งคน",
        "One administrator has to stay.",
    ),
    "sign_in_needed": ("กรุณาเข้าสู่ระบบก่อน", "Please sign in first."),
    "key_needed": (
        "ต้องใช้คีย์ API ที่ยังใช้ได้ ส่งมาเป็น Authorization: Bearer tc_...",
        "This needs an API key that is valid here, sent as Authorization: Bearer tc_...",
    ),
    "wrong_credentials": ("ชื่อหรือรหัสผ่านไม่ถูกต้อง", "The name or the password is wrong."),
    "wrong_password": ("รหัสผ่านปัจจุบันไม่ถูกต้อง", "That is not your password."),
    "fresh_sign_in_needed": (
        "ออกจากระบบแล้วเข้าใหม่อีกครั้ง จากนั้นตั้งรหัสผ่านภายใน 15 นาที",
        "Sign out and in again, then choose a password within 15 minutes.",
    ),
    "too_many_attempts": (
        "ใส่รหัสผ่านผิดหลายครั้งเกินไป ลองใหม่ได้ในอีก {seconds} วินาที",
        "Too many wrong passwords. Try again in {seconds} seconds.",
    ),
    "too_many_sign_ups": (
        "มีการสร้างบัญชีมากเกินไปในตอนนี้ ลองใหม่ได้ในอีกประมาณ {minutes} นาที",
        "Too many accounts are being made right now. Try again in about {minutes} minutes.",
    ),
    "sign_in_unavailable": (
        "เข้าสู่ระบบตอนนี้ไม่ได้ เพราะติดต่อฐานข้อมูลไม่ได้ ลองใหม่ในอีกสักครู่",
        "Nobody can sign in now, because the database can't be reached. Try again in a while.",
    ),
    "scope_too_small": (
        "คีย์นี้ใช้ทำสิ่งนี้ไม่ได้ ต้องมีสิทธิ์ {scope}",
        "This key may not be used for this: it lacks the scope {scope}.",
    ),
    "not_administrator": ("เฉพาะผู้ดูแลระบบเท่านั้น", "Only an administrator may do this."),
}
