"""Histories opened for tests, and waiting for what they do by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from thai_chat.domain.messages import Status
from thai_chat.domain.ports.conversation import DatabaseState
from thai_chat.history.opening import open_history
from thai_chat.history.outage.resilient import ResilientHistory
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.conversation import PostgresHistory

BACK_WITHIN_S = 5.0


@asynccontextmanager
async def opened(address: str | Callable[[], str] | None, folder: Path) -> AsyncIterator[ResilientHistory]:
    history = open_history(address=address, folder=folder)
    await history.start()
    try:
        yield history
    finally:
        await history.close()


@asynccontextmanager
async def straight(address: str) -> AsyncIterator[PostgresHistory]:
    """What is really in PostgreSQL, asked without anything between."""
    history = PostgresHistory(Database(address))
    try:
        yield history
    finally:
        await history.close()


async def until(state: Callable[[], Awaitable[bool]], within_s: float = BACK_WITHIN_S) -> None:
    async with asyncio.timeout(within_s):
        while not await state():  # noqa: ASYNC110 - what is waited for is in another process
            await asyncio.sleep(0.02)


async def is_stored(history: ResilientHistory) -> bool:
    state = await history.state()
    return state.database is DatabaseState.POSTGRESQL and state.waiting_turns == 0


async def stored(address: str, session_id: UUID, user: str) -> list[tuple[int, Status, str]]:
    async with straight(address) as history:
        found = await history.messages(session_id, user, limit=100_000)
        return [(message.message_order, message.status, message.content) for message in found]
