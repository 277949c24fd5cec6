"""Quotas: how much people and keys may use, what they have used, and which models are open to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from thai_chat.domain.people import PersonRole
from thai_chat.domain.statistics import HOME

ZONE = ZoneInfo(HOME)
"""Its midnight ends a day of use, and a month, as it cuts the days of statistics."""


class Quota(StrEnum):
    REQUESTS_MINUTE = "requests_minute"
    RUNNING_REPLIES = "running_replies"
    TOKENS_DAY = "tokens_day"
    TOKENS_MONTH = "tokens_month"
    USD_DAY = "usd_day"
    USD_MONTH = "usd_month"


USED_UP = (Quota.TOKENS_DAY, Quota.TOKENS_MONTH, Quota.USD_DAY, Quota.USD_MONTH)
"""They are used up by replies, and come back with a new day or month."""
DAILY = (Quota.TOKENS_DAY, Quota.USD_DAY)

Quotas: TypeAlias = Mapping[Quota, Decimal | None]
"""Some quotas; None says that there is no limit. Whatever is not in it is left to somebody else to say."""


class QuotaKind(StrEnum):
    """Whom quotas are set for."""

    ROLE = "role"
    ACCOUNT = "account"
    KEY = "key"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaRule:
    kind: QuotaKind
    subject: str
    """A role, the id of an account, or the id of an API key."""
    quotas: Quotas


@dataclass(frozen=True, slots=True)
class Used:
    """The use of replies: their number, tokens (prompt, answer and thinking) and dollars."""

    replies: int = 0
    tokens: int = 0
    cost_usd: Decimal = Decimal(0)

    def __add__(self, other: Used) -> Used:
        return Used(self.replies + other.replies, self.tokens + other.tokens, self.cost_usd + other.cost_usd)


@dataclass(frozen=True, slots=True)
class UsedBy:
    """Whose use it is, and when: a day of ZONE."""

    user_id: str
    key_id: str
    """Empty where no API key asked."""
    day: date


@dataclass(slots=True)
class UsageBatch:
    """Uses that are stored together, once however often that is tried."""

    uses: Mapping[UsedBy, Used]
    attempts: list[int] = field(default_factory=list)
    """The store's own notes of attempts whose end is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaState:
    """How near somebody is to a quota."""

    what: Quota
    used: Decimal
    limit: Decimal | None = None
    resets_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRule:
    """A model that is open to these roles and accounts alone."""

    backend: str
    model: str
    roles: Sequence[PersonRole] = ()
    accounts: Sequence[UUID] = ()


def day_of(at: datetime) -> date:
    return at.astimezone(ZONE).date()


def next_day(at: datetime) -> datetime:
    """Return the midnight at which the day of `at` ends."""
    return datetime.combine(day_of(at) + timedelta(days=1), time(), ZONE)


def next_month(at: datetime) -> datetime:
    """Return the midnight at which the month of `at` ends."""
    return datetime.combine((day_of(at).replace(day=1) + timedelta(days=32)).replace(day=1), time(), ZONE)
