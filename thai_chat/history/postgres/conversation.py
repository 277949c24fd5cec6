"""The conversation in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlalchemy import text

from thai_chat.domain.errors import HistoryUnavailable, ThaiChatError
from thai_chat.domain.messages import Message, Turn
from thai_chat.domain.ports.conversation import DatabaseState, HistoryState
from thai_chat.domain.reads import Answer, Read, ReadOwner
from thai_chat.domain.writes import (
    AddMessage,
    BeginReply,
    BeginTurn,
    Checkpoints,
    CreateSession,
    DeleteMessage,
    FinishReply,
    Outcome,
    PreferReply,
    PurgeMessage,
    PurgeSession,
    RateReply,
    ResetSession,
    SingleWrite,
    UpdateSession,
    Write,
)
from thai_chat.history.postgres.connections import Database
from thai_chat.history.postgres.grouping import GroupedWrites
from thai_chat.history.postgres.sql import reading, writes
from thai_chat.history.postgres.sql.requests import NOBODY
from thai_chat.history.postgres.sql.writes import Begin, Stored

_APPLY_TIMEOUT_S = 10.0
_PURGE_TIMEOUT_S = 20.0

_WRITABLE = text("SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'")


class PostgresConversation:
    """A `Conversation`, and what the outage code has as its upstream."""

    def __init__(self, database: Database) -> None:
        """Take the database, which is closed with this. Its schema must be there when the first method is called."""
        self.database = database
        self._begins: GroupedWrites[Begin, Turn | ThaiChatError] = GroupedWrites(
            lambda batch: database.run(lambda c: writes.begin(c, batch), user_id=NOBODY)
        )
        self._finishes: GroupedWrites[FinishReply, Message | ThaiChatError] = GroupedWrites(
            lambda batch: database.run(lambda c: writes.finish_replies(c, batch))
        )

    async def write(self, write: Write[Outcome]) -> Outcome:
        outcome: object = None
        match write:
            case BeginTurn() | BeginReply():
                outcome = await self._begins.submit(write)
            case FinishReply():
                outcome = await self._finishes.submit(write)
            case Checkpoints():
                if write.checkpoints:
                    await self.database.run(lambda c: writes.checkpoint(c, write.checkpoints))
            case CreateSession() | AddMessage():
                outcome = await self.database.run(lambda c: writes.add(c, write), user_id=write.user_id)
            case UpdateSession() | ResetSession():
                outcome = await self.database.run(lambda c: writes.change_session(c, write), user_id=write.user_id)
            case PurgeSession():
                outcome = await self.database.run(
                    lambda c: writes.purge_session(c, write), timeout_s=_PURGE_TIMEOUT_S, user_id=write.user_id
                )
            case RateReply() | PreferReply() | DeleteMessage() | PurgeMessage():
                outcome = await self.database.run(lambda c: writes.mark_message(c, write), user_id=write.user_id)
            case _:
                raise TypeError(f"no store takes a {type(write).__name__}")
        if isinstance(outcome, ThaiChatError):
            raise outcome
        return cast("Outcome", outcome)

    async def read(self, read: Read[Answer]) -> Answer:
        user_id = None if isinstance(read, ReadOwner) else read.user_id
        return await self.database.run(lambda connection: reading.answer(connection, read), user_id=user_id)

    async def apply(self, writes_: Sequence[SingleWrite]) -> Sequence[Stored]:
        """Store writes of an earlier time, in order and in one commit, and return an outcome for each."""
        return await self.database.run(lambda c: writes.apply(c, writes_), timeout_s=_APPLY_TIMEOUT_S)

    async def state(self) -> HistoryState:
        """Return the state. Raises HistoryUnavailable as `ping` does."""
        await self.ping()
        return HistoryState(database=DatabaseState.POSTGRESQL)

    async def ping(self) -> None:
        """Raise HistoryUnavailable when the server does not answer, or would not take a write."""
        if not await self.database.run(lambda connection: connection.execute(_WRITABLE).scalar()):
            raise HistoryUnavailable("this server is read-only")

    async def close(self) -> None:
        """Store what was submitted and close the database. Safe to call twice."""
        await self._begins.close()
        await self._finishes.close()
        await self.database.close()
