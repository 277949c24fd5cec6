"""What a user's sessions add up to, by model and by day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, text

from thai_chat.domain.errors import BadInput
from thai_chat.domain.messages import DayUsage, Message, ModelUsage, Role, Session, Statistics

_TOTALS = text("""
SELECT count(DISTINCT s.session_id), count(m.message_id),
    coalesce(sum(m.prompt_tokens), 0), coalesce(sum(m.completion_tokens), 0)
FROM chat_sessions s LEFT JOIN chat_messages m USING (session_id)
WHERE s.user_id = :user_id AND s.deleted_at IS NULL""")

_BY_MODEL = text("""
SELECT m.backend, m.model, count(*) AS replies, coalesce(sum(m.prompt_tokens), 0),
    coalesce(sum(m.completion_tokens), 0), percentile_cont(0.5) WITHIN GROUP (ORDER BY m.first_token_ms)
FROM chat_sessions s JOIN chat_messages m USING (session_id)
WHERE s.user_id = :user_id AND s.deleted_at IS NULL AND m.role = 'assistant'
    AND m.backend IS NOT NULL AND m.model IS NOT NULL
GROUP BY m.backend, m.model ORDER BY replies DESC, m.backend, m.model""")

# A session is at least as new as its newest message: older ones need not be looked into.
_BY_DAY = text("""
SELECT to_char(m.created_at AT TIME ZONE :timezone, 'YYYY-MM-DD') AS day, count(*),
    coalesce(sum(m.prompt_tokens), 0) + coalesce(sum(m.completion_tokens), 0)
FROM chat_sessions s JOIN chat_messages m USING (session_id)
WHERE s.user_id = :user_id AND s.deleted_at IS NULL AND s.updated_at >= :start
    AND m.created_at >= :start AND m.created_at < :end
GROUP BY day""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Whole days in a time zone."""

    timezone: ZoneInfo
    first: date
    days: int

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time(), self.timezone)

    @property
    def end(self) -> datetime:
        return datetime.combine(self.first + timedelta(days=self.days), time(), self.timezone)

    def names(self) -> Iterable[str]:
        return ((self.first + timedelta(days=number)).isoformat() for number in range(self.days))


def span_of(*, timezone: str, days: int, now: datetime) -> Span:
    """The `days` days that end with today in `timezone`. Raises BadInput for a time zone that there isn't."""
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise BadInput("there is no such time zone") from exc
    return Span(timezone=zone, first=now.astimezone(zone).date() - timedelta(days=days - 1), days=days)


def read(connection: Connection, user_id: str, span: Span) -> Statistics:
    owner = {"user_id": user_id}
    sessions, messages, prompt_tokens, completion_tokens = connection.execute(_TOTALS, owner).one()
    by_model = [
        ModelUsage(
            backend=backend,
            model=model,
            replies=replies,
            prompt_tokens=prompt,
            completion_tokens=completion,
            first_token_ms=None if first_token_ms is None else round(first_token_ms),
        )
        for backend, model, replies, prompt, completion, first_token_ms in connection.execute(_BY_MODEL, owner)
    ]
    bounds = {**owner, "timezone": span.timezone.key, "start": span.start, "end": span.end}
    found = {day: (count, tokens) for day, count, tokens in connection.execute(_BY_DAY, bounds)}
    return Statistics(
        sessions=sessions,
        messages=messages,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        by_model=by_model,
        by_day=_filled(span, found),
    )


def count(sessions: Iterable[tuple[Session, Iterable[Message]]], span: Span) -> Statistics:
    """The same figures, from what is in memory."""
    live = [(session, list(messages)) for session, messages in sessions if session.deleted_at is None]
    messages = [message for _, found in live for message in found]
    replies: dict[tuple[str, str], list[Message]] = {}
    found: dict[str, tuple[int, int]] = {}
    for message in messages:
        if message.role is Role.ASSISTANT and message.backend is not None and message.model is not None:
            replies.setdefault((message.backend, message.model), []).append(message)
        day = message.created_at.astimezone(span.timezone).date().isoformat()
        number, tokens = found.get(day, (0, 0))
        found[day] = (number + 1, tokens + _prompt(message) + _completion(message))
    by_model = [_usage(backend, model, of_model) for (backend, model), of_model in replies.items()]
    return Statistics(
        sessions=len(live),
        messages=len(messages),
        prompt_tokens=sum(map(_prompt, messages)),
        completion_tokens=sum(map(_completion, messages)),
        by_model=sorted(by_model, key=lambda usage: (-usage.replies, usage.backend, usage.model)),
        by_day=_filled(span, found),
    )


def _usage(backend: str, model: str, replies: list[Message]) -> ModelUsage:
    times = [reply.figures.first_token_ms for reply in replies if reply.figures.first_token_ms is not None]
    return ModelUsage(
        backend=backend,
        model=model,
        replies=len(replies),
        prompt_tokens=sum(map(_prompt, replies)),
        completion_tokens=sum(map(_completion, replies)),
        first_token_ms=round(median(times)) if times else None,
    )


def _filled(span: Span, found: Mapping[str, tuple[int, int]]) -> list[DayUsage]:
    nothing = (0, 0)
    return [
        DayUsage(day=day, messages=found.get(day, nothing)[0], tokens=found.get(day, nothing)[1])
        for day in span.names()
    ]


def _prompt(message: Message) -> int:
    return message.figures.prompt_tokens or 0


def _completion(message: Message) -> int:
    return message.figures.completion_tokens or 0
