"""Whole sessions out of PostgreSQL and in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from thai_chat.domain.messages import Session
from thai_chat.domain.transfer import Given, Imported, KeptMessage
from thai_chat.history.checks import check_text
from thai_chat.history.postgres.bulk import importing, transfer
from thai_chat.history.postgres.server import Server
from thai_chat.history.postgres.sql import windows

_READ_TIMEOUT_S = 20.0
_STORE_TIMEOUT_S = 3600.0


class PostgresTransfer:
    """A `Transfer`. What takes long here is no outage: it fails by itself, and the conversation goes on."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def session_ids(
        self, user_id: str, *, chosen: Sequence[UUID] | None = None, with_trash: bool = False
    ) -> Sequence[UUID]:
        check_text(user_id)
        return await self._server.run(
            lambda c: transfer.session_ids(c, user_id, chosen=chosen, with_trash=with_trash),
            timeout_s=_READ_TIMEOUT_S,
            user_id=user_id,
        )

    async def sessions(self, user_id: str, session_ids: Sequence[UUID]) -> Sequence[Session]:
        return await self._server.run(
            lambda c: transfer.sessions(c, user_id, session_ids), timeout_s=_READ_TIMEOUT_S, user_id=user_id
        )

    async def messages(
        self, user_id: str, session_ids: Sequence[UUID], *, limit: int | None, after_order: int = 0
    ) -> Sequence[KeptMessage]:
        return await self._server.run(
            lambda c: transfer.messages(c, user_id, session_ids, limit=limit, after_order=after_order),
            timeout_s=_READ_TIMEOUT_S,
            user_id=user_id,
        )

    async def shown_ranges(
        self, user_id: str, session_id: UUID, leaf_id: UUID | None = None
    ) -> Sequence[tuple[int, int]]:
        return await self._server.run(
            lambda c: windows.shown_ranges(c, session_id, user_id, leaf_id), timeout_s=_READ_TIMEOUT_S, user_id=user_id
        )

    async def store(
        self, user_id: str, given: Given, *, told: Callable[[Imported], None], is_over: Callable[[], bool]
    ) -> Imported:
        check_text(user_id)
        return await self._server.run(
            lambda c: importing.store(c, user_id, given, told=told, is_over=is_over),
            timeout_s=_STORE_TIMEOUT_S,
            user_id=user_id,
        )
