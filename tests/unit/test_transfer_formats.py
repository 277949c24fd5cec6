"""The files that leave: what they hold, how they read, and what opens them."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import pytest
from uuid_utils.compat import uuid7

from tests.imported import dialog, read
from tests.messages_in_parts import AS_JSON, CONTENT, PARTS
from thai_chat.api.exports import words_in
from thai_chat.chat.transfer.exports import OwnWriter, Writer
from thai_chat.chat.transfer.fields import SourcePlace
from thai_chat.chat.transfer.markdown import MarkdownWriter
from thai_chat.chat.transfer.objects import message_object, session_object
from thai_chat.chat.transfer.own import read_session
from thai_chat.chat.transfer.service import file_name_of
from thai_chat.chat.transfer.tables import COLUMNS, CsvWriter, guarded, unguarded
from thai_chat.chat.transfer.training import SftWriter
from thai_chat.domain.fact_values import (
    ContextUsed,
)
from thai_chat.domain.facts import (
    content_parts,
    facts_of,
)
from thai_chat.domain.messages import Choice, Figures, Message, Role, Session, Status
from thai_chat.domain.parts import ReasoningPart, TextPart
from thai_chat.domain.transfer import GivenDocument, KeptMessage, KeptSession
from thai_chat.texts import Language

FIRST_VERSION = Path(__file__).parents[1] / "old_exports" / "version-1.json"
BANGKOK = ZoneInfo("Asia/Bangkok")
AT = datetime(2026, 11, 20, 18, 4, 5, 678901, tzinfo=UTC)  # the 21st in Bangkok
PROMPT = "ตอบเป็นภาษาไทย"


def session_of(*said: tuple[Role, str, Status], **fields: object) -> KeptSession:
    session_id = uuid7()
    messages: list[KeptMessage] = []
    for order, (role, content, status) in enumerate(said, 1):
        parent_id = messages[-1].message.message_id if messages else None
        is_reply = role is Role.ASSISTANT
        message = Message(
            message_id=uuid7(),
            session_id=session_id,
            parent_id=parent_id,
            role=role,
            content=content,
            message_order=order,
            status=status,
            backend="vllm" if is_reply else None,
            model="typhoon" if is_reply else None,
            created_at=AT + timedelta(minutes=order),
            figures=Figures(prompt_tokens=7, cost_usd=Decimal("0.000000123")) if is_reply else Figures(),
            metadata={"finish_reason": "stop"} if is_reply else {},
        )
        messages.append(KeptMessage(message=message))
    values = {
        "session_id": session_id,
        "user_id": "",
        "session_name": "น้ำจิ้ม",
        "backend": "vllm",
        "model": "typhoon",
        "created_at": AT,
        "updated_at": AT + timedelta(hours=1),
        "message_count": len(messages),
        "leaf_id": messages[-1].message.message_id if messages else None,
        **fields,
    }
    return KeptSession(session=Session(**values), messages=messages)  # type: ignore[arg-type]


def turn(question: str, answer: str, status: Status = Status.COMPLETE) -> list[tuple[Role, str, Status]]:
    return [(Role.USER, question, Status.COMPLETE), (Role.ASSISTANT, answer, status)]


def written(writer: Writer, *sessions: KeptSession) -> bytes:
    pieces = [writer.begin()]
    for kept in sessions:
        pieces.append(writer.begin_session(kept.session))
        pieces += [writer.messages([message]) for message in kept.messages]
        pieces.extend(writer.end_session())
    return b"".join([*pieces, writer.end()])


def markdown(*sessions: KeptSession, language: Language = "th") -> str:
    return written(MarkdownWriter(words_in(language), BANGKOK), *sessions).decode()


# JSON


def test_what_is_written_as_json_is_read_as_it_was() -> None:
    kept = session_of(
        *turn('ถาม "quoted" \\ \n บรรทัด', "ตอบ 👩🏽‍🍳"),
        tags=("อาหาร", "a,b"),
        folder="ครัว",
        options={"system_prompt": PROMPT, "temperature": 0.2},
        pinned_at=AT,
        archived_at=AT + timedelta(days=1),
        deleted_at=AT + timedelta(days=2),
        is_active=False,
        branched_from_id=uuid7(),
        context_snapshot={"x": [1, None, {"y": True}]},
        metadata={"imported": {"from": "chatgpt"}},
    )
    document = GivenDocument(id=uuid7(), doc_id="เอกสาร", content="เนื้อหา", score=0.25, metadata={"page": 1})
    reply = replace(kept.messages[1], idempotency_key="key", documents=(document,))
    kept = replace(kept, messages=[kept.messages[0], reply])
    value = orjson.loads(written(OwnWriter(), kept, session_of()))
    assert (value["format"], value["version"]) == ("thai-chat", 2)
    place = SourcePlace("x", 1, 1)
    found = [read_session(session, place) for session in value["sessions"]]
    assert found[0] == kept
    assert found[1].messages == []


def test_parts_are_written_and_read_as_they_were() -> None:
    kept = session_of(*turn("ถาม", CONTENT))
    reply = replace(kept.messages[1], message=replace(kept.messages[1].message, parts=PARTS))
    kept = replace(kept, messages=[kept.messages[0], reply])
    (value,) = orjson.loads(written(OwnWriter(), kept))["sessions"]
    assert [message["parts"] for message in value["messages"]] == [None, AS_JSON]
    assert read_session(value, SourcePlace("x", 1, 1)) == kept


def test_an_export_of_the_first_version_is_read_as_before() -> None:
    (session,) = read(FIRST_VERSION.read_bytes())
    question, stopped, whole = (item.message for item in session.messages)
    assert dialog(session) == [("user", question.content), ("assistant", "ตำขิง กระเทียม 👩🏽‍🍳")]
    assert (question.metadata, session.messages[0].idempotency_key) == ({"ไฟล์": ["เสียง.wav"]}, "กุญแจ")
    assert [message.parts for message in (question, stopped, whole)] == [(), (), ()]
    facts = facts_of(stopped)
    assert (facts.asked, facts.answered_by) == (Choice("vllm", "typhoon"), Choice("ollama", "qwen3:8b"))
    assert facts.context_used == ContextUsed(
        messages_sent=0, messages_left_out=0, estimated_tokens=12, context_window=2048
    )
    assert facts_of(whole).continues == stopped.message_id
    written_in_file = orjson.loads(FIRST_VERSION.read_bytes())["sessions"][0]["messages"]
    assert facts.to_metadata() == stopped.metadata == written_in_file[1]["metadata"]
    assert content_parts(whole) == (ReasoningPart("คิดก่อนตอบ"), TextPart("ตำขิง กระเทียม 👩🏽‍🍳"))


def test_every_message_is_a_line_of_the_json() -> None:
    lines = written(OwnWriter(), session_of(*turn("หนึ่ง\nสอง", "สาม"))).decode().splitlines()
    assert ['"content":"หนึ่ง\\nสอง"' in lines[2], '"content":"สาม"' in lines[3]] == [True, True]


def test_every_field_of_the_domain_is_in_the_json() -> None:
    kept = session_of(*turn("ถาม", "ตอบ"))
    fields = set(Session.__dataclass_fields__) - {"user_id", "is_temporary"}
    assert set(session_object(kept.session)) == fields
    figures = set(Figures.__dataclass_fields__)
    expected = set(Message.__dataclass_fields__) - {"session_id", "figures"} | figures | {"idempotency_key", "contexts"}
    assert set(message_object(kept.messages[0])) == expected


def test_a_reply_that_still_grew_elsewhere_is_read_as_interrupted() -> None:
    value = orjson.loads(written(OwnWriter(), session_of(*turn("ถาม", "ตอ", Status.STREAMING))))
    assert read_session(value["sessions"][0], SourcePlace("x", 1, 1)).messages[1].message.status is Status.INTERRUPTED


# Markdown


def test_markdown_has_names_thai_dates_and_what_was_said() -> None:
    text = markdown(session_of(*turn("ทำยังไง", "ตำขิง"), tags=("อาหาร",), options={"system_prompt": PROMPT}))
    assert text == (
        "# น้ำจิ้ม\n\n21 พ.ย. 2569 01:04 · #อาหาร\n\n> **คำสั่งระบบ**\n> ตอบเป็นภาษาไทย\n"
        "\n## คุณ · 21 พ.ย. 2569 01:05\n\nทำยังไง\n"
        "\n## ผู้ช่วย (typhoon) · 21 พ.ย. 2569 01:06\n\nตำขิง\n"
    )


def test_markdown_speaks_english_too() -> None:
    text = markdown(session_of(*turn("how", "so"), session_name=""), language="en")
    assert "# New session" in text
    assert "## You · 21 Nov 2026 01:05" in text


def test_a_reply_that_is_not_whole_says_so_in_markdown() -> None:
    assert "*(หยุดโดยคุณ)*" in markdown(session_of(*turn("ถาม", "ตอบไม่จ", Status.STOPPED)))


def test_code_that_was_left_open_does_not_swallow_what_follows() -> None:
    text = markdown(session_of(*turn("```python\nx", "~~~~\ny\n~~~"), *turn("```\nz\n```", "ok")))
    assert re.findall(r"^[`~]+.*$", text, re.M) == ["```python", "```", "~~~~", "~~~", "~~~~", "```", "```"]


# CSV


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    ("said", "closed_by"),
    [
        ("<!-- โน้ต", "-->"),
        ("ดู:\n<script>\nx()", "</script>"),
        ("<PRE class=x>\n\nโค้ด", "</pre>"),
        ("<!-- a --> <b>", ""),
        ("<style>a{}</style>", ""),
        ("<preview>", ""),
        ("```html\n<!-- x\n```", ""),
        ("```html\n<!-- x", "```"),
        ("```ไม่ใช่โค้ด```", ""),
        ("บรรทัดเดียวกัน\u2028```", ""),
        ("```\nx\r```", ""),
    ],
)
def test_html_that_was_left_open_does_not_swallow_what_follows(said: str, closed_by: str) -> None:
    text = markdown(session_of(*turn(said, "ok")))
    between = text.split(said)[1].split("## ")[0]
    assert between.strip() == closed_by


def test_csv_opens_in_excel_and_in_python() -> None:
    content = written(CsvWriter(BANGKOK), session_of(*turn('มี "คำพูด", จุลภาค\nและบรรทัด', "ตอบ")))
    assert content.startswith("\ufeff".encode())
    assert content.count(b"\r\n") == 3
    rows = rows_of(content)
    assert tuple(rows[0]) == COLUMNS
    assert [row["content"] for row in rows] == ['มี "คำพูด", จุลภาค\nและบรรทัด', "ตอบ"]
    assert (rows[1]["created_at"], rows[1]["cost_usd"]) == ("2026-11-21 01:06:05", "0.000000123")
    assert (rows[0]["model"], rows[1]["model"], rows[1]["prompt_tokens"]) == ("", "typhoon", "7")
    assert rows[1]["parent_id"] == rows[0]["message_id"]


@pytest.mark.parametrize("text", ["=1+1", "+66 81", "-5", "@cmd", "\t=1", "\r=1", "'quoted", "''x", "＝1", "plain", ""])
def test_no_spreadsheet_computes_a_text_and_none_is_lost(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r", "＝"))
    (row, _) = rows_of(written(CsvWriter(BANGKOK), session_of(*turn(text, "ตอบ"), session_name=text)))
    assert (unguarded(row["content"]), unguarded(row["session_name"])) == (text, text)


@pytest.mark.parametrize(
    "text", ["0812345678", "081-234-5678", "1/2", "2-1", "1e5", "10:30", "1234567890123456", "1.50", "(5)", "5%", "1,5"]
)
def test_no_spreadsheet_shows_digits_as_something_else(text: str) -> None:
    assert (guarded(text), unguarded(guarded(text))) == (f"'{text}", text)


@pytest.mark.parametrize("text", ["0", "7", "2569", "0.5", "1.25", "123456789012345", "7 วัน", "1" * 41, "eE", "()"])
def test_what_a_spreadsheet_shows_as_it_is_stays(text: str) -> None:
    assert guarded(text) == text


# Fine-tuning


def training(*sessions: KeptSession) -> list[list[tuple[str, str]]]:
    lines = written(SftWriter(), *sessions).decode().splitlines()
    return [[(said["role"], said["content"]) for said in json.loads(line)["messages"]] for line in lines]


def test_a_line_of_training_is_a_session_with_its_system_prompt() -> None:
    kept = session_of(*turn("หนึ่ง\nสอง", "สาม"), *turn("สี่", "ห้า"), options={"system_prompt": PROMPT})
    said = [("system", PROMPT), ("user", "หนึ่ง\nสอง"), ("assistant", "สาม"), ("user", "สี่"), ("assistant", "ห้า")]
    assert training(kept, session_of(*turn("a", "b"))) == [said, [("user", "a"), ("assistant", "b")]]


def test_a_session_is_one_line_for_every_reader() -> None:
    said = "ก\u2028ข\u2029ค\x85ง\r\nจ"
    assert training(session_of(*turn(said, said))) == [[("user", said), ("assistant", said)]]


@pytest.mark.parametrize("status", [Status.STOPPED, Status.FAILED, Status.INTERRUPTED, Status.STREAMING])
def test_a_model_learns_from_whole_replies_only(status: Status) -> None:
    kept = session_of(*turn("หนึ่ง", "สอ", status), *turn("สาม", "สี่"))
    assert training(kept) == [[("user", "สาม"), ("assistant", "สี่")]]
    assert training(session_of(*turn("หนึ่ง", "สอ", status))) == []


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_a_reply_cut_at_the_models_limit_or_by_a_filter_is_not_whole(reason: str) -> None:
    kept = session_of(*turn("หนึ่ง", "สอ"))
    cut = replace(kept.messages[1].message, metadata={"finish_reason": reason})
    assert training(replace(kept, messages=[kept.messages[0], KeptMessage(message=cut)])) == []


# Names


@pytest.mark.parametrize(
    ("name", "file_name"),
    [
        ("น้ำจิ้มข้าวมันไก่", "น้ำจิ้มข้าวมันไก่"),
        ("a/b\\c:d*e?", "a b c d e"),
        ("../../etc/passwd", "etc passwd"),
        ("..", ""),
        ("\u202egnp.exe", "gnp.exe"),
        ("ก" * 300, "ก" * 80),
    ],
)
def test_a_file_is_named_like_its_session_where_that_is_safe(name: str, file_name: str) -> None:
    assert file_name_of(name) == file_name


def test_ids_of_the_json_are_uuids() -> None:
    kept = session_of(*turn("ถาม", "ตอบ"))
    value = orjson.loads(written(OwnWriter(), kept))["sessions"][0]
    assert UUID(value["session_id"]) == kept.session.session_id
