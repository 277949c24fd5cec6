"""The texts of the recorded answers of real model servers in `tests/wire`."""

from __future__ import annotations

SAID = "สวัสดีครับ นี่คือคำตอบที่ครบถ้วน END"
WHOLE = {
    "bad-utf8": "ก่อน ก END",
    "bom": SAID,
    "data-ping": SAID,
    "delta-empty-message": SAID,
    "json-ct": SAID,
    "no-finish-done": SAID,
    "o-surrogate": "ดีใจ 😀 END",
    "parts-think": SAID,
    "stop-every-slow": "ครึ่งแรก ครึ่งหลัง END",
    "surrogate-lone": "ดีใจ x\ufffd y END",
    "surrogate-split": "ดีใจ 😀 END",
    "vertex-keepalive": SAID,
}
FAILING = {"err-list-mid": "สวัสดีครับ นี่คือ", "raw-error-in-sse": "", "so-go": ""}
OF_OLLAMA = {"o-surrogate"}
