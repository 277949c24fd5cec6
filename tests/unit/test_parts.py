"""The parts of a message, as JSON and out of it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from uuid_utils.compat import uuid7

from tests.messages_in_parts import AS_JSON, CONTENT, PARTS
from thai_chat.domain.facts import content_parts
from thai_chat.domain.json_types import JsonValue
from thai_chat.domain.messages import Message, Role, Status
from thai_chat.domain.parts import (
    MOST_PARTS,
    NAME_CHARS,
    TEXT_CHARS,
    AttachmentPart,
    CitationPart,
    NoticePart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
    excess_of,
    parts_from_json,
    parts_to_json,
    text_of,
)

MESSAGE = Message(
    message_id=UUID(int=1),
    session_id=uuid7(),
    parent_id=None,
    role=Role.ASSISTANT,
    content="ตอบ",
    message_order=2,
    status=Status.COMPLETE,
    backend="vllm",
    model="typhoon",
    created_at=datetime.now(UTC),
)


def as_json(parts: tuple[Part, ...]) -> Any:
    return orjson.loads(orjson.dumps(parts_to_json(parts)))


def test_every_part_has_its_names_in_json() -> None:
    assert as_json(PARTS) == AS_JSON


def test_every_part_comes_back() -> None:
    assert parts_from_json(AS_JSON) == PARTS


def test_the_text_of_the_parts_is_what_is_said() -> None:
    assert text_of(PARTS) == CONTENT
    assert text_of(()) == ""


@pytest.mark.parametrize(
    "part",
    [
        *(None, True, 5, -0.5, "x", [], [["text"]], {}, {"type": None}, {"type": ["text"]}, {"type": "text"}),
        {"type": "text", "text": 5},
        {"type": "reasoning", "text": None},
        {"type": "tool_call", "name": "weather"},
        {"type": "tool_result", "call_id": "1", "text": "x", "is_error": "no"},
        {"type": "attachment", "file_id": "f", "size_bytes": "2 kB"},
        {"type": "citation", "title": ["x"]},
        {"type": "notice", "code": "x", "params": []},
        {"type": "video", "text": "x"},
    ],
    ids=str,
)
def test_a_part_that_is_not_understood_is_kept_as_it_came(part: JsonValue) -> None:
    read = parts_from_json([AS_JSON[1], part])
    assert read == (PARTS[1], UnknownPart(part))
    assert as_json(read) == [AS_JSON[1], part]
    assert text_of(read) == "พรุ่งนี้ที่เชียงใหม่ "


@pytest.mark.parametrize("value", [None, True, 5, "text", {}, {"type": "text", "text": "x"}], ids=str)
def test_what_is_no_list_has_no_parts(value: JsonValue) -> None:
    assert parts_from_json(value) == ()


def test_a_key_of_a_later_version_comes_back() -> None:
    later: list[JsonValue] = [{"type": "text", "text": "ก", "language": "th"}]
    assert parts_to_json(parts_from_json(later)) == later


def test_many_parts_are_kept_whole() -> None:
    many: list[JsonValue] = [*AS_JSON, {"type": ["x"]}, None] * 5_000
    assert parts_to_json(parts_from_json(many)) == many


def test_any_parts_come_back_as_they_were() -> None:
    chance = random.Random(26)

    def text() -> str:
        return "".join(chance.choices(["ก้", "น้ำ", " ", "\n", "a", '"', "\\", "👩🏽‍🍳", "ๆ"], k=chance.randrange(9)))

    def part() -> Part:
        whole: list[Part] = [
            TextPart(text()),
            ReasoningPart(text()),
            ToolCallPart(
                call_id=text(), name=text(), arguments=chance.choice([None, text(), 5, [text()], {"x": None}])
            ),
            ToolResultPart(call_id=text(), text=text(), is_error=chance.random() < 0.5),
            AttachmentPart(file_id=text(), name=text(), media_type=text(), size_bytes=chance.choice([None, 0, 2**40])),
            CitationPart(document_id=text(), title=text(), url=text(), quote=text()),
            NoticePart(code=text(), params={text(): chance.choice([None, 1.5, text()])}),
            UnknownPart({"type": "new", "x": text()}),
        ]
        return chance.choice(whole)

    for _ in range(2_000):
        parts = tuple(part() for _ in range(chance.randrange(8)))
        assert parts_from_json(as_json(parts)) == parts


@pytest.mark.parametrize(
    ("parts", "excess"),
    [
        (PARTS, None),
        ([TextPart("")] * (MOST_PARTS + 1), ("parts", MOST_PARTS)),
        ([TextPart("ก" * (TEXT_CHARS + 1))], ("text", TEXT_CHARS)),
        ([AttachmentPart(file_id="f" * (NAME_CHARS + 1))], ("file_id", NAME_CHARS)),
        ([ToolCallPart(call_id="1", name="x", arguments="{" * (TEXT_CHARS + 1))], ("arguments", TEXT_CHARS)),
    ],
    ids=["all", "many", "text", "id", "arguments"],
)
def test_what_is_larger_than_may_be_kept_is_named(parts: list[Part], excess: tuple[str, int] | None) -> None:
    assert excess_of(parts) == excess


def test_a_message_without_parts_is_made_of_what_its_row_tells() -> None:
    told = {"reasoning": "คิด", "notices": [{"code": "answer_not_streamed", "x": 1}]}
    assert content_parts(MESSAGE) == (TextPart("ตอบ"),)
    assert content_parts(replace(MESSAGE, metadata=told)) == (
        ReasoningPart("คิด"),
        TextPart("ตอบ"),
        NoticePart(code="answer_not_streamed", params={"x": 1}),
    )
    assert content_parts(replace(MESSAGE, content="")) == ()


def test_a_message_with_parts_is_made_of_them() -> None:
    message = replace(MESSAGE, content=CONTENT, parts=PARTS, metadata={"reasoning": "คิด"})
    assert content_parts(message) == PARTS
