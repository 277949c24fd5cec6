"""Which chats are the same, and what an odd one costs: itself alone, and it is named."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.foreign_exports import (
    Json,
    as_file,
    as_zip,
    chatgpt_conversation,
    chatgpt_with_tools,
    node,
    openwebui_chat,
    openwebui_old_chat,
    said,
)
from tests.imported import EXPORTS, LIMITS, ids, kept, only, read, read_named, refusal, spoken
from thai_chat import texts
from thai_chat.chat.transfer import formats
from thai_chat.chat.transfer.fields import SourcePlace
from thai_chat.chat.transfer.moments import moment_of
from thai_chat.domain.errors import ImportRefused


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


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("โฟโต้.JPG", b"\xff\xd8\xff\xe0", "import_picture"),
        ("file.png", b"\x89PNG\r\n", "import_picture"),
        ("song.mp3", b"ID3\x03", "import_document"),
        ("notes.txt", "บันทึก".encode(), "import_document"),
        ("user.json", b'{"id": "u"}', "import_companion"),
    ],
)
def test_a_file_that_goes_with_exports_is_named_for_what_it_is_when_it_comes_alone(
    name: str, content: bytes, why: str
) -> None:
    with pytest.raises(ImportRefused) as caught:
        read_named({name: content})
    assert caught.value.params["why"] == why
    for language in texts.LANGUAGES:
        assert name in texts.text("import_refused", language, caught.value.params)


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


def odd_ones(value: Any) -> Iterator[Any]:
    """Yield the same with each of its values, one after the other, of another kind."""
    yield from (None, 5, -1.5, True, "x", [], ["x"], [5], {}, {"x": 5})
    if isinstance(value, dict):
        for name, item in value.items():
            for other in odd_ones(item):
                yield {**value, name: other}
    if isinstance(value, list):
        for place, item in enumerate(value):
            for other in odd_ones(item):
                yield [*value[:place], other, *value[place + 1 :]]


RICH: dict[str, Json] = {
    "ChatGPT with tools": chatgpt_with_tools(),
    "ChatGPT with sources": chatgpt_conversation(
        mapping={
            "q": node(
                "q", None, said("user", {"content_type": "audio_transcription", "text": "x"}, {"content_type": "x"})
            ),
            "a": node(
                "a",
                "q",
                said(
                    "assistant",
                    "\ue200entity\ue202[1]\ue201 \ue200x\ue202{}\ue201",
                    metadata={"content_references": [{"matched_text": "x", "alt": "y"}]},
                ),
            ),
        }
    ),
    "Open WebUI": openwebui_chat(),
    "Claude": {
        "chat_messages": [
            {
                "sender": "assistant",
                "content": [
                    {"type": "tool_use", "id": "t", "name": "x", "input": {"q": 1}},
                    {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "y"}]},
                    {"type": "tool_use", "name": "artifacts", "input": {"id": "d", "old_str": "a", "new_str": "b"}},
                ],
                "attachments": [{"file_name": "a", "extracted_content": "b"}],
            }
        ]
    },
    "LibreChat": {
        "messages": [
            {
                "messageId": "1",
                "isCreatedByUser": False,
                "content": [{"type": "tool_call", "tool_call": {"name": "x", "args": "{}", "output": "y"}}],
                "files": [{"filename": "a.pdf", "type": "application/pdf"}],
            }
        ]
    },
    "LM Studio": {
        "messages": [
            {
                "versions": [
                    {
                        "role": "assistant",
                        "steps": [
                            {
                                "style": {"type": "thinking"},
                                "content": [{"type": "toolCallRequest", "name": "x", "parameters": {"a": 1}}],
                            }
                        ],
                    }
                ]
            }
        ]
    },
    "Big-AGI": {
        "messages": [
            {
                "role": "assistant",
                "fragments": [
                    {"title": "a", "part": {"pt": "doc", "data": {"text": "x"}}},
                    {"part": {"pt": "tool_invocation", "invocation": {"name": "x", "args": "{}"}}},
                    {"part": {"pt": "tool_response", "response": {"result": "y"}}},
                ],
            }
        ]
    },
    "chat-ui": {"_id": {"$oid": "o"}, "messages": [{"id": "1", "from": "user", "content": "x", "ancestors": ["0"]}]},
    "llm": {"prompt": "x", "response": "y", "conversation_id": "c", "prompt_fragments": [{"content": "z"}]},
    "Gemini": {
        "header": "Gemini Apps",
        "title": "Prompted x",
        "time": "2026-03-04T05:06:00Z",
        "details": [{"url": "https://gemini.google.com/app/aaaaaaaaaaaaaaaa"}],
        "safeHtmlItem": [{"html": "x"}],
        "attachedFiles": ["a.png", {"name": "b"}],
    },
    "messages": {
        "messages": [{"role": "user", "content": [{"type": "image_url", "name": "x"}], "files": [{"file": {}}]}]
    },
}


@pytest.mark.parametrize("name", [*RICH, *sorted(path.name for path in EXPORTS.glob("*.json"))])
def test_values_of_another_kind_cost_no_more_than_their_session(name: str) -> None:
    value = RICH[name] if name in RICH else json.loads(kept(name))
    for session in value if isinstance(value, list) else [value]:
        for odd in odd_ones(session):
            if found := formats.format_of(odd):
                if found.session_of:
                    found.session_of(odd)
                with contextlib.suppress(ImportRefused):
                    formats.read(found, [odd], SourcePlace("x", 1, 1))
