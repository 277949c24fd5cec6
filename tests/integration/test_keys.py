"""API keys: who asks by one, how long it is good, and what is kept of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests.histories import PostgresStores, Stores, opened, until
from tests.postgres_servers import PostgresServer, Proxy
from thai_chat.accounts.audit import Audit
from thai_chat.accounts.keys import REMEMBERED, ApiKeys
from thai_chat.domain.account_errors import (
    KeyNotFound,
    NotAdministrator,
    SignInNeeded,
    SignInUnavailable,
    TooManyKeys,
)
from thai_chat.domain.accounts import Account, person_of_account
from thai_chat.domain.audit import AuditQuery
from thai_chat.domain.errors import BadInput
from thai_chat.domain.keys import MOST_KEYS, KeyText, new_key_text, read_key
from thai_chat.domain.people import Entrance, Person, PersonRole, Scope

LATER = datetime.now(UTC) + timedelta(minutes=10)


def keys_of(history: Stores) -> ApiKeys:
    return ApiKeys(history.storage.keys, Audit(history.storage.audit))


async def somebody(history: Stores, role: PersonRole = PersonRole.USER) -> Person:
    """Store an account, and return who has signed in to it."""
    account_id = uuid4()
    account = Account(
        account_id=account_id,
        user_id=account_id.hex,
        name=f"มะลิ-{account_id.hex}",
        display_name="มะลิ",
        role=role,
        created_at=datetime.now(UTC),
    )
    return person_of_account(await history.storage.accounts.add(account), uuid4())


def account_id_of(person: Person) -> UUID:
    assert person.account_id
    return person.account_id


@pytest.fixture
async def keys(history: PostgresStores) -> AsyncIterator[ApiKeys]:
    keys = keys_of(history)
    keys.start()
    yield keys
    await keys.close()


@pytest.fixture
async def mali(history: PostgresStores) -> Person:
    return await somebody(history)


async def a_key(keys: ApiKeys, owner: Person, *scopes: Scope, lasts: timedelta | None = None) -> KeyText:
    _, text = await keys.make(owner, name="งานกลางคืน", scopes=scopes or (Scope.CHAT,), lasts=lasts)
    return text


def test_a_key_is_taken_apart_in_one_way_and_nothing_else_is_a_key() -> None:
    made = [new_key_text() for _ in range(200)]
    assert [read_key(str(text)) for text in made] == made
    assert len({text.secret for text in made}) == 200
    good = str(made[0])
    for text in (
        "",
        "tc_",
        good[:-1],
        f"{good}x",
        f"{good}\n",
        good.upper(),
        good.replace("_", "-"),
        f" {good}",
        "ก" * 60,
    ):
        assert read_key(text) is None
    assert made[0].secret not in repr(made)


async def test_a_key_asks_in_its_owners_name_with_its_scopes(keys: ApiKeys, mali: Person) -> None:
    for scope, good_for in (
        (Scope.READ, {Scope.READ}),
        (Scope.CHAT, {Scope.READ, Scope.CHAT}),
    ):
        text = await a_key(keys, mali, scope)
        person = await keys.person(str(text))
        assert (person.user_id, person.name) == (mali.user_id, mali.name)
        assert (person.entrance, person.key_id, person.scopes) == (Entrance.KEY, text.key_id, good_for)
        assert not person.is_administrator


async def test_what_only_administrators_may_falls_away_with_their_role(
    keys: ApiKeys, history: PostgresStores, mali: Person
) -> None:
    boss, _ = await somebody(history, PersonRole.ADMINISTRATOR), await somebody(history, PersonRole.ADMINISTRATOR)
    with pytest.raises(NotAdministrator):
        await a_key(keys, mali, Scope.ADMIN)
    text = await a_key(keys, boss, Scope.ADMIN)
    assert (await keys.person(str(text))).is_administrator
    await history.storage.accounts.change(account_id_of(boss), lambda account: replace(account, role=PersonRole.USER))
    keys.forget(account_id_of(boss))
    person = await keys.person(str(text))
    assert (person.is_administrator, person.scopes) == (False, {Scope.READ, Scope.CHAT})


async def test_a_key_that_is_none_or_is_over_opens_nothing(
    keys: ApiKeys, history: PostgresStores, mali: Person
) -> None:
    text = await a_key(keys, mali)
    short = await a_key(keys, mali, lasts=timedelta(minutes=1))
    wrong = KeyText(text.key_id, new_key_text().secret)
    for other in (str(wrong), str(new_key_text()), "tc_x_y", "", text.secret, f"tc_{text.key_id}_"):
        with pytest.raises(SignInNeeded):
            await keys.person(other)
    await keys.person(str(short))
    with pytest.raises(SignInNeeded):
        await keys.person(str(short), datetime.now(UTC) + timedelta(seconds=61))
    await keys.person(str(text))
    await history.storage.accounts.change(account_id_of(mali), lambda account: replace(account, disabled_at=LATER))
    with pytest.raises(SignInNeeded):
        await keys.person(str(text), datetime.now(UTC) + REMEMBERED)


async def test_a_revoked_key_is_over_at_once_here_and_some_seconds_later_elsewhere(
    keys: ApiKeys, history: PostgresStores, mali: Person
) -> None:
    text, elsewhere = await a_key(keys, mali), keys_of(history)
    await keys.person(str(text))
    await elsewhere.person(str(text))
    somebody_else = await somebody(history)
    with pytest.raises(KeyNotFound):
        await keys.revoke(somebody_else, text.key_id)
    await keys.revoke(mali, text.key_id)
    for where, at in ((keys, datetime.now(UTC)), (elsewhere, datetime.now(UTC) + REMEMBERED)):
        with pytest.raises(SignInNeeded):
            await where.person(str(text), at)
    with pytest.raises(KeyNotFound):
        await keys.revoke(mali, text.key_id)


async def test_in_an_outage_a_key_that_was_used_goes_on_and_no_other_comes_in(
    postgres: PostgresServer, own_database: str, proxy: Proxy, tmp_path: Path
) -> None:
    async with opened(postgres.address(own_database, port=proxy.port), tmp_path) as history:
        keys, mali = keys_of(history), await somebody(history)
        used, unused = await a_key(keys, mali, lasts=timedelta(hours=1)), await a_key(keys, mali)
        await keys.person(str(used))
        proxy.refuse()
        for minutes in (1, 2, 59):
            assert (await keys.person(str(used), datetime.now(UTC) + timedelta(minutes=minutes))).key_id == used.key_id
        with pytest.raises(SignInNeeded):
            await keys.person(str(used), datetime.now(UTC) + timedelta(minutes=61))
        with pytest.raises(SignInUnavailable):
            await keys.person(str(unused))


async def test_the_use_of_a_key_is_noted_once_a_minute(keys: ApiKeys, history: PostgresStores, mali: Person) -> None:
    text = await a_key(keys, mali)
    (key,) = await keys.of(mali)
    assert key.used_at is None
    first = datetime.now(UTC)
    for seconds in (0, 10, 59):
        await keys.person(str(text), first + timedelta(seconds=seconds))

    async def used_at() -> datetime | None:
        return (await keys.of(mali))[0].used_at

    async def is_noted(at: datetime) -> bool:
        return await used_at() == at

    await until(lambda: is_noted(first))
    await keys.person(str(text), first + timedelta(seconds=60))
    await until(lambda: is_noted(first + timedelta(seconds=60)))


async def test_nobody_has_more_keys_than_they_may_however_many_are_made_at_once(keys: ApiKeys, mali: Person) -> None:
    made = await asyncio.gather(*(a_key(keys, mali) for _ in range(MOST_KEYS + 6)), return_exceptions=True)
    assert sum(isinstance(one, TooManyKeys) for one in made) == 6
    assert len(await keys.of(mali)) == MOST_KEYS


async def test_a_key_has_a_name_and_a_scope(keys: ApiKeys, mali: Person) -> None:
    for name in ("", "  ", "x" * 101, "a\nb", "a\0", "\ud800"):
        with pytest.raises(BadInput):
            await keys.make(mali, name=name, scopes=[Scope.READ])
    with pytest.raises(BadInput):
        await keys.make(mali, name="x", scopes=[])
    key, _ = await keys.make(mali, name=" ตู้เย็น ", scopes=[Scope.CHAT, Scope.READ, Scope.CHAT])
    assert (key.key_name, key.scopes) == ("ตู้เย็น", (Scope.READ, Scope.CHAT))


async def test_the_secret_is_kept_nowhere(
    keys: ApiKeys, history: PostgresStores, mali: Person, postgres: PostgresServer, own_database: str
) -> None:
    text = await a_key(keys, mali)
    await keys.revoke(mali, text.key_id)
    again = await a_key(keys, mali)
    entries = await Audit(history.storage.audit).page(AuditQuery())
    rows = f"{postgres.query('SELECT key_id, secret_hash::text FROM chat_keys', database=own_database)}"
    assert again.key_id in rows
    assert not re.search(f"{text.secret}|{again.secret}", f"{rows}{entries}{await keys.of(mali)}")


async def test_the_log_has_keys_that_were_made_and_revoked(history: PostgresStores, mali: Person) -> None:
    audit = Audit(history.storage.audit)
    keys = ApiKeys(history.storage.keys, audit)
    text = await a_key(keys, mali, Scope.READ)
    await keys.revoke(mali, text.key_id, address="10.0.0.9")
    revoked, made = await audit.page(AuditQuery(account_id=account_id_of(mali)))
    assert (made.action, made.target, made.details["scopes"]) == ("key_made", text.key_id, ["read"])
    assert (revoked.action, revoked.target, revoked.address) == ("key_revoked", text.key_id, "10.0.0.9")
