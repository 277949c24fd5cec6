"""Every figure is what plain SQL on the tables says, and leads to the messages that it was counted of."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.histories import PostgresStores, straight
from tests.history_writes import again, begin, finish, new_user, update, whole_turn
from tests.people import as_person
from tests.postgres_servers import PostgresServer
from thai_chat.chat.statistics import UserStatistics, last_days, zone_of
from thai_chat.domain.errors import BadInput
from thai_chat.domain.messages import Choice, Figures, Role, Status
from thai_chat.domain.statistics import Behind, CountedMessage, Figure, MessageCursor, Period, Times, UsageTotals

BANGKOK = ZoneInfo("Asia/Bangkok")
NEW_YORK = ZoneInfo("America/New_York")  # has days of 23 and 25 hours
NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)  # the 22nd in Bangkok
SUMS = """count(DISTINCT session_id), count(*), count(*) FILTER (WHERE role = 'assistant'),
    coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0), coalesce(sum(reasoning_tokens), 0),
    coalesce(sum(cost_usd), 0), percentile_disc(0.5) WITHIN GROUP (ORDER BY first_token_ms),
    percentile_disc(0.95) WITHIN GROUP (ORDER BY first_token_ms),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY latency_ms), percentile_disc(0.95) WITHIN GROUP (ORDER BY latency_ms)"""


@pytest.fixture
async def history(database_url: str) -> AsyncIterator[PostgresStores]:
    async with straight(database_url) as history:
        yield history


@pytest.fixture
async def user(history: PostgresStores) -> str:
    """Return a user who has asked 60 questions of three models in a year, some in the trash, some answered twice."""
    user, chance = new_user(), random.Random(7862)
    for number in range(60):
        at = NOW - timedelta(minutes=chance.randrange(365 * 24 * 60)) if number else NOW
        choice = Choice(
            *chance.choice([("vllm", "typhoon"), ("ollama", "qwen"), ("ollama", "llama"), ("openai", "gpt")])
        )
        write = begin(user, at=at, choice=choice)
        turn = await history.write(write)
        status = Status.FAILED if chance.random() < 0.2 else Status.COMPLETE
        await history.write(finish(write, figures=figures(chance), status=status))
        if number % 7 == 0:
            reply = again(turn, at=at + timedelta(minutes=3))
            await history.write(reply)
            await history.write(finish(reply, figures=figures(chance)))
        if number % 9 == 0:
            await history.write(update(turn, deleted=True))
        if number % 5 == 0:
            await history.write(update(turn, archived=True))
    await whole_turn(history, new_user(), at=NOW)
    return user


def figures(chance: random.Random) -> Figures:
    def perhaps(value: int) -> int | None:
        return value if chance.random() < 0.8 else None

    return Figures(
        prompt_tokens=perhaps(chance.randrange(5000)),
        completion_tokens=perhaps(chance.randrange(900)),
        reasoning_tokens=perhaps(chance.randrange(300)),
        first_token_ms=perhaps(chance.randrange(4000)),
        latency_ms=perhaps(chance.randrange(40_000)),
        cost_usd=Decimal(chance.randrange(10**8)) / 10**9 if chance.random() < 0.5 else None,
    )


def counted(row: Sequence[Any]) -> UsageTotals:
    sessions, messages, replies, prompt, completion, reasoning, cost, first, first_95, latency, latency_95 = row
    return UsageTotals(
        sessions=sessions,
        messages=messages,
        replies=replies,
        prompt_tokens=prompt,
        completion_tokens=completion,
        reasoning_tokens=reasoning,
        cost_usd=cost,
        first_token=None if first is None else Times(first, first_95),
        latency=None if latency is None else Times(latency, latency_95),
    )


@pytest.mark.parametrize("zone", [BANGKOK, NEW_YORK], ids=str)
@pytest.mark.parametrize("days", [None, 1, 30, 366])
async def test_statistics_are_what_plain_sql_says(
    history: PostgresStores,
    user: str,
    postgres: PostgresServer,
    database_name: str,
    zone: ZoneInfo,
    days: int | None,
) -> None:
    period = last_days(zone, days, now=NOW)
    found = await history.statistics.statistics(user, period)
    local = f"(m.created_at AT TIME ZONE '{zone.key}')"
    mine = (
        "FROM chat_messages m JOIN (SELECT session_id, user_id, deleted_at FROM chat_sessions) s USING (session_id) "
        f"WHERE s.user_id = %s AND s.deleted_at IS NULL AND {local}::date >= %s"
    )
    values = (user, period.first or date(1, 1, 1))

    def ask(statement: str) -> list[tuple[Any, ...]]:
        return postgres.query(statement, *values, database=database_name)

    assert found.total == counted(ask(f"SELECT {SUMS} {mine}")[0])
    by_day = {row[0]: counted(row[1:]) for row in ask(f"SELECT {local}::date, {SUMS} {mine} GROUP BY 1")}
    assert {day.day: day.usage for day in found.by_day if day.usage.messages} == by_day
    model = "SELECT backend, model, " + SUMS + " " + mine + " AND role = 'assistant' GROUP BY 1, 2"
    by_model = {row[:2]: counted(row[2:]) for row in ask(model)}
    assert {(usage.backend, usage.model): usage.usage for usage in found.by_model} == by_model
    backend = "SELECT backend, " + SUMS + " " + mine + " AND role = 'assistant' GROUP BY 1"
    assert {usage.backend: usage.usage for usage in found.by_backend} == {
        row[0]: counted(row[1:]) for row in ask(backend)
    }
    hours = dict(ask(f"SELECT extract(hour FROM {local})::int, count(*) {mine} GROUP BY 1"))
    assert {hour.hour: hour.messages for hour in found.by_hour if hour.messages} == hours
    longest = ask(f"SELECT session_id, count(*) {mine} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10")
    assert [(usage.session_id.hex, usage.messages) for usage in found.longest] == [
        (str(session_id).replace("-", ""), count) for session_id, count in longest
    ]


async def test_every_figure_leads_to_the_messages_behind_it(history: PostgresStores, user: str) -> None:
    period = last_days(BANGKOK, 366, now=NOW)
    found = await history.statistics.statistics(user, period)
    assert len(await behind(history, user, Behind(period=period))) == found.total.messages
    assert len(await behind(history, user, Behind(period=period, role=Role.ASSISTANT))) == found.total.replies
    for figure in (Figure.PROMPT_TOKENS, Figure.COMPLETION_TOKENS, Figure.REASONING_TOKENS, Figure.COST_USD):
        listed = await behind(history, user, Behind(period=period, figure=figure))
        assert sum(getattr(one.message.figures, figure) for one in listed) == getattr(found.total, figure)
    for day in found.by_day:
        listed = await behind(history, user, Behind(period=replace(period, first=day.day, last=day.day)))
        assert len(listed) == day.usage.messages
    for usage in [*found.by_model, *found.by_backend]:
        listed = await behind(history, user, Behind(period=period, backend=usage.backend, model=usage.model))
        assert len(listed) == usage.usage.messages
        times = sorted(one.message.figures.latency_ms for one in listed if one.message.figures.latency_ms is not None)
        assert usage.usage.latency
        assert usage.usage.latency.median_ms in times
        assert usage.usage.latency.p95_ms in times
    for hour in found.by_hour:
        assert len(await behind(history, user, Behind(period=period, hour=hour.hour))) == hour.messages
    sessions = await history.statistics.sessions_behind(user, Behind(period=period), limit=1000)
    assert len(sessions) == found.total.sessions
    assert sum(usage.messages for usage in sessions) == found.total.messages
    assert [(usage.session_id, usage.messages) for usage in found.longest] == [
        (usage.session_id, usage.messages) for usage in sessions[:10]
    ]
    for session in found.longest:
        listed = await behind(history, user, Behind(period=period, session_id=session.session_id))
        assert len(listed) == session.messages


async def test_a_reply_without_a_model_counts_for_its_backend(
    history: PostgresStores, postgres: PostgresServer, database_name: str
) -> None:
    user = new_user()
    turns = [await whole_turn(history, user) for _ in range(3)]
    # An import may bring a reply without a model.
    postgres.query(
        "UPDATE chat_messages SET model = NULL WHERE message_id = %s",
        turns[0].reply.message_id.hex,
        database=database_name,
    )
    period = last_days(BANGKOK, None)
    found = await history.statistics.statistics(user, period)
    assert [usage.usage.replies for usage in found.by_model] == [2]
    (backend,) = found.by_backend
    listed = await behind(history, user, Behind(period=period, backend=backend.backend))
    assert backend.usage.replies == len(listed) == 3


async def behind(history: PostgresStores, user: str, wanted: Behind) -> list[CountedMessage]:
    """Return the messages of all pages, which meet without a gap."""
    found: list[CountedMessage] = []
    before = None
    while page := await history.statistics.messages_behind(user, wanted, limit=7, before=before):
        found += page
        before = MessageCursor(page[-1].message.created_at, page[-1].message.message_id)
    moments = [(one.message.created_at, one.message.message_id) for one in found]
    assert moments == sorted(moments, reverse=True)
    return found


async def test_days_without_messages_are_there(history: PostgresStores, user: str) -> None:
    found = await history.statistics.statistics(user, last_days(BANGKOK, 30, now=NOW))
    assert [day.day for day in found.by_day] == [date(2026, 11, 22) - timedelta(days=ago) for ago in range(29, -1, -1)]


async def test_of_a_time_longer_than_a_life_only_the_days_with_messages_are_there(history: PostgresStores) -> None:
    user = new_user()
    days = [date(1900, 1, 2), date(2026, 11, 22), date(2999, 12, 30)]
    for day in days:
        await whole_turn(history, user, at=datetime(day.year, day.month, day.day, 5, tzinfo=UTC))
    found = await history.statistics.statistics(user, last_days(BANGKOK, None))
    assert [day.day for day in found.by_day] == days


async def test_who_has_said_nothing_has_statistics_too(history: PostgresStores) -> None:
    found = await history.statistics.statistics(new_user(), last_days(BANGKOK, None))
    assert (found.total, found.by_day, found.by_model, found.longest) == (UsageTotals(), [], [], [])
    assert len(found.by_hour) == 24


async def test_the_text_behind_a_figure_is_only_its_beginning(history: PostgresStores) -> None:
    user = new_user()
    await whole_turn(history, user, question="ก" * 5000)
    wanted = Behind(period=last_days(BANGKOK, 1), role=Role.USER)
    (found,) = await history.statistics.messages_behind(user, wanted, limit=10)
    assert found.message.content == "ก" * 300


async def test_questions_that_are_asked_often_lead_to_their_messages(history: PostgresStores) -> None:
    user = new_user()
    asked = [
        "สูตรน้ำจิ้มข้าวมันไก่ทำยังไงครับ",
        "ขอสูตรน้ำจิ้มข้าวมันไก่หน่อย",
        "น้ำจิ้มข้าวมันไก่ สูตร?",
        "How do I install PostgreSQL on Debian?",
        "please explain: install postgresql debian",
        "ราคาทองวันนี้",
    ]
    for question in asked:
        await whole_turn(history, user, question=question)
    statistics, person = UserStatistics(history.statistics), as_person(user)
    period = last_days(BANGKOK, None)
    found = await statistics.frequent(person, period)
    assert [len(group.message_ids) for group in found.questions] == [3, 2]
    assert found.questions[0].text == asked[2]
    assert found.looked_at == 6
    for group in found.questions:
        wanted = await statistics.behind_question(person, Behind(period=period), group=group.key)
        listed = await statistics.messages(person, wanted, limit=50)
        assert {one.message.message_id for one in listed} == set(group.message_ids)
    word = next(word for word in found.words if word.word == "postgresql")
    wanted = await statistics.behind_question(person, Behind(period=period), word=word.word)
    assert len(await statistics.messages(person, wanted, limit=50)) == len(word.message_ids) == 2
    assert not {"ทำ", "ขอ", "ยังไง", "หน่อย"} & {word.word for word in found.words}
    nothing = await statistics.behind_question(person, Behind(period=period), group="no such group")
    assert await statistics.messages(person, nothing, limit=50) == []


def test_a_time_zone_or_a_span_that_there_is_not_is_bad_input() -> None:
    assert zone_of(None) == BANGKOK
    for name in ("Asia/Atlantis", "../../etc/passwd", "/etc/passwd", "\0"):
        with pytest.raises(BadInput):
            zone_of(name)
    for days in (0, -1, 10**9):
        with pytest.raises(BadInput):
            last_days(BANGKOK, days)


def test_a_period_ends_with_today_where_the_reader_is() -> None:
    assert last_days(BANGKOK, 2, now=NOW) == Period(timezone=BANGKOK, first=date(2026, 11, 21), last=date(2026, 11, 22))
    assert last_days(NEW_YORK, 1, now=NOW).last == date(2026, 11, 21)
