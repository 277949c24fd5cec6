"""Things a person should know about a reply or a model."""

from __future__ import annotations

from collections.abc import Mapping

NOTICES: Mapping[str, tuple[str, str]] = {
    "answered_by_other": (
        "ถาม {asked} แต่ {answered} เป็นผู้ตอบ เพราะ {asked} ตอบไม่ได้ในตอนนี้",
        "You asked {asked}; {answered} answered, because {asked} couldn't right now.",
    ),
    "context_trimmed": (
        "โมเดลเห็นเฉพาะข้อความล่าสุด ข้อความก่อนหน้า {left_out} ข้อความไม่ได้ส่งไปด้วย",
        "The model saw the latest messages only; {left_out} earlier ones were left out.",
    ),
    "answer_not_streamed": (
        "โมเดลนี้ส่งคำตอบมาทีเดียวทั้งก้อน",
        "This model sends its answer in one piece.",
    ),
    "parameter_dropped": ("โมเดลไม่รับค่า “{param}” จึงถามโดยไม่ใช้ค่านี้", "The model refuses “{param}”; asked without it."),
    "model_loading": (
        "{model} กำลังโหลด คำตอบแรกอาจใช้เวลาสักครู่",
        "{model} is loading; the first words may take a while.",
    ),
    "demo_model": (
        "โมเดลสาธิตภาษาอังกฤษขนาดเล็ก",
        "Small English demo model",
    ),
}
