"""Keeps the search index up to date in the background, for as long as the process runs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from thai_chat.domain.errors import HistoryError
from thai_chat.history.postgres.search.index import SearchIndex
from thai_chat.history.postgres.server import Server

logger = logging.getLogger(__name__)

_PAUSE_S = 0.5
"""Between two looks at the queue; a search looks itself before it answers."""
_STEP = 100
"""Messages of one step: some tens of milliseconds."""
_COUNTED_S = 2.0
"""Between two counts of what is left."""
QUIET_S = 3.0
"""The time without a call for a person after which nobody chats: a reply that grows is stored twice a second."""


class Indexer:
    """`start` and `close` belong to one event loop. Any number of processes may have one."""

    def __init__(self, serving: Callable[[], Server | None], *, unused_s: Callable[[], float]) -> None:
        """Use the PostgreSQL that `serving` returns, None while none answers.

        `unused_s` returns for how many seconds nobody has asked it for anything.
        """
        self._serving = serving
        self._unused_s = unused_s
        self._task: asyncio.Task[None] | None = None
        self._counted_at_s = 0.0
        self.unindexed = 0
        """Messages and names that a search can't find yet, when they were last counted."""

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="search index")

    async def close(self) -> None:
        """Stop indexing; a step under way is carried through or comes to nothing. Safe to call twice."""
        if self._task:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None

    async def _run(self) -> None:
        while True:
            began_s = time.monotonic()
            has_more = False
            try:
                server = self._serving()
                if server is None:
                    self.unindexed = 0  # nobody knows, and nothing of it is searched
                else:
                    index = SearchIndex(server)
                    has_more = await index.index_noted(_STEP) or await index.index_old(_STEP)
                    await self._count(index)
            except HistoryError as error:
                logger.debug("the search index waits: %s", error)
            except Exception:  # the loop must outlive a mistake in it, or nothing new would ever be found
                logger.exception("the search index can't be brought up to date")
            worked_s = time.monotonic() - began_s
            await asyncio.sleep(pause_s(worked_s, unused_s=self._unused_s()) if has_more else _PAUSE_S)

    async def _count(self, index: SearchIndex) -> None:
        if time.monotonic() - self._counted_at_s >= _COUNTED_S:
            self.unindexed = await index.unindexed()
            self._counted_at_s = time.monotonic()


def pause_s(worked_s: float, *, unused_s: float) -> float:
    """Return how long to rest after a step: half of the time is left to the chat, and none where nobody chats."""
    return 0.0 if unused_s >= QUIET_S else worked_s
