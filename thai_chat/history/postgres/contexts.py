"""The documents that messages were made with, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from thai_chat.domain.transfer import GivenDocument
from thai_chat.history.checks import check_text, json_text
from thai_chat.history.postgres.server import Server
from thai_chat.history.postgres.sql import contexts


class PostgresContexts:
    """A `ContextStore`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def of(self, user_id: str, session_id: UUID, message_id: UUID) -> Sequence[GivenDocument]:
        check_text(user_id)
        return await self._server.run(lambda c: contexts.of(c, user_id, session_id, message_id), user_id=user_id)

    async def put(
        self, user_id: str, session_id: UUID, message_id: UUID, given: Sequence[GivenDocument], *, most: int
    ) -> Sequence[GivenDocument]:
        check_text(user_id, *(text for one in given for text in (one.doc_id, one.content) if text))
        for one in given:
            json_text(one.metadata)
        return await self._server.run(
            lambda c: contexts.put(c, user_id, session_id, message_id, given, most=most), user_id=user_id
        )
