"""Why somebody could not sign in by an OpenID provider, as the sign-in page says it."""

from __future__ import annotations

OPENID_ERRORS: dict[str, tuple[str, str]] = {
    "no_openid": (
        "เครื่องนี้ไม่ได้ให้เข้าสู่ระบบด้วยผู้ให้บริการอื่น",
        "People don't sign in by another provider here.",
    ),
    "openid_unavailable": (
        "ตอนนี้ติดต่อผู้ให้บริการเข้าสู่ระบบไม่ได้ ลองอีกครั้งในอีกสักครู่",
        "The sign-in provider can't be reached right now. Try again in a moment.",
    ),
    "openid_over": (
        "การเข้าสู่ระบบครั้งนี้หมดเวลาหรือเริ่มจากหน้าต่างอื่น ลองเข้าสู่ระบบอีกครั้ง",
        "This sign-in has expired, or was begun in another window. Sign in again.",
    ),
    "openid_denied": (
        "การเข้าสู่ระบบถูกยกเลิกที่ผู้ให้บริการ",
        "The sign-in was cancelled at the provider.",
    ),
    "openid_refused": (
        "ผู้ให้บริการไม่รับการเข้าสู่ระบบครั้งนี้ ลองเข้าสู่ระบบอีกครั้ง",
        "The provider did not accept this sign-in. Sign in again.",
    ),
    "openid_wrong_client": (
        "ผู้ให้บริการไม่รู้จัก Thai Chat เครื่องนี้ ผู้ดูแลต้องตรวจ OIDC_CLIENT_ID และ OIDC_CLIENT_SECRET",
        "The provider does not know this Thai Chat. Whoever runs it has to check OIDC_CLIENT_ID and "
        "OIDC_CLIENT_SECRET.",
    ),
    "openid_forged": (
        "ข้อมูลที่ได้จากผู้ให้บริการไม่ถูกต้อง จึงไม่ได้เข้าสู่ระบบ ลองอีกครั้ง ถ้ายังเป็นอยู่ให้แจ้งผู้ดูแล",
        "What came back from the provider is not valid, so you are not signed in. Try again; if it happens again, tell "
        "an administrator.",
    ),
    "openid_clock": (
        "เวลาของเครื่องนี้กับของผู้ให้บริการไม่ตรงกัน ผู้ดูแลต้องตั้งนาฬิกาของเครื่องนี้ให้ตรง",
        "The clocks of this machine and of the provider differ. Whoever runs Thai Chat has to set its clock right.",
    ),
    "openid_no_account": (
        "ยังไม่มีบัญชีของคุณที่นี่ ขอลิงก์เชิญจากผู้ดูแล",
        "You have no account here yet. Ask an administrator for an invitation.",
    ),
    "openid_other_domain": (
        "อีเมลของคุณไม่ได้อยู่ในโดเมนที่เข้าใช้ที่นี่ได้ หรือยังไม่ได้ยืนยันกับผู้ให้บริการ",
        "Your e-mail address is of none of the domains that may sign in here, or the provider has not verified it.",
    ),
    "openid_taken": (
        "ตัวตนนี้เชื่อมกับบัญชีอื่นที่นี่อยู่แล้ว",
        "This identity belongs to another account here already.",
    ),
    "identity_not_found": ("ไม่มีวิธีเข้าสู่ระบบนี้ในบัญชี", "The account has no such way to sign in."),
    "last_way_in": (
        "นี่คือวิธีเข้าสู่ระบบวิธีเดียวของบัญชี ตั้งรหัสผ่านหรือเพิ่มวิธีอื่นก่อน",
        "This is the only way to sign in to the account. Choose a password or add another one first.",
    ),
    "openid_disabled": (
        "บัญชีของคุณถูกปิดใช้งาน ติดต่อผู้ดูแล",
        "Your account is disabled. Ask an administrator.",
    ),
}
