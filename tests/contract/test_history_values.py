"""What every history keeps exactly, refuses and counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.history_writes import (
    again,
    begin,
    finish,
    grow,
    purge,
    update,
    whole_reply,
    whole_turn,
)
from thai_chat.domain.errors import (
    BadInput,
    HistoryRefused,
)
from thai_chat.domain.messages import Choice, Figures
from thai_chat.domain.ports import History, SessionFilter


@pytest.mark.parametrize("text", ["ก\0ข", "\ud800", "ข้าว\udfff"], ids=["NUL", "surrogate", "Thai and surrogate"])
async def test_text_that_no_store_can_keep_is_refused(history: History, user: str, text: str) -> None:
    turn = await whole_turn(history, user)
    write = begin(user, turn.session.session_id)
    for attempt in (
        history.begin_turn(begin(user, question=text)),
        history.begin_turn(begin(user, session_name=text)),
        history.begin_turn(begin(user, metadata={"x": [text]})),
        history.begin_turn(begin(user, idempotency_key=text)),
        history.checkpoint([grow(write, text)]),
        history.finish_reply(finish(write, text)),
        history.begin_reply(again(turn, content=text)),
        history.begin_reply(again(turn, metadata={text: 1})),
        history.update_session(update(turn, session_name=text)),
        history.update_session(update(turn, tags=["ดี", text])),
        history.update_session(update(turn, folder=text)),
        history.update_session(update(turn, options={"system_prompt": text})),
        history.purge_session(purge(turn, user_id=text)),
        history.sessions(text, limit=1),
        history.sessions(user, limit=1, filter=SessionFilter(tag=text)),
    ):
        with pytest.raises(HistoryRefused):
            await attempt
    assert len(await history.messages(turn.session.session_id, user, limit=10)) == 2


@pytest.mark.parametrize(
    "fields",
    [{"session_name": "ก" * 256}, {"choice": Choice("vllm", "m" * 101)}, {"idempotency_key": "k" * 101}],
    ids=["name", "model", "key"],
)
async def test_what_is_too_long_for_its_column_is_refused(history: History, user: str, fields: dict[str, Any]) -> None:
    with pytest.raises(HistoryRefused):
        await history.begin_turn(begin(user, **fields))


async def test_a_folder_that_is_too_long_is_refused(history: History, user: str) -> None:
    turn = await whole_turn(history, user)
    with pytest.raises(HistoryRefused):
        await history.update_session(update(turn, folder="ก" * 256))


@pytest.mark.parametrize(
    ("cost", "kept"),
    [
        ("0.000000001", "0.000000001"),
        ("0.0000000005", "0.000000001"),
        ("12.3456789014", "12.345678901"),
        ("0", "0"),
        ("999999", "999999"),
    ],
)
async def test_a_price_is_kept_to_nine_places(history: History, user: str, cost: str, kept: str) -> None:
    write = begin(user)
    await history.begin_turn(write)
    figures = Figures(completion_tokens=9, reasoning_tokens=7, cost_usd=Decimal(cost))
    reply = await history.finish_reply(finish(write, figures=figures))
    assert reply.figures == replace(figures, cost_usd=Decimal(kept))
    assert reply == await history.message(write.reply_id, user)


@pytest.mark.parametrize("cost", ["1000000", "NaN", "-Infinity"])
async def test_what_is_no_price_is_refused(history: History, user: str, cost: str) -> None:
    write = begin(user)
    await history.begin_turn(write)
    with pytest.raises(HistoryRefused):
        await history.finish_reply(finish(write, figures=Figures(cost_usd=Decimal(cost))))


async def test_the_longest_that_fits_is_kept_whole(history: History, user: str) -> None:
    write = begin(user, session_name="ที่" * 85, question="ก" * 200_000, choice=Choice("b" * 50, "m" * 100))
    await history.begin_turn(write)
    assert (await history.session(write.session_id, user)).session_name == "ที่" * 85
    assert (await history.message(write.question_id, user)).content == "ก" * 200_000


async def test_an_escaped_escape_is_no_nul(history: History, user: str) -> None:
    write = begin(user, metadata={"code": "\\u0000"}, question="'; DROP TABLE chat_messages; -- %s %(x)s :y \\")
    await history.begin_turn(write)
    question = await history.message(write.question_id, user)
    assert (question.metadata, question.content) == (write.metadata, write.question)


async def test_statistics_count_sessions_messages_and_tokens(history: History, user: str) -> None:
    now = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)  # the 22nd in Bangkok
    for number, model in enumerate(["typhoon", "typhoon", "typhoon", "qwen"]):
        write = begin(user, at=now - timedelta(days=number), choice=Choice("vllm", model))
        await history.begin_turn(write)
        figures = Figures(prompt_tokens=10, completion_tokens=number, first_token_ms=100 * (number + 1))
        await history.finish_reply(finish(write, figures=figures))
    trash = await whole_turn(history, user, at=now)
    await history.update_session(update(trash, deleted=True))
    found = await history.statistics(user, timezone="Asia/Bangkok", days=3, now=now)
    assert (found.sessions, found.messages, found.prompt_tokens, found.completion_tokens) == (4, 8, 40, 6)
    models = [(usage.model, usage.replies, usage.prompt_tokens, usage.first_token_ms) for usage in found.by_model]
    assert models == [("typhoon", 3, 30, 200), ("qwen", 1, 10, 400)]
    days = [(day.day, day.messages, day.tokens) for day in found.by_day]
    assert days == [("2026-11-20", 2, 12), ("2026-11-21", 2, 11), ("2026-11-22", 2, 10)]


async def test_statistics_count_every_message_once_whatever_the_branch(history: History, user: str) -> None:
    first = await whole_turn(history, user)
    await whole_turn(history, user, first.session.session_id, is_first=True)
    await whole_reply(history, first)
    for _ in range(2):
        found = await history.statistics(user, timezone="UTC", days=1, now=datetime.now(UTC))
        assert (found.sessions, found.messages, [usage.replies for usage in found.by_model]) == (1, 5, [3])
        await history.update_session(update(first, leaf_id=first.reply.message_id))


async def test_days_without_messages_are_there(history: History, user: str) -> None:
    now = datetime.now(UTC)
    found = await history.statistics(user, timezone="UTC", days=30, now=now)
    assert len(found.by_day) == 30
    assert found.by_day[-1].day == now.date().isoformat()
    assert {day.messages for day in found.by_day} == {0}


async def test_a_time_zone_that_there_is_not_is_bad_input(history: History, user: str) -> None:
    with pytest.raises(BadInput):
        await history.statistics(user, timezone="Asia/Atlantis", days=1, now=datetime.now(UTC))
