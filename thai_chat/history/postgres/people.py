"""Invitations, and people with all that belongs to them, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from thai_chat.domain.accounts import Account
from thai_chat.domain.invitations import Invitation, PasswordReset
from thai_chat.domain.known_people import Belongings, KnownPerson
from thai_chat.history.postgres.bulk import people
from thai_chat.history.postgres.server import Server
from thai_chat.history.postgres.sql import invitations

LONG_S = 600.0
"""The time for what goes through everything that somebody has."""


class PostgresInvitations:
    """An `InvitationStore`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def add(self, invitation: Invitation, token_hash: bytes) -> bool:
        return await self._server.run(lambda connection: invitations.add(connection, invitation, token_hash))

    async def made(self, invitation_id: UUID) -> tuple[Invitation, bytes] | None:
        return await self._server.run(lambda connection: invitations.made(connection, invitation_id))

    async def find(self, token_hash: bytes, now: datetime) -> Invitation:
        return await self._server.run(lambda connection: invitations.find(connection, token_hash, now))

    async def all(self) -> Sequence[Invitation]:
        return await self._server.run(invitations.read_all)

    async def end(self, invitation_id: UUID) -> bool:
        return await self._server.run(lambda connection: invitations.end(connection, invitation_id))

    async def sign_up(self, token_hash: bytes, now: datetime, make: Callable[[Invitation], Account]) -> Account:
        return await self._server.run(lambda connection: invitations.sign_up(connection, token_hash, now, make))

    async def reset(self, token_hash: bytes, now: datetime, password_hash: str) -> PasswordReset:
        return await self._server.run(lambda connection: invitations.reset(connection, token_hash, now, password_hash))


class PostgresPeople:
    """A `PeopleStore`."""

    def __init__(self, server: Server) -> None:
        """Take a server for what may take long."""
        self._server = server

    async def all(self) -> Sequence[KnownPerson]:
        return await self._server.run(people.read_all)

    async def count_sessions(self, user_id: str) -> int:
        return await self._server.run(lambda connection: people.count_sessions(connection, user_id))

    async def belongings(self, user_id: str, since: datetime | None = None) -> Belongings:
        return await self._server.run(lambda connection: people.belongings(connection, user_id, since))

    async def remove(self, account_id: UUID) -> None:
        await self._server.run(lambda connection: people.remove(connection, account_id), timeout_s=LONG_S)

    async def sweep(self, user_id: str) -> None:
        await self._server.run(lambda connection: people.sweep(connection, user_id), timeout_s=LONG_S)

    async def take_over(self, account_id: UUID) -> Belongings:
        return await self._server.run(lambda connection: people.take_over(connection, account_id), timeout_s=LONG_S)

    async def give_back(self, account_id: UUID, user_id: str) -> Belongings:
        return await self._server.run(
            lambda connection: people.give_back(connection, account_id, user_id), timeout_s=LONG_S
        )
