"""Why a reply failed, and its notices, told in words; whoever wrote the metadata."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from thai_chat.api.told import told
from thai_chat.domain.json_types import JsonObject, JsonValue
from thai_chat.domain.messages import Message, Role, Status
from thai_chat.texts import LANGUAGES, Language, text
from thai_chat.texts.errors import ERRORS
from thai_chat.texts.notices import NOTICES


def reply(*, status: Status = Status.COMPLETE, **metadata: JsonValue) -> Message:
    return Message(
        message_id=UUID(int=2),
        session_id=UUID(int=1),
        parent_id=None,
        role=Role.ASSISTANT,
        content="ตอบ",
        message_order=2,
        status=status,
        backend="vllm",
        model="thai-model",
        created_at=datetime.now(UTC),
        metadata=metadata,
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_failed_reply_tells_its_reason_and_one_without_a_reason_the_general_one(language: Language) -> None:
    failed = reply(status=Status.FAILED, error={"code": "backend_timeout", "backend": "vllm"})
    assert told(failed, language).problem == text("backend_timeout", language, {"backend": "vllm"})
    assert told(reply(status=Status.FAILED), language).problem == text("backend_error", language)
    assert told(reply(error={"code": "backend_timeout"}), language).problem is None


def test_notices_are_told_and_unknown_ones_are_not() -> None:
    dropped: JsonValue = {"code": "parameter_dropped", "param": "temperature"}
    (notice,) = told(reply(notices=[dropped, {"code": "no_such_notice"}, "garbage"]), "th").notices
    assert notice.code == "parameter_dropped"
    assert "temperature" in notice.message


@pytest.mark.parametrize("code", ["figure_tokens", "empty_trash_question", "welcome", ""])
def test_only_texts_of_notices_and_errors_are_told(code: str) -> None:
    assert told(reply(notices=[{"code": code, "count": 5}]), "th").notices == []
    failed = reply(status=Status.FAILED, error={"code": code, "count": 5})
    assert told(failed, "th").problem == text("internal", "th")


@pytest.mark.parametrize("code", [*ERRORS, *NOTICES])
def test_no_odd_value_of_a_file_keeps_a_message_from_being_told(code: str) -> None:
    odd: list[JsonValue] = [None, "x", -1, 1e300, [], {}, [["a"]], {"a": 1}]
    names = ("limit", "chars", "seconds", "tokens", "param", "model", "backend", "tried", "why", "reason", "fields")
    for value in odd:
        params: JsonObject = {"code": code, **dict.fromkeys(names, value)}
        found = told(reply(status=Status.FAILED, notices=[params], error=params), "th")
        assert found.problem
        assert found.notices[0].message


@pytest.mark.parametrize("notices", [None, "x", 5, {}, {"code": "parameter_dropped"}], ids=str)
def test_notices_that_are_no_list_are_none(notices: JsonValue) -> None:
    assert list(told(reply(notices=notices), "th").notices) == []


def test_what_a_file_repeats_without_end_is_told_a_few_times() -> None:
    notices: list[JsonValue] = [{"code": "answer_not_streamed"}] * 10_000
    assert len(told(reply(notices=notices), "th").notices) <= 50
