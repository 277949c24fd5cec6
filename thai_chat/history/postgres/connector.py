"""The way from an address to the conversation in PostgreSQL, with the schema that this code needs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import text

from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.history.postgres import generation, row_security, schema
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.conversation import PostgresConversation

Address: TypeAlias = str | Callable[[], str]
"""A libpq address, or what finds it; that may block, and raises HistoryUnavailable or StartError."""

# The first eight digits of a WAL file's name are the timeline, which every promotion makes anew.
_SERVER = text("""
SELECT concat_ws('/', system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8), pg_database.oid)
FROM pg_control_system(), pg_database WHERE datname = current_database()""")


class PostgresConnector:
    """A `Connector`. It gives one conversation, anew only when the address has changed."""

    def __init__(self, address: Address, *, pool_size: int, timeout_s: float) -> None:
        self._address = address
        self._pool_size = pool_size
        self._timeout_s = timeout_s
        self._known: str | None = None
        self._conversation: PostgresConversation | None = None

    async def connect(self) -> PostgresConversation:
        address = await asyncio.to_thread(self._address) if callable(self._address) else self._address
        if self._conversation is None or address != self._known:
            await self.close()
            database = Database(address, pool_size=self._pool_size, timeout_s=self._timeout_s)
            self._conversation = PostgresConversation(database)
            self._known = address
        await self._conversation.ping()
        database = self._conversation.database
        if await database.run(schema.current) != schema.HEAD:
            await database.run(schema.upgrade, timeout_s=schema.PATIENCE_S)
        await database.run(row_security.build)
        database.look_again()
        return self._conversation

    async def server(self) -> str | None:
        if self._conversation is None:
            return None
        try:
            return await self._conversation.database.run(lambda connection: connection.execute(_SERVER).scalar())
        except HistoryUnavailable:
            # Not every hosted server tells it to everybody. One that is gone is found by the next call.
            return None

    async def generation(self) -> UUID:
        if self._conversation is None:
            raise HistoryUnavailable("there is no connection yet")
        return await self._conversation.database.run(generation.read)

    async def close(self) -> None:
        if self._conversation:
            await self._conversation.close()
        self._conversation = None
