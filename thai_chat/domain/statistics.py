"""The sums and counts of a person's messages, and the messages that are behind each figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from thai_chat.domain.messages import Message, Role

HOME = "Asia/Bangkok"
"""The time zone whose midnight cuts the days when nobody says where the reader is."""


class Figure(StrEnum):
    """A figure that is measured of a reply: a column of `chat_messages`."""

    PROMPT_TOKENS = "prompt_tokens"
    COMPLETION_TOKENS = "completion_tokens"
    REASONING_TOKENS = "reasoning_tokens"
    COST_USD = "cost_usd"
    FIRST_TOKEN_MS = "first_token_ms"
    LATENCY_MS = "latency_ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Whole days in a time zone, `first` and `last` included; None has no bound there."""

    timezone: ZoneInfo
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """Which messages a figure was counted of: those of sessions outside the trash that meet all of it."""

    period: Period
    backend: str | None = None
    model: str | None = None
    hour: int | None = None
    """The hour of the day, 0 to 23, in the period's time zone."""
    role: Role | None = None
    figure: Figure | None = None
    """Messages that have it."""
    session_id: UUID | None = None
    message_ids: Sequence[UUID] | None = None
    rating: int | None = None
    """1 or -1: replies that were rated so."""


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds that some reply really took: half of them, and 19 of 20, were at least as quick."""

    median_ms: int
    p95_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageTotals:
    sessions: int = 0
    """That have one of the messages."""
    messages: int = 0
    replies: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    """Part of `completion_tokens`."""
    cost_usd: Decimal = Decimal(0)
    rated_up: int = 0
    """Replies that were rated up, those among them that were deleted since included."""
    rated_down: int = 0
    first_token: Times | None = None
    latency: Times | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayUsage:
    day: date
    usage: UsageTotals


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUsage:
    """The usage of a backend or of one of its models. Only replies count: a question has no model."""

    backend: str
    model: str | None
    """None stands for all of the backend's models."""
    usage: UsageTotals


@dataclass(frozen=True, slots=True, kw_only=True)
class HourUsage:
    hour: int
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionUsage:
    session_id: UUID
    session_name: str
    messages: int
    last_at: datetime
    prompt_tokens: int | None = None
    """The tokens of those messages; None where tokens were not counted."""
    completion_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    period: Period
    total: UsageTotals
    by_day: Sequence[DayUsage]
    """Oldest first; days without messages are there, from the period's first or the first with messages,
    if the time is not longer than a hundred years."""
    by_model: Sequence[ModelUsage]
    """Most replies first."""
    by_backend: Sequence[ModelUsage]
    by_hour: Sequence[HourUsage]
    """All 24 of them."""
    longest: Sequence[SessionUsage]
    """The ten with most messages in the period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedMessage:
    message: Message
    """Its text is cut after some hundred characters."""
    session_name: str


@dataclass(frozen=True, slots=True)
class MessageCursor:
    """Where a page ended: the next one starts below it, newest first."""

    created_at: datetime
    message_id: UUID


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    message_id: UUID
    text: str
    """Its first some hundred characters."""
