"""Histories opened for tests, and waiting for what they do by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from thai_chat.domain.messages import Message, Session, Status
from thai_chat.domain.ports.conversation import DatabaseState, HistoryState
from thai_chat.domain.ports.storage import Storage
from thai_chat.domain.ports.transfer import Transfer
from thai_chat.domain.reads import Answer, Read, ReadMessages
from thai_chat.domain.searching import IndexProgress, SearchPage, SearchQuery
from thai_chat.domain.writes import BeginReply, BeginTurn, Outcome, SingleWrite, Write
from thai_chat.history.checked import CheckedConversation
from thai_chat.history.memory.conversation import MemoryConversation
from thai_chat.history.memory.presets import MemoryPresets
from thai_chat.history.memory.search import MemorySearch
from thai_chat.history.memory.sessions import HeldSessions
from thai_chat.history.memory.temporary import TemporarySessions
from thai_chat.history.opening import open_history
from thai_chat.history.postgres.accounts import PostgresAccounts, PostgresSignIns
from thai_chat.history.postgres.audit import PostgresAudit
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.contexts import PostgresContexts
from thai_chat.history.postgres.conversation import PostgresConversation
from thai_chat.history.postgres.keys import PostgresKeys
from thai_chat.history.postgres.people import PostgresInvitations, PostgresPeople
from thai_chat.history.postgres.presets import PostgresPresets
from thai_chat.history.postgres.quotas import PostgresModelRules, PostgresQuotas
from thai_chat.history.postgres.search import indexing
from thai_chat.history.postgres.search.index import SearchIndex
from thai_chat.history.postgres.search.search import PostgresSearch
from thai_chat.history.postgres.serving import ServingDatabase
from thai_chat.history.postgres.shares import PostgresShares
from thai_chat.history.postgres.statistics import PostgresCounting
from thai_chat.history.postgres.transfer import PostgresTransfer
from thai_chat.history.postgres.webhooks import PostgresWebhookOutbox, PostgresWebhooks

BACK_WITHIN_S = 5.0


async def nothing_held(user_id: str) -> None:
    pass


class Stores:
    """A storage under one name: the conversation itself, and the ports beside it."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.search = storage.search
        self.presets = storage.presets
        self.statistics = storage.statistics

    def transfer(self) -> Transfer:
        return self.storage.transfer()

    async def write(self, write: Write[Outcome]) -> Outcome:
        return await self.storage.conversation.write(write)

    async def read(self, read: Read[Answer]) -> Answer:
        return await self.storage.conversation.read(read)

    async def state(self) -> HistoryState:
        return await self.storage.conversation.state()

    async def leave(self, write: BeginTurn | BeginReply) -> None:
        """Begin a reply whose process dies at once: its last sign of life is as old as the write."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close the stores. Safe to call twice."""


class MemoryStores(Stores):
    def __init__(self, **limits: Any) -> None:
        self._held = HeldSessions(**limits)
        nobody = ServingDatabase(None)
        sessions = TemporarySessions(CheckedConversation(MemoryConversation(self._held)))
        super().__init__(
            Storage(
                conversation=sessions,
                forget_person=nothing_held,
                is_temporary=sessions.is_temporary,
                search=MemorySearch(self._held),
                presets=MemoryPresets(),
                statistics=PostgresCounting(nobody),
                accounts=PostgresAccounts(nobody),
                sign_ins=PostgresSignIns(nobody),
                keys=PostgresKeys(nobody),
                audit=PostgresAudit(nobody),
                invitations=PostgresInvitations(nobody),
                people=PostgresPeople(nobody),
                quotas=PostgresQuotas(nobody),
                model_rules=PostgresModelRules(nobody),
                shares=PostgresShares(nobody),
                webhooks=PostgresWebhooks(nobody),
                webhook_outbox=PostgresWebhookOutbox(nobody.now),
                contexts=PostgresContexts(nobody),
                transfer=lambda: PostgresTransfer(nobody.require()),
            )
        )

    async def leave(self, write: BeginTurn | BeginReply) -> None:
        await self.write(write)
        grow_cold(self._held, write)

    def remember(self, known: Session | Message) -> None:
        """Hold a session or a message as it would come from another store."""
        if isinstance(known, Session):
            self._held.remember(known)
        else:
            self._held.put_read(known.session_id, (known,))


class PostgresStores(Stores):
    """The stores as they really are in PostgreSQL, asked without anything between."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._upstream = PostgresConversation(database)
        self.index = SearchIndex(database)
        super().__init__(
            Storage(
                conversation=CheckedConversation(self._upstream),
                forget_person=nothing_held,
                is_temporary=lambda session_id: False,
                search=PostgresSearch(database),
                presets=PostgresPresets(database),
                statistics=PostgresCounting(database),
                accounts=PostgresAccounts(database),
                sign_ins=PostgresSignIns(database),
                keys=PostgresKeys(database),
                audit=PostgresAudit(database),
                invitations=PostgresInvitations(database),
                people=PostgresPeople(database),
                quotas=PostgresQuotas(database),
                model_rules=PostgresModelRules(database),
                shares=PostgresShares(database),
                webhooks=PostgresWebhooks(database),
                webhook_outbox=PostgresWebhookOutbox(lambda: database),
                contexts=PostgresContexts(database),
                transfer=lambda: PostgresTransfer(database),
            )
        )

    async def apply(self, writes: Sequence[SingleWrite]) -> Sequence[object]:
        return await self._upstream.apply(writes)

    async def leave(self, write: BeginTurn | BeginReply) -> None:
        await self.apply([write])

    async def ping(self) -> None:
        await self._upstream.ping()

    async def index_progress(self) -> IndexProgress:
        return await self.database.run(indexing.progress)

    async def close(self) -> None:
        await self._upstream.close()


class OpenStores(Stores):
    """The stores that a process has."""

    def __init__(self, address: str | Callable[[], str] | None, folder: Path) -> None:
        self._history = open_history(address=address, folder=folder)
        self._address = address
        super().__init__(self._history.storage)

    async def start(self) -> None:
        await self._history.start()

    async def leave(self, write: BeginTurn | BeginReply) -> None:
        if (await self.state()).database is DatabaseState.MEMORY:
            await self.write(write)
            grow_cold(self._history._conversation._memory._held, write)
        else:
            async with straight(str(self._address)) as other:
                await other.leave(write)

    async def close(self) -> None:
        await self._history.close()


def grow_cold(held: HeldSessions, write: BeginTurn | BeginReply) -> None:
    session = held.get(write.session_id)
    assert session
    session.alive_at[write.reply_id] = write.at


@asynccontextmanager
async def opened(address: str | Callable[[], str] | None, folder: Path) -> AsyncIterator[OpenStores]:
    history = OpenStores(address, folder)
    await history.start()
    try:
        yield history
    finally:
        await history.close()


@asynccontextmanager
async def straight(address: str) -> AsyncIterator[PostgresStores]:
    history = PostgresStores(Database(address))
    try:
        yield history
    finally:
        await history.close()


async def is_away(history: OpenStores) -> bool:
    return (await history.state()).database is DatabaseState.MEMORY


async def until(state: Callable[[], Awaitable[bool]], within_s: float = BACK_WITHIN_S) -> None:
    async with asyncio.timeout(within_s):
        while not await state():  # noqa: ASYNC110 - what is waited for is in another process
            await asyncio.sleep(0.02)


async def searched(history: Stores, query: SearchQuery) -> SearchPage:
    """Return a page with all in it that was said until now, also where somebody else was at a part of it."""
    while True:
        page = await history.search.messages(query)
        if not page.unindexed:
            return page


async def is_stored(history: OpenStores) -> bool:
    state = await history.state()
    return state.database is DatabaseState.POSTGRESQL and state.waiting_turns == 0


async def stored(address: str, session_id: UUID, user: str) -> list[tuple[int, Status, str]]:
    async with straight(address) as history:
        found = await history.read(ReadMessages(session_id, user, limit=100_000))
        return [(message.message_order, message.status, message.content) for message in found]
