"""Writes as the journal keeps them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from uuid_utils.compat import uuid7

from tests.history_writes import begin, finish, grow
from thai_chat.domain.errors import HistoryRefused
from thai_chat.domain.messages import Choice, Figures, Status, UpdateSession, Write
from thai_chat.history.records import decode, encode

BEGIN = begin("สมหญิง", idempotency_key="ครั้งเดียว", parent_id=uuid7(), metadata={"ไฟล์": ["ก.wav", 1, None, 0.5]})
WRITES: list[Write] = [
    BEGIN,
    begin("สมหญิง"),
    grow(BEGIN, "น้ำจิ้ม 🍚", metadata={"a": {"b": True}}),
    finish(BEGIN, status=Status.STOPPED, figures=Figures(prompt_tokens=3, latency_ms=9), choice=Choice("openai", "x")),
    UpdateSession(session_id=uuid7(), user_id="u", at=datetime.now(UTC), deleted=False, choice=Choice("a", "b")),
    UpdateSession(session_id=uuid7(), user_id="u", at=datetime.now(UTC), session_name="ชื่อ", leaf_id=uuid7()),
]


@pytest.mark.parametrize("write", WRITES, ids=lambda write: type(write).__name__)
def test_a_write_comes_back_as_it_was(write: Write) -> None:
    assert decode(encode(write)) == write


@pytest.mark.parametrize("value", ["\ud800", object(), 2**70, {1, 2}], ids=["surrogate", "object", "int", "set"])
def test_what_json_can_not_hold_is_refused(value: Any) -> None:
    with pytest.raises(HistoryRefused):
        encode(begin("u", metadata={"x": value}))


@pytest.mark.parametrize(
    "change",
    [{"kind": "other"}, {"at": "เมื่อวาน"}, {"session_id": 7}, {"unknown": 1}, {"choice": ["a"]}],
    ids=lambda change: next(iter(change)),
)
def test_a_record_of_another_version_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(HistoryRefused):
        decode(orjson.dumps({**orjson.loads(encode(BEGIN)), **change}))


@pytest.mark.parametrize("record", [b"", b"\xff\x00", b"[]", b'"x"', b"{}"])
def test_a_record_of_garbage_is_refused(record: bytes) -> None:
    with pytest.raises(HistoryRefused):
        decode(record)
