"""Ends what somebody still does here whose account is disabled or deleted."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from thai_chat.accounts.browsers import Browsers
from thai_chat.domain.accounts import Account
from thai_chat.domain.errors import HistoryError, trace_of
from thai_chat.domain.ports.accounts import AccountStore

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 4.0


class RunningReplies(Protocol):
    """The replies that run in this process."""

    def users_with_replies(self) -> set[str]:
        """Return who has a reply that grows."""

    def stop_all(self, user_id: str) -> int:
        """Stop all replies of one user, and return how many they were."""


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

    def close_account(self, account: Account) -> None:
        """End at once, in this process, what runs for an account that has been disabled or deleted."""
        self._browsers.end_all(account.account_id)
        if self._replies:
            self._replies.stop_all(account.user_id)

    async def look(self) -> None:
        """Stop the replies of whoever has no open account any more. Raises HistoryError."""
        await self._browsers.end_in_store()
        asking = self._replies.users_with_replies() if self._replies else set()
        if self._replies and asking:
            for user_id in asking - await self._accounts.open_users(sorted(asking)):
                self._replies.stop_all(user_id)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.look()
            except HistoryError:
                pass  # PostgreSQL is away: everybody goes on
            except Exception as error:  # noqa: BLE001 - the edge of a background task: nobody else would see it
                logger.error("closed accounts were not looked for: %s", type(error).__name__, extra=trace_of(error))
