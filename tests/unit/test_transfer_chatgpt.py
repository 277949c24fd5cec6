"""ChatGPT's marks, canvas and voice are read as what people saw and heard."""

from __future__ import annotations

import json

import pytest

from tests.foreign_exports import (
    Json,
    chatgpt_conversation,
    node,
    said,
)
from tests.imported import dialog, only


def told(text: str, *references: Json) -> str:
    message = said("assistant", text, metadata={"content_references": list(references)})
    return only([chatgpt_conversation(mapping={"a": node("a", None, message)})]).messages[0].message.content


def mark(*words: str) -> str:
    return "\ue200" + "\ue202".join(words) + "\ue201"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ไป" + mark("entity", '["city","เชียงใหม่","Thailand"]') + "กัน", "ไปเชียงใหม่กัน"),
        ("ไป" + mark('entity["city","เชียงใหม่"]') + "กัน", "ไปเชียงใหม่กัน"),
        ("คุณ" + mark("person", '["สมศรี"]'), "คุณสมศรี"),
        ("คุณ" + mark("entity", '{"name": "สมศรี"}'), "คุณสมศรี"),
        (f"ดู {mark('url', 'คู่มือ', 'https://example.org/a')}", "ดู [คู่มือ](https://example.org/a)"),
        (f"ดู {mark('url', 'https://example.org/a')}", "ดู https://example.org/a"),
        (f"จริง{mark('cite', 'turn0search1', 'turn0search2')}.", "จริง."),
        ("ภาพ" + mark("image_group", '{"query": ["x"]}') + ".", "ภาพ."),
        (f"ราคา{mark('finance', 'turn0finance0')}.", "ราคา."),
        ("เน้น\ue203คำ\ue204นี้", "เน้นคำนี้"),
    ],
)
def test_marks_of_names_places_and_links_are_prose(text: str, expected: str) -> None:
    assert told(text) == expected


def test_a_source_is_told_by_its_link() -> None:
    source = mark("cite", "turn0search1")
    assert told(f"จริง {source}", {"matched_text": source, "alt": "([tmd](https://tmd.go.th))"}) == (
        "จริง ([tmd](https://tmd.go.th))"
    )


def test_what_was_spoken_is_told_by_its_words() -> None:
    sound = {"content_type": "real_time_user_audio_video_asset_pointer", "audio_asset_pointer": {"asset_pointer": "x"}}
    words = {"content_type": "audio_transcription", "text": "สวัสดีจากเสียง", "direction": "in"}
    other = {"content_type": "audio_asset_pointer", "asset_pointer": "sediment://file_1"}
    mapping = {
        "q": node("q", None, said("user", words, sound, kind="multimodal_text")),
        "a": node("a", "q", said("assistant", other, kind="multimodal_text")),
        "n": node("n", "a", said("user", sound, kind="multimodal_text")),
    }
    assert dialog(only([chatgpt_conversation(mapping=mapping, current_node="n")])) == [
        ("user", "สวัสดีจากเสียง"),
        ("assistant", "[🔊 file_1]"),
        ("user", "[🔊]"),
    ]


def canvas(*calls: object) -> list[str]:
    mapping = {}
    parent = None
    for number, call in enumerate(calls):
        text = call if isinstance(call, str) else json.dumps(call)
        key = f"c{number}"
        mapping[f"q{number}"] = node(f"q{number}", parent, said("user", "ขอ"))
        mapping[key] = node(key, f"q{number}", said("assistant", text, kind="code", recipient="canmore.x_textdoc"))
        parent = key
    found = dialog(only([chatgpt_conversation(mapping=mapping, current_node=parent)]))
    return [content for role, content in found if role == "assistant"]


def test_a_canvas_is_shown_as_it_became() -> None:
    made = {"name": "โค้ด", "type": "code/python", "content": "a = 1\na = 1"}
    assert canvas(
        made,
        {"updates": [{"pattern": "a = 1", "multiple": True, "replacement": "b = 2"}]},
        {"updates": [{"pattern": "b \\= 2", "replacement": "c"}]},
        {"comments": [{"pattern": "c", "comment": "สั้นไป"}]},
        {"updates": [{"pattern": ".*", "replacement": "ใหม่หมด"}]},
        {"updates": [{"pattern": "no[tx]hing", "replacement": "อื่น"}]},
        '{"name": "ขาด',
    ) == [
        "📄 **โค้ด**\n\n```python\na = 1\na = 1\n```",
        "📄 **โค้ด**\n\n```python\nb = 2\nb = 2\n```",
        "📄 **โค้ด**\n\n```python\nc\nb = 2\n```",
        "📄 **โค้ด**\n\n- “c”: สั้นไป",
        "📄 **โค้ด**\n\n```python\nใหม่หมด\n```",
        "📄 **โค้ด**\n\n```diff\n- no[tx]hing\n+ อื่น\n```",
        '```json\n{"name": "ขาด\n```',
    ]
