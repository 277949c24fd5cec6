"""The use of replies, in PostgreSQL: each use once, through outages, by several processes, by key and by day."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from tests.histories import opened, straight, until
from tests.outages import Outage
from tests.people import as_person
from tests.postgres_servers import PostgresServer, Proxy
from thai_chat.accounts import known, usage
from thai_chat.accounts.model_rules import ModelRules
from thai_chat.accounts.quotas import Limits
from thai_chat.domain.errors import HistoryUnavailable, QuotaUsedUp, TooManyReplies
from thai_chat.domain.people import Person, PersonRole
from thai_chat.domain.quotas import Quota, QuotaKind, QuotaRule, UsageBatch, Used, UsedBy
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.quotas import PostgresQuotas

NOON = datetime(2026, 11, 30, 5, tzinfo=UTC)
"""In Bangkok; the month ends with this day."""


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def person(key_id: str = "") -> Person:
    return replace(as_person(f"user-{uuid4().hex}"), role=PersonRole.USER, account_id=uuid4(), key_id=key_id)


@asynccontextmanager
async def limits_at(address: str, folder: Path, clock: Clock | None = None, **quotas: int) -> AsyncIterator[Limits]:
    """Yield the limits of one process, with these quotas for users."""
    async with opened(address, folder) as stores:
        storage = stores.storage
        defaults = {PersonRole.USER: {Quota(what): Decimal(amount) for what, amount in quotas.items()}}
        rules = ModelRules(storage.model_rules, storage.accounts)
        limits = Limits(storage.quotas, storage.accounts, rules, defaults=defaults, now=clock or Clock())
        limits.start()
        try:
            yield limits
        finally:
            await limits.close()


async def use(limits: Limits, who: Person, tokens: int, usd: str = "0") -> None:
    (permit,) = await limits.begin(who)
    permit.end(tokens=tokens, cost_usd=Decimal(usd))
    permit.end(tokens=tokens)


async def used(limits: Limits, who: Person, what: str = "tokens_day") -> float:
    return next(float(state.used) for state in await limits.states(who) if state.what == what)


async def stored(address: str, who: Person) -> dict[str, int]:
    async with straight(address) as stores:
        rows = await stores.storage.quotas.used_since(who.user_id, NOON.date() - timedelta(days=60))
    return {by.key_id: use.tokens for by, use in rows.items()}


async def test_uses_are_added_up_by_day_and_month_in_bangkok_and_survive_a_restart(
    address: str, tmp_path: Path
) -> None:
    clock, who = Clock(), person()
    async with limits_at(address, tmp_path, clock, tokens_day=100, usd_month=2) as limits:
        await use(limits, who, 60, "1.25")
        clock.now = datetime(2026, 11, 30, 16, 59, tzinfo=UTC)
        await use(limits, who, 40)
        with pytest.raises(QuotaUsedUp) as refused:
            await limits.begin(who)
        assert refused.value.params["retry_after_s"] == 60
    async with limits_at(address, tmp_path, clock, tokens_day=100, usd_month=2) as limits:
        assert (await used(limits, who), await used(limits, who, "usd_month")) == (100, 1.25)
        with pytest.raises(QuotaUsedUp):
            await limits.begin(who)
        clock.now += timedelta(minutes=1)  # another day, and another month
        assert [await used(limits, who, what) for what in ("tokens_day", "tokens_month", "usd_month")] == [0, 0, 0]
        await use(limits, who, 1)


async def test_the_quota_that_is_over_last_is_told(address: str, tmp_path: Path) -> None:
    who = person()
    async with limits_at(address, tmp_path, tokens_day=10, usd_month=1) as limits:
        await use(limits, who, 10, "1")
        with pytest.raises(QuotaUsedUp) as refused:
            await limits.begin(who)
    assert refused.value.params["what"] == "usd_month"
    assert refused.value.params["retry_after_s"] == 12 * 3600


async def test_a_key_has_quotas_of_its_own_within_those_of_its_owner(address: str, tmp_path: Path) -> None:
    owner = person()
    key, other = replace(owner, key_id="k1"), replace(owner, key_id="k2")
    async with limits_at(address, tmp_path, tokens_day=100, running_replies=3) as limits:
        rule = {Quota.TOKENS_DAY: Decimal(30), Quota.RUNNING_REPLIES: Decimal(1), Quota.REQUESTS_MINUTE: Decimal(2)}
        await limits.put(QuotaRule(kind=QuotaKind.KEY, subject="k1", quotas=rule))
        (running,) = await limits.begin(key)
        with pytest.raises(TooManyReplies):
            await limits.begin(key)
        await limits.begin(other)
        running.end(tokens=30)
        with pytest.raises(QuotaUsedUp):
            await limits.begin(key)
        assert (await used(limits, key), await used(limits, owner), await used(limits, other)) == (30, 30, 30)
        await use(limits, other, 70)
        for one in (owner, other):
            with pytest.raises(QuotaUsedUp):
                await limits.begin(one)
    assert await stored(address, owner) == {"k1": 30, "k2": 70}


async def test_the_sums_of_two_processes_are_one(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "FRESH_S", 0.0)
    monkeypatch.setattr(known, "FRESH_S", 0.0)
    who = person()
    first_folder, second_folder = tmp_path / "1", tmp_path / "2"
    first_folder.mkdir()
    second_folder.mkdir()
    async with (
        limits_at(address, first_folder, tokens_day=1000) as first,
        limits_at(address, second_folder, tokens_day=1000) as second,
    ):
        await asyncio.gather(*(use(limits, who, 5) for limits in (first, second) for _ in range(50)))
        await asyncio.gather(first.usage.store(), second.usage.store())
        assert [await used(limits, who) for limits in (first, second)] == [500, 500]
        await use(first, who, 500)
        await first.usage.store()
        with pytest.raises(QuotaUsedUp):
            await second.begin(who)
    assert await stored(address, who) == {"": 1000}


@pytest.mark.parametrize("kind", ["refused", "hanging"])
async def test_in_an_outage_uses_wait_and_each_is_added_once(
    own_database: str, postgres: PostgresServer, proxy: Proxy, tmp_path: Path, kind: str
) -> None:
    outage = Outage(postgres, proxy, own_database).of_kind(kind)
    address = postgres.address(own_database, port=proxy.port)
    who, straight_there = person(), postgres.address(own_database)
    async with limits_at(address, tmp_path, tokens_day=100) as limits:
        await use(limits, who, 40)
        await limits.usage.store()
        outage.begin()
        await use(limits, who, 30)
        await use(limits, who, 30)
        assert await used(limits, who) == 100
        with pytest.raises(QuotaUsedUp):
            await limits.begin(who)
        assert await stored(straight_there, who) == {"": 40}
        outage.end()

        async def is_added() -> bool:
            return (await stored(straight_there, who)) == {"": 100}

        await until(is_added, within_s=20)
        assert await used(limits, who) == 100


async def test_a_batch_whose_commit_nobody_heard_of_is_not_added_again(address: str) -> None:
    who = person()
    batch = UsageBatch({UsedBy(who.user_id, "", NOON.date()): Used(1, 7, Decimal("0.5"))})
    database = Database(address)
    store = PostgresQuotas(database)
    await store.add(batch)
    assert len(batch.attempts) == 1
    await store.add(batch)
    assert await stored(address, who) == {"": 7}
    never_ended = replace(batch, attempts=[])
    with database.engine.connect() as open_one:
        open_one.exec_driver_sql("BEGIN")
        never_ended.attempts.append(open_one.exec_driver_sql("SELECT txid_current()").scalar_one())
        with pytest.raises(HistoryUnavailable):
            await store.add(never_ended)
        open_one.exec_driver_sql("ROLLBACK")
    await store.add(never_ended)
    assert await stored(address, who) == {"": 14}
    await database.close()
