"""The server in which each small port over PostgreSQL runs its statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

Result = TypeVar("Result")


class Server(Protocol):
    """A `Database`, or whichever serves now: those that ask it need not know whether there is an outage."""

    async def run(
        self, work: Callable[[Connection], Result], *, timeout_s: float | None = None, user_id: str | None = None
    ) -> Result:
        """Run statements as `Database.run` does. Raises HistoryUnavailable at once while PostgreSQL does not serve."""
