"""The history in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select, text

from thai_chat.domain.errors import HistoryUnavailable, MessageNotFound, SessionNotFound, ThaiChatError
from thai_chat.domain.messages import (
    BeginReply,
    BeginTurn,
    Checkpoint,
    FinishReply,
    Labels,
    Message,
    Preset,
    PurgeSession,
    Session,
    Turn,
    UpdateSession,
    Write,
)
from thai_chat.domain.ports.conversation import DatabaseState, HistoryState
from thai_chat.domain.reads import CURRENT_SESSIONS, SessionCursor, SessionFilter, Shelf
from thai_chat.domain.searching import IndexProgress, NamePage, SearchPage, SearchQuery
from thai_chat.history.checks import check, check_preset, check_query, check_text
from thai_chat.history.postgres import presets
from thai_chat.history.postgres.bulk.stored import PostgresStored
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.grouping import GroupedWrites
from thai_chat.history.postgres.search import indexing
from thai_chat.history.postgres.search import pages as search
from thai_chat.history.postgres.sql import listing, windows, writes
from thai_chat.history.postgres.sql.rows import MESSAGE_COLUMNS, SESSION_COLUMNS, message_of, session_of
from thai_chat.history.postgres.sql.tables import chat_messages, chat_sessions
from thai_chat.history.postgres.sql.windows import Window
from thai_chat.history.postgres.sql.writes import Begin, Outcome

Kind = TypeVar("Kind", Turn, Message, Session)

_REPLAY_TIMEOUT_S = 10.0
_PURGE_TIMEOUT_S = 20.0
_SEARCH_TIMEOUT_S = 20.0

_WRITABLE = text("SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'")


class PostgresHistory:
    """A `History`; see there for what each method promises."""

    def __init__(self, database: Database) -> None:
        """`database` is closed with this history. Its schema must be there when the first method is called."""
        self._database = database
        self._begins: GroupedWrites[Begin, Turn | ThaiChatError] = GroupedWrites(
            lambda batch: database.run(lambda c: writes.begin(c, batch))
        )
        self._finishes: GroupedWrites[FinishReply, Message | ThaiChatError] = GroupedWrites(
            lambda batch: database.run(lambda c: writes.finish_replies(c, batch))
        )

    async def begin_turn(self, write: BeginTurn, *, replay: bool = False) -> Turn:
        return await self._begin(write, replay=replay)

    async def begin_reply(self, write: BeginReply, *, replay: bool = False) -> Turn:
        return await self._begin(write, replay=replay)

    async def _begin(self, write: Begin, *, replay: bool) -> Turn:
        check(write)
        outcome = (await self.replay([write]))[0] if replay else await self._begins.submit(write)
        return _expect(Turn, outcome)

    async def checkpoint(self, writes_: Sequence[Checkpoint]) -> None:
        for write in writes_:
            check(write)
        if writes_:
            await self._database.run(lambda connection: writes.checkpoint(connection, writes_))

    async def finish_reply(self, write: FinishReply) -> Message:
        check(write)
        return _expect(Message, await self._finishes.submit(write))

    async def update_session(self, write: UpdateSession) -> Session:
        check(write)
        return _expect(Session, await self._database.run(lambda c: writes.update_session(c, write)))

    async def purge_session(self, write: PurgeSession) -> bool:
        check(write)
        return await self._database.run(lambda c: writes.purge_session(c, write), timeout_s=_PURGE_TIMEOUT_S)

    async def replay(self, writes_: Sequence[Write]) -> Sequence[Outcome]:
        """Stores writes of an earlier time, in order and in one commit; an outcome for each."""
        return await self._database.run(lambda c: writes.replay(c, writes_), timeout_s=_REPLAY_TIMEOUT_S)

    async def session(self, session_id: UUID, user_id: str) -> Session:
        check_text(user_id)
        query = select(*SESSION_COLUMNS).where(
            chat_sessions.c.session_id == session_id, chat_sessions.c.user_id == user_id
        )
        row = await self._database.run(lambda connection: connection.execute(query).first())
        if row is None:
            raise SessionNotFound()
        return session_of(row)

    async def sessions(
        self,
        user_id: str,
        *,
        limit: int,
        before: SessionCursor | None = None,
        filter: SessionFilter = CURRENT_SESSIONS,
    ) -> Sequence[Session]:
        check_text(user_id, *filter.texts)
        query = listing.query(user_id, filter, before=before, limit=limit)
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return [session_of(row) for row in rows]

    async def labels(self, user_id: str, *, shelf: Shelf = Shelf.CURRENT) -> Labels:
        check_text(user_id)
        return await self._database.run(lambda connection: listing.read_labels(connection, user_id, shelf))

    async def messages(
        self,
        session_id: UUID,
        user_id: str,
        *,
        limit: int,
        before_order: int | None = None,
        after_order: int | None = None,
    ) -> Sequence[Message]:
        check_text(user_id)
        wanted = Window(session_id=session_id, user_id=user_id, limit=limit, before=before_order, after=after_order)
        return await self._database.run(lambda connection: windows.read(connection, wanted))

    async def siblings(
        self, session_id: UUID, user_id: str, message_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[UUID]]:
        check_text(user_id)
        return await self._database.run(lambda c: windows.siblings(c, session_id, user_id, message_ids))

    async def message(self, message_id: UUID, user_id: str) -> Message:
        check_text(user_id)
        query = (
            select(*MESSAGE_COLUMNS)
            .join(chat_sessions, chat_sessions.c.session_id == chat_messages.c.session_id)
            .where(chat_messages.c.message_id == message_id, chat_sessions.c.user_id == user_id)
        )
        row = await self._database.run(lambda connection: connection.execute(query).first())
        if row is None:
            raise MessageNotFound()
        return message_of(row)

    def stored(self) -> PostgresStored:
        return PostgresStored(self._database)

    async def presets(self, user_id: str) -> Sequence[Preset]:
        check_text(user_id)
        return await self._database.run(lambda connection: presets.read(connection, user_id))

    async def save_preset(self, preset: Preset) -> Preset:
        check_preset(preset)
        return await self._database.run(lambda connection: presets.save(connection, preset))

    async def change_preset(self, preset_id: UUID, user_id: str, change: Callable[[Preset], Preset]) -> Preset:
        check_text(user_id)

        def changed(stored: Preset) -> Preset:
            preset = change(stored)
            check_preset(preset)
            return preset

        return await self._database.run(lambda connection: presets.change(connection, preset_id, user_id, changed))

    async def delete_preset(self, preset_id: UUID, user_id: str) -> None:
        check_text(user_id)
        await self._database.run(lambda connection: presets.remove(connection, preset_id, user_id))

    async def search(self, query: SearchQuery) -> SearchPage:
        check_query(query)
        return await self._database.run(lambda c: search.find_messages(c, query), timeout_s=_SEARCH_TIMEOUT_S)

    async def search_names(self, query: SearchQuery) -> NamePage:
        check_query(query)
        return await self._database.run(lambda c: search.find_names(c, query), timeout_s=_SEARCH_TIMEOUT_S)

    async def index_noted(self, limit: int) -> bool:
        """See `indexing.index_noted`; searches do some of it themselves."""
        return await self._database.run(lambda c: indexing.index_noted(c, limit=limit), timeout_s=_SEARCH_TIMEOUT_S)

    async def index_old(self, limit: int) -> bool:
        """See `indexing.index_old`."""
        return await self._database.run(lambda c: indexing.index_old(c, limit=limit), timeout_s=_SEARCH_TIMEOUT_S)

    async def unindexed(self) -> int:
        """See `indexing.unindexed`."""
        return await self._database.run(indexing.unindexed)

    async def index_progress(self) -> IndexProgress:
        return await self._database.run(indexing.progress)

    async def state(self) -> HistoryState:
        await self.ping()
        return HistoryState(database=DatabaseState.POSTGRESQL)

    async def ping(self) -> None:
        """Raises HistoryUnavailable when the server does not answer, or would not take a write."""
        if not await self._database.run(lambda connection: connection.execute(_WRITABLE).scalar()):
            raise HistoryUnavailable("this server is read-only")

    async def close(self) -> None:
        """Safe to call twice."""
        await self._begins.close()
        await self._finishes.close()
        await self._database.close()


def _expect(kind: type[Kind], outcome: Outcome) -> Kind:
    if isinstance(outcome, ThaiChatError):
        raise outcome
    if not isinstance(outcome, kind):
        raise TypeError(f"expected {kind.__name__}, got {type(outcome).__name__}")
    return outcome
