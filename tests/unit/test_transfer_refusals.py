"""Files that are wrong, too large or harmful are refused with the place and the reason."""

from __future__ import annotations

import io
import json
import os
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from tests.foreign_exports import (
    CHATGPT_ID,
    Json,
    as_file,
    as_zip,
    chatgpt_conversation,
    node,
    openwebui_chat,
    said,
)
from tests.imported import LIMITS, own, read, refusal
from tests.uploads import upload
from thai_chat.chat.transfer.files import Import
from thai_chat.domain.errors import ImportRefused


def nested(depth: int) -> Json:
    value: Json = {}
    for _ in range(depth):
        value = {"x": value}
    return value


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "import_empty"),
        (b"   \n ", "import_empty"),
        (b"hello", "import_no_json"),
        ("สวัสดี".encode(), "import_no_json"),
        (b'[{"a": 1}', "import_cut_off"),
        (b'[{"a": "x', "import_cut_off"),
        (as_file([chatgpt_conversation()])[:-40], "import_cut_off"),
        (b'[{"a": 1} {"b": 2}]', "import_broken"),
        (b'[{"a": 1},]', "import_broken"),
        (b'[{"a" 1}]', "import_broken"),
        (b'{"format": "thai-chat" "version": 1}', "import_broken"),
        (b'[{"mapping": {}}] x', "import_broken"),
        (b"[1, 2]", "import_unknown"),
        (b"[]", "import_nothing"),
        (b'{"messages": [{"who": "me", "what": "x"}]}', "import_messages_unknown"),
        (b'[{"title": "\xff\xfe"}]', "import_not_utf8"),
        (b"{}", "import_unknown"),
        (b'[{"uuid": "1", "chat_messages": []}]', "import_no_messages"),
        (b"PK\x03\x04 this is no archive", "import_zip_broken"),
        (as_zip({"readme.txt": b"x"}), "import_zip_nothing"),
        (as_zip({"conversations.json": as_file([chatgpt_conversation()])})[:-60], "import_zip_broken"),
        (b'{"format": "thai-chat", "version": 99, "sessions": []}', "import_newer"),
        (b'{"format": "thai-chat", "version": "1", "sessions": []}', "import_wrong"),
        (b'{"format": "thai-chat", "version": 1}', "import_missing"),
        (as_file([chatgpt_conversation(mapping=[])]), "import_wrong"),
        (as_file([openwebui_chat(chat={"title": "x", "history": {"messages": []}})]), "import_wrong"),
        (as_file([openwebui_chat(chat={"title": "x"})]), "import_missing"),
        (as_file(own(session_id="x")), "import_wrong"),
        (as_file(own(messages=None)), "import_missing"),
        (as_file(own(leaf_id=str(uuid4()))), "import_lost"),
        (as_file(own(tags=[1])), "import_wrong"),
        (as_file(own(options="x")), "import_wrong"),
        (as_file(own(created_at="2026-11-21")), "import_wrong"),
        (as_file(own(message={"role": "robot"})), "import_wrong"),
        (as_file(own(message={"message_order": 0})), "import_wrong"),
        (as_file(own(message={"parent_id": str(uuid4())})), "import_lost"),
        (as_file(own(message={"prompt_tokens": -1})), "import_wrong"),
        (as_file(own(message={"prompt_tokens": 2**31})), "import_wrong"),
        (as_file(own(message={"cost_usd": "NaN"})), "import_wrong"),
        (as_file(own(message={"content": None})), "import_missing"),
        (as_file(own(message={"contexts": [{}]})), "import_missing"),
        (as_file(own(created_at="9999-12-31T23:59:59+00:00")), "import_wrong"),
        (as_file(own(created_at="0001-01-01T00:00:00+00:00")), "import_wrong"),
        (as_file(own(metadata=nested(101))), "import_too_deep"),
        (as_file(own(message={"metadata": {"x": [nested(600)]}})), "import_too_deep"),
        (as_file(own(message={"parts": {}})), "import_wrong"),
        (as_file(own(message={"parts": [{"type": "text", "text": "อื่น"}]})), "import_wrong"),
        (as_file(own(message={"parts": [{"type": "x", "y": nested(101)}]})), "import_too_deep"),
        (as_file(own(message={"parts": [{"type": "x"}] * 1_001})), "import_too_long"),
        (as_file(own(message={"idempotency_key": "k"}, repeated=True)), "import_twice"),
        (as_file(own(message={"contexts": [{"id": CHATGPT_ID}] * 2})), "import_twice"),
        (as_file(own(message={"cost_usd": "999999.9999999999"})), "import_wrong"),
        (as_file(own(message={"content": "ก" * 10_000_001})), "import_too_long"),
        (
            as_file([chatgpt_conversation(mapping={"q": node("q", None, said("user", "x" * 10_000_001))})]),
            "import_too_long",
        ),
        (as_file(own(options={"temperature": 9})), "import_option"),
        (as_file(own(options={"system_prompt": 5})), "import_wrong"),
        (json.dumps(own()).encode("utf-16"), "import_not_utf8"),
        (json.dumps(own()).encode("utf-16-be"), "import_not_utf8"),
        (json.dumps(own(), ensure_ascii=False).encode("tis-620"), "import_not_utf8"),
        (b"[" * 100_000 + b"]" * 100_000, "import_unknown"),
        (b'[{"title": "\\ud83d", "create_time": 1%b}]' % (b"0" * 5000), "import_broken"),
        (b'{"format": "thai-chat", "version": 1, "sessions": [], "sessions": []}', "import_broken"),
        (b"{%b}" % b",".join(b'"%d": 1' % number for number in range(2000)), "import_unknown"),
        (b'[{"mapping": ' + b'{"a": ' * 5_000 + b"1" + b"}" * 5_000 + b"}]", "import_broken"),
    ],
)
def test_what_can_not_be_imported_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    assert refusal(content)["why"] == reason


def test_a_broken_file_is_told_with_its_line_and_column() -> None:
    content = '[\n{"title": "หนึ่ง", "mapping": {}},\n{"title": "สอง" "mapping": {}}\n]'.encode()
    said = refusal(content)
    assert (said["line"], said["column"]) == (3, 17)


def test_a_wrong_field_is_told_with_session_message_and_line() -> None:
    sessions = [own()["sessions"][0] for _ in range(3)]
    sessions[2]["messages"][0]["role"] = "robot"
    content = json.dumps({"format": "thai-chat", "version": 1, "sessions": sessions}, indent=1, ensure_ascii=False)
    said = refusal(content.encode())
    assert (said["field"], said["number"], said["message"], said["title"]) == ("role", 3, 1, "ทักทาย")
    begins = [number for number, line in enumerate(content.splitlines(), 1) if line == "  {"]
    assert said["line"] == begins[2]


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_archive_is_refused_however_it_was_packed(packing: int) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", packing) as archive:
        archive.writestr("conversations.json", as_file([chatgpt_conversation()]))
    content = bytearray(packed.getvalue())
    assert len(read(bytes(content))) == 1
    content[80:120] = bytes(sign ^ 0x5A for sign in content[80:120])
    assert refusal(bytes(content))["why"] == "import_zip_broken"


def test_an_archive_writes_nowhere_whatever_its_names_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    (session,) = read(as_zip({"../../conversations.json": as_file([chatgpt_conversation()])}))
    assert session.session.session_name == "น้ำจิ้มข้าวมันไก่"
    assert list(tmp_path.rglob("*.json")) == []


def test_a_small_archive_that_unpacks_without_end_is_refused() -> None:
    conversation = as_file(chatgpt_conversation())
    bomb = as_zip({"conversations.json": b"[" + b" " * 3_000_000 + conversation + b"]"})
    assert len(bomb) < 10_000
    said = refusal(bomb, replace(LIMITS, ratio_from_bytes=1_000_000))
    assert (said["why"], said["limit"]) == ("import_zip_large", 1)
    assert len(read(bomb, limits=replace(LIMITS, ratio_from_bytes=1_000_000, ratio=5000))) == 1


def test_many_archives_together_unpack_to_no_more_than_one_may() -> None:
    archive = as_zip({"conversations.json": b"[" + b" " * 600_000 + as_file(chatgpt_conversation()) + b"]"})
    limits = replace(LIMITS, unpacked_bytes=1_000_000)
    assert len(read(archive, limits=limits)) == 1
    with pytest.raises(ImportRefused) as caught:
        read(archive, archive, limits=limits)
    assert caught.value.params["why"] == "import_zip_large"


def test_files_of_an_archive_that_share_their_packed_bytes_are_counted_each() -> None:
    """Such archives are made so that a hundred kilobytes become terabytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("chat.json", b"[" + b" " * 200_000 + b"]")
        archive.filelist *= 50
    said = refusal(packed.getvalue(), replace(LIMITS, ratio_from_bytes=1_000_000))
    assert said["why"] == "import_zip_large"


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"members": 1}, "import_zip_many"),
        ({"sessions": 1}, "import_many_sessions"),
        ({"presets": 1}, "import_many_presets"),
        ({"session_bytes": 200}, "import_session_large"),
    ],
)
def test_what_is_more_than_an_import_may_hold_is_refused(limits: dict[str, int], reason: str) -> None:
    preset = {"preset_id": str(uuid4()), "preset_name": "กวี", "updated_at": "2026-11-21T04:00:00+00:00"}
    content = as_zip({"1.json": as_file({**own(), "presets": [preset, preset]}), "2.json": as_file(own())})
    assert len(read(content)) == 2
    assert refusal(content, replace(LIMITS, **limits))["why"] == reason


def test_an_archive_of_many_small_exports_takes_a_handful_of_descriptors() -> None:
    content = as_zip({f"chat-{number}.json": as_file([chatgpt_conversation()]) for number in range(300)})
    given = upload(content, content)
    before = len(os.listdir("/proc/self/fd"))
    opened = Import(given, LIMITS)
    opened.open()
    assert sum(1 for _ in opened.sessions()) == 600
    assert len(os.listdir("/proc/self/fd")) - before < 8
    opened.close()
    given.close()
    assert len(os.listdir("/proc/self/fd")) < before


def test_a_large_file_is_read_session_by_session() -> None:
    conversation = chatgpt_conversation()
    conversation["mapping"]["a1"]["message"]["content"]["parts"] = ["ก" * 50_000]
    content = as_file([conversation] * 200, ascii_only=True)
    assert len(content) > 60_000_000
    given = upload(content)
    del content
    tracemalloc.start()
    opened = Import(given, LIMITS)
    opened.open()
    assert sum(1 for _ in opened.sessions()) == 200
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    opened.close()
    given.close()
    assert peak < 10_000_000
