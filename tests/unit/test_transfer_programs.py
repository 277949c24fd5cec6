"""The exports of other programs, each as it comes: who said what is read, whatever its shape is."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.foreign_exports import Json, as_file, as_zip, chatgpt_conversation, node, openwebui_old_chat, said
from tests.unit.test_transfer_files import LIMITS, dialog, read, refusal
from tests.uploads import upload
from thai_chat import texts
from thai_chat.chat.transfer import formats
from thai_chat.chat.transfer.files import Import
from thai_chat.chat.transfer.moments import moment_of
from thai_chat.chat.transfer.upload import GivenFile, Upload
from thai_chat.domain.errors import ImportRefused
from thai_chat.domain.messages import Role, Status
from thai_chat.domain.transfer import KeptSession

EXPORTS = Path(__file__).parent.parent / "exports"
Dialog = list[tuple[str, str]]


def kept(name: str) -> bytes:
    return (EXPORTS / name).read_bytes()


def only(value: object) -> KeptSession:
    (session,) = read(as_file(value))
    return session


def reasoning(session: KeptSession) -> list[object]:
    return [kept.message.metadata.get("reasoning") for kept in session.messages if kept.message.role is Role.ASSISTANT]


def read_named(files: Mapping[str, bytes]) -> tuple[list[KeptSession], list[Mapping[str, Any]]]:
    """The sessions of files under their names, and why others were left out."""
    whole = upload(*files.values())
    given = Upload(
        whole.file, [GivenFile(name, one.start, one.size) for name, one in zip(files, whole.files, strict=True)]
    )
    left_out: list[Mapping[str, Any]] = []
    opened = Import(given, LIMITS, left_out=lambda refusal: left_out.append(refusal.params))
    try:
        opened.open()
        return [session for session, _ in opened.sessions()], left_out
    finally:
        opened.close()
        given.close()


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


# Which chats are the same


def spoken(*words: str, **fields: Any) -> Json:
    roles = ("user", "assistant")
    return {"messages": [{"role": roles[at % 2], "content": word} for at, word in enumerate(words)], **fields}


def ids(*values: object) -> list[object]:
    return [session.session.session_id for value in values for session in read(as_file(value))]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (spoken("ถาม", "ตอบ"), spoken("ถามอีก", "ตอบ")),
        (spoken("สวัสดี", "ครับ", "ก"), spoken("สวัสดี", "ครับ", "ข")),
        (spoken("สวัสดี", "ครับ"), spoken("สวัสดี", "ครับ", "ถามต่อ")),
        (spoken("ก", "ข", title="New chat"), spoken("ค", "ข", title="New chat")),
        (spoken("ก", "ข", models=["m"], title="x"), spoken("ค", "ข", models=["m"], title="x")),
        (spoken("ก", "ข", created_at=1764000000), spoken("ก", "ข", created_at=1764000001)),
    ],
)
def test_chats_without_ids_in_which_something_else_was_said_are_others(one: Json, other: Json) -> None:
    first, second = ids(one, other)
    assert first != second


def test_a_chat_without_an_id_is_known_again_also_by_another_name() -> None:
    first, again, renamed = ids(spoken("ก", "ข"), spoken("ก", "ข"), spoken("ก", "ข", title="ชื่อใหม่"))
    assert first == again == renamed


def test_an_id_may_be_a_number() -> None:
    first, longer, other = ids(*(spoken("ก", *more, id=key) for more, key in (((), 7), (("ข",), 7), ((), 8))))
    assert first == longer != other


def test_messages_without_ids_are_others_where_something_else_was_asked() -> None:
    old = openwebui_old_chat()
    longer = {**old, "messages": [*old["messages"], {"role": "user", "content": "ต่อ"}]}
    edited = {**old, "messages": [{"role": "user", "content": "แก้แล้ว"}, *old["messages"][1:]]}
    first, grown, changed = (
        {kept.message.message_id for kept in only(value).messages} for value in (old, longer, edited)
    )
    assert len(ids(old, longer, edited)) == 3
    assert len(set(ids(old, longer, edited))) == 1, "its id is its own"
    assert first < grown
    assert first.isdisjoint(changed)


# What is odd


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1764000000, 1764000000),
        (1764000000.5, 1764000000.5),
        ("1764000000.5", 1764000000.5),
        (1764000000000, 1764000000),
        (1764000000000000, 1764000000),
        ("2025-11-24T16:00:00Z", 1764000000),
        ("2025-11-24T16:00:00.000000Z", 1764000000),
        ("2025-11-24T23:00:00+07:00", 1764000000),
        ("2025-11-24 16:00:00", 1764000000),
        ({"$date": "2025-11-24T16:00:00Z"}, 1764000000),
        ({"$date": {"$numberLong": "1764000000000"}}, 1764000000),
        *((odd, None) for odd in ("yesterday", "", None, True, [], {}, -5, 0, 10**400, float("nan"), float("inf"))),
        *((odd, None) for odd in ("9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+05:00", 40_000_000_000, "1e400")),
    ],
)
def test_times_are_read_as_programs_write_them(value: object, expected: float | None) -> None:
    assert moment_of(value) == (None if expected is None else datetime.fromtimestamp(expected, UTC))


@pytest.mark.parametrize("time", ["yesterday", [], {}, "1e999", -1, True, "2025-11-24T16:00:00Z"])
def test_an_odd_time_or_title_costs_no_conversation(time: object) -> None:
    conversation = chatgpt_conversation(create_time=time, title=5)
    conversation["mapping"]["q1"]["message"]["create_time"] = time
    assert len(only([conversation]).messages) == 5


@pytest.mark.parametrize(
    "odd",
    [
        {"title": "แปลก", "mapping": None},
        {"title": "แปลก", "mapping": {"a": 5}},
        {"title": "แปลก", "mapping": {}},
        {"title": "แปลก", "mapping": {"a": {"message": {"author": "me"}}}},
        {"title": "แปลก"},
        {"title": "แปลก", "chat_messages": []},
    ],
)
def test_one_odd_conversation_is_left_out_and_named(odd: Json) -> None:
    good = [chatgpt_conversation(conversation_id=key) for key in ("1", "2")]
    sessions, left_out = read_named({"conversations.json": as_file([good[0], odd, good[1]])})
    assert len(sessions) == 2
    (told,) = left_out
    assert told["number"] == 2
    for language in texts.LANGUAGES:
        assert "…" not in texts.text("import_left_out", language, told).replace("{ … }", "")
    assert len(read_named({"conversations.json": as_file([odd, *good])})[0]) == 2


def test_a_file_of_which_nothing_can_be_read_is_refused_with_what_is_missing() -> None:
    told = refusal(as_file([{"title": "ว่าง", "mapping": {}}, {"title": "แปลก", "mapping": None}]))
    assert (told["why"], told["field"], told["title"]) == ("import_missing", "mapping", "แปลก")
    assert refusal(as_file([{"title": "ว่าง", "chat_messages": []}]))["field"] == "chat_messages"


def test_what_is_beside_the_chats_in_a_folder_is_passed_over() -> None:
    folder = {
        "chat.html": b"<html>",
        "conversations.json": as_file([chatgpt_conversation()]),
        "export_manifest.json": b'{"version": 1}',
        "file-abc.png": b"\x89PNG\r\n",
        "file-abc.jpg": b"\xff\xd8\xff\xe0",
        "message_feedback.json": b"[]",
        "user.json": b'{"id": "u"}',
        "notes.json": b'{"a": 1}',
        "empty.json": b"",
    }
    sessions, left_out = read_named(folder)
    assert len(sessions) == 1
    reasons = {str(one["file"]): one["why"] for one in left_out}
    assert (reasons.pop("notes.json"), reasons.pop("empty.json")) == ("import_unknown", "import_empty")
    assert set(reasons.values()) == {"import_companion"}
    assert len(reasons) == 6


def test_a_damaged_file_among_others_refuses_all() -> None:
    good = as_file([chatgpt_conversation()])
    with pytest.raises(ImportRefused) as caught:
        read_named({"a.json": good, "b.json": good[:-40]})
    assert caught.value.params["why"] == "import_cut_off"


def test_archives_stand_in_archives_but_not_without_end() -> None:
    archive = as_zip({"conversations.json": as_file([chatgpt_conversation()])})
    for _ in range(3):
        archive = as_zip({"x/inner.zip": archive, "x/pictures.zip": as_zip({"a.png": b"x"})})
    assert len(read(archive)) == 1
    assert refusal(as_zip({"deeper.zip": archive}))["why"] == "import_zip_nothing"


def test_what_comes_out_of_archives_in_archives_is_counted() -> None:
    inner = as_zip({"conversations.json": b"[" + b" " * 3_000_000 + as_file(chatgpt_conversation()) + b"]"})
    limits = LIMITS.__class__(ratio_from_bytes=2_000_000)
    assert refusal(as_zip({"a.zip": inner}), limits)["why"] == "import_zip_large"
    limits = LIMITS.__class__(members=3)
    assert refusal(as_zip({f"{one}.zip": inner for one in range(3)}), limits)["why"] == "import_zip_many"


# ChatGPT


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


# Others


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


# llm


def turn(number: int, conversation: str | None, prompt: str) -> Json:
    return {
        "id": f"r{number}",
        "model": "gpt-5",
        "prompt": prompt,
        "system": "สั้น",
        "response": f"ตอบ {prompt}",
        "conversation_id": conversation,
        "duration_ms": 500,
        "datetime_utc": f"2025-02-16T22:34:0{number}",
        "input_tokens": 8,
        "output_tokens": 12,
    }


TURNS = [turn(1, "c1", "ก"), turn(2, "c2", "ข"), turn(3, "c1", "ค"), turn(4, None, "ง")]
DIALOGS = [["ก", "ตอบ ก", "ค", "ตอบ ค"], ["ข", "ตอบ ข"], ["ง", "ตอบ ง"]]


def spoken_in(sessions: list[KeptSession]) -> list[list[str]]:
    return [[content for _, content in dialog(session)] for session in sessions]


def database(tmp_path: Path, statements: str, turns: list[Json]) -> bytes:
    path = tmp_path / "logs.db"
    connection = sqlite3.connect(path)
    connection.executescript(statements)
    for one in turns:
        names = ", ".join(one)
        connection.execute(f"INSERT INTO responses ({names}) VALUES ({', '.join('?' * len(one))})", tuple(one.values()))
    connection.commit()
    connection.close()
    return path.read_bytes()


OLD = """
CREATE TABLE conversations (id TEXT PRIMARY KEY, name TEXT, model TEXT);
CREATE TABLE responses (id TEXT PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, prompt_json TEXT, options_json TEXT,
    response TEXT, response_json TEXT, conversation_id TEXT, duration_ms INTEGER, datetime_utc TEXT,
    input_tokens INTEGER, output_tokens INTEGER);
INSERT INTO conversations VALUES ('c1', 'ชื่อ', 'gpt-5');
"""
NEW = """
CREATE TABLE threads (id TEXT PRIMARY KEY, name TEXT, tip_message_hash TEXT);
CREATE TABLE messages (hash TEXT PRIMARY KEY, parent_hash TEXT, role TEXT, provider_metadata TEXT);
CREATE TABLE parts (id INTEGER PRIMARY KEY, message_hash TEXT, position INTEGER, type TEXT, tool_name TEXT, text TEXT,
    payload TEXT);
CREATE TABLE fragments (id INTEGER PRIMARY KEY, hash TEXT, content TEXT);
CREATE TABLE turns (id TEXT PRIMARY KEY, thread_id TEXT, parent_message_hash TEXT, tip_message_hash TEXT, model TEXT,
    input_tokens INTEGER, output_tokens INTEGER, duration_ms INTEGER, datetime_utc TEXT);
INSERT INTO threads VALUES ('t', 'ใหม่', 'a2');
INSERT INTO fragments VALUES (1, 'f', 'ส่วน');
INSERT INTO messages VALUES ('q1', NULL, 'user', NULL), ('a1', 'q1', 'assistant', NULL), ('q2', 'a1', 'user', NULL),
    ('a2', 'q2', 'assistant', NULL);
INSERT INTO parts (message_hash, position, type, text, payload) VALUES ('q1', 0, 'text', 'ถาม', NULL),
    ('a1', 0, 'reasoning', 'คิด', NULL), ('a1', 1, 'text', 'ตอบ', NULL),
    ('q2', 0, 'text', NULL, '{"text_ref": [{"fragment": 1}, {"literal": " ต่อ"}]}'), ('a2', 0, 'text', 'จบ', NULL);
INSERT INTO turns VALUES ('1', 't', 'q1', 'a1', 'gpt-5', 1, 2, 3, '2026-08-05T00:00:00'),
    ('2', 't', 'q2', 'a2', 'gpt-5', 1, 2, 3, '2026-08-05T00:00:01');
"""


def test_turns_of_llm_are_put_together_by_their_conversation() -> None:
    sessions = read(as_file(TURNS))
    assert spoken_in(sessions) == DIALOGS
    reply = sessions[0].messages[1].message
    assert (reply.model, reply.figures.prompt_tokens, reply.figures.latency_ms) == ("gpt-5", 8, 500)
    assert sessions[0].session.options == {"system_prompt": "สั้น"}


def test_the_database_of_llm_gives_what_its_json_gives(tmp_path: Path) -> None:
    content = database(tmp_path, OLD, TURNS)
    sessions = read(content)
    assert spoken_in(sessions) == DIALOGS
    assert sessions[0].session.session_name == "ชื่อ"
    assert [one.session.session_id for one in sessions] == ids(TURNS)
    assert spoken_in(read(as_zip({"io.datasette.llm/logs.db": content}))) == DIALOGS
    assert spoken_in(read(as_file(spoken("x", "y")), content)) == [["x", "y"], *DIALOGS]


def test_the_database_of_todays_llm_keeps_its_messages_once(tmp_path: Path) -> None:
    (session,) = read(database(tmp_path, NEW, []))
    assert spoken_in([session]) == [["ถาม", "ตอบ", "ส่วน ต่อ", "จบ"]]
    assert (reasoning(session), session.session.session_name) == (["คิด", None], "ใหม่")


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        ("CREATE TABLE other (x)", "import_database_other"),
        ("CREATE VIEW responses AS SELECT 1 AS id, 'x' AS prompt, 'y' AS response, 'c' AS conversation_id", None),
        ("CREATE VIRTUAL TABLE responses USING fts5(prompt, response, conversation_id)", None),
        (
            "CREATE TABLE responses (prompt, response, conversation_id TEXT AS (hex(zeroblob(9))) VIRTUAL);"
            "INSERT INTO responses VALUES ('x', 'y')",
            "import_nothing",
        ),
        (
            "CREATE TABLE responses (conversation_id PRIMARY KEY) WITHOUT ROWID",
            "import_database_broken",
        ),
    ],
)
def test_a_database_that_is_none_of_llm_or_would_run_something_is_refused(
    tmp_path: Path, statements: str, reason: str | None
) -> None:
    assert refusal(database(tmp_path, statements, []))["why"] == (reason or "import_database_other")


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    content = bytearray(database(tmp_path, OLD, TURNS))
    content[100:2000] = b"\xff" * 1900
    assert refusal(bytes(content))["why"] == "import_database_broken"
    assert refusal(bytes(content[:2000]))["why"] == "import_database_broken"
