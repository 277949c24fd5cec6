"""Accounts for tests, put straight into the storage, and browsers that are signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from thai_chat.domain.accounts import Account, SignIn, hash_of_token, new_token
from thai_chat.domain.people import Entrance, Person, PersonRole
from thai_chat.domain.ports.storage import Storage


@dataclass(frozen=True, slots=True)
class Member:
    account: Account
    token: str
    """It is in the cookie of their browser."""
    sign_in: SignIn

    @property
    def person(self) -> Person:
        return Person(
            user_id=self.account.user_id,
            name=self.account.display_name,
            role=self.account.role,
            entrance=Entrance.SESSION,
            account_id=self.account.account_id,
            sign_in_id=self.sign_in.sign_in_id,
        )

    @property
    def cookie(self) -> dict[str, str]:
        return {"Cookie": f"thai_chat={self.token}"}


async def member(
    storage: Storage,
    name: str = "",
    *,
    role: PersonRole = PersonRole.USER,
    lasts: timedelta = timedelta(hours=1),
    signed_in_at: datetime | None = None,
) -> Member:
    """Store an account with a session that ends `lasts` after it began, and return both."""
    account_id, now = uuid4(), datetime.now(UTC)
    account = Account(
        account_id=account_id,
        user_id=f"u-{account_id}",
        name=name or f"name-{account_id}",
        display_name=name or "มะลิ",
        role=role,
        created_at=now,
    )
    at = signed_in_at or now
    token = new_token()
    sign_in = SignIn(
        sign_in_id=uuid4(), account_id=account_id, created_at=at, used_at=at, expires_at=at + lasts, browser="test"
    )
    await storage.accounts.add(account)
    await storage.sign_ins.add(sign_in, hash_of_token(token))
    return Member(account, token, sign_in)


async def administrator(storage: Storage, name: str = "") -> Member:
    return await member(storage, name, role=PersonRole.ADMINISTRATOR)
