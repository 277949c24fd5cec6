"""The search index of one PostgreSQL, as it is brought up to date in steps."""

from __future__ import annotations

from thai_chat.history.postgres.search import indexing
from thai_chat.history.postgres.server import Server

_TIMEOUT_S = 20.0


class SearchIndex:
    """All methods raise HistoryUnavailable. Any number of processes may bring one index up to date."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def index_noted(self, limit: int) -> bool:
        """Index what the queue notes, as `indexing.index_noted` does; searches do some of it themselves."""
        return await self._server.run(lambda c: indexing.index_noted(c, limit=limit), timeout_s=_TIMEOUT_S)

    async def index_old(self, limit: int) -> bool:
        """Index old messages, as `indexing.index_old` does."""
        return await self._server.run(lambda c: indexing.index_old(c, limit=limit), timeout_s=_TIMEOUT_S)

    async def unindexed(self) -> int:
        """Return how many messages and names are not indexed, as `indexing.unindexed` does."""
        return await self._server.run(indexing.unindexed)
