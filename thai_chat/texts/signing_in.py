"""The texts of the pages on which people sign in, or use a link that they were given."""

from __future__ import annotations

from collections.abc import Mapping

SIGNING_IN: Mapping[str, tuple[str, str]] = {
    "sign_in": ("เข้าสู่ระบบ", "Sign in"),
    "sign_in_again": (
        "คุณออกจากระบบแล้ว เข้าสู่ระบบอีกครั้งเพื่อไปต่อจากเดิม ข้อความที่ยังไม่ได้ส่งยังอยู่",
        "You are signed out. Sign in again to go on where you were. What you have not sent yet is still there.",
    ),
    "sign_in_name": ("ชื่อผู้ใช้", "User name"),
    "sign_in_password": ("รหัสผ่าน", "Password"),
    "sign_in_new_password": ("ตั้งรหัสผ่าน", "Choose a password"),
    "sign_in_password_hint": (
        "อย่างน้อย {least} ตัวอักษร ใช้ภาษาไทยหรือเว้นวรรคก็ได้",
        "At least {least} characters, in any language. Spaces are fine.",
    ),
    "sign_in_display_name": ("ชื่อที่แสดง (ไม่บังคับ)", "Name to show (optional)"),
    "sign_in_show": ("แสดงรหัสผ่าน", "Show the password"),
    "sign_in_hide": ("ซ่อนรหัสผ่าน", "Hide the password"),
    "sign_in_caps": ("เปิด Caps Lock อยู่", "Caps Lock is on."),
    "sign_in_wait": ("กำลังเข้าสู่ระบบ…", "Signing in …"),
    "sign_in_sending": ("กำลังส่ง…", "Sending …"),
    "sign_in_missing_name": ("กรอกชื่อผู้ใช้", "Write your user name."),
    "sign_in_missing_password": ("กรอกรหัสผ่าน", "Write your password."),
    "sign_in_short": (
        "รหัสผ่านสั้นไป ต้องมีอย่างน้อย {least} ตัวอักษร",
        "This password is too short. It needs at least {least} characters.",
    ),
    "sign_in_too_many": (
        "ลองหลายครั้งเกินไป ลองใหม่ได้ใน {time}",
        "Too many attempts. Try again in {time}.",
    ),
    "sign_in_seconds": ("{count} วินาที", "{count} {count:second|seconds}"),
    "sign_in_minutes": ("{count} นาที", "{count} {count:minute|minutes}"),
    "sign_in_now": ("ลองใหม่ได้แล้ว", "You can try again now."),
    "sign_in_outage": (
        "ฐานข้อมูลยังไม่ตอบ จึงยังเข้าสู่ระบบใหม่ไม่ได้ คนที่เข้าสู่ระบบอยู่แล้วยังใช้งานต่อได้",
        "The database is away, so nobody new can sign in now. People who are signed in go on chatting.",
    ),
    "sign_in_retry": ("ลองอีกครั้ง", "Try again"),
    "sign_in_or": ("หรือ", "or"),
    "sign_in_oidc": ("เข้าสู่ระบบด้วย {name}", "Sign in with {name}"),
    "sign_in_oidc_any": ("เข้าสู่ระบบด้วยบัญชีขององค์กร", "Sign in with your organisation's account"),
    "sign_in_failed": ("เข้าสู่ระบบไม่สำเร็จ ลองอีกครั้ง", "Signing in did not work. Try again."),
    "sign_in_no_account": ("ยังไม่มีบัญชี?", "No account yet?"),
    "sign_in_has_account": ("มีบัญชีแล้ว?", "You have an account?"),
    "sign_in_make": ("สร้างบัญชี", "Make an account"),
    "sign_in_ask": (
        "ยังไม่มีบัญชี? ขอลิงก์เชิญจากผู้ดูแลระบบ",
        "No account yet? Ask an administrator for an invitation link.",
    ),
    "sign_in_first": ("ตั้งค่าผู้ดูแลระบบคนแรก", "Set up the first administrator"),
    "sign_in_first_more": (
        "บัญชีนี้ดูแลผู้ใช้ คำเชิญ และขีดจำกัดทั้งหมด",
        "This account looks after people, invitations and limits.",
    ),
    "sign_in_take_over": (
        "รับแชต {count} รายการที่มีอยู่ก่อนแล้วเป็นของฉัน",
        "Take over the {count} {count:chat that was|chats that were} here before",
    ),
    "sign_in_take_over_more": (
        "แชตเหล่านี้เกิดขึ้นก่อนมีบัญชี ถ้าไม่รับ แชตยังเก็บไว้แต่ไม่มีใครเห็น",
        "They were written before there were accounts. If you leave them, they are kept, and nobody sees them.",
    ),
    "sign_in_invited": ("คุณได้รับเชิญให้ใช้ Thai Chat", "You are invited to Thai Chat"),
    "sign_in_invited_as_user": ("สร้างบัญชีของคุณเพื่อเริ่มแชต", "Make your account to begin."),
    "sign_in_invited_as_administrator": (
        "สร้างบัญชีของคุณ คุณจะเป็นผู้ดูแลระบบ",
        "Make your account. You will be an administrator.",
    ),
    "sign_in_begin": ("สร้างบัญชีและเริ่มแชต", "Make the account and begin"),
    "sign_in_reset": ("ตั้งรหัสผ่านใหม่", "Set a new password"),
    "sign_in_reset_more": (
        "สำหรับบัญชี {name} อุปกรณ์อื่นที่เข้าสู่ระบบอยู่จะถูกออกจากระบบ",
        "For the account {name}. Wherever else it is signed in, it is signed out.",
    ),
    "sign_in_reset_any": (
        "อุปกรณ์อื่นที่เข้าสู่ระบบอยู่จะถูกออกจากระบบ",
        "Wherever else you are signed in, you are signed out.",
    ),
    "sign_in_reset_do": ("บันทึกและเข้าสู่ระบบ", "Save it and sign in"),
    "sign_in_until": ("ลิงก์นี้ใช้ได้ถึง {when}", "This link is good until {when}."),
    "sign_in_over": ("ลิงก์นี้ใช้ไม่ได้แล้ว", "This link can't be used any more"),
    "sign_in_over_more": (
        "ลิงก์ใช้ได้ครั้งเดียวและมีวันหมดอายุ ถ้าเคยใช้แล้วให้เข้าสู่ระบบ ถ้ายังไม่เคย ขอลิงก์ใหม่จากผู้ดูแลระบบ",
        "A link works once, and only for a time. If you have used it, sign in. If not, ask for a new one.",
    ),
    "sign_in_framed": (
        "แชตนี้ต้องเข้าสู่ระบบ และเบราว์เซอร์ไม่ยอมให้เข้าสู่ระบบภายในหน้าของเว็บไซต์อื่น",
        "This chat needs you to sign in, and browsers don't allow that inside the page of another site.",
    ),
    "sign_in_own_window": ("เปิดแชตในหน้าต่างใหม่", "Open the chat in its own window"),
    "sign_in_needs_scripts": (
        "หน้านี้ต้องใช้ JavaScript เปิดใช้ JavaScript ในเบราว์เซอร์แล้วโหลดหน้านี้ใหม่",
        "This page needs JavaScript. Allow it in your browser, then load the page again.",
    ),
}
