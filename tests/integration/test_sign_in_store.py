"""Sessions of people who are signed in, in PostgreSQL: found by their token's hash alone, and only while they last."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.histories import PostgresStores
from thai_chat.domain.account_errors import AccountNotFound, NameTaken
from thai_chat.domain.accounts import Account, SignIn, hash_of_token, new_token
from thai_chat.domain.people import PersonRole
from thai_chat.domain.ports.accounts import SignInStore

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
IDLE = timedelta(days=7)


@pytest.fixture
def store(history: PostgresStores) -> SignInStore:
    return history.storage.sign_ins


async def an_account(history: PostgresStores, name: str = "", role: PersonRole = PersonRole.USER) -> Account:
    name = name or f"มะลิ {uuid4().hex}"
    account = Account(account_id=uuid4(), user_id=uuid4().hex, name=name, display_name=name, role=role, created_at=NOW)
    return await history.storage.accounts.add(account)


async def a_sign_in(store: SignInStore, account: Account, **changes: object) -> tuple[SignIn, bytes]:
    sign_in = SignIn(
        sign_in_id=uuid4(),
        account_id=account.account_id,
        created_at=NOW,
        used_at=NOW,
        expires_at=NOW + timedelta(days=30),
        browser="Firefox",
        address="10.0.0.1",
    )
    sign_in = replace(sign_in, **changes)  # type: ignore[arg-type]
    token_hash = hash_of_token(new_token())
    await store.add(sign_in, token_hash)
    return sign_in, token_hash


async def test_a_session_is_found_with_its_account_by_the_hash_of_its_token(
    history: PostgresStores, store: SignInStore
) -> None:
    account = await an_account(history)
    sign_in, token_hash = await a_sign_in(store, account)
    assert await store.find(token_hash, NOW, NOW - IDLE) == (sign_in, account)
    assert await store.find(hash_of_token(new_token()), NOW, NOW - IDLE) is None
    assert await store.find(b"", NOW, NOW - IDLE) is None


async def test_a_session_is_not_found_when_it_is_over(history: PostgresStores, store: SignInStore) -> None:
    account = await an_account(history)
    _, token_hash = await a_sign_in(store, account)
    late = NOW + timedelta(days=30)
    assert await store.find(token_hash, late, NOW - IDLE) is None
    assert await store.find(token_hash, NOW + IDLE, NOW) is None
    assert await store.find(token_hash, late - timedelta(seconds=1), NOW - IDLE) is not None


async def test_a_disabled_or_deleted_account_has_no_session(history: PostgresStores, store: SignInStore) -> None:
    await an_account(history, role=PersonRole.ADMINISTRATOR)
    account = await an_account(history)
    _, token_hash = await a_sign_in(store, account)
    accounts = history.storage.accounts
    await accounts.change(account.account_id, lambda one: replace(one, disabled_at=NOW))
    assert await store.find(token_hash, NOW, NOW - IDLE) is None
    await accounts.change(account.account_id, lambda one: replace(one, disabled_at=None))
    assert await store.find(token_hash, NOW, NOW - IDLE) is not None
    await accounts.delete(account.account_id)
    assert await store.find(token_hash, NOW, NOW - IDLE) is None
    assert await store.of(account.account_id) == []


async def test_use_is_noted_and_never_taken_back(history: PostgresStores, store: SignInStore) -> None:
    account = await an_account(history)
    sign_in, _ = await a_sign_in(store, account)
    later = NOW + timedelta(minutes=5)
    await store.touch(sign_in.sign_in_id, later)
    await store.touch(sign_in.sign_in_id, NOW)
    assert [one.used_at for one in await store.of(account.account_id)] == [later]


async def test_sessions_are_listed_by_use_and_end_for_their_owner_alone(
    history: PostgresStores, store: SignInStore
) -> None:
    mali, toon = await an_account(history), await an_account(history)
    old, _ = await a_sign_in(store, mali, used_at=NOW - timedelta(days=1))
    new, _ = await a_sign_in(store, mali)
    his, _ = await a_sign_in(store, toon)
    assert await store.of(mali.account_id) == [new, old]
    assert not await store.end(mali.account_id, his.sign_in_id)
    assert await store.end(mali.account_id, old.sign_in_id)
    assert not await store.end(mali.account_id, old.sign_in_id)
    assert await store.end_all(mali.account_id, but=new.sign_in_id) == 0
    third, _ = await a_sign_in(store, mali)
    assert await store.end_all(mali.account_id, but=third.sign_in_id) == 1
    assert await store.end_all(mali.account_id) == 1
    assert await store.of(toon.account_id) == [his]


async def test_the_sessions_used_longest_ago_end_where_they_are_too_many(
    history: PostgresStores, store: SignInStore
) -> None:
    mali, toon = await an_account(history), await an_account(history)
    kept = [(await a_sign_in(store, mali, used_at=NOW - timedelta(hours=hours)))[0] for hours in range(3)]
    await a_sign_in(store, mali, used_at=NOW - timedelta(hours=3))
    his, _ = await a_sign_in(store, toon, used_at=NOW - timedelta(days=1))
    assert await store.end_oldest(mali.account_id, 3) == 1
    assert await store.end_oldest(mali.account_id, 3) == 0
    assert await store.of(mali.account_id) == kept
    assert await store.of(toon.account_id) == [his]


async def test_sessions_that_are_over_are_forgotten(history: PostgresStores, store: SignInStore) -> None:
    account = await an_account(history)
    _, over = await a_sign_in(store, account, expires_at=NOW - timedelta(seconds=1))
    going_on, _ = await a_sign_in(store, account)
    assert await store.forget(NOW) == 1
    assert await store.of(account.account_id) == [going_on]
    assert await store.find(over, NOW - timedelta(days=1), NOW - IDLE) is None


async def test_names_are_one_to_a_reader_and_one_account_each(history: PostgresStores) -> None:
    accounts = history.storage.accounts
    account = await an_account(history, "Café น้ำใจ")
    for same in ("café น้ำใจ", "CAFE\u0301 น้ำใจ", "ｃａｆé น้ำใจ"):
        assert await accounts.by_name(same) == account
        with pytest.raises(NameTaken):
            await accounts.add(replace(account, account_id=uuid4(), user_id=uuid4().hex, name=same))
    assert await accounts.by_name("cafe น้ำใจ") is None
    with pytest.raises(AccountNotFound):
        await accounts.by_id(uuid4())


async def test_users_without_an_open_account_are_told_apart(history: PostgresStores) -> None:
    accounts = history.storage.accounts
    mali, toon = await an_account(history), await an_account(history)
    await accounts.change(toon.account_id, lambda one: replace(one, disabled_at=NOW))
    asked = [mali.user_id, toon.user_id, "nobody"]
    assert await accounts.open_users(asked) == {mali.user_id}
    assert await accounts.open_users([]) == set()
