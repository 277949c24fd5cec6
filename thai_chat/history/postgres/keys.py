"""API keys in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from thai_chat.domain.keys import ApiKey, StoredKey
from thai_chat.history.postgres.server import Server
from thai_chat.history.postgres.sql import keys


class PostgresKeys:
    """A `KeyStore`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def add(self, key: ApiKey, secret_hash: bytes, *, most: int) -> tuple[ApiKey, bytes]:
        return await self._server.run(lambda connection: keys.add(connection, key, secret_hash, most))

    async def find(self, key_id: str) -> StoredKey | None:
        return await self._server.run(lambda connection: keys.find(connection, key_id))

    async def of(self, account_id: UUID) -> Sequence[ApiKey]:
        return await self._server.run(lambda connection: keys.of(connection, account_id))

    async def delete(self, account_id: UUID, key_id: str) -> bool:
        return await self._server.run(lambda connection: keys.remove(connection, account_id, key_id))

    async def touch(self, used: Mapping[str, datetime]) -> None:
        await self._server.run(lambda connection: keys.touch(connection, used))
