"""Ends what somebody still does here whose account is disabled or deleted."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from thai_chat.accounts.browsers import Browsers
from thai_chat.domain.errors import HistoryError, trace_of
from thai_chat.domain.ports.accounts import AccountStore

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 4.0


class RunningReplies(Protocol):
    """The replies that run in this process."""

    def users_with_replies(self) -> set[str]:
        """Return who has a reply that grows."""

    async def end_all(self, user_id: str) -> None:
        """Stop all replies of one user, and return when what there is of them is stored."""


class Closing:
    """Looks every few seconds, because another process may have closed the account."""

    def __init__(self, accounts: AccountStore, browsers: Browsers, replies: RunningReplies | None) -> None:
        self._accounts = accounts
        self._browsers = browsers
        self._replies = replies
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = self._task or asyncio.create_task(self._watch(), name="accounts that are closed")

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Stop the replies of whoever has no open account any more. Raises HistoryError."""
        await self._browsers.end_in_store()
        asking = self._replies.users_with_replies() if self._replies else set()
        if self._replies and asking:
            for user_id in asking - await self._accounts.open_users(sorted(asking)):
                await self._replies.end_all(user_id)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.look()
            except HistoryError:
                pass  # PostgreSQL is away: everybody goes on
            except Exception as error:  # noqa: BLE001 - the edge of a background task: nobody else would see it
                logger.error("closed accounts were not looked for: %s", type(error).__name__, extra=trace_of(error))
