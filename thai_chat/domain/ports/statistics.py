"""The port to the storage that counts a person's messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from thai_chat.domain.statistics import (
    AskedQuestion,
    Behind,
    CountedMessage,
    MessageCursor,
    Period,
    SessionUsage,
    Statistics,
)


class Counting(Protocol):
    """Counts messages of one person. All methods raise HistoryUnavailable."""

    async def statistics(self, user_id: str | None, period: Period) -> Statistics:
        """Return what the user's messages of the period add up to; without a user, those of everybody."""

    async def messages_behind(
        self, user_id: str, behind: Behind, *, limit: int, before: MessageCursor | None = None
    ) -> Sequence[CountedMessage]:
        """Return the messages that a figure was counted of, newest first; at most `limit`, below `before`."""

    async def sessions_behind(
        self, user_id: str, behind: Behind, *, limit: int, offset: int = 0
    ) -> Sequence[SessionUsage]:
        """Return sessions with the number of their messages that a figure was counted of, most first."""

    async def questions(self, user_id: str, period: Period, *, limit: int) -> Sequence[AskedQuestion]:
        """Return the newest questions of the period."""
