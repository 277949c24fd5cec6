"""The history in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection, select, text, tuple_

from thai_chat.domain.errors import HistoryUnavailable, MessageNotFound, SessionNotFound, ThaiChatError
from thai_chat.domain.messages import (
    BeginTurn,
    Checkpoint,
    FinishReply,
    Message,
    Session,
    Statistics,
    Turn,
    UpdateSession,
    Write,
)
from thai_chat.domain.ports import DatabaseState, HistoryState, SessionCursor
from thai_chat.history import statistics, writes
from thai_chat.history.connections import Database
from thai_chat.history.grouping import GroupedWrites
from thai_chat.history.records import check, check_text
from thai_chat.history.rows import MESSAGE_COLUMNS, MESSAGE_SQL, SESSION_COLUMNS, message_of, session_of
from thai_chat.history.tables import chat_messages, chat_sessions
from thai_chat.history.writes import Outcome

Kind = TypeVar("Kind", Turn, Message, Session)

_MAX_ORDER = 2**31 - 1
_STATISTICS_TIMEOUT_S = 20.0
_REPLAY_TIMEOUT_S = 10.0

# As long as a session has no branches its shown branch is a range of message_order.
_RANGE = f"""
SELECT s.has_branches, s.leaf_id, m.* FROM chat_sessions s LEFT JOIN LATERAL (
    SELECT {MESSAGE_SQL} FROM chat_messages m
    WHERE m.session_id = s.session_id AND NOT s.has_branches AND m.message_order < %(before)s
        AND m.message_order <= (SELECT leaf.message_order FROM chat_messages leaf WHERE leaf.message_id = s.leaf_id)
    ORDER BY m.message_order DESC LIMIT %(limit)s
) m ON true
WHERE s.session_id = %(session_id)s AND s.user_id = %(user_id)s"""

# Otherwise it is a walk from the leaf, from parent to parent, that stops when enough were taken.
_WALK = f"""
WITH RECURSIVE m AS (
    SELECT leaf.*, (leaf.message_order < %(before)s)::int AS taken
    FROM chat_messages leaf WHERE leaf.message_id = %(leaf_id)s
    UNION ALL
    SELECT parent.*, m.taken + (parent.message_order < %(before)s)::int
    FROM m JOIN chat_messages parent ON parent.message_id = m.parent_id WHERE m.taken < %(limit)s
)
SELECT {MESSAGE_SQL} FROM m WHERE m.message_order < %(before)s ORDER BY m.message_order DESC"""

_WRITABLE = text("SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'")


class PostgresHistory:
    """A `History`; see there for what each method promises."""

    def __init__(self, database: Database) -> None:
        """`database` is closed with this history. Its schema must be there when the first method is called."""
        self._database = database
        self._begins: GroupedWrites[BeginTurn, Turn | ThaiChatError] = GroupedWrites(
            lambda batch: database.run(lambda c: writes.begin_turns(c, batch))
        )
        self._finishes: GroupedWrites[FinishReply, Message | ThaiChatError] = GroupedWrites(
            lambda batch: database.run(lambda c: writes.finish_replies(c, batch))
        )

    async def begin_turn(self, write: BeginTurn, *, replay: bool = False) -> Turn:
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
        self, user_id: str, *, limit: int, before: SessionCursor | None = None, name_contains: str = ""
    ) -> Sequence[Session]:
        check_text(user_id, name_contains)
        columns = chat_sessions.c
        query = select(*SESSION_COLUMNS).where(
            columns.user_id == user_id, columns.archived_at.is_(None), columns.deleted_at.is_(None)
        )
        if name_contains:
            query = query.where(columns.session_name.icontains(name_contains, autoescape=True))
        if before:
            query = query.where(
                tuple_(columns.updated_at, columns.session_id) < tuple_(before.updated_at, before.session_id)
            )
        query = query.order_by(columns.updated_at.desc(), columns.session_id.desc()).limit(limit)
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return [session_of(row) for row in rows]

    async def messages(
        self, session_id: UUID, user_id: str, *, limit: int, before_order: int | None = None
    ) -> Sequence[Message]:
        check_text(user_id)
        before = _MAX_ORDER if before_order is None else min(before_order, _MAX_ORDER)
        place = {"session_id": session_id, "user_id": user_id, "limit": limit, "before": before}
        return await self._database.run(lambda connection: _window(connection, place))

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

    async def statistics(self, user_id: str, *, timezone: str, days: int, now: datetime) -> Statistics:
        check_text(user_id)
        span = statistics.span_of(timezone=timezone, days=days, now=now)
        return await self._database.run(
            lambda connection: statistics.read(connection, user_id, span), timeout_s=_STATISTICS_TIMEOUT_S
        )

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


def _window(connection: Connection, place: dict[str, object]) -> Sequence[Message]:
    # Straight from the driver: SQLAlchemy's rows would cost as much as the query.
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        cursor.execute(_RANGE, place)
        rows = cursor.fetchall()
        if not rows:
            raise SessionNotFound()
        has_branches, leaf_id = rows[0][:2]
        if not has_branches:
            return [message_of(row[2:]) for row in reversed(rows) if row[2] is not None]
        cursor.execute(_WALK, {**place, "leaf_id": leaf_id})
        return [message_of(row) for row in reversed(cursor.fetchall())]


def _expect(kind: type[Kind], outcome: Outcome) -> Kind:
    if isinstance(outcome, ThaiChatError):
        raise outcome
    if not isinstance(outcome, kind):
        raise TypeError(f"expected {kind.__name__}, got {type(outcome).__name__}")
    return outcome
