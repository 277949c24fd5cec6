"""The port of a chat to its storage, which serves at every moment, also while PostgreSQL is away."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from thai_chat.domain.reads import Answer, Read
from thai_chat.domain.writes import Outcome, Write


class DatabaseState(StrEnum):
    POSTGRESQL = "postgresql"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryState:
    database: DatabaseState
    waiting_turns: int = 0
    """Turns that are not in PostgreSQL yet."""
    journal: bool = True
    """False when what waits is in memory only, because no journal can be written."""
    refused_writes: int = 0
    """Writes that PostgreSQL refused for their content and that were set aside."""


class Conversation(Protocol):
    """Keeps sessions and messages: what goes on in an outage, and therefore small.

    Every write and read carries the owner; somebody else's session is SessionNotFound. Both methods raise
    HistoryRefused for what no store can keep, and HistoryUnavailable when it can't be answered now.
    """

    async def write(self, write: Write[Outcome]) -> Outcome:
        """Return what the write says it is answered with, once it is kept. May be repeated without harm.

        BeginTurn and BeginReply commit the row of the reply, the first with its question. A known idempotency key gives
        the earlier turn or reply (`repeated`). They raise ReplyRunning while the session's last reply, or one
        beside it, still grows (a reply that is to grow beside those only when MOST_BESIDE grow there),
        SessionNotFound for another owner's session, and MessageNotFound for a parent that is not in it, or is no
        user's message where a reply is to answer it. A session in the trash comes out of it.
        FinishReply raises MessageNotFound; UpdateSession raises SessionNotFound, and MessageNotFound for a `leaf_id`
        that is not in the session.
        """

    async def read(self, read: Read[Answer]) -> Answer:
        """Return what was asked for; each kind of read (`thai_chat.domain.reads`) says what it raises."""

    async def state(self) -> HistoryState:
        """Return who serves now, and what waits."""
