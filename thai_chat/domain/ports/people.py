"""The port to what is known of people as a whole, and to all that belongs to one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from thai_chat.domain.known_people import Belongings, KnownPerson


class PeopleStore(Protocol):
    """Reads and changes what is of several people. All methods raise HistoryUnavailable in an outage."""

    async def all(self) -> Sequence[KnownPerson]:
        """Return every account with what is known of its use, by name."""

    async def count_sessions(self, user_id: str) -> int:
        """Return how many sessions of the chat somebody has."""

    async def belongings(self, user_id: str, since: datetime | None = None) -> Belongings:
        """Return how much belongs to somebody; with `since` only what they made from then on."""

    async def remove(self, account_id: UUID) -> None:
        """Delete an account with all that it has, in one transaction; the audit log stays.

        Raises AccountNotFound, LastAdministrator.
        """

    async def sweep(self, user_id: str) -> None:
        """Delete what somebody without an account still has."""

    async def take_over(self, account_id: UUID) -> Belongings:
        """Give an account what was there before accounts, under the user_id of that, and return what it brought along.

        Raises AccountNotFound, and AlreadyTakenOver where an account has that.
        """

    async def give_back(self, account_id: UUID, user_id: str) -> Belongings:
        """Give an account a user_id of its own again, with what it made since it took over, and return that.

        Raises AccountNotFound, and NothingTakenOver.
        """
