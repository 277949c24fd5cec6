"""All that belongs to a person in PostgreSQL: deleted to the last row, taken over and given back."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg2
import pytest
from sqlalchemy import insert, text

from tests.histories import PostgresStores, until
from tests.history_writes import begin, finish
from tests.invited import ADMINISTRATOR, an_account, an_invitation, later
from tests.searched import all_found, index_everything
from thai_chat.domain.account_errors import (
    AccountNotFound,
    AlreadyTakenOver,
    LastAdministrator,
    NothingTakenOver,
)
from thai_chat.domain.accounts import Account, SignIn, hash_of_token, new_token
from thai_chat.domain.invitations import InvitationPurpose
from thai_chat.domain.known_people import Belongings
from thai_chat.domain.people import LOCAL
from thai_chat.domain.presets import Preset
from thai_chat.domain.quotas import day_of
from thai_chat.domain.searching import SearchQuery, terms_of
from thai_chat.history.postgres.sql.tables import (
    chat_keys,
    chat_quotas,
    chat_shares,
    chat_usage,
    chat_webhook_deliveries,
    chat_webhooks,
    metadata,
)

OUTLIVES = {"chat_audit", "chat_search_queue"}
"""The log of what was done, and notes of ids that the indexer takes away."""
OWNERS = {"user_id", "account_id"}
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


async def said(history: PostgresStores, user_id: str, word: str, at: datetime | None = None) -> UUID:
    """Have somebody ask for a word, and return the session."""
    write = begin(user_id, question=f"ขอสูตร {word}", at=at or datetime.now(UTC))
    await history.write(write)
    await history.write(finish(write, f"สูตร {word} อยู่นี่"))
    return write.session_id


async def everything_of(history: PostgresStores, account: Account, word: str) -> UUID:
    """Give somebody a row in every table that knows whose a row is, and return their session."""
    session_id = await said(history, account.user_id, word)
    key_id, now = f"key-{account.account_id}"[:40], datetime.now(UTC)
    storage = history.storage
    await storage.presets.save(
        Preset(
            preset_id=uuid4(),
            user_id=account.user_id,
            preset_name=word,
            backend="vllm",
            model="m",
            options={},
            is_default=True,
            is_shared=False,
            updated_at=now,
        )
    )
    sign_in = SignIn(sign_in_id=uuid4(), account_id=account.account_id, created_at=now, used_at=now, expires_at=later())
    await storage.sign_ins.add(sign_in, hash_of_token(new_token()))
    await storage.accounts.link(account.account_id, "https://id.example", str(account.account_id))
    for invitation in (
        an_invitation(InvitationPurpose.RESET, account_id=account.account_id),
        an_invitation(created_by=account.account_id),
        an_invitation(used_at=now, used_by=account.account_id, name=account.name),
    ):
        await storage.invitations.add(invitation, hash_of_token(new_token()))
    rows = (
        (chat_keys, {"key_id": key_id, "secret_hash": b"", "account_id": account.account_id, "key_name": "k",
                     "scopes": ["chat"], "created_at": now}),
        (chat_quotas, {"kind": "account", "subject": str(account.account_id)}),
        (chat_quotas, {"kind": "key", "subject": key_id}),
        (chat_usage, {"user_id": account.user_id, "key_id": key_id, "day": now.date(), "replies": 1, "tokens": 10}),
        (chat_shares, {"share_id": uuid4(), "token_hash": hash_of_token(new_token()), "user_id": account.user_id,
                       "session_id": session_id, "snapshot": {}, "created_at": now}),
        (chat_webhooks, {"webhook_id": (webhook_id := uuid4()), "user_id": account.user_id, "url": "https://a.example",
                         "events": ["reply.finished"], "secret_hash": b""}),
        (chat_webhook_deliveries, {"delivery_id": uuid4(), "webhook_id": webhook_id, "user_id": account.user_id,
                                   "event": "ping"}),
    )  # fmt: skip
    await history.database.run(
        lambda connection: [connection.execute(insert(table).values(row)) for table, row in rows]
    )
    await history.database.run(
        lambda connection: connection.execute(
            text("INSERT INTO chat_model_rules (backend, model, accounts) VALUES ('vllm', :model, ARRAY[:id]::uuid[])"),
            {"model": word, "id": account.account_id},
        )
    )
    return session_id


async def traces(history: PostgresStores, account: Account) -> dict[str, int]:
    """Return in how many rows of each table anything is that belongs to or names the account."""
    ids = [str(account.account_id), account.user_id, account.name]
    found = {}
    for table in metadata.sorted_tables:
        if table.name not in OUTLIVES:
            query = f"SELECT count(*) FROM {table.name} t WHERE t::text LIKE ANY (:ids)"
            patterns = {"ids": [f"%{one}%" for one in ids]}
            count = await history.database.run(lambda c, q=query, p=patterns: c.execute(text(q), p).scalar_one())
            found[table.name] = count
    return {name: count for name, count in found.items() if count}


async def test_an_account_goes_with_every_row_that_it_has_and_nobody_elses(history: PostgresStores) -> None:
    accounts = history.storage.accounts
    mali = await accounts.add(an_account("มะลิ-ผู้ลบ"))
    boss = await accounts.add(an_account("boss-ผู้อยู่", ADMINISTRATOR))
    for account, word in ((mali, "มะม่วง"), (boss, "ทุเรียน")):
        await everything_of(history, account, word)
    await index_everything(history)
    kept = await traces(history, boss)
    assert set(await traces(history, mali)) == set(kept)
    owned = {table.name for table in metadata.sorted_tables if OWNERS & set(table.c.keys())}
    assert owned - OUTLIVES <= set(kept)
    await history.storage.people.remove(mali.account_id)
    assert await traces(history, mali) == {}
    assert await traces(history, boss) == kept
    left = await history.database.run(lambda c: c.execute(text("SELECT count(*) FROM chat_messages")).scalar_one())
    assert left == 2
    with pytest.raises(AccountNotFound):
        await history.storage.people.remove(mali.account_id)
    with pytest.raises(LastAdministrator):
        await history.storage.people.remove(boss.account_id)
    assert await traces(history, boss) == kept


async def hits(history: PostgresStores, user_id: str, word: str) -> int:
    return len(await all_found(history, SearchQuery(user_id=user_id, terms=terms_of(word), limit=50)))


async def sessions_of(history: PostgresStores, user_id: str) -> set[UUID]:
    query = text("SELECT session_id FROM chat_sessions WHERE user_id = :user_id")
    return set(await history.database.run(lambda c: c.execute(query, {"user_id": user_id}).scalars().all()))


def a_preset(user_id: str, name: str, made: datetime) -> Preset:
    """Return a preset that is the default of a model, with an id that tells when it was made."""
    return Preset(
        preset_id=UUID(int=int(made.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62 | uuid4().int & (1 << 62) - 1),
        user_id=user_id,
        preset_name=name,
        backend="vllm",
        model="m",
        options={},
        is_default=True,
        is_shared=False,
        updated_at=datetime.now(UTC),
    )


async def used(history: PostgresStores, user_id: str) -> list[tuple[str, int]]:
    query = text("SELECT day::text, tokens FROM chat_usage WHERE user_id = :user_id ORDER BY day")
    rows = await history.database.run(lambda c: c.execute(query, {"user_id": user_id}).all())
    return [tuple(row) for row in rows]


async def use(history: PostgresStores, user_id: str, at: datetime, tokens: int) -> None:
    row = {"user_id": user_id, "key_id": "", "day": day_of(at), "tokens": tokens}
    await history.database.run(lambda c: c.execute(insert(chat_usage).values(row)))


async def test_what_was_taken_over_goes_back_without_what_was_made_since(history: PostgresStores) -> None:
    taken_over = datetime.now(UTC) - timedelta(days=2)
    before = await said(history, LOCAL.user_id, "เก่าก่อน", LONG_AGO)
    await history.storage.presets.save(a_preset(LOCAL.user_id, "old", LONG_AGO))
    account = await history.storage.accounts.add(
        an_account("boss", ADMINISTRATOR, user_id=LOCAL.user_id, adopted_at=taken_over)
    )
    since = await said(history, LOCAL.user_id, "ใหม่เอี่ยม")
    await history.storage.presets.save(a_preset(LOCAL.user_id, "new", datetime.now(UTC)))
    await use(history, LOCAL.user_id, LONG_AGO, 1)
    await use(history, LOCAL.user_id, datetime.now(UTC), 20)
    await index_everything(history)

    people, own = history.storage.people, str(uuid4())
    assert await people.give_back(account.account_id, own) == Belongings(sessions=1, messages=2, presets=1)
    assert (await sessions_of(history, LOCAL.user_id), await sessions_of(history, own)) == ({before}, {since})
    for word, found in (("เก่าก่อน", (2, 0)), ("ใหม่เอี่ยม", (0, 2))):
        assert (await hits(history, LOCAL.user_id, word), await hits(history, own, word)) == found
    await index_everything(history)
    assert await hits(history, own, "ใหม่เอี่ยม") == 2
    assert [one.preset_name for one in await history.storage.presets.usable(own)] == ["new"]
    assert [one.preset_name for one in await history.storage.presets.usable(LOCAL.user_id)] == ["old"]
    assert [tokens for _, tokens in await used(history, LOCAL.user_id)] == [1]
    assert [tokens for _, tokens in await used(history, own)] == [20]
    given_back = await history.storage.accounts.by_id(account.account_id)
    assert (given_back.user_id, given_back.adopted_at) == (own, None)
    with pytest.raises(NothingTakenOver):
        await people.give_back(account.account_id, str(uuid4()))


async def test_use_goes_back_by_the_days_in_which_it_is_counted(history: PostgresStores) -> None:
    taken_over = datetime(2026, 3, 1, 20, tzinfo=UTC)  # in Bangkok it is March 2
    account = await history.storage.accounts.add(
        an_account("boss", ADMINISTRATOR, user_id=LOCAL.user_id, adopted_at=taken_over)
    )
    for hours, tokens in ((-4, 1), (0, 20)):
        await use(history, LOCAL.user_id, taken_over + timedelta(hours=hours), tokens)
    own = str(uuid4())
    await history.storage.people.give_back(account.account_id, own)
    assert await used(history, LOCAL.user_id) == [("2026-03-01", 1)]
    assert await used(history, own) == [("2026-03-02", 20)]


async def test_taking_over_later_is_undone_by_giving_back(history: PostgresStores) -> None:
    people, accounts = history.storage.people, history.storage.accounts
    created = datetime.now(UTC) - timedelta(hours=1)
    account = await accounts.add(an_account("boss", ADMINISTRATOR, created_at=created))
    other = await accounts.add(an_account("other"))
    before = await said(history, LOCAL.user_id, "เก่าก่อน", LONG_AGO)
    own = await said(history, account.user_id, "ของฉัน")
    await history.storage.presets.save(a_preset(LOCAL.user_id, "old", LONG_AGO))
    await history.storage.presets.save(a_preset(account.user_id, "own", datetime.now(UTC)))
    today = datetime.now(UTC)
    await use(history, LOCAL.user_id, today, 1)
    await use(history, account.user_id, today, 20)
    await index_everything(history)

    assert await people.take_over(account.account_id) == Belongings(sessions=1, messages=2, presets=1)
    assert (await accounts.by_id(account.account_id)).user_id == LOCAL.user_id
    assert await sessions_of(history, LOCAL.user_id) == {before, own}
    assert await hits(history, LOCAL.user_id, "ของฉัน") == 2
    defaults = [one.preset_name for one in await history.storage.presets.usable(LOCAL.user_id) if one.is_default]
    assert defaults == ["old"]
    assert [tokens for _, tokens in await used(history, LOCAL.user_id)] == [21]
    for account_id in (account.account_id, other.account_id):
        with pytest.raises(AlreadyTakenOver):
            await people.take_over(account_id)

    again = str(uuid4())
    assert (await people.give_back(account.account_id, again)).sessions == 1
    assert (await sessions_of(history, LOCAL.user_id), await sessions_of(history, again)) == ({before}, {own})


async def test_people_are_told_with_their_sessions_and_last_use(history: PostgresStores) -> None:
    accounts = history.storage.accounts
    mali, somchai = await accounts.add(an_account("มะลิ")), await accounts.add(an_account("สมชาย"))
    await said(history, mali.user_id, "คำถาม")
    used_at = datetime.now(UTC)
    sign_in = SignIn(
        sign_in_id=uuid4(), account_id=mali.account_id, created_at=LONG_AGO, used_at=used_at, expires_at=later()
    )
    await history.storage.sign_ins.add(sign_in, hash_of_token(new_token()))
    told = await history.storage.people.all()
    assert [(one.account, one.sessions, one.last_used_at) for one in told] == [(mali, 1, used_at), (somchai, 0, None)]
    assert await history.storage.people.belongings(mali.user_id) == Belongings(sessions=1, messages=2)


async def test_others_may_change_accounts_while_much_is_deleted(history: PostgresStores, address: str) -> None:
    accounts = history.storage.accounts
    await accounts.add(an_account("boss", ADMINISTRATOR))
    mali, other = await accounts.add(an_account("มะลิ")), await accounts.add(an_account("สมชาย"))
    await said(history, mali.user_id, "คำถาม")
    waits = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with closing(psycopg2.connect(address)) as blocking, blocking.cursor() as cursor:
        cursor.execute("SELECT FROM chat_sessions FOR UPDATE")
        removal = asyncio.create_task(history.storage.people.remove(mali.account_id))

        async def is_waiting() -> bool:
            return bool(await history.database.run(lambda c: c.execute(text(waits)).scalar_one()))

        await until(is_waiting)
        turns = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7239001"
        assert await history.database.run(lambda c: c.execute(text(turns)).scalar_one()) == 0
        renamed = await accounts.change(other.account_id, lambda known: replace(known, display_name="คุณสมชาย"))
        assert not removal.done()
        blocking.rollback()
    await removal
    assert [one.display_name for one in await accounts.all()] == ["boss", renamed.display_name]
