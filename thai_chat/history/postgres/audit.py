"""The audit log in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from thai_chat.domain.audit import AuditEntry, AuditQuery
from thai_chat.history.postgres.server import Server
from thai_chat.history.postgres.sql import audit


class PostgresAudit:
    """An `AuditStore`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def add(self, entries: Sequence[AuditEntry]) -> None:
        await self._server.run(lambda connection: audit.add(connection, entries))

    async def page(self, query: AuditQuery) -> Sequence[AuditEntry]:
        return await self._server.run(lambda connection: audit.page(connection, query))

    async def forget(self, before: datetime) -> int:
        return await self._server.run(lambda connection: audit.forget(connection, before))
