"""Lets writes that arrive at the same time share a commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from thai_chat.domain.errors import HistoryUnavailable

Write = TypeVar("Write")
Outcome = TypeVar("Outcome")

_LIMIT = 200


class GroupedWrites(Generic[Write, Outcome]):
    """One commit at a time; what comes meanwhile goes with the next. A write alone goes at once."""

    def __init__(self, commit: Callable[[Sequence[Write]], Awaitable[Sequence[Outcome]]]) -> None:
        """Take the function that commits a batch and gives one outcome for each write, in order."""
        self._commit = commit
        self._waiting: list[tuple[Write, asyncio.Future[Outcome]]] = []
        self._flight: asyncio.Task[None] | None = None

    async def submit(self, write: Write) -> Outcome:
        """Commit a write together with others. Raises what `commit` raises.

        Cancelling the caller does not take the write back.
        """
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((write, future))
        if self._flight is None:
            self._flight = asyncio.create_task(self._fly(), name="grouped writes")
        return await future

    async def close(self) -> None:
        """Wait for all that was submitted."""
        if self._flight:
            await asyncio.wait((self._flight,))

    async def _fly(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_LIMIT], self._waiting[_LIMIT:]
                await self._commit_batch(batch)
        finally:
            self._flight = None

    async def _commit_batch(self, batch: Sequence[tuple[Write, asyncio.Future[Outcome]]]) -> None:
        try:
            outcomes = await self._commit([write for write, _ in batch])
        except BaseException as error:
            # Whatever it is, it belongs to those who wait for the batch.
            if isinstance(error, HistoryUnavailable):
                # The writes behind have waited for the same server; it must not cost them a time-out of their own.
                batch, self._waiting = [*batch, *self._waiting], []
            for _, future in batch:
                if not future.done():
                    _fail(future, error)
            if not isinstance(error, Exception):
                raise
        else:
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                if not future.done():
                    future.set_result(outcome)


def _fail(future: asyncio.Future[Outcome], error: BaseException) -> None:
    if isinstance(error, asyncio.CancelledError):
        future.cancel()
    else:
        future.set_exception(error)
