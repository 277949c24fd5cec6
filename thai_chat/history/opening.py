"""Builds the storage of a process from an address and a folder."""

from __future__ import annotations

from pathlib import Path

from thai_chat.domain.ports.storage import Storage
from thai_chat.history.checked import CheckedConversation
from thai_chat.history.memory.conversation import MemoryConversation
from thai_chat.history.memory.presets import MemoryPresets
from thai_chat.history.memory.search import MemorySearch
from thai_chat.history.memory.sessions import MAX_BYTES, HeldSessions
from thai_chat.history.memory.temporary import TemporarySessions
from thai_chat.history.outage.outbox import Outbox
from thai_chat.history.outage.primary import Primary
from thai_chat.history.outage.resilient import ResilientConversation
from thai_chat.history.outage.search import ResilientSearch
from thai_chat.history.postgres.accounts import PostgresAccounts, PostgresSignIns
from thai_chat.history.postgres.audit import PostgresAudit
from thai_chat.history.postgres.connections import POOL_SIZE, TIMEOUT_S
from thai_chat.history.postgres.connector import Address, PostgresConnector
from thai_chat.history.postgres.contexts import PostgresContexts
from thai_chat.history.postgres.conversation import PostgresConversation
from thai_chat.history.postgres.keys import PostgresKeys
from thai_chat.history.postgres.people import PostgresInvitations, PostgresPeople
from thai_chat.history.postgres.presets import PostgresPresets
from thai_chat.history.postgres.quotas import PostgresModelRules, PostgresQuotas
from thai_chat.history.postgres.search.indexer import Indexer
from thai_chat.history.postgres.search.search import PostgresSearch
from thai_chat.history.postgres.serving import ServingDatabase, WatchedDatabase
from thai_chat.history.postgres.shares import PostgresShares
from thai_chat.history.postgres.statistics import PostgresCounting
from thai_chat.history.postgres.transfer import PostgresTransfer
from thai_chat.history.postgres.webhooks import PostgresWebhookOutbox, PostgresWebhooks


class OpenHistory:
    """The storage of a process. `start` it before use and `close` it after; both belong to one event loop."""

    def __init__(
        self, storage: Storage, conversation: ResilientConversation[PostgresConversation], indexer: Indexer | None
    ) -> None:
        self.storage = storage
        self._conversation = conversation
        self._indexer = indexer

    async def start(self) -> None:
        """Return with PostgreSQL serving, or with memory serving while the background goes on trying.

        Raises StartError when the database can never be used as it is.
        """
        await self._conversation.start()
        if self._indexer:
            self._indexer.start()

    async def close(self) -> None:
        """Close all; what PostgreSQL does not have yet stays in the journal. Safe to call twice."""
        if self._indexer:
            await self._indexer.close()
        await self._conversation.close()


def open_history(
    *,
    address: Address | None,
    folder: Path,
    pool_size: int = POOL_SIZE,
    timeout_s: float = TIMEOUT_S,
    memory_bytes: int = MAX_BYTES,
) -> OpenHistory:
    """Return the storage; nothing is touched before its `start`. `folder` gets the journal of outages and what
    PostgreSQL refused.

    Without an address memory serves, and the journal keeps all for a process that has one.
    """
    outbox = Outbox(folder)
    held = HeldSessions(max_bytes=memory_bytes, is_needed=outbox.holds)
    connector = PostgresConnector(address, pool_size=pool_size, timeout_s=timeout_s) if address else None
    primary = Primary(outbox, connector) if connector else None
    conversation = ResilientConversation(memory=MemoryConversation(held), outbox=outbox, primary=primary)
    serving = ServingDatabase(primary)
    indexer = Indexer(serving.now, unused_s=lambda: primary.unused_s) if primary else None
    search = PostgresSearch(serving, unindexed=lambda: indexer.unindexed if indexer else 0)
    sessions = TemporarySessions(CheckedConversation(conversation))
    server = WatchedDatabase(primary)

    async def forget_person(user_id: str) -> None:
        sessions.forget_person(user_id)
        await conversation.forget_person(user_id)

    storage = Storage(
        conversation=sessions,
        forget_person=forget_person,
        is_temporary=sessions.is_temporary,
        search=ResilientSearch(search, MemorySearch(held)),
        presets=PostgresPresets(server) if primary else MemoryPresets(),
        accounts=PostgresAccounts(server),
        sign_ins=PostgresSignIns(server),
        keys=PostgresKeys(server),
        audit=PostgresAudit(server),
        invitations=PostgresInvitations(server),
        people=PostgresPeople(serving),
        quotas=PostgresQuotas(server),
        model_rules=PostgresModelRules(server),
        shares=PostgresShares(server),
        webhooks=PostgresWebhooks(server),
        webhook_outbox=PostgresWebhookOutbox(serving.now),
        contexts=PostgresContexts(server),
        statistics=PostgresCounting(serving),
        transfer=lambda: PostgresTransfer(serving.require()),
    )
    return OpenHistory(storage, conversation, indexer)
