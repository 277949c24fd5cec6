"""The use of people, each and all together, for administrators: figures alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from thai_chat.domain.accounts import Account
from thai_chat.domain.errors import BadInput
from thai_chat.domain.ports.accounts import AccountStore
from thai_chat.domain.ports.quotas import QuotaStore
from thai_chat.domain.quotas import Used, day_of

MOST_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Spender:
    account: Account | None
    """None of an account that is gone."""
    total: Used
    by_date: Mapping[date, Used]


@dataclass(frozen=True, slots=True)
class Spending:
    first: date
    last: date
    team: Used
    by_date: Mapping[date, Used]
    people: Sequence[Spender]
    """Who has cost most comes first."""


async def spending(
    store: QuotaStore,
    accounts: AccountStore,
    *,
    now: datetime,
    first: date | None = None,
    last: date | None = None,
    by_month: bool = False,
) -> Spending:
    """Return what was used from a day to another, by days or by months; without them, in this month. Raises BadInput.

    Everybody who has an account is there.
    """
    last = last or day_of(now)
    first = first or last.replace(day=1)
    if not 0 <= (last - first).days < MOST_DAYS:
        raise BadInput(fields="first, last")
    known = await accounts.all()
    by_user: dict[str, dict[date, Used]] = {account.user_id: {} for account in known}
    team: dict[date, Used] = {}
    for by, used in (await store.used_by_all(first, last)).items():
        on = by.day.replace(day=1) if by_month else by.day
        for sums in (by_user.setdefault(by.user_id, {}), team):
            sums[on] = sums.get(on, Used()) + used
    named = {account.user_id: account for account in known}
    people = [Spender(named.get(user_id), sum(sums.values(), Used()), sums) for user_id, sums in by_user.items()]
    people.sort(key=lambda one: (one.total.cost_usd, one.total.tokens), reverse=True)
    return Spending(first, last, sum(team.values(), Used()), team, people)
