"""A message of every kind of part, as values and as JSON."""

from __future__ import annotations

from thai_chat.domain.json_types import JsonValue
from thai_chat.domain.parts import (
    AttachmentPart,
    CitationPart,
    NoticePart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
)

PARTS: tuple[Part, ...] = (
    ReasoningPart("ต้องดูอากาศก่อน"),
    TextPart("พรุ่งนี้ที่เชียงใหม่ "),
    ToolCallPart(call_id="call_1", name="weather", arguments={"city": "เชียงใหม่", "days": 1}),
    ToolResultPart(call_id="call_1", text="ฝน 🌧️ 24°"),
    ToolCallPart(call_id="call_2", name="weather", arguments='{"city": '),
    ToolResultPart(call_id="call_2", text="ไม่ใช่ JSON", is_error=True),
    TextPart("ฝนตก เอาร่มไปด้วย 👩🏽‍🍳"),
    CitationPart(document_id="d1", title="พยากรณ์", url="https://example.org/พยากรณ์", quote="ฝนร้อยละ 80"),
    AttachmentPart(file_id="f1", name="แผนที่.png", media_type="image/png", size_bytes=2048),
    NoticePart(code="reply_too_long", params={"chars": "1,000,000"}),
    UnknownPart({"type": "hologram", "x": [1, None, {"y": "ก้"}]}),
)
CONTENT = "พรุ่งนี้ที่เชียงใหม่ ฝนตก เอาร่มไปด้วย 👩🏽‍🍳"
AS_JSON: list[JsonValue] = [
    {"type": "reasoning", "text": "ต้องดูอากาศก่อน"},
    {"type": "text", "text": "พรุ่งนี้ที่เชียงใหม่ "},
    {"type": "tool_call", "call_id": "call_1", "name": "weather", "arguments": {"city": "เชียงใหม่", "days": 1}},
    {"type": "tool_result", "call_id": "call_1", "text": "ฝน 🌧️ 24°", "is_error": False},
    {"type": "tool_call", "call_id": "call_2", "name": "weather", "arguments": '{"city": '},
    {"type": "tool_result", "call_id": "call_2", "text": "ไม่ใช่ JSON", "is_error": True},
    {"type": "text", "text": "ฝนตก เอาร่มไปด้วย 👩🏽‍🍳"},
    {
        "type": "citation",
        "document_id": "d1",
        "title": "พยากรณ์",
        "url": "https://example.org/พยากรณ์",
        "quote": "ฝนร้อยละ 80",
    },
    {"type": "attachment", "file_id": "f1", "name": "แผนที่.png", "media_type": "image/png", "size_bytes": 2048},
    {"type": "notice", "code": "reply_too_long", "params": {"chars": "1,000,000"}},
    {"type": "hologram", "x": [1, None, {"y": "ก้"}]},
]
"""The names are a promise to clients, as those of the metadata are."""
