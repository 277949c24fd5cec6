"""The texts of the list of models: what is known of each, and the marks that a person gives them."""

from __future__ import annotations

from collections.abc import Mapping

CHOOSING: Mapping[str, tuple[str, str]] = {
    "models_find": ("ค้นหาโมเดล", "Find a model"),
    "models_favourites": ("รายการโปรด", "Favourites"),
    "models_recent": ("ใช้ล่าสุด", "Used last"),
    "models_hidden": ("ที่ซ่อนไว้", "Hidden"),
    "models_hidden_count": ("ที่ซ่อนไว้ ({count})", "Hidden ({count})"),
    "models_not_found": ("ไม่พบโมเดลที่ค้นหา", "No model matches."),
    "models_nowhere": ("ยังไม่มีโมเดล", "There is no model yet."),
    "model_star": ("เพิ่มในรายการโปรด", "Add to favourites"),
    "model_unstar": ("เอาออกจากรายการโปรด", "Remove from favourites"),
    "model_hide": ("ซ่อนโมเดลนี้", "Hide this model"),
    "model_unhide": ("เลิกซ่อนโมเดลนี้", "Show this model again"),
    "model_vision": ("อ่านภาพได้", "vision"),
    "model_thinking": ("คิดก่อนตอบ", "thinking"),
    "model_window": ("{count} โทเค็น", "{count} tokens"),
    "model_window_whole": ("รับได้ {count} โทเค็น", "takes {count} tokens"),
    "model_price": ("เข้า {input} ออก {output}", "{input} in, {output} out"),
    "model_price_whole": (
        "ราคาต่อล้านโทเค็น เข้า {input} ออก {output}",
        "{input} in and {output} out for a million tokens",
    ),
    "again_with": ("ตอบใหม่ด้วยโมเดลอื่น…", "Answer again with…"),
}
