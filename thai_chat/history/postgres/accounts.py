"""Accounts, and the sessions of people who are signed in, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from thai_chat.domain.accounts import Account, Identity, SignIn
from thai_chat.history.postgres.server import Server
from thai_chat.history.postgres.sql import accounts, sign_ins


class PostgresAccounts:
    """An `AccountStore`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def by_name(self, name: str) -> Account | None:
        return await self._server.run(lambda connection: accounts.by_name(connection, name))

    async def by_id(self, account_id: UUID) -> Account:
        return await self._server.run(lambda connection: accounts.by_id(connection, account_id))

    async def by_identity(self, issuer: str, subject: str) -> Account | None:
        return await self._server.run(lambda connection: accounts.by_identity(connection, issuer, subject))

    async def open_users(self, user_ids: Sequence[str]) -> set[str]:
        return await self._server.run(lambda connection: accounts.open_users(connection, user_ids))

    async def all(self) -> Sequence[Account]:
        return await self._server.run(accounts.read_all)

    async def count(self) -> int:
        return await self._server.run(accounts.count)

    async def add(self, account: Account) -> Account:
        return await self._server.run(lambda connection: accounts.add(connection, account))

    async def change(self, account_id: UUID, change: Callable[[Account], Account]) -> Account:
        return await self._server.run(lambda connection: accounts.change(connection, account_id, change))

    async def link(self, account_id: UUID, issuer: str, subject: str) -> None:
        await self._server.run(lambda connection: accounts.link(connection, account_id, issuer, subject))

    async def identities(self, account_id: UUID) -> Sequence[Identity]:
        return await self._server.run(lambda connection: accounts.identities(connection, account_id))

    async def unlink(self, account_id: UUID, identity_id: str, *, has_other_way: bool) -> None:
        await self._server.run(
            lambda connection: accounts.unlink(connection, account_id, identity_id, has_other_way=has_other_way)
        )

    async def delete(self, account_id: UUID) -> None:
        await self._server.run(lambda connection: accounts.remove(connection, account_id))


class PostgresSignIns:
    """A `SignInStore`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def add(self, sign_in: SignIn, token_hash: bytes) -> None:
        await self._server.run(lambda connection: sign_ins.add(connection, sign_in, token_hash))

    async def find(self, token_hash: bytes, now: datetime, idle_since: datetime) -> tuple[SignIn, Account] | None:
        return await self._server.run(lambda connection: sign_ins.find(connection, token_hash, now, idle_since))

    async def touch(self, sign_in_id: UUID, at: datetime) -> None:
        await self._server.run(lambda connection: sign_ins.touch(connection, sign_in_id, at))

    async def of(self, account_id: UUID) -> Sequence[SignIn]:
        return await self._server.run(lambda connection: sign_ins.of(connection, account_id))

    async def end(self, account_id: UUID, sign_in_id: UUID) -> bool:
        return await self._server.run(lambda connection: sign_ins.end(connection, account_id, sign_in_id))

    async def end_all(self, account_id: UUID, *, but: UUID | None = None) -> int:
        return await self._server.run(lambda connection: sign_ins.end_all(connection, account_id, but))

    async def end_oldest(self, account_id: UUID, most: int) -> int:
        return await self._server.run(lambda connection: sign_ins.end_oldest(connection, account_id, most))

    async def forget(self, before: datetime) -> int:
        return await self._server.run(lambda connection: sign_ins.forget(connection, before))
