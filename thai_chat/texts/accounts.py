"""Texts about accounts: what is refused, and what signing in says."""

from __future__ import annotations

ACCOUNT_ERRORS: dict[str, tuple[str, str]] = {
    "account_not_found": ("ไม่พบบัญชีนี้", "There is no such account."),
    "no_accounts": (
        "เครื่องนี้ไม่ได้ใช้บัญชีผู้ใช้ (AUTH=none)",
        "There are no accounts here (AUTH=none).",
    ),
    "bad_account_name": (
        "ชื่อผู้ใช้ต้องมีอย่างน้อย 1 ตัวอักษร ไม่เกิน {limit} ตัว และไม่มีอักขระที่มองไม่เห็น",
        "A name has 1 to {limit} characters, and none that can't be seen.",
    ),
    "bad_password": (
        "รหัสผ่านต้องยาว {least} ถึง {most} ตัวอักษร",
        "A password has {least} to {most} characters.",
    ),
    "name_taken": ("มีผู้ใช้ชื่อนี้แล้ว เลือกชื่ออื่น", "Somebody has this name already. Choose another one."),
    "last_administrator": (
        "ต้องมีผู้ดูแลระบบเหลืออย่างน้อยหนึ่งคน",
        "One administrator has to stay.",
    ),
    "sign_in_needed": ("กรุณาเข้าสู่ระบบก่อน", "Please sign in first."),
    "wrong_credentials": ("ชื่อหรือรหัสผ่านไม่ถูกต้อง", "The name or the password is wrong."),
    "scope_too_small": (
        "คีย์นี้ใช้ทำสิ่งนี้ไม่ได้ ต้องมีสิทธิ์ {scope}",
        "This key may not be used for this: it lacks the scope {scope}.",
    ),
    "not_administrator": ("เฉพาะผู้ดูแลระบบเท่านั้น", "Only an administrator may do this."),
}
