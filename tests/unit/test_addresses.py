"""Addresses are counted by whose they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from thai_chat.accounts.passwords import LinkPasswords, Passwords
from thai_chat.domain.account_errors import TooManyAttempts
from thai_chat.domain.addresses import network_of
from thai_chat.domain.share_errors import WrongSharePassword
from thai_chat.sharing.guesses import Guesses


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no address", "no address"),
        ("", ""),
    ],
)
def test_an_address_is_counted_with_those_of_the_same_customer(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.fixture
async def passwords() -> AsyncIterator[LinkPasswords]:
    passwords = Passwords(memory_kib=8, passes=1)
    yield LinkPasswords(passwords)
    passwords.close()


async def test_whoever_guesses_at_links_gets_no_more_guesses_by_another_address_of_theirs(
    passwords: LinkPasswords,
) -> None:
    guesses, password_hash = Guesses(passwords), await passwords.hash("แมว4ตัว")
    for number in range(10):
        with pytest.raises(WrongSharePassword):
            await guesses.require(uuid4(), password_hash, "หมา", f"2001:db8::{number:x}")
    with pytest.raises(TooManyAttempts):
        await guesses.require(uuid4(), password_hash, "หมา", "2001:db8::ff")
    await guesses.require(uuid4(), password_hash, "แมว4ตัว", "2001:db8:0:1::1")
