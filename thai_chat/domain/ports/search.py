"""The port of a search to the storage."""

from __future__ import annotations

from typing import Protocol

from thai_chat.domain.searching import NamePage, SearchPage, SearchQuery


class MessageSearch(Protocol):
    """Looks through what is kept. In an outage only what memory holds is looked through, and the page says so.

    Both methods raise HistoryRefused for what no stored text can contain, and HistoryUnavailable.
    """

    async def messages(self, query: SearchQuery) -> SearchPage:
        """Return a page of all messages of the user that contain all terms and no longer grow, outside the trash.

        What was stored before the call is found. From a page to the next nothing is missed or found twice.
        """

    async def names(self, query: SearchQuery) -> NamePage:
        """Return a page of the sessions whose names contain all terms, as `messages` does of messages.

        Of the filters `since`, `until` (when the session began) and `pinned` count.
        """

    @property
    def unindexed(self) -> int:
        """How many messages and names can't be found yet, as it was counted some seconds ago at the latest."""
