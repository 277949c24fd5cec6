"""Links to snapshots of sessions, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from thai_chat.domain.shares import ListedShare, Share, Snapshot
from thai_chat.history.postgres.server import Server
from thai_chat.history.postgres.sql import shares


class PostgresShares:
    """A `ShareStore`. Whoever has a link is nobody who is known: `find` and what follows it look for no person."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def add(self, share: Share, token_hash: bytes, snapshot: Snapshot) -> bool:
        return await self._server.run(
            lambda connection: shares.add(connection, share, token_hash, snapshot), user_id=share.user_id
        )

    async def made(self, user_id: str, share_id: UUID) -> tuple[Share, bytes] | None:
        return await self._server.run(lambda connection: shares.made(connection, user_id, share_id), user_id=user_id)

    async def of(self, user_id: str) -> Sequence[ListedShare]:
        return await self._server.run(lambda connection: shares.of(connection, user_id), user_id=user_id)

    async def open_count(self, user_id: str, now: datetime) -> int:
        return await self._server.run(lambda connection: shares.open_count(connection, user_id, now), user_id=user_id)

    async def revoke(self, user_id: str, share_id: UUID, at: datetime) -> bool:
        return await self._server.run(
            lambda connection: shares.revoke(connection, user_id, share_id, at), user_id=user_id
        )

    async def forget(self, user_id: str, before: datetime) -> int:
        return await self._server.run(lambda connection: shares.forget(connection, user_id, before), user_id=user_id)

    async def find(self, token_hash: bytes, now: datetime) -> Share | None:
        return await self._server.run(lambda connection: shares.find(connection, token_hash, now))

    async def snapshot(self, share_id: UUID) -> Snapshot | None:
        return await self._server.run(lambda connection: shares.snapshot(connection, share_id))

    async def count_views(self, views: Mapping[UUID, int], at: datetime) -> None:
        await self._server.run(lambda connection: shares.count_views(connection, views, at))
