"""The search in an outage: memory is looked through, and the page says so."""

from __future__ import annotations

from contextlib import suppress

from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.ports.search import MessageSearch
from thai_chat.domain.searching import NamePage, SearchPage, SearchQuery


class ResilientSearch:
    """A `MessageSearch` over the upstream's, and over memory's while that one is away."""

    def __init__(self, upstream: MessageSearch, memory: MessageSearch) -> None:
        self._upstream = upstream
        self._memory = memory

    @property
    def unindexed(self) -> int:
        return self._upstream.unindexed

    async def messages(self, query: SearchQuery) -> SearchPage:
        with suppress(HistoryUnavailable):  # a slow search is no outage; a true one is noticed by others
            return await self._upstream.messages(query)
        return await self._memory.messages(query)

    async def names(self, query: SearchQuery) -> NamePage:
        with suppress(HistoryUnavailable):
            return await self._upstream.names(query)
        return await self._memory.names(query)
