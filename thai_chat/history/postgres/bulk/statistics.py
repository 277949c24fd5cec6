"""The sums of a user's messages by day, model, backend, hour and session, and the messages that are behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from thai_chat.domain.statistics import (
    AskedQuestion,
    Behind,
    CountedMessage,
    DayUsage,
    HourUsage,
    MessageCursor,
    ModelUsage,
    Period,
    SessionUsage,
    Statistics,
    Times,
    UsageTotals,
)
from thai_chat.history.postgres.sql.rows import MESSAGE_FIELDS, MESSAGE_SQL, NO_PARTS, message_of

LONGEST = 10
MOST_DAYS = 40_000
"""The most days that are all given; of a longer time only those with messages are."""
SHOWN_CHARS = 300

# Sums of tens of thousands of rows that stay in memory, whatever little the server gives by itself.
_BEGIN = "BEGIN READ ONLY; SET LOCAL work_mem = '32MB'; SET LOCAL jit = off"

# A session is at least as new as its newest message: older ones need not be looked into.
_OF_USER = "s.user_id = %(user_id)s"
_MY_SESSIONS = f"""{_OF_USER} AND s.deleted_at IS NULL
    AND (%(start)s::timestamptz IS NULL OR s.updated_at >= %(start)s)"""
_IN_PERIOD = """(%(start)s::timestamptz IS NULL OR m.created_at >= %(start)s)
    AND (%(end)s::timestamptz IS NULL OR m.created_at < %(end)s)"""
_MINE = f"""chat_sessions s JOIN chat_messages m USING (session_id) WHERE {_MY_SESSIONS} AND {_IN_PERIOD}"""
_SUMS = """count(DISTINCT number), count(*), count(*) FILTER (WHERE is_reply), sum(prompt_tokens),
    sum(completion_tokens), sum(reasoning_tokens), sum(cost_usd),
    percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY first_token_ms),
    percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY latency_ms)"""
_NO_SUMS = ", ".join(["NULL"] * 7)
# The few messages that were rated or deleted stand in an index of their own.
_RATINGS = f"""
SELECT m.backend, m.model, count(*) FILTER (WHERE m.rating > 0), count(*) FILTER (WHERE m.rating < 0)
FROM {_MINE} AND m.rating IS NOT NULL GROUP BY m.backend, m.model"""
_NOT_DELETED = """NOT EXISTS (SELECT FROM chat_messages d WHERE d.session_id = m.session_id
    AND d.message_id = m.message_id AND d.deleted_at IS NOT NULL)"""

# One pass over the messages, which an index alone serves. OFFSET 0 keeps the local time from being computed twice,
# and numbers are compared sooner than UUIDs.
_STATISTICS = f"""
WITH mine AS MATERIALIZED (
    SELECT local.*, local.at::date AS day, date_part('hour', local.at)::int AS hour FROM (
        SELECT s.number, m.session_id, m.role = 'assistant' AS is_reply, m.backend, m.model, m.prompt_tokens,
            m.completion_tokens, m.reasoning_tokens, m.cost_usd, m.first_token_ms, m.latency_ms,
            m.created_at AT TIME ZONE %(timezone)s AS at
        FROM (
            SELECT session_id, (row_number() OVER ())::int AS number FROM chat_sessions s WHERE {_MY_SESSIONS}
        ) s JOIN chat_messages m USING (session_id) WHERE {_IN_PERIOD} OFFSET 0
    ) local
)
SELECT 'day', day::text, NULL, {_SUMS} FROM mine GROUP BY day
UNION ALL
SELECT CASE GROUPING(model) WHEN 0 THEN 'model' ELSE 'backend' END, backend, model, {_SUMS} FROM mine
WHERE is_reply AND backend IS NOT NULL GROUP BY GROUPING SETS ((backend, model), (backend))
UNION ALL
SELECT 'all', NULL, NULL, NULL, {_SUMS.split(",", 1)[1]} FROM mine
UNION ALL
SELECT 'hour', hour::text, NULL, NULL, count(*), {_NO_SUMS} FROM mine GROUP BY hour
UNION ALL
(SELECT 'session', session_id::text, NULL, count(*) OVER (), count(*), {_NO_SUMS} FROM mine GROUP BY session_id
ORDER BY count(*) DESC, session_id LIMIT {LONGEST})"""
_SESSION_NAMES = f"""
SELECT session_id, session_name, updated_at FROM chat_sessions s
WHERE {_OF_USER} AND session_id = ANY (%(session_ids)s::uuid[])"""

_FILTERS = f"""{_MINE}
    AND (%(backend)s::text IS NULL OR m.backend = %(backend)s AND m.role = 'assistant')
    AND (%(model)s::text IS NULL OR m.model = %(model)s AND m.role = 'assistant')
    AND (%(hour)s::int IS NULL OR date_part('hour', m.created_at AT TIME ZONE %(timezone)s) = %(hour)s)
    AND (%(role)s::text IS NULL OR m.role = %(role)s)
    AND (%(session_id)s::uuid IS NULL OR m.session_id = %(session_id)s::uuid)
    AND (%(message_ids)s::uuid[] IS NULL OR m.message_id = ANY (%(message_ids)s::uuid[]))"""
# The messages that are meant are found in the index, and only what is shown is read.
_CHOSEN = """
WITH chosen AS MATERIALIZED (
    SELECT m.message_id, s.session_name FROM {meant}
    ORDER BY m.created_at DESC, m.message_id DESC LIMIT %(limit)s
)
SELECT {columns} FROM chosen JOIN chat_messages m USING (message_id) ORDER BY m.created_at DESC, m.message_id DESC"""
_MESSAGES = _CHOSEN.format(
    meant=f"""{_FILTERS} {{having}} AND {_NOT_DELETED} AND (%(before_at)s::timestamptz IS NULL
        OR (m.created_at, m.message_id) < (%(before_at)s, %(before_id)s::uuid))""",
    columns=MESSAGE_SQL.replace("m.content", f"left(m.content, {SHOWN_CHARS})").replace("m.parts", NO_PARTS)
    + ", chosen.session_name",
)
_QUESTIONS = _CHOSEN.format(
    meant=f"{_MINE} AND m.role = 'user' AND {_NOT_DELETED}", columns=f"m.message_id, left(m.content, {SHOWN_CHARS})"
)
_SESSIONS = f"""
SELECT s.session_id, s.session_name, count(*), max(m.created_at), coalesce(sum(m.prompt_tokens), 0),
    coalesce(sum(m.completion_tokens), 0) FROM {_FILTERS} {{having}}
AND {_NOT_DELETED}
GROUP BY s.session_id ORDER BY count(*) DESC, s.session_id LIMIT %(limit)s OFFSET %(offset)s"""


def read(connection: Connection, user_id: str | None, period: Period) -> Statistics:
    """Return what a user's messages add up to; None counts those of everybody."""
    groups: dict[str, list[Sequence[Any]]] = {
        kind: [] for kind in ("day", "model", "backend", "all", "hour", "session")
    }
    with _cursor(connection) as cursor:
        cursor.execute(_BEGIN)
        cursor.execute(_meant(_STATISTICS, user_id), _bounds(user_id, period))
        for kind, *row in cursor.fetchall():
            groups[kind].append(row)
        cursor.execute(_meant(_RATINGS, user_id), _bounds(user_id, period))
        ratings = cursor.fetchall()
        longest = _longest(cursor, user_id, groups["session"])
        cursor.execute("COMMIT")
    sessions = groups["session"][0][2] if groups["session"] else 0
    hours = {int(row[0]): row[3] for row in groups["hour"]}
    return Statistics(
        period=period,
        total=_rated(_usage([sessions, *groups["all"][0][3:]]), ratings),
        by_day=_filled(period, {date.fromisoformat(day): _usage(sums) for day, _, *sums in groups["day"]}),
        by_model=_by_model((row for row in groups["model"] if row[1] is not None), ratings),
        by_backend=_by_model(groups["backend"], ratings),
        by_hour=[HourUsage(hour=hour, messages=hours.get(hour, 0)) for hour in range(24)],
        longest=longest,
    )


def messages_behind(
    connection: Connection, user_id: str, behind: Behind, *, limit: int, before: MessageCursor | None
) -> list[CountedMessage]:
    place = {
        "limit": limit,
        "before_at": before.created_at if before else None,
        "before_id": before.message_id if before else None,
    }
    with _cursor(connection) as cursor:
        cursor.execute(_MESSAGES.format(having=_having(behind)), {**_wanted(user_id, behind), **place})
        return [
            CountedMessage(message=message_of(row), session_name=row[len(MESSAGE_FIELDS)]) for row in cursor.fetchall()
        ]


def sessions_behind(
    connection: Connection, user_id: str, behind: Behind, *, limit: int, offset: int
) -> list[SessionUsage]:
    place = {"limit": limit, "offset": offset}
    with _cursor(connection) as cursor:
        cursor.execute(_SESSIONS.format(having=_having(behind)), {**_wanted(user_id, behind), **place})
        return [
            SessionUsage(
                session_id=session_id,
                session_name=name,
                messages=count,
                last_at=last_at,
                prompt_tokens=prompt,
                completion_tokens=completion,
            )
            for session_id, name, count, last_at, prompt, completion in cursor.fetchall()
        ]


def questions(connection: Connection, user_id: str, period: Period, *, limit: int) -> list[AskedQuestion]:
    with _cursor(connection) as cursor:
        cursor.execute(_QUESTIONS, {**_bounds(user_id, period), "limit": limit})
        return [AskedQuestion(message_id, text) for message_id, text in cursor.fetchall()]


def _meant(statement: str, user_id: str | None) -> str:
    return statement.replace(_OF_USER, "TRUE") if user_id is None else statement


def _longest(cursor: Any, user_id: str | None, rows: Sequence[Sequence[Any]]) -> list[SessionUsage]:
    ids = [UUID(row[0]) for row in rows]
    cursor.execute(_meant(_SESSION_NAMES, user_id), {"user_id": user_id, "session_ids": ids})
    found = {session_id: (name, updated_at) for session_id, name, updated_at in cursor.fetchall()}
    return [
        SessionUsage(
            session_id=session_id, session_name=found[session_id][0], messages=row[3], last_at=found[session_id][1]
        )
        for session_id, row in zip(ids, rows, strict=True)
        if session_id in found
    ]


def _by_model(rows: Iterable[Sequence[Any]], ratings: Sequence[Sequence[Any]]) -> list[ModelUsage]:
    most_first = sorted(rows, key=lambda row: (-row[4], row[0], row[1] or ""))
    found = []
    for backend, model, *sums in most_first:
        own = [row for row in ratings if row[0] == backend and model in (None, row[1])]
        found.append(ModelUsage(backend=backend, model=model, usage=_rated(_usage(sums), own)))
    return found


def _rated(usage: UsageTotals, ratings: Sequence[Sequence[Any]]) -> UsageTotals:
    return replace(usage, rated_up=sum(row[2] for row in ratings), rated_down=sum(row[3] for row in ratings))


def _usage(sums: Sequence[Any]) -> UsageTotals:
    sessions, messages, replies, prompt, completion, reasoning, cost, first_token, latency = sums
    return UsageTotals(
        sessions=sessions,
        messages=messages,
        replies=replies,
        prompt_tokens=prompt or 0,
        completion_tokens=completion or 0,
        reasoning_tokens=reasoning or 0,
        cost_usd=cost or Decimal(0),
        first_token=_times(first_token),
        latency=_times(latency),
    )


def _times(found: Sequence[int | None] | None) -> Times | None:
    median, p95 = found or (None, None)
    return None if median is None or p95 is None else Times(median, p95)


def _filled(period: Period, found: Mapping[date, UsageTotals]) -> list[DayUsage]:
    first = period.first or min(found, default=None)
    last = period.last or max(found, default=None)
    if first is None or last is None:
        return []
    if (last - first).days > MOST_DAYS:
        return [DayUsage(day=day, usage=found[day]) for day in sorted(found)]
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [DayUsage(day=day, usage=found.get(day, UsageTotals())) for day in days]


def _bounds(user_id: str | None, period: Period) -> dict[str, object]:
    """Return the parameters of a period, with midnights as the clocks of the time zone show them: a day may have 23 or
    25 hours."""

    def midnight(day: date) -> datetime:
        return datetime.combine(day, time(), period.timezone)

    return {
        "user_id": user_id,
        "timezone": period.timezone.key,
        "start": midnight(period.first) if period.first else None,
        "end": midnight(period.last + timedelta(days=1)) if period.last else None,
    }


def _wanted(user_id: str, behind: Behind) -> dict[str, object]:
    return {
        **_bounds(user_id, behind.period),
        "backend": behind.backend,
        "model": behind.model,
        "hour": behind.hour,
        "role": behind.role.value if behind.role else None,
        "session_id": behind.session_id,
        "message_ids": None if behind.message_ids is None else list(behind.message_ids),
    }


def _having(behind: Behind) -> str:
    rated = f"AND m.rating = {behind.rating:d} " if behind.rating else ""
    return rated + (f"AND m.{behind.figure.value} IS NOT NULL" if behind.figure else "")


def _cursor(connection: Connection) -> Any:
    raw: Any = connection.connection
    return raw.cursor()
