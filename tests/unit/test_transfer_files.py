"""Files that are handed in are recognised and read, or refused with their line and the reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from tests.foreign_exports import (
    ANSWER,
    CHATGPT_ID,
    OTHER_ANSWER,
    QUESTION,
    as_file,
    as_zip,
    chatgpt_conversation,
    chatgpt_with_tools,
    node,
    openwebui_chat,
    openwebui_old_chat,
    said,
)
from tests.imported import dialog, own, read
from thai_chat.domain.messages import LABEL_CHARS, Role, Status


def test_a_conversation_of_chatgpt_keeps_its_branches_and_shows_the_one_it_showed() -> None:
    (session,) = read(as_file([chatgpt_conversation()], ascii_only=True))
    assert dialog(session) == [
        ("user", QUESTION),
        ("assistant", OTHER_ANSWER),
        ("user", "ขอบคุณครับ"),
        ("assistant", "ยินดีครับ"),
    ]
    assert ANSWER in [kept.message.content for kept in session.messages]
    assert session.session.has_branches
    assert [kept.message.message_order for kept in session.messages] == [1, 2, 3, 4, 5]


def test_names_models_and_times_of_chatgpt_are_kept() -> None:
    (session,) = read(as_file([chatgpt_conversation(is_archived=True)]))
    assert session.session.session_name == "น้ำจิ้มข้าวมันไก่"
    assert (session.session.backend, session.session.model) == ("openai", "gpt-4o")
    assert session.session.created_at == datetime.fromtimestamp(1732632738.123456, UTC)
    assert session.session.archived_at is not None
    assert session.session.metadata["imported"] == {"from": "chatgpt", "id": CHATGPT_ID}
    reply = session.messages[-1].message
    assert (reply.model, reply.status, reply.metadata) == ("gpt-4o", Status.COMPLETE, {"finish_reason": "stop"})
    assert session.messages[0].message.created_at == datetime.fromtimestamp(1732632740.5, UTC)


def test_the_pieces_of_one_reply_with_tools_are_one_message() -> None:
    (session,) = read(as_file([chatgpt_with_tools()]))
    assert dialog(session) == [
        ("user", "วาดกราฟให้หน่อย\n\n[📎 ยอดขาย.csv]"),
        ("assistant", "จะวาดให้ ครับ\n\n[🖼 file_00000]\n\nเสร็จแล้ว"),
    ]
    assert session.messages[1].message.metadata["reasoning"] == "คิดเรื่องกราฟ\nต้องใช้ matplotlib"
    assert not session.session.has_branches


def test_a_conversation_without_times_models_and_metadata_is_read_all_the_same() -> None:
    bare = {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["สวัสดี", {"text": "ค่ะ"}]}}
    (session,) = read(as_file([{"mapping": {"a": {"message": bare, "parent": None}}}]))
    assert dialog(session) == [("user", "สวัสดี\n\nค่ะ")]
    assert session.session.session_name.startswith("สวัสดี")


def test_nodes_without_a_tree_follow_each_other() -> None:
    mapping = {"a": {"message": said("user", "หนึ่ง")}, "b": {"message": said("assistant", "สอง")}}
    (session,) = read(as_file([chatgpt_conversation(mapping=mapping, current_node=None)]))
    assert dialog(session) == [("user", "หนึ่ง"), ("assistant", "สอง")]


def test_a_circle_of_nodes_is_left_out() -> None:
    mapping = {
        "a": node("a", "b", said("user", "วน")),
        "b": node("b", "a", said("assistant", "วน")),
        "c": node("c", None, said("user", "ตรง")),
    }
    (session,) = read(as_file([chatgpt_conversation(mapping=mapping, current_node="a")]))
    assert dialog(session) == [("user", "ตรง")]


def test_a_stopped_reply_of_chatgpt_is_a_stopped_one() -> None:
    stopped = {"finish_details": {"type": "interrupted"}}
    mapping = {
        "q": node("q", None, said("user", "เล่านิทาน")),
        "a": node("a", "q", said("assistant", "กาลครั้งหนึ่ง", metadata=stopped)),
    }
    (session,) = read(as_file([chatgpt_conversation(mapping=mapping)]))
    assert session.messages[1].message.status is Status.STOPPED


def test_chatgpt_is_read_from_one_file_its_zip_or_many_files() -> None:
    first, second = chatgpt_conversation(), chatgpt_with_tools()
    whole = read(as_file([first, second]))
    archive = {"chat.html": b"<html>", "user.json": b"{}", "conversations.json": as_file([first, second])}
    assert read(as_zip(archive)) == whole
    numbered = {
        "x/conversations-000.json": as_file([first]),
        "x/conversations-001.json": as_file([second]),
        "x/shared_conversations.json": b"[]",
        "__MACOSX/x/._conversations-000.json": b"junk",
    }
    assert read(as_zip(numbered)) == whole
    assert read(as_file([first]), as_file([second])) == whole
    assert read(as_file(first)) == whole[:1]


def test_the_same_export_gives_the_same_ids() -> None:
    assert read(as_file([chatgpt_conversation()])) == read(as_file([chatgpt_conversation()]))


def test_half_a_character_does_not_refuse_a_file() -> None:
    conversation = chatgpt_conversation(mapping={"q": node("q", None, said("user", "x\ud83d"))})
    content = as_file([conversation], ascii_only=True)
    assert b"x\\ud83d" in content
    (session,) = read(content)
    assert session.messages[0].message.content == "x\ufffd"


def test_a_chat_of_open_webui_keeps_branches_labels_and_figures() -> None:
    (session,) = read(as_file([openwebui_chat()]))
    assert dialog(session) == [("user", "ราคาทองวันนี้เท่าไร\n\n[📎 ทอง.pdf]"), ("assistant", "บาทละ 60,000")]
    assert len(session.messages) == 4
    assert session.session.has_branches
    found = session.session
    assert (found.tags, found.options) == (("การเงิน", "ทอง"), {"system_prompt": "ตอบสั้น ๆ"})
    assert (found.backend, found.model) == ("ollama", "llama3.1:8b")
    assert found.archived_at
    assert found.pinned_at
    replies = [kept.message for kept in session.messages if kept.message.role is Role.ASSISTANT]
    figures = [(reply.figures.prompt_tokens, reply.figures.completion_tokens) for reply in replies]
    assert figures == [(11, 5), (21, 9)]
    assert replies[1].metadata["reasoning"] == "ดูราคา\nแล้วตอบ"


def test_a_chat_of_the_first_open_webui_is_a_list() -> None:
    (session,) = read(as_file([openwebui_old_chat()]))
    assert dialog(session) == [("user", "สวัสดี"), ("assistant", "สวัสดีครับ")]
    assert session.session.options == {"system_prompt": "พูดสุภาพ"}
    assert session.session.created_at == datetime.fromtimestamp(1700000000, UTC)


def test_a_reply_that_failed_in_open_webui_failed() -> None:
    chat = openwebui_chat()
    chat["chat"]["history"]["messages"]["r2"]["error"] = {"content": "CUDA out of memory"}
    (session,) = read(as_file(chat))
    assert session.messages[-1].message.status is Status.FAILED


def test_odd_keys_counts_and_tags_do_not_refuse_a_file() -> None:
    mapping = {
        "a\0": node("a\0", None, said("user", "หนึ่ง")),
        "a\ufffd": node("a\ufffd", None, said("assistant", "สอง")),
    }
    (session,) = read(as_file([chatgpt_conversation(mapping=mapping)]))
    assert len({kept.message.message_id for kept in session.messages}) == 2
    chat = openwebui_chat(meta={"tags": ["", " a\0b ", "น้ำ" * 50, *map(str, range(99))]}, title="น้ำ" * 200)
    chat["chat"]["history"]["messages"]["r1"]["usage"] = {"prompt_tokens": True}
    (session,) = read(as_file([chat]))
    assert session.session.tags[:2] == ("a\ufffdb", "น้ำ" * 20)
    assert len(session.session.tags) == 30
    assert session.session.session_name == "น้ำ" * 85
    (figures,) = [kept.message.figures for kept in session.messages if kept.message.content == "ไม่ทราบ"]
    assert figures.prompt_tokens is None


def test_what_json_holds_and_no_store_does_is_kept_as_near_as_can_be() -> None:
    content = json.dumps(own(metadata={"n": 10**30, "a\0": ["\ud83d"]})).encode()
    (session,) = read(content)
    assert session.session.metadata == {"n": str(10**30), "a\ufffd": ["\ufffd"]}


def test_options_that_are_passed_on_no_longer_come_along_all_the_same() -> None:
    options = {"num_ctx": 100_000_000, "kv_transfer_params": {"do_remote_prefill": True}, "top_p": 0.5}
    (session,) = read(as_file(own(options=options)))
    assert session.session.options == options


def test_a_system_prompt_may_be_longer_than_people_may_write_one() -> None:
    (session,) = read(as_file(own(options={"system_prompt": "ก" * 30_000, "top_p": 0.5})))
    assert session.session.options == {"system_prompt": "ก" * 30_000, "top_p": 0.5}


def test_names_tags_and_folders_of_a_file_keep_the_limits_that_people_have() -> None:
    tags = ["น้ำ" * 50, " a \n b ", "a b", *map(str, range(99))]
    (session,) = read(as_file(own(session_name="น้ำ" * 200 + "\n", tags=tags, folder=" ครัว  ไทย " * 20)))
    found = session.session
    assert found.session_name == "น้ำ" * 85
    assert found.tags == ("น้ำ" * 20, "a b", *map(str, range(28)))
    assert found.folder == "ครัว ไทย " * 6 + "ครัว"
    assert len(found.folder) < LABEL_CHARS
