"""The ports to the storage of accounts and of sessions in which people are signed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from thai_chat.domain.accounts import Account, Identity, SignIn


class AccountStore(Protocol):
    """Keeps accounts. All methods raise HistoryUnavailable in an outage: nothing of it is kept for later."""

    async def by_name(self, name: str) -> Account | None:
        """Return the account that signs in by a name, whichever way it is written."""

    async def by_id(self, account_id: UUID) -> Account:
        """Return an account. Raises AccountNotFound."""

    async def by_identity(self, issuer: str, subject: str) -> Account | None:
        """Return the account of somebody whom an OpenID provider knows."""

    async def open_users(self, user_ids: Sequence[str]) -> set[str]:
        """Return which of these users have an account that is not disabled."""

    async def all(self) -> Sequence[Account]:
        """Return every account, by name."""

    async def count(self) -> int:
        """Return how many accounts there are."""

    async def add(self, account: Account) -> Account:
        """Store a new account. Raises NameTaken when the name is another's."""

    async def change(self, account_id: UUID, change: Callable[[Account], Account]) -> Account:
        """Replace an account by what `change` makes of it as it is stored, and return that.

        Nobody else's change comes in between; `change` may be called twice, and in another thread. Raises
        AccountNotFound, NameTaken, and LastAdministrator where nobody would be left who may administer.
        """

    async def link(self, account_id: UUID, issuer: str, subject: str) -> None:
        """Let somebody whom an OpenID provider knows sign in to an account."""

    async def identities(self, account_id: UUID) -> Sequence[Identity]:
        """Return whom an account lets in from OpenID providers, the first one first."""

    async def unlink(self, account_id: UUID, identity_id: str, *, has_other_way: bool) -> None:
        """Let somebody whom an OpenID provider knows no longer sign in to an account.

        Raises IdentityNotFound, and LastWayIn where there is no other identity and no other way either.
        """

    async def delete(self, account_id: UUID) -> None:
        """Delete an account with its sessions, keys and identities. Raises AccountNotFound, LastAdministrator."""


class SignInStore(Protocol):
    """Keeps sessions by the hash of their token. All methods raise HistoryUnavailable in an outage."""

    async def add(self, sign_in: SignIn, token_hash: bytes) -> None:
        """Store a new session."""

    async def find(self, token_hash: bytes, now: datetime, idle_since: datetime) -> tuple[SignIn, Account] | None:
        """Return a session with its account.

        None when there is none, it has expired by `now`, was last used before `idle_since`, or its account is
        disabled.
        """

    async def touch(self, sign_in_id: UUID, at: datetime) -> None:
        """Note that a session is used."""

    async def of(self, account_id: UUID) -> Sequence[SignIn]:
        """Return an account's sessions, the last used first."""

    async def end(self, account_id: UUID, sign_in_id: UUID) -> bool:
        """End one session of an account; False when there is none."""

    async def end_all(self, account_id: UUID, *, but: UUID | None = None) -> int:
        """End an account's sessions, except one, and return how many they were."""

    async def end_oldest(self, account_id: UUID, most: int) -> int:
        """End those of an account's sessions that were used longest ago, but for so many, and return how many they
        were."""

    async def forget(self, before: datetime) -> int:
        """Delete sessions that have expired before a time, and return how many they were."""
