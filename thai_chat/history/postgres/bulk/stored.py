"""Work over much of what PostgreSQL keeps: whole sessions out and in, and counting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from thai_chat.domain.messages import Session
from thai_chat.domain.statistics import (
    AskedQuestion,
    Behind,
    CountedMessage,
    MessageCursor,
    Period,
    SessionUsage,
    Statistics,
)
from thai_chat.domain.transfer import Given, Imported, KeptMessage
from thai_chat.history.checks import check_text
from thai_chat.history.postgres.bulk import importing, statistics, transfer
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.sql import windows

_READ_TIMEOUT_S = 20.0
_STORE_TIMEOUT_S = 3600.0


class PostgresStored:
    """A `Stored`. What takes long here is no outage: it fails by itself, and the history goes on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def session_ids(
        self, user_id: str, *, chosen: Sequence[UUID] | None = None, with_trash: bool = False
    ) -> Sequence[UUID]:
        check_text(user_id)
        return await self._database.run(
            lambda c: transfer.session_ids(c, user_id, chosen=chosen, with_trash=with_trash), timeout_s=_READ_TIMEOUT_S
        )

    async def sessions(self, user_id: str, session_ids: Sequence[UUID]) -> Sequence[Session]:
        return await self._database.run(lambda c: transfer.sessions(c, user_id, session_ids), timeout_s=_READ_TIMEOUT_S)

    async def messages(
        self, user_id: str, session_ids: Sequence[UUID], *, limit: int | None, after_order: int = 0
    ) -> Sequence[KeptMessage]:
        return await self._database.run(
            lambda c: transfer.messages(c, user_id, session_ids, limit=limit, after_order=after_order),
            timeout_s=_READ_TIMEOUT_S,
        )

    async def shown_ranges(self, user_id: str, session_id: UUID) -> Sequence[tuple[int, int]]:
        return await self._database.run(
            lambda c: windows.shown_ranges(c, session_id, user_id), timeout_s=_READ_TIMEOUT_S
        )

    async def store(
        self, user_id: str, given: Given, *, told: Callable[[Imported], None], is_over: Callable[[], bool]
    ) -> Imported:
        check_text(user_id)
        return await self._database.run(
            lambda c: importing.store(c, user_id, given, told=told, is_over=is_over), timeout_s=_STORE_TIMEOUT_S
        )

    async def statistics(self, user_id: str, period: Period) -> Statistics:
        check_text(user_id)
        return await self._database.run(lambda c: statistics.read(c, user_id, period), timeout_s=_READ_TIMEOUT_S)

    async def messages_behind(
        self, user_id: str, behind: Behind, *, limit: int, before: MessageCursor | None = None
    ) -> Sequence[CountedMessage]:
        check_text(user_id, behind.backend or "", behind.model or "")
        return await self._database.run(
            lambda c: statistics.messages_behind(c, user_id, behind, limit=limit, before=before),
            timeout_s=_READ_TIMEOUT_S,
        )

    async def sessions_behind(
        self, user_id: str, behind: Behind, *, limit: int, offset: int = 0
    ) -> Sequence[SessionUsage]:
        check_text(user_id, behind.backend or "", behind.model or "")
        return await self._database.run(
            lambda c: statistics.sessions_behind(c, user_id, behind, limit=limit, offset=offset),
            timeout_s=_READ_TIMEOUT_S,
        )

    async def questions(self, user_id: str, period: Period, *, limit: int) -> Sequence[AskedQuestion]:
        check_text(user_id)
        return await self._database.run(
            lambda c: statistics.questions(c, user_id, period, limit=limit), timeout_s=_READ_TIMEOUT_S
        )
