"""The values that the page is sent of a session."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from thai_chat.chat.windows import OpenSession
from thai_chat.domain.json_types import JsonObject, JsonValue
from thai_chat.domain.messages import Figures, Message, Role, Session, Status
from thai_chat.texts import text
from thai_chat.texts.errors import ERRORS
from thai_chat.texts.notices import NOTICES
from thai_chat.ui.window import chat_of, empty_view, view_of

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
SESSION_ID = UUID("01900000-0000-7000-8000-000000000001")


def message(
    role: Role, content: str, *, status: Status = Status.COMPLETE, metadata: JsonObject | None = None
) -> Message:
    return Message(
        message_id=uuid7(),
        session_id=SESSION_ID,
        parent_id=None,
        role=role,
        content=content,
        message_order=1,
        status=status,
        backend="vllm" if role is Role.ASSISTANT else None,
        model="typhoon" if role is Role.ASSISTANT else None,
        created_at=NOW,
        figures=Figures(completion_tokens=12, first_token_ms=400, latency_ms=900),
        metadata=metadata or {},
    )


def opened(*messages: Message) -> OpenSession:
    session = Session(
        session_id=SESSION_ID,
        user_id="local",
        session_name="ชื่อ",
        backend="vllm",
        model="typhoon",
        created_at=NOW,
        updated_at=NOW,
    )
    return OpenSession(session=session, messages=messages, live=None, has_earlier=False)


def around(found: Message) -> dict[str, object]:
    messages = view_of(opened(found), "th", choice=None)["messages"]
    assert isinstance(messages, list)
    (only,) = messages
    assert isinstance(only, dict)
    return only


def test_rows_and_what_stands_around_them_are_in_step() -> None:
    messages = [message(Role.SYSTEM, "กฎ"), message(Role.USER, "ถาม"), message(Role.ASSISTANT, "ตอบ")]
    view = view_of(opened(*messages), "th", choice=None)
    assert [row["role"] for row in chat_of(messages)] == ["user", "assistant"]
    assert isinstance(view["messages"], list)
    assert [facts["text"] for facts in view["messages"]] == ["ถาม", "ตอบ"]


def test_a_failed_reply_says_why_in_the_reader_s_language() -> None:
    failed = message(Role.ASSISTANT, "ครึ่ง", status=Status.FAILED, metadata={"error": {"code": "reply_cut"}})
    assert "เก็บไว้ให้" in str(around(failed)["problem"])
    assert "vLLM" in str(around(failed)["problem"])


def test_a_failed_reply_without_a_reason_still_says_that_it_failed() -> None:
    assert around(message(Role.ASSISTANT, "", status=Status.FAILED))["problem"]


def test_a_reply_that_had_no_end_is_shown_as_cut_and_has_no_room_to_be_continued() -> None:
    notices: JsonValue = [{"code": "reply_too_long", "chars": "1,000,000"}]
    facts = around(message(Role.ASSISTANT, "ก", metadata={"finish_reason": "too_long", "notices": notices}))
    assert (facts["is_cut"], facts["can_continue"]) == (True, False)
    assert "1,000,000" in str(facts["notices"])


def test_thinking_is_apart_from_the_text() -> None:
    facts = around(message(Role.ASSISTANT, "ตอบ", metadata={"reasoning": "คิด"}))
    assert (facts["text"], facts["reasoning"]) == ("ตอบ", "คิด")


def test_notices_of_a_reply_are_told_and_unknown_ones_are_not() -> None:
    dropped: JsonValue = {"code": "parameter_dropped", "param": "temperature"}
    notices: list[JsonValue] = [dropped, {"code": "no_such_notice"}, "garbage"]
    facts = around(message(Role.ASSISTANT, "ตอบ", metadata={"notices": notices}))
    assert isinstance(facts["notices"], list)
    (told,) = facts["notices"]
    assert "temperature" in told["text"]


@pytest.mark.parametrize("code", ["figure_tokens", "empty_trash_question", "welcome", ""])
def test_only_texts_of_notices_and_errors_are_told(code: str) -> None:
    facts = around(message(Role.ASSISTANT, "ตอบ", metadata={"notices": [{"code": code, "count": 5}]}))
    assert facts["notices"] == []
    failed = message(Role.ASSISTANT, "", status=Status.FAILED, metadata={"error": {"code": code, "count": 5}})
    assert around(failed)["problem"] == text("internal", "th")


@pytest.mark.parametrize("code", [*ERRORS, *NOTICES])
def test_no_odd_value_of_a_file_keeps_a_session_from_being_opened(code: str) -> None:
    odd: list[JsonValue] = [None, "x", -1, 1e300, [], {}, [["a"]], {"a": 1}]
    names = ("limit", "chars", "seconds", "tokens", "param", "model", "backend", "tried", "why", "reason", "fields")
    for value in odd:
        notice: JsonObject = {"code": code, **dict.fromkeys(names, value)}
        metadata: JsonObject = {"notices": [notice], "begun_by": [{"backend": value}]}
        facts = around(message(Role.ASSISTANT, "ตอบ", metadata=metadata))
        assert isinstance(facts["notices"], list)
        assert facts["notices"][0]["text"]


def test_what_a_file_repeats_without_end_is_told_a_few_times() -> None:
    begun: list[JsonValue] = [{"backend": "b", "model": str(number)} for number in range(10_000)]
    notices: list[JsonValue] = [{"code": "answer_not_streamed"}] * 10_000
    facts = around(message(Role.ASSISTANT, "ตอบ", metadata={"begun_by": begun, "notices": notices}))
    assert isinstance(facts["begun_by"], list)
    assert isinstance(facts["notices"], list)
    assert max(len(facts["begun_by"]), len(facts["notices"])) <= 50


@pytest.mark.parametrize("written", ["a\n\n" * 300_000, "ก" * 3_000_000])
def test_of_a_text_that_no_browser_can_show_the_beginning_is_shown(written: str) -> None:
    (row,) = chat_of([message(Role.USER, written)])
    assert isinstance(row["content"], list)
    shown = row["content"][0]["text"]
    assert len(shown) < 3_000_000
    assert shown.count("\n") < 21_000
    assert f"{len(written):,}".replace(",", "&#44;") in shown


def test_a_missing_model_that_can_be_fetched_is_named_whether_the_reply_failed_or_another_answered() -> None:
    typhoon: JsonObject = {"backend": "ollama", "model": "typhoon2:8b"}
    error: JsonObject = {"code": "model_not_found", "fetchable": True, **typhoon}
    assert around(message(Role.ASSISTANT, "", status=Status.FAILED, metadata={"error": error}))["missing"] == typhoon
    swap: JsonObject = {
        "code": "answered_by_other",
        "asked": "ollama",
        "asked_model": "typhoon2:8b",
        "answered": "vllm",
        "answered_model": "typhoon",
        "reason": "model_not_found",
    }
    answered = message(Role.ASSISTANT, "ตอบ", metadata={"notices": [{**swap, "fetchable": True}]})
    assert around(answered)["missing"] == typhoon
    assert around(message(Role.ASSISTANT, "ตอบ", metadata={"notices": [swap]}))["missing"] is None
    assert around(message(Role.ASSISTANT, "", status=Status.FAILED, metadata={"error": typhoon}))["missing"] is None


def test_a_reply_tells_what_it_cost_as_far_as_that_is_known() -> None:
    assert around(message(Role.ASSISTANT, "ตอบ"))["cost"] is None
    priced = replace(
        message(Role.ASSISTANT, "ตอบ", metadata={"cost": "estimated", "cost_thb": 0.0137}),
        figures=Figures(cost_usd=Decimal("0.00041"), reasoning_tokens=7),
    )
    assert around(priced)["cost"] == {"usd": 0.00041, "thb": 0.0137, "estimated": True}
    assert around(priced)["reasoning_tokens"] == 7


def test_a_reply_that_ran_out_of_room_is_cut() -> None:
    assert around(message(Role.ASSISTANT, "ตอบ", metadata={"finish_reason": "length"}))["is_cut"] is True
    assert around(message(Role.ASSISTANT, "ตอบ", metadata={"finish_reason": "stop"}))["is_cut"] is False


def test_a_session_comes_with_its_options_and_a_new_one_with_none() -> None:
    options: JsonObject = {"system_prompt": "ตอบสั้น ๆ", "top_k": 5}
    session = replace(opened().session, options=options)
    assert view_of(replace(opened(), session=session), "th", choice=None)["options"] == options
    assert empty_view(str(SESSION_ID), choice=None)["options"] == {}


def test_a_new_session_has_an_id_and_no_messages() -> None:
    view = empty_view(str(SESSION_ID), choice=None)
    assert (view["session_id"], view["stored"], view["messages"]) == (str(SESSION_ID), False, [])


def test_those_who_began_a_reply_are_named_once_and_without_the_one_who_ended_it() -> None:
    other = {"backend": "ollama", "model": "llama3.2:3b"}
    begun_by: JsonObject = {"begun_by": [other, {"backend": "vllm", "model": "typhoon"}, other]}
    assert around(message(Role.ASSISTANT, "ต้นแล้วปลาย", metadata=begun_by))["begun_by"] == [other]
    assert around(message(Role.ASSISTANT, "คนเดียว"))["begun_by"] == []
