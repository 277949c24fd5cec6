"""Builds the history of a process from an address and a folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import text

from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.history.memory.conversation import MAX_BYTES, MemoryHistory
from thai_chat.history.outage.outbox import Outbox
from thai_chat.history.outage.resilient import ResilientHistory
from thai_chat.history.postgres import generation, schema
from thai_chat.history.postgres.connections import POOL_SIZE, TIMEOUT_S, Database
from thai_chat.history.postgres.conversation import PostgresHistory

Address: TypeAlias = str | Callable[[], str]
"""A libpq address, or what finds it; that may block, and raises HistoryUnavailable or StartError."""

_MIGRATION_TIMEOUT_S = 900.0
# The first eight digits of a WAL file's name are the timeline, which every promotion makes anew.
_SERVER = text("""
SELECT concat_ws('/', system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8), pg_database.oid)
FROM pg_control_system(), pg_database WHERE datname = current_database()""")


def open_history(
    *,
    address: Address | None,
    folder: Path,
    pool_size: int = POOL_SIZE,
    timeout_s: float = TIMEOUT_S,
    memory_bytes: int = MAX_BYTES,
) -> ResilientHistory:
    """Nothing is touched before `start`. `folder` gets the journal of outages and what PostgreSQL refused.

    Without an address memory serves, and the journal keeps all for a process that has one.
    """
    outbox = Outbox(folder)
    memory = MemoryHistory(max_bytes=memory_bytes, is_needed=outbox.holds)
    connector = PostgresConnector(address, pool_size=pool_size, timeout_s=timeout_s) if address else None
    return ResilientHistory(memory=memory, outbox=outbox, connector=connector)


class PostgresConnector:
    """Gives one PostgresHistory, anew only when the address has changed, with the schema this code needs."""

    def __init__(self, address: Address, *, pool_size: int, timeout_s: float) -> None:
        self._address = address
        self._pool_size = pool_size
        self._timeout_s = timeout_s
        self._known: str | None = None
        self._database: Database | None = None
        self._history: PostgresHistory | None = None

    async def connect(self) -> PostgresHistory:
        address = await asyncio.to_thread(self._address) if callable(self._address) else self._address
        if self._history is None or self._database is None or address != self._known:
            await self.close()
            self._database = Database(address, pool_size=self._pool_size, timeout_s=self._timeout_s)
            self._history = PostgresHistory(self._database)
            self._known = address
        await self._history.ping()
        if await self._database.run(schema.current) != schema.HEAD:
            await self._database.run(schema.upgrade, timeout_s=_MIGRATION_TIMEOUT_S)
        return self._history

    async def server(self) -> str | None:
        if self._database is None:
            return None
        try:
            return await self._database.run(lambda connection: connection.execute(_SERVER).scalar())
        except HistoryUnavailable:
            # Not every hosted server tells it to everybody. One that is gone is found by the next call.
            return None

    async def generation(self) -> UUID:
        if self._database is None:
            raise HistoryUnavailable("there is no connection yet")
        return await self._database.run(generation.read)

    async def close(self) -> None:
        if self._history:
            await self._history.close()
        self._history = None
