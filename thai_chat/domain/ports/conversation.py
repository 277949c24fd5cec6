"""What the core asks of a history store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

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
)
from thai_chat.domain.reads import CURRENT_SESSIONS, SessionCursor, SessionFilter, Shelf
from thai_chat.domain.searching import NamePage, SearchPage, SearchQuery
from thai_chat.domain.statistics import Counting
from thai_chat.domain.transfer import Transfer


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
    unindexed: int = 0
    """Messages and names that a search can't find yet, some seconds ago at the latest."""


class Stored(Transfer, Counting, Protocol):
    """What PostgreSQL keeps, as a whole."""


class History(Protocol):
    """Keeps sessions and messages. Every call carries the owner; somebody else's session is SessionNotFound.

    All methods raise HistoryUnavailable when the store can't be reached. Writes may be repeated without harm.
    """

    async def begin_turn(self, write: BeginTurn, *, replay: bool = False) -> Turn:
        """Commits question and reply row, and returns them as stored.

        A known idempotency key returns the earlier turn (`repeated`). Raises ReplyRunning while the session's last
        reply still grows (not when `replay`, which settles it as interrupted), SessionNotFound for another owner's
        session, MessageNotFound for a parent that is not in it, HistoryRefused. A session in the trash comes out of it.
        """

    async def begin_reply(self, write: BeginReply, *, replay: bool = False) -> Turn:
        """Commits one more reply to a stored question, and returns both as stored; the session shows it from now on.

        A known idempotency key returns the earlier turn or reply (`repeated`). Raises as `begin_turn` does, and
        MessageNotFound where the question is no user's message of that session.
        """

    async def checkpoint(self, writes: Sequence[Checkpoint]) -> None:
        """All in one go. A reply that is no longer streaming is left alone."""

    async def finish_reply(self, write: FinishReply) -> Message:
        """The message as stored; the first finish of a reply wins, also over "interrupted". Raises MessageNotFound."""

    async def update_session(self, write: UpdateSession) -> Session:
        """The session as stored. Raises SessionNotFound, and MessageNotFound for a `leaf_id` that is not in it."""

    async def purge_session(self, write: PurgeSession) -> bool:
        """True when it was deleted by this. Nothing happens to somebody else's session, or when there is none."""

    async def session(self, session_id: UUID, user_id: str) -> Session: ...

    async def sessions(
        self,
        user_id: str,
        *,
        limit: int,
        before: SessionCursor | None = None,
        filter: SessionFilter = CURRENT_SESSIONS,
    ) -> Sequence[Session]:
        """Newest first by `updated_at`, on every shelf."""

    async def labels(self, user_id: str, *, shelf: Shelf = Shelf.CURRENT) -> Labels:
        """Of the sessions on that shelf."""

    async def messages(
        self,
        session_id: UUID,
        user_id: str,
        *,
        limit: int,
        before_order: int | None = None,
        after_order: int | None = None,
    ) -> Sequence[Message]:
        """The last `limit` messages of the shown branch (below `before_order`), oldest first; with `after_order` the
        first ones above it. Those of a session in the trash are there too.

        A streaming reply whose checkpoints have stopped (`STALE_AFTER`) comes as interrupted.
        """

    async def siblings(
        self, session_id: UUID, user_id: str, message_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[UUID]]:
        """For those of the messages that have siblings (the same parent, or none): all of them, itself included, in the
        order of arrival. Messages of other sessions are left out."""

    async def message(self, message_id: UUID, user_id: str) -> Message: ...

    def stored(self) -> Stored:
        """For work over much of what is stored. Raises HistoryUnavailable while PostgreSQL does not serve: a part of
        it would be taken for the whole."""

    async def presets(self, user_id: str) -> Sequence[Preset]:
        """The user's own and those that others share, by name."""

    async def save_preset(self, preset: Preset) -> Preset:
        """Makes it, or replaces the one with its id; as a default it takes the place of its model's earlier one.

        Not kept for later while the store can't be reached. Raises PresetNotFound for somebody else's id.
        """

    async def change_preset(self, preset_id: UUID, user_id: str, change: Callable[[Preset], Preset]) -> Preset:
        """Replaces the user's preset by what `change` makes of it as it is stored; nobody else's change or deletion
        comes in between. As `save_preset` for all else; raises PresetNotFound when there is none of the user's.

        `change` may be called twice, and in another thread.
        """

    async def delete_preset(self, preset_id: UUID, user_id: str) -> None:
        """Raises PresetNotFound."""

    async def search(self, query: SearchQuery) -> SearchPage:
        """Every message of the user that contains all terms and no longer grows, outside the trash; what was stored
        before the call is found. From a page to the next nothing is missed or found twice."""

    async def search_names(self, query: SearchQuery) -> NamePage:
        """The same of sessions by their names. Of the filters `since`, `until` (when it began) and `pinned` count."""

    async def state(self) -> HistoryState: ...

    async def close(self) -> None: ...
