"""The search in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable

from thai_chat.domain.searching import NamePage, SearchPage, SearchQuery
from thai_chat.history.checks import check_query
from thai_chat.history.postgres.search import pages
from thai_chat.history.postgres.server import Server

_TIMEOUT_S = 20.0


class PostgresSearch:
    """A `MessageSearch`."""

    def __init__(self, server: Server, *, unindexed: Callable[[], int] = lambda: 0) -> None:
        """Take the server. `unindexed` returns how many messages and names a search can't find yet, as far as is
        known."""
        self._server = server
        self._unindexed = unindexed

    @property
    def unindexed(self) -> int:
        return self._unindexed()

    async def messages(self, query: SearchQuery) -> SearchPage:
        check_query(query)
        return await self._server.run(
            lambda c: pages.search_messages(c, query), timeout_s=_TIMEOUT_S, user_id=query.user_id
        )

    async def names(self, query: SearchQuery) -> NamePage:
        check_query(query)
        return await self._server.run(
            lambda c: pages.search_names(c, query), timeout_s=_TIMEOUT_S, user_id=query.user_id
        )
