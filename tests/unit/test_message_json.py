"""Messages as JSON, written without models: the same as the model of an answer is written."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import orjson
import pytest
from uuid_utils.compat import uuid7

from tests.history_writes import begin
from tests.messages_in_parts import CONTENT, PARTS
from thai_chat import texts
from thai_chat.api.message_json import message_fields, messages_in_parts, messages_json, to_json
from thai_chat.api.schemas import MessageBody, message_body
from thai_chat.domain.messages import Figures, Message, Status
from thai_chat.domain.parts import ReasoningPart
from thai_chat.history.turns import new_session, new_turn

BEGIN = begin("สมหญิง")
TURN = new_turn(new_session(BEGIN), BEGIN)
BANGKOK = timezone(timedelta(hours=7))
REPLY = replace(TURN.reply, status=Status.COMPLETE)
WHOLE = replace(
    REPLY,
    content=CONTENT,
    parts=PARTS,
    created_at=datetime(2026, 11, 21, 11, 0, 0, 120, BANGKOK),
    figures=Figures(prompt_tokens=1, completion_tokens=2, first_token_ms=3, latency_ms=4, reasoning_tokens=5),
)
MESSAGES = {
    "question": TURN.question,
    "growing": TURN.reply,
    "parts": WHOLE,
    "whole second": replace(REPLY, created_at=datetime(2026, 11, 21, 4, 0, 0, 0, BANGKOK)),
    "cost": replace(REPLY, figures=Figures(cost_usd=Decimal("0.000000123"))),
    "failed": replace(REPLY, status=Status.FAILED, metadata={"error": {"code": "backend_unreachable"}}),
    "noticed": replace(REPLY, metadata={"notices": [{"code": "answered_by_another", "answered": "ollama"}]}),
    "sent": replace(TURN.question, metadata={"audio_files": [{"a": [1, None, 0.5]}], "function_calls": ["ก"]}),
    "no list": replace(TURN.question, metadata={"audio_files": "a.wav", "function_calls": None}),
    "signs": replace(REPLY, content='"\\/\u2028\x7f\t\n🍚 ้'),
}


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES.keys())
def test_a_message_is_written_as_its_model_is(message: Message, language: texts.Language) -> None:
    written = orjson.loads(messages_json([message], language))
    model = message_body(message, language).model_dump(mode="json")
    assert written == model
    assert list(written) == list(model)


def test_the_model_has_the_fields_in_this_order() -> None:
    assert list(message_fields(WHOLE, "th")) == list(MessageBody.model_fields)


def test_many_messages_stand_with_commas_between_them() -> None:
    assert len(orjson.loads(b"[" + messages_json(MESSAGES.values(), "th") + b"]")) == len(MESSAGES)
    assert messages_json([], "th") == b""


def test_a_part_ends_where_it_has_enough_messages_or_text() -> None:
    few, long = [WHOLE] * 120, [replace(WHOLE, content="ก" * 60_000)] * 8
    thought = [replace(WHOLE, parts=(ReasoningPart("ก" * 60_000), *WHOLE.parts))] * 8
    noted = [replace(WHOLE, metadata={"notes": [{"ก" * 60_000: 2**80}]})] * 8
    for messages, most, parts in (
        *((few, 50, 3), (few, 1_000, 1), ([], 50, 0)),
        *((long, 50, 3), (thought, 50, 3), (noted, 50, 3)),
    ):
        found = list(messages_in_parts(messages, "th", most=most))
        assert len(found) == parts
        assert b",".join(found) == b",".join(messages_json([message], "th") for message in messages)


def test_one_message_that_is_too_great_changes_nothing_of_those_beside_it() -> None:
    great = replace(TURN.question, metadata={"n": 2**80})
    messages = [*MESSAGES.values(), great, *MESSAGES.values()]
    alone = [messages_json([message], "th") for message in messages]
    assert messages_json(messages, "th") == b",".join(alone)


def test_what_is_too_great_for_the_quick_way_is_written_too() -> None:
    message = replace(TURN.question, message_id=uuid7(), metadata={"n": 2**80, "ข้อความ": "ก"})
    written = json.loads(messages_json([message], "th"))
    assert written == message_body(message, "th").model_dump(mode="json")
    assert to_json({"n": 2**80}) == b'{"n":%d}' % 2**80
