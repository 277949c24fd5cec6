"""Counts a person's messages in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from thai_chat.domain.statistics import (
    AskedQuestion,
    Behind,
    CountedMessage,
    MessageCursor,
    Period,
    SessionUsage,
    Statistics,
)
from thai_chat.history.checks import check_text
from thai_chat.history.postgres.bulk import statistics
from thai_chat.history.postgres.server import Server

_TIMEOUT_S = 20.0


class PostgresCounting:
    """A `Counting`. What takes long here is no outage: it fails by itself, and the conversation goes on."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def statistics(self, user_id: str | None, period: Period) -> Statistics:
        check_text(user_id or "")
        return await self._server.run(
            lambda c: statistics.read(c, user_id, period), timeout_s=_TIMEOUT_S, user_id=user_id
        )

    async def messages_behind(
        self, user_id: str, behind: Behind, *, limit: int, before: MessageCursor | None = None
    ) -> Sequence[CountedMessage]:
        check_text(user_id, behind.backend or "", behind.model or "")
        return await self._server.run(
            lambda c: statistics.messages_behind(c, user_id, behind, limit=limit, before=before),
            timeout_s=_TIMEOUT_S,
            user_id=user_id,
        )

    async def sessions_behind(
        self, user_id: str, behind: Behind, *, limit: int, offset: int = 0
    ) -> Sequence[SessionUsage]:
        check_text(user_id, behind.backend or "", behind.model or "")
        return await self._server.run(
            lambda c: statistics.sessions_behind(c, user_id, behind, limit=limit, offset=offset),
            timeout_s=_TIMEOUT_S,
            user_id=user_id,
        )

    async def questions(self, user_id: str, period: Period, *, limit: int) -> Sequence[AskedQuestion]:
        check_text(user_id)
        return await self._server.run(
            lambda c: statistics.questions(c, user_id, period, limit=limit), timeout_s=_TIMEOUT_S, user_id=user_id
        )
