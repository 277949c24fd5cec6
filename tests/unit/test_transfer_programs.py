"""The exports of other programs, each as it comes: who said what is read, whatever its shape is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.foreign_exports import (
    Json,
    as_file,
    as_zip,
    node,
)
from tests.imported import EXPORTS, dialog, kept, only, read, read_named, reasoning, spoken
from thai_chat import texts
from thai_chat.chat.transfer import formats
from thai_chat.domain.messages import Status

Dialog = list[tuple[str, str]]

KEPT: dict[str, tuple[str, list[Dialog]]] = {
    "claude.json": (
        "claude",
        [
            [
                ("user", "เขียนลูปให้หน่อย\n\n[📎 a.py]"),
                ("assistant", "ได้ครับ\n\n📄\n\n```\nfor i in range(3): print(i)\n```"),
            ]
        ],
    ),
    "deepseek.json": ("deepseek", [[("user", "ขอสูตรต้มยำ"), ("assistant", "ใส่ข่า ตะไคร้ ใบมะกรูด")]]),
    "hf-chatui.json": ("hf-chat-ui", [[("user", "ถาม"), ("assistant", "ตอบ")]]),
    "librechat.json": ("librechat", [[("user", "แปลคำว่า hello"), ("assistant", "สวัสดี")]]),
    "lmstudio.conversation.json": ("lm-studio", [[("user", "เมืองหลวงของไทย"), ("assistant", "กรุงเทพฯ")]]),
    "openwebui-today.json": (
        "open-webui",
        [
            [
                ("user", "[🖼]"),
                ("assistant", "ร้อน 32 องศา\nสรุปคือร้อน"),
                ("user", "ภาพนี้ล่ะ\n\n[🖼]"),
                ("assistant", "คำตอบอยู่ใน output"),
            ]
        ],
    ),
    "openwebui-noids.json": (
        "open-webui",
        [[("user", "ขอหนึ่ง"), ("assistant", "ได้หนึ่ง")], [("user", "ขอสอง"), ("assistant", "ได้สอง ยาวกว่ามาก")]],
    ),
    "plain-a.json": ("plain", [[("user", "คำถามของไฟล์ ก"), ("assistant", "คำตอบของไฟล์ ก")]]),
    "plain-b.json": (
        "plain",
        [
            [
                ("user", "เรื่องอื่น ไฟล์ ข"),
                ("assistant", "คำตอบไฟล์ ข ซึ่งไม่เกี่ยวกับไฟล์ ก เลย"),
                ("user", "ถามต่อ ข"),
                ("assistant", "ตอบต่อ ข"),
            ]
        ],
    ),
    "chatgpt-noids.json": (
        "chatgpt",
        [[("user", "ถามหนึ่ง"), ("assistant", "ตอบหนึ่ง")], [("user", "ถามสอง"), ("assistant", "ตอบสอง")]],
    ),
    "chatgpt-entity.json": (
        "chatgpt",
        [
            [
                ("user", "ใครเขียนบทความนี้ และอยู่เมืองไหน"),
                (
                    "assistant",
                    "บทความของ สมชาย ใจดี บอกว่าเมืองหลวงคือ เชียงใหม่ ราว พ.ศ. 2300  "
                    "อ่านต่อที่ [คู่มือการหลอม](https://example.org/smelt)",
                ),
            ]
        ],
    ),
    "chatgpt-canvas.json": (
        "chatgpt",
        [
            [
                ("user", "ช่วยร่างจดหมายลาออกใน canvas"),
                (
                    "assistant",
                    "📄 **จดหมายลาออก**\n\nเรียนผู้จัดการ\n\nข้าพเจ้าขอลาออกตั้งแต่วันที่ 1 มกราคม\n\nขอแสดงความนับถือ"
                    "\n\nร่างให้แล้ว อยากปรับส่วนไหนบอกได้เลย",
                ),
                ("user", "เปลี่ยนเป็นวันที่ 15"),
                (
                    "assistant",
                    "📄 **จดหมายลาออก**\n\nเรียนผู้จัดการ\n\nข้าพเจ้าขอลาออกตั้งแต่วันที่ 15 มกราคม\n\nขอแสดงความนับถือ\n\nแก้แล้ว",
                ),
            ]
        ],
    ),
    "chatgpt-string-time.json": ("chatgpt", [[("assistant", "ตอบ")], [("user", "ถาม"), ("assistant", "ตอบ")]]),
    "chatgpt-null-mapping.json": ("chatgpt", [[("user", "ถาม"), ("assistant", "ตอบ")]] * 2),
    "chatgpt-nested.zip": ("chatgpt", [[("user", "ถาม"), ("assistant", "ตอบ")]] * 2),
}


@pytest.mark.parametrize("name", KEPT)
def test_an_export_is_read_as_what_was_said(name: str) -> None:
    program, dialogs = KEPT[name]
    sessions = read(kept(name))
    assert [dialog(session) for session in sessions] == dialogs
    assert {session.program for session in sessions} == {program}
    for language in texts.LANGUAGES:
        assert texts.has_text(f"import_program_{program}"), language


def test_every_program_has_a_name_for_people() -> None:
    assert all(texts.has_text(f"import_program_{one.program}") for one in formats.FORMATS)


def test_all_exports_at_once_are_one_import() -> None:
    files = {path.name: path.read_bytes() for path in sorted(EXPORTS.iterdir())}
    sessions, left_out = read_named(files)
    assert len(sessions) == sum(len(dialogs) for _, dialogs in KEPT.values())
    assert len({session.session.session_id for session in sessions}) == len(sessions)
    reasons = {(one["file"], one["why"]) for one in left_out}
    assert reasons == {
        ("export_manifest.json", "import_companion"),
        ("user.json", "import_companion"),
        ("chatgpt-null-mapping.json", "import_missing"),
    }


def test_claude_is_read_from_its_zip_with_branches_attachments_and_tools() -> None:
    root = "00000000-0000-4000-8000-000000000000"
    pasted = {"file_name": "", "extracted_content": "ข้อความยาว"}
    called = {"type": "tool_use", "id": "t", "name": "web_search", "input": {"query": "ทอง"}}
    found = {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "60,000"}]}
    edit = {"type": "tool_use", "name": "artifacts", "input": {"id": "doc", "old_str": "ก", "new_str": "ข"}}
    messages = [
        {"uuid": "1", "sender": "human", "text": "ก", "attachments": [pasted], "parent_message_uuid": root},
        {"uuid": "2", "sender": "assistant", "content": [called, found], "text": "ข", "parent_message_uuid": "1"},
        {"uuid": "3", "sender": "assistant", "content": [edit], "text": "", "parent_message_uuid": "1"},
    ]
    conversation = {"uuid": "c", "name": "ทอง", "created_at": "2025-06-01T03:00:00Z", "chat_messages": messages}
    conversation["current_leaf_message_uuid"] = "2"
    files = {"conversations.json": as_file([conversation]), "users.json": b"[]", "projects.json": b"[]"}
    (session,) = read(as_zip(files))
    assert dialog(session) == [("user", "ก\n\n```\nข้อความยาว\n```"), ("assistant", "ข")]
    assert reasoning(session) == ['🔧 web_search({"query":"ทอง"})\n→ 60,000', None]
    assert session.messages[2].message.content == "📄 **doc**\n\n```diff\n- ก\n+ ข\n```"
    assert session.session.has_branches


def test_deepseek_of_before_the_fragments_is_read_too() -> None:
    mapping = {
        "root": node("root", None),
        "1": node("1", "root", {"content": "ถาม", "inserted_at": "2025-06-01T10:00:00+08:00"}),
        "2": node("2", "1", {"content": "ตอบ", "reasoning_content": "คิด", "model": "deepseek-reasoner"}),
    }
    session = only([{"id": "d", "title": "x", "inserted_at": "2025-06-01T10:00:00+08:00", "mapping": mapping}])
    assert dialog(session) == [("user", "ถาม"), ("assistant", "ตอบ")]
    assert reasoning(session) == ["คิด"]


def test_librechat_is_read_as_a_flat_list_with_tools_and_failures() -> None:
    call = {"type": "tool_call", "tool_call": {"name": "ค้น", "args": '{"q": 1}', "output": "พบ"}}
    messages = [
        {"messageId": "1", "parentMessageId": "0", "text": "ถาม", "isCreatedByUser": True},
        {"messageId": "2", "parentMessageId": "1", "content": [call, {"type": "text", "text": {"value": "ตอบ"}}]},
        {"messageId": "3", "parentMessageId": "1", "text": "พัง", "isCreatedByUser": False, "error": True},
    ]
    messages[1]["sender"] = "assistant"
    session = only({"conversationId": "c", "title": "x", "messages": messages, "options": {"promptPrefix": "สั้น"}})
    assert [kept.message.content for kept in session.messages] == ["ถาม", "ตอบ", "พัง"]
    assert reasoning(session) == ['🔧 ค้น({"q": 1})\n→ พบ', None]
    assert session.messages[2].message.status is Status.FAILED
    assert session.session.options == {"system_prompt": "สั้น"}


def test_a_chat_whose_messages_are_beside_an_empty_history_is_read() -> None:
    chat = {"history": {"messages": {}, "currentId": None}, **spoken("ถาม", "ตอบ")}
    assert dialog(only([{"id": "o", "title": "x", "chat": chat}])) == [("user", "ถาม"), ("assistant", "ตอบ")]


def test_a_tree_of_librechat_by_its_older_name_is_read() -> None:
    child = {"messageId": "2", "text": "ตอบ", "isCreatedByUser": False, "children": []}
    first = {"messageId": "1", "text": "ถาม", "isCreatedByUser": True, "children": [child]}
    assert dialog(only({"conversationId": "c", "messagesTree": [first]})) == [("user", "ถาม"), ("assistant", "ตอบ")]


def test_a_long_chat_of_librechat_is_read_although_its_messages_stand_in_each_other() -> None:
    content = "[]"
    for number in range(1500, 0, -1):
        is_own = "true" if number % 2 else "false"
        content = f'[{{"messageId": "{number}", "text": "x", "isCreatedByUser": {is_own}, "children": {content}}}]'
    (session,) = read(f'{{"conversationId": "c", "messages": {content}}}'.encode())
    assert len(dialog(session)) == 1500


def test_versions_and_thoughts_of_lm_studio_are_kept() -> None:
    def reply(text: str) -> Json:
        thought = {"type": "contentBlock", "style": {"type": "thinking"}, "content": [{"type": "text", "text": "คิด"}]}
        steps = [thought, {"type": "contentBlock", "content": [{"type": "text", "text": text}]}]
        return {"type": "multiStep", "role": "assistant", "steps": steps}

    asked = {"role": "user", "content": [{"type": "text", "text": "ถาม"}, {"type": "file", "fileType": "image"}]}
    messages = [
        {"versions": [asked], "currentlySelected": 0},
        {"versions": [reply("หนึ่ง"), reply("สอง"), reply("สอง")], "currentlySelected": 1},
        {"versions": [{"role": "user", "content": [{"type": "text", "text": "ต่อ"}]}], "currentlySelected": 7},
    ]
    session = only({"name": "x", "messages": messages})
    assert dialog(session) == [("user", "ถาม\n\n[🖼]"), ("assistant", "สอง"), ("user", "ต่อ")]
    assert len(session.messages) == 5
    assert reasoning(session) == ["คิด"] * 3


def test_a_tree_of_chat_ui_keeps_its_branches() -> None:
    messages = [
        {"id": "s", "from": "system", "content": "สุภาพ", "ancestors": []},
        {"id": "q", "from": "user", "content": "ถาม", "ancestors": ["s"], "files": [{"name": "a.pdf"}]},
        {"id": "a", "from": "assistant", "content": "หนึ่ง", "ancestors": ["s", "q"], "interrupted": True},
        {"id": "b", "from": "assistant", "content": "สอง", "ancestors": ["s", "q"], "reasoning": "คิด"},
    ]
    session = only({"_id": {"$oid": "o"}, "title": "x", "messages": messages})
    assert [kept.message.content for kept in session.messages] == ["ถาม\n\n[📎 a.pdf]", "หนึ่ง", "สอง"]
    assert [kept.message.parent_id for kept in session.messages[1:]] == [session.messages[0].message.message_id] * 2
    assert session.messages[1].message.status is Status.STOPPED
    assert session.session.options == {"system_prompt": "สุภาพ"}
    assert session.session.metadata["imported"] == {"from": "hf-chat-ui", "id": "o"}


@pytest.mark.parametrize(
    "fragments",
    [
        {
            "fragments": [
                {"ft": "content", "part": {"pt": "text", "text": "ตอบ"}},
                {"part": {"pt": "ma", "aText": "คิด"}},
            ]
        },
        {"text": "ตอบ"},
    ],
)
def test_big_agi_is_read_in_both_versions(fragments: Json) -> None:
    messages = [
        {"id": "s", "role": "system", "text": "สุภาพ"},
        {"id": "q", "role": "user", "fragments": [{"ft": "content", "part": {"pt": "text", "text": "ถาม"}}]},
        {"id": "a", "role": "assistant", "created": 1764000000000, "generator": {"name": "gpt-5"}, **fragments},
    ]
    conversation = {"id": "c", "autoTitle": "ชื่อ", "messages": messages, "created": 1764000000000}
    session = only({"conversations": [conversation], "models": {}})
    assert (session.program, dialog(session)) == ("big-agi", [("user", "ถาม"), ("assistant", "ตอบ")])
    assert session.session.model == "gpt-5"


def test_qwen_says_its_replies_in_phases() -> None:
    phases = [{"phase": "think", "content": "คิด"}, {"phase": "answer", "content": "ตอ"}]
    messages = {
        "q": {"id": "q", "parentId": None, "role": "user", "content": "ถาม"},
        "a": {"id": "a", "parentId": "q", "role": "assistant", "content": "", "model": "qwen3-max"},
    }
    messages["a"]["content_list"] = [*phases, {"phase": "answer", "content": "บ"}]
    chat = {"history": {"messages": messages, "currentId": "a"}}
    session = only({"success": True, "data": [{"id": "w", "title": "x", "chat": chat, "created_at": 1764000000}]})
    assert (session.program, dialog(session)) == ("qwen", [("user", "ถาม"), ("assistant", "ตอบ")])
    assert reasoning(session) == ["คิด"]


def test_tools_and_code_of_open_webui_are_folded() -> None:
    session = read(kept("openwebui-today.json"))[0]
    assert reasoning(session)[0] == (
        'คิดเรื่องอากาศ\n\n🔧 get_weather({"city":"กรุงเทพ"})\n→ 32 C\n\n```python\nprint(2+2)\n```\n→ {"stdout": "4"}'
    )


def test_calls_in_the_output_of_open_webui_are_folded() -> None:
    output = [
        {"type": "function_call", "call_id": "1", "name": "ค้น", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "1", "output": [{"type": "input_text", "text": "พบ"}]},
        {"type": "message", "content": [{"type": "output_text", "text": "ตอบ"}]},
    ]
    message = {"id": "a", "parentId": None, "role": "assistant", "content": "", "output": output}
    session = only({"id": "o", "chat": {"history": {"messages": {"a": message}, "currentId": "a"}}})
    assert (dialog(session), reasoning(session)) == ([("assistant", "ตอบ")], ["🔧 ค้น({})\n→ พบ"])


def entry(title: str, time: str, reply: str = "", chat: str = "") -> Json:
    details = [{"name": "x", "url": f"https://gemini.google.com/app/{chat}"}] if chat else None
    html = {"safeHtmlItem": [{"html": reply}]} if reply else {}
    return {
        "header": "Gemini Apps",
        "title": title,
        "time": time,
        "products": ["Gemini Apps"],
        "details": details,
        **html,
    }


def test_entries_of_a_takeout_are_put_together_by_their_chat() -> None:
    chat = "aaaaaaaaaaaaaaaa"
    activities = [
        {"header": "Search", "title": "Searched for x", "time": "2026-03-04T05:08:00Z", "products": ["Search"]},
        entry("Prompted แล้วล่ะ", "2026-03-04T05:07:00Z", "<p>ต่อ</p>", chat),
        entry("Used a feature", "2026-03-04T05:06:30Z"),
        entry("Prompted ทอง", "2026-03-04T05:06:00Z", "<p>บาท<b>ละ</b> 60,000 &amp; ขึ้น</p><ul><li>ก</li></ul>", chat),
        entry("Prompted อื่น", "2026-03-03T05:06:00Z", '<a href="https://a.org/?x=1&amp;y">ลิงก์</a><script>x</script>'),
    ]
    together, alone = read(as_zip({"Takeout/My Activity/Gemini Apps/MyActivity.json": as_file(activities)}))
    assert dialog(together) == [
        ("user", "ทอง"),
        ("assistant", "บาท**ละ** 60,000 & ขึ้น\n\n- ก"),
        ("user", "แล้วล่ะ"),
        ("assistant", "ต่อ"),
    ]
    assert dialog(alone) == [("user", "อื่น"), ("assistant", "[ลิงก์](https://a.org/?x=1&y)")]
    assert alone.session.created_at == datetime(2026, 3, 3, 5, 6, tzinfo=UTC)


def test_our_own_lines_for_training_come_back() -> None:
    lines = [{"messages": [{"role": "system", "content": "สั้น"}, *spoken(word, "ตอบ")["messages"]]} for word in "กข"]
    sessions = read(b"\n".join(map(as_file, lines)) + b"\n")
    assert [dialog(session)[0] for session in sessions] == [("user", "ก"), ("user", "ข")]
    assert sessions[0].session.options == {"system_prompt": "สั้น"}
    assert len(read(as_file(lines[0]) + b"\n")) == 1


@pytest.mark.parametrize(
    "value",
    [
        [{"role": "user", "content": "ถาม"}, {"role": "assistant", "content": [{"type": "text", "text": "ตอบ"}]}],
        {"conversations": [{"from": "human", "value": "ถาม"}, {"from": "gpt", "value": "ตอบ"}]},
        [{"conversations": [{"from": "human", "value": "ถาม"}, {"from": "gpt", "value": "ตอบ"}]}],
        {"messages": [{"role": "Human", "text": "ถาม"}, {"role": "AI", "text": "ตอบ"}]},
        {"messages": [{"author": {"role": "user"}, "content": {"parts": ["ถาม"]}}, {"role": "bot", "content": "ตอบ"}]},
    ],
)
def test_messages_in_words_like_these_are_read(value: object) -> None:
    assert dialog(only(value)) == [("user", "ถาม"), ("assistant", "ตอบ")]
