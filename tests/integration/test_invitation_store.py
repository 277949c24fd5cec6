"""Invitations as PostgreSQL keeps them: each is good once, for a while, and tells nobody why it is not."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from uuid_utils.compat import uuid7

from tests.histories import PostgresStores
from tests.invited import ADMINISTRATOR, an_account, an_invitation, later, making
from thai_chat.domain.account_errors import (
    AlreadyTakenOver,
    InvitationOver,
    LastAdministrator,
    NameTaken,
)
from thai_chat.domain.accounts import Account, SignIn, hash_of_token, new_token
from thai_chat.domain.invitations import Invitation, InvitationPurpose, PasswordReset
from thai_chat.domain.keys import ApiKey, new_key_text
from thai_chat.domain.people import LOCAL, PersonRole, Scope
from thai_chat.domain.ports.invitations import InvitationStore
from thai_chat.domain.webhooks import TOLD, Webhook

FIRST, INVITE, RESET = InvitationPurpose.FIRST, InvitationPurpose.INVITE, InvitationPurpose.RESET


@pytest.fixture
def store(history: PostgresStores) -> InvitationStore:
    return history.storage.invitations


async def added(store: InvitationStore, invitation: Invitation) -> bytes:
    """Store an invitation, and return the hash of its token."""
    token_hash = hash_of_token(new_token())
    await store.add(invitation, token_hash)
    return token_hash


async def test_an_invitation_is_found_as_it_was_made(store: InvitationStore) -> None:
    invitation = an_invitation(name="สมชาย", role=ADMINISTRATOR)
    token_hash = await added(store, invitation)
    assert await store.find(token_hash, later()) == invitation
    assert await store.all() == [invitation]


async def test_an_account_is_made_once_with_name_and_role_of_the_invitation(
    history: PostgresStores, store: InvitationStore
) -> None:
    token_hash = await added(store, an_invitation(name="สมชาย", role=ADMINISTRATOR))
    account = await store.sign_up(token_hash, later(), making("another"))
    assert (account.name, account.role) == ("สมชาย", ADMINISTRATOR)
    assert await history.storage.accounts.by_id(account.account_id) == account
    with pytest.raises(InvitationOver):
        await store.sign_up(token_hash, later(), making("again"))
    (used,) = await store.all()
    assert used.used_by == account.account_id


async def test_of_two_who_use_an_invitation_at_once_one_gets_an_account(
    history: PostgresStores, store: InvitationStore
) -> None:
    token_hash = await added(store, an_invitation())
    names = [f"คน-{number}" for number in range(6)]
    made = await asyncio.gather(
        *(store.sign_up(token_hash, later(), making(name)) for name in names), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in made) == ["Account", *["InvitationOver"] * 5]
    assert await history.storage.accounts.count() == 1


async def test_a_name_that_is_taken_leaves_the_invitation_as_it_is(
    history: PostgresStores, store: InvitationStore
) -> None:
    await history.storage.accounts.add(an_account("Mali"))
    token_hash = await added(store, an_invitation())
    with pytest.raises(NameTaken):
        await store.sign_up(token_hash, later(), making("ＭＡＬＩ "))
    await store.sign_up(token_hash, later(), making("Malee"))


async def test_unknown_expired_and_revoked_invitations_are_over_alike(store: InvitationStore) -> None:
    revoked = an_invitation()
    hashes = [b"unknown" * 4, await added(store, an_invitation(name="a")), await added(store, revoked)]
    assert await store.end(revoked.invitation_id)
    assert not await store.end(revoked.invitation_id)
    told = set()
    for token_hash in hashes:
        with pytest.raises(InvitationOver) as refused:
            await store.find(token_hash, later(days=7, seconds=1))
        told.add((refused.value.code, str(refused.value.params)))
        with pytest.raises(InvitationOver):
            await store.sign_up(token_hash, later(days=7, seconds=1), making("เกินเวลา"))
    assert len(told) == 1


@pytest.mark.parametrize(
    ("purpose", "fields"), [(FIRST, {}), (INVITE, {"name": "สมชาย"})], ids=["first", "invite by name"]
)
async def test_a_new_link_ends_the_one_that_it_takes_the_place_of(
    store: InvitationStore, purpose: InvitationPurpose, fields: dict[str, str]
) -> None:
    old = await added(store, an_invitation(purpose, **fields))
    new = await added(store, an_invitation(purpose, **fields))
    with pytest.raises(InvitationOver):
        await store.find(old, later())
    await store.find(new, later())


async def test_invitations_for_anybody_stand_beside_each_other(store: InvitationStore) -> None:
    for token_hash in [await added(store, an_invitation()), await added(store, an_invitation())]:
        await store.find(token_hash, later())


async def test_the_first_administrators_link_is_good_while_nobody_administers(
    history: PostgresStores, store: InvitationStore
) -> None:
    token_hash = await added(store, an_invitation(FIRST, role=ADMINISTRATOR))
    await history.storage.accounts.add(an_account("user"))
    await store.find(token_hash, later())
    await history.storage.accounts.add(an_account("boss", ADMINISTRATOR))
    with pytest.raises(InvitationOver):
        await store.sign_up(token_hash, later(), making("late"))


async def test_what_was_there_before_is_taken_over_once(history: PostgresStores, store: InvitationStore) -> None:
    for name in ("one", "two"):
        token_hash = await added(store, an_invitation())
        make = making(name, user_id=LOCAL.user_id, adopted_at=later())
        if name == "two":
            with pytest.raises(AlreadyTakenOver):
                await store.sign_up(token_hash, later(), make)
        else:
            assert (await store.sign_up(token_hash, later(), make)).user_id == LOCAL.user_id


async def signed_in(history: PostgresStores, account: Account) -> None:
    sign_in = SignIn(
        sign_in_id=account.account_id,
        account_id=account.account_id,
        created_at=later(),
        used_at=later(),
        expires_at=later(days=1),
    )
    await history.storage.sign_ins.add(sign_in, hash_of_token(new_token()))


async def test_a_reset_gives_a_password_and_ends_what_is_signed_in(
    history: PostgresStores, store: InvitationStore
) -> None:
    account = await history.storage.accounts.add(an_account(password_hash="old"))
    other = await history.storage.accounts.add(an_account("other", password_hash="theirs"))
    for one in (account, other):
        await signed_in(history, one)
    token_hash = await added(store, an_invitation(RESET, account_id=account.account_id))
    keys = {}
    for one in (account, other):
        text = new_key_text()
        key = ApiKey(
            key_id=text.key_id, account_id=one.account_id, key_name="x", scopes=(Scope.READ,), created_at=later()
        )
        await history.storage.keys.add(key, text.secret_hash, most=1)
        keys[one.name] = key
    reset = await store.reset(token_hash, later(), "new")
    assert reset == PasswordReset(replace(account, password_hash="new"), [keys[account.name].key_id])
    assert await history.storage.keys.of(account.account_id) == []
    assert [key.key_id for key in await history.storage.keys.of(other.account_id)] == [keys["other"].key_id]
    assert await history.storage.sign_ins.of(account.account_id) == []
    assert len(await history.storage.sign_ins.of(other.account_id)) == 1
    with pytest.raises(InvitationOver):
        await store.reset(token_hash, later(), "newer")


@pytest.mark.parametrize("password_hash", ["old", None], ids=["password", "made by an identity"])
async def test_a_reset_leaves_no_way_to_whoever_was_in_before(
    history: PostgresStores, store: InvitationStore, password_hash: str | None
) -> None:
    accounts, hooks = history.storage.accounts, history.storage.webhooks
    account = await accounts.add(an_account(password_hash=password_hash))
    other = await accounts.add(an_account("other", password_hash="theirs"))
    for subject in ("first", "second"):
        await accounts.link(account.account_id, "https://id.example.org", subject)
    await accounts.link(other.account_id, "https://id.example.org", "other")
    for one in (account, other):
        await hooks.add(a_webhook(one.user_id), most=1)
    token_hash = await added(store, an_invitation(RESET, account_id=account.account_id))
    await store.reset(token_hash, later(), "new")
    left = [one.subject for one in await accounts.identities(account.account_id)]
    assert left == ([] if password_hash else ["first"])
    assert len(await accounts.identities(other.account_id)) == 1
    assert [(one.disabled_at is None) for one in await hooks.of(account.user_id)] == [False]
    assert [(one.disabled_at is None) for one in await hooks.of(other.user_id)] == [True]


def a_webhook(user_id: str) -> Webhook:
    return Webhook(
        webhook_id=uuid7(),
        user_id=user_id,
        url="https://hooks.example.org",
        name="",
        events=TOLD,
        include_content=True,
        created_at=later(),
        secret_number=1,
        secret_hash=b"",
    )


async def test_a_reset_is_over_when_its_account_is_disabled_or_gone_and_an_invitation_is_none(
    history: PostgresStores, store: InvitationStore
) -> None:
    accounts = history.storage.accounts
    account = await accounts.add(an_account())
    reset = await added(store, an_invitation(RESET, account_id=account.account_id))
    invite = await added(store, an_invitation())
    await accounts.change(account.account_id, lambda known: replace(known, disabled_at=later()))
    for token_hash in (reset, invite):
        with pytest.raises(InvitationOver):
            await store.reset(token_hash, later(), "new")
    await history.storage.people.remove(account.account_id)
    with pytest.raises(InvitationOver):
        await store.reset(reset, later(), "new")


@pytest.mark.parametrize("what", ["demote", "disable", "remove"])
async def test_of_administrators_who_part_with_each_other_at_once_one_stays(history: PostgresStores, what: str) -> None:
    """Each wants to be the only one: with four at work at once the last one is refused, whoever it is."""
    accounts, people = history.storage.accounts, history.storage.people
    bosses = [await accounts.add(an_account(f"boss-{number}", ADMINISTRATOR)) for number in range(4)]

    async def part_with(account: Account) -> None:
        changes = {"demote": {"role": PersonRole.USER}, "disable": {"disabled_at": later()}}
        if what == "remove":
            await people.remove(account.account_id)
        else:
            await accounts.change(account.account_id, lambda known: replace(known, **changes[what]))

    done = await asyncio.gather(*map(part_with, bosses), return_exceptions=True)
    refused = [one for one in done if isinstance(one, LastAdministrator)]
    left = [one for one in await accounts.all() if one.role is ADMINISTRATOR and not one.is_disabled]
    assert (len(refused), len(left)) == (1, 1)
