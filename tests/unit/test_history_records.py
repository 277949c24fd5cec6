"""Writes as the journal keeps them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from uuid_utils.compat import uuid7

from tests.history_writes import begin, create, delete, finish, grow, prefer, purge_message, rate, reset, say
from tests.messages_in_parts import CONTENT, PARTS
from thai_chat.domain.errors import HistoryRefused
from thai_chat.domain.fact_values import (
    Precision,
)
from thai_chat.domain.facts import (
    ReplyFacts,
)
from thai_chat.domain.messages import Choice, Figures, Status
from thai_chat.domain.writes import (
    BeginReply,
    BeginTurn,
    Checkpoint,
    FinishReply,
    PurgeSession,
    UpdateSession,
    Write,
)
from thai_chat.history.outage.records import decode, encode
from thai_chat.history.turns import new_session, new_turn

OLD_JOURNALS = Path(__file__).parents[1] / "old_journals"
BEGIN = begin("สมหญิง", idempotency_key="ครั้งเดียว", parent_id=uuid7(), metadata={"ไฟล์": ["ก.wav", 1, None, 0.5]})
TURN = new_turn(new_session(BEGIN), begin("สมหญิง", BEGIN.session_id))
WRITES: list[Write] = [
    BEGIN,
    begin("สมหญิง"),
    grow(BEGIN, "น้ำจิ้ม 🍚", metadata={"a": {"b": True}}),
    begin("สมหญิง", question=CONTENT, parts=PARTS),
    grow(BEGIN, CONTENT, parts=PARTS),
    finish(BEGIN, CONTENT, parts=PARTS),
    finish(BEGIN, status=Status.STOPPED, figures=Figures(prompt_tokens=3, latency_ms=9), choice=Choice("openai", "x")),
    UpdateSession(session_id=uuid7(), user_id="u", at=datetime.now(UTC), deleted=False, choice=Choice("a", "b")),
    UpdateSession(session_id=uuid7(), user_id="u", at=datetime.now(UTC), session_name="ชื่อ", leaf_id=uuid7()),
    UpdateSession(
        session_id=uuid7(), user_id="u", at=datetime.now(UTC), tags=("งาน", "a"), folder="", options={"n": 1}
    ),
    finish(BEGIN, figures=Figures(reasoning_tokens=7, cost_usd=Decimal("0.000000001"))),
    UpdateSession(session_id=uuid7(), user_id="u", at=datetime.now(UTC), dept_id=""),
    UpdateSession(session_id=uuid7(), user_id="u", at=datetime.now(UTC), metadata={"app": None, "config": {"k": "ค่า"}}),
    create("สมหญิง", metadata={"dept_id": "hr"}, options={"top_p": 0.5}),
    say(new_session(BEGIN), idempotency_key="k", metadata={"a": [1]}),
    begin("สมหญิง", is_first=True),
    BeginReply(
        session_id=uuid7(),
        user_id="u",
        question_id=uuid7(),
        reply_id=uuid7(),
        choice=Choice("vllm", "x"),
        at=datetime.now(UTC),
        content="ตำขิง",
        idempotency_key="k",
        metadata={"continues": "x"},
    ),
    PurgeSession(session_id=uuid7(), user_id="u", at=datetime.now(UTC)),
    rate(TURN, -1, reason="ไม่ใช่ 🍚", tags=("wrong",)),
    rate(TURN, None),
    prefer(TURN, uuid7(), uuid7(), reason="สั้นกว่า"),
    delete(TURN, uuid7(), deleted=False),
    purge_message(TURN, uuid7()),
    reset(TURN),
    PurgeSession(session_id=uuid7(), user_id="u", at=datetime.now(UTC), only_trash=True),
]


@pytest.mark.parametrize("write", WRITES, ids=lambda write: type(write).__name__)
def test_a_write_comes_back_as_it_was(write: Write) -> None:
    assert decode(encode(write)) == write


@pytest.mark.parametrize("kind", [UpdateSession, PurgeSession], ids=["update", "purge"])
def test_what_was_expected_when_a_write_was_taken_is_not_kept(kind: type[UpdateSession | PurgeSession]) -> None:
    write = kind(session_id=uuid7(), user_id="u", at=datetime.now(UTC), expected={"1"})
    assert decode(encode(write)) == replace(write, expected=None)
    limited = UpdateSession(session_id=uuid7(), user_id="u", at=write.at, metadata={"a": 1}, metadata_bytes=9)
    assert decode(encode(limited)) == replace(limited, metadata_bytes=None)


@pytest.mark.parametrize(
    ("write", "newer"),
    [
        (BEGIN, ["is_first"]),
        (finish(BEGIN), []),
        (UpdateSession(session_id=uuid7(), user_id="u", at=datetime.now(UTC)), ["options", "tags", "folder"]),
    ],
    ids=["begin_turn", "finish_reply", "update_session"],
)
def test_a_record_of_an_earlier_version_is_read(write: Write, newer: list[str]) -> None:
    record = orjson.loads(encode(write))
    for name in newer:
        del record[name]
    if "figures" in record:
        record["figures"] = {name: record["figures"][name] for name in ("prompt_tokens", "latency_ms")}
    assert decode(orjson.dumps(record)) == write


@pytest.mark.parametrize("write", [BEGIN, grow(BEGIN), finish(BEGIN)], ids=lambda write: type(write).__name__)
def test_plain_text_is_recorded_without_parts(write: Write) -> None:
    assert "parts" not in orjson.loads(encode(write))


def test_a_journal_of_before_the_parts_is_read() -> None:
    turn, grown, finished, again = map(decode, (OLD_JOURNALS / "without-parts.jsonl").read_bytes().splitlines())
    assert isinstance(turn, BeginTurn)
    assert isinstance(grown, Checkpoint)
    assert isinstance(finished, FinishReply)
    assert isinstance(again, BeginReply)
    assert (turn.metadata, turn.parts, grown.parts, finished.parts) == ({"ไฟล์": ["เสียง.wav"]}, (), (), ())
    facts = ReplyFacts.from_metadata(finished.metadata)
    assert (facts.asked, facts.answered_by) == (Choice("vllm", "typhoon"), Choice("ollama", "qwen3:8b"))
    assert (facts.reasoning, facts.tokens) == ("คิดก่อนตอบ", Precision.EXACT)
    assert ReplyFacts.from_metadata(again.metadata).continues == finished.reply_id


@pytest.mark.parametrize("value", ["\ud800", object(), 2**70, {1, 2}], ids=["surrogate", "object", "int", "set"])
def test_what_json_can_not_hold_is_refused(value: Any) -> None:
    with pytest.raises(HistoryRefused):
        encode(begin("u", metadata={"x": value}))


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "other"},
        {"at": "เมื่อวาน"},
        {"session_id": 7},
        {"unknown": 1},
        {"choice": ["a"]},
        {"figures": {"cost_usd": "ฟรี"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_record_of_another_version_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(HistoryRefused):
        decode(orjson.dumps({**orjson.loads(encode(BEGIN)), **change}))


@pytest.mark.parametrize("record", [b"", b"\xff\x00", b"[]", b'"x"', b"{}"])
def test_a_record_of_garbage_is_refused(record: bytes) -> None:
    with pytest.raises(HistoryRefused):
        decode(record)
