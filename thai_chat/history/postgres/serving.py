"""The PostgreSQL that serves now, as the small ports ask it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.conversation import PostgresConversation

Result = TypeVar("Result")


class Watch(Protocol):
    """Whoever knows whether PostgreSQL serves (`outage/primary.py`)."""

    @property
    def serving(self) -> PostgresConversation | None:
        """Return what serves; None while it is away, or is given what has waited."""

    def note_use(self) -> None:
        """Note that somebody is at work here."""

    async def ask(self, call: Callable[[PostgresConversation], Awaitable[Result]]) -> Result:
        """Return what PostgreSQL answers; a call that fails with HistoryUnavailable is an outage for everybody."""


class ServingDatabase:
    """A `Server` for what may take long: where it fails that is no outage, and a true one is noticed by others."""

    def __init__(self, watch: Watch | None) -> None:
        """Take the watch; without one there is no database, and everything is refused."""
        self._watch = watch

    def now(self) -> Database | None:
        """Return the database that serves; asking for it is no use of it."""
        serving = self._watch.serving if self._watch else None
        return serving.database if serving else None

    def require(self) -> Database:
        """Return the database that serves, for somebody's use of it. Raises HistoryUnavailable."""
        if self._watch:
            self._watch.note_use()
        database = self.now()
        if database is None:
            raise HistoryUnavailable("PostgreSQL is away")
        return database

    async def run(
        self, work: Callable[[Connection], Result], *, timeout_s: float | None = None, user_id: str | None = None
    ) -> Result:
        return await self.require().run(work, timeout_s=timeout_s, user_id=user_id)


class WatchedDatabase:
    """A `Server` for what is quick: where it fails PostgreSQL is away, for the conversation too."""

    def __init__(self, watch: Watch | None) -> None:
        """Take the watch; without one there is no database, and everything is refused."""
        self._watch = watch

    async def run(
        self, work: Callable[[Connection], Result], *, timeout_s: float | None = None, user_id: str | None = None
    ) -> Result:
        if self._watch is None:
            raise HistoryUnavailable("there is no database")
        return await self._watch.ask(lambda upstream: upstream.database.run(work, timeout_s=timeout_s, user_id=user_id))
