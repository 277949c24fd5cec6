"""Keeps the search index up to date in the background, for as long as the history is open."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from thai_chat.domain.errors import HistoryError
from thai_chat.history.postgres import PostgresHistory

logger = logging.getLogger(__name__)

_PAUSE_S = 0.5
"""Between two looks at the queue; a search looks itself before it answers."""
_STEP = 100
"""Messages of one step: some tens of milliseconds."""


class Indexer:
    """`start` and `close` belong to one event loop. Any number of processes may have one."""

    def __init__(self, serving: Callable[[], PostgresHistory | None]) -> None:
        """`serving` gives the PostgreSQL that answers now, if one does."""
        self._serving = serving
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="search index")

    async def close(self) -> None:
        """A step under way is carried through or comes to nothing. Safe to call twice."""
        if self._task:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None

    async def _run(self) -> None:
        while True:
            began_s = time.monotonic()
            has_more = False
            try:
                postgres = self._serving()
                if postgres:
                    has_more = await postgres.index_noted(_STEP) or await postgres.index_old(_STEP)
            except HistoryError as error:
                logger.debug("the search index waits: %s", error)
            except Exception:  # the loop must outlive a mistake in it, or nothing new would ever be found
                logger.exception("the search index can't be brought up to date")
            # Half of the time is left to the chat.
            await asyncio.sleep(time.monotonic() - began_s if has_more else _PAUSE_S)
