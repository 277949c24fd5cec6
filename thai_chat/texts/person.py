"""The texts of who is signed in, which the page has from the start."""

from __future__ import annotations

from collections.abc import Mapping

PERSON: Mapping[str, tuple[str, str]] = {
    "account": ("บัญชีของฉัน", "My account"),
    "people": ("ผู้ใช้และระบบ", "People"),
    "sign_out": ("ออกจากระบบ", "Sign out"),
    "sign_out_drafts": (
        "มีข้อความที่ยังไม่ได้ส่งหรือบันทึก ซึ่งเก็บไว้ในเบราว์เซอร์นี้เท่านั้น ถ้าออกจากระบบ ข้อความนั้นจะหายไป",
        "There is text that you have not sent or saved. Only this browser keeps it, and forgets it when you sign out.",
    ),
    "session_over": ("คุณออกจากระบบแล้ว", "You are signed out"),
    "session_over_more": (
        "เข้าสู่ระบบอีกครั้งแล้วจะกลับมาที่หน้านี้ ข้อความที่พิมพ์ค้างไว้ยังอยู่",
        "Sign in again, and you come back to this page. What you have typed is kept.",
    ),
    "session_over_later": ("ยังก่อน", "Not now"),
    "sign_in_again_button": ("เข้าสู่ระบบ", "Sign in"),
}
