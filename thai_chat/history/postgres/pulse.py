"""Whether a server that lets a call wait is alive: asked beside the call, on a connection of its own."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Protocol

from sqlalchemy import Connection, text

from thai_chat.domain.errors import HistoryError

logger = logging.getLogger(__name__)

# A commit with something in it: a server that reads, but whose disk or synchronous standby is gone, does not answer it.
_COMMIT = text("SELECT pg_logical_emit_message(true, 'thai-chat', '')")


class PulsedServer(Protocol):
    """The part of `Database` that this module needs."""

    async def run(self, work: Callable[[Connection], None], /) -> None: ...

    async def close(self) -> None: ...


class Pulse:
    """A look beside the calls at whether the server lives. Belongs to one event loop; at most one is under way at a
    time."""

    def __init__(self, connect: Callable[[], PulsedServer]) -> None:
        """Take the function that makes the way to the server, when it is first needed."""
        self._connect = connect
        self._server: PulsedServer | None = None
        self._asking: asyncio.Task[None] | None = None
        self._felt_at_s = 0.0
        self._is_closed = False

    def feel(self) -> None:
        """Ask the server for a sign of life, without waiting for it."""
        if not self._is_closed and (self._asking is None or self._asking.done()):
            self._asking = asyncio.create_task(self._ask(), name="pulse of PostgreSQL")

    def was_felt_since(self, moment_s: float) -> bool:
        """Return whether the server has committed something since then, by the clock of `time.monotonic`."""
        return self._felt_at_s >= moment_s

    async def close(self) -> None:
        """Stop asking and close the way to the server. Safe to call twice."""
        self._is_closed = True
        if self._asking:
            self._asking.cancel()
            await asyncio.wait((self._asking,))
        if self._server:
            await self._server.close()

    async def _ask(self) -> None:
        self._server = self._server or self._connect()
        try:
            await self._server.run(_commit)
        except HistoryError as error:
            logger.debug("PostgreSQL gives no sign of life: %s", error)
        else:
            self._felt_at_s = time.monotonic()


def _commit(connection: Connection) -> None:
    connection.execute(_COMMIT)
