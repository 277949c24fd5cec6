"""Texts of webhooks: errors of setting them up, and why something was not delivered."""

from __future__ import annotations

from collections.abc import Mapping

WEBHOOKS: Mapping[str, tuple[str, str]] = {
    "webhook_not_found": ("ไม่มีเว็บฮุกนี้", "There is no such webhook."),
    "bad_webhook_url": (
        "ที่อยู่ต้องขึ้นต้นด้วย https:// หรือ http:// ตามด้วยชื่อโฮสต์ เช่น https://hooks.example.org/chat ไม่มีชื่อผู้ใช้ รหัสผ่าน หรือ #",
        "The address must be https:// or http:// with a host, such as https://hooks.example.org/chat, without a name, "
        "a password or a #.",
    ),
    "webhook_host_not_allowed": (
        "ผู้ดูแลระบบไม่ได้อนุญาตให้ส่งไปที่โฮสต์นี้ ให้ผู้ดูแลเพิ่มโฮสต์กับพอร์ตใน WEBHOOK_HOSTS",
        "The administrator has not allowed this host and port. WEBHOOK_HOSTS lists what is allowed.",
    ),
    "too_many_webhooks": ("มีเว็บฮุกได้ไม่เกิน {limit} รายการ", "You can have {limit} webhooks at most."),
    "webhooks_off": (
        "ที่นี่ปิดเว็บฮุกไว้ ผู้ดูแลเปิดได้ด้วยการตั้งค่า WEBHOOK_HOSTS",
        "Webhooks are off here. The administrator turns them on with WEBHOOK_HOSTS.",
    ),
    "webhook_secret_lost": (
        "กุญแจของเซิร์ฟเวอร์เปลี่ยนไป จึงลงนามด้วยรหัสลับเดิมไม่ได้ ให้สร้างรหัสลับใหม่ของเว็บฮุกนี้",
        "The server's key has changed, so the webhook's secret can no longer sign. Make a new secret for this webhook.",
    ),
    "webhook_unresolved": ("หาที่อยู่ของโฮสต์ไม่พบ", "The host's name was not found."),
    "webhook_unreachable": ("เชื่อมต่อกับผู้รับไม่ได้", "The receiver could not be reached."),
    "webhook_timeout": ("ผู้รับไม่ตอบภายในเวลาที่กำหนด", "The receiver did not answer in time."),
    "webhook_certificate": ("ใบรับรอง TLS ของผู้รับเชื่อถือไม่ได้", "The receiver's TLS certificate is not trusted."),
    "webhook_redirect": (
        "ผู้รับตอบ {status} ให้ไปที่อื่น ซึ่งระบบไม่ไปตาม",
        "The receiver answered {status}, which leads elsewhere. Redirects are not followed.",
    ),
    "webhook_status": ("ผู้รับตอบ {status}", "The receiver answered {status}."),
    "webhook_gone": ("ผู้รับตอบ 410 ว่าไม่รับอีกแล้ว", "The receiver answered 410: it wants no more."),
    "webhook_not_allowed": (
        "ผู้ดูแลระบบไม่อนุญาตให้ส่งไปที่โฮสต์นี้แล้ว",
        "The administrator does not allow this host any more.",
    ),
    "webhook_inner_address": (
        "ชื่อโฮสต์ชี้ไปยังที่อยู่ภายในเครื่องหรือเครือข่ายที่ผู้ดูแลไม่ได้อนุญาต",
        "The host's name leads to an address inside this machine or network that the administrator has not allowed.",
    ),
    "webhook_disabled": ("เว็บฮุกถูกปิดก่อนส่ง", "The webhook was disabled before this was sent."),
    "webhook_restored": ("มาจากข้อมูลสำรองที่กู้คืน จึงไม่ส่ง", "This came from a restored backup, so it is not sent."),
    "webhook_too_late": ("ส่งไม่ได้ภายใน 24 ชั่วโมง", "This could not be sent within 24 hours."),
}
