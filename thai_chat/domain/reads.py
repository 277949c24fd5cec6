"""The reads of a chat, as values, each with the type of its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from enum import StrEnum
from types import DynamicClassAttribute
from typing import Generic, TypeVar
from uuid import UUID

from thai_chat.domain.labels import Labels
from thai_chat.domain.messages import Message, Role, Session

Answer = TypeVar("Answer")


class Read(Generic[Answer]):
    """A question to what is kept, as a value; a store answers it with an `Answer`."""

    __slots__ = ()

    user_id: str
    """Who asks: what belongs to somebody else is not found."""

    # A dataclass would take a plain property for the default of the field that replaces it.
    @DynamicClassAttribute
    def session_id(self) -> UUID | None:
        """Return the session that is read; None when it is not one alone. A read that has one replaces this."""
        return None

    @property
    def texts(self) -> Sequence[str]:
        """Return the texts that are compared with what is stored."""
        return (self.user_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCursor:
    """Where a page of sessions ended: the next one starts below it, newest first."""

    at: datetime
    """The last session's time by which the list is ordered."""
    session_id: UUID


class SessionOrder(StrEnum):
    """The time by which a list of sessions is ordered, newest first."""

    UPDATED = "updated"
    """When somebody last asked."""
    CREATED = "created"
    """Never changes: a session that is asked in does not move while somebody pages."""


class Shelf(StrEnum):
    """Where a session is kept; in one place only. What is in the trash is nowhere else."""

    CURRENT = "current"
    ARCHIVED = "archived"
    TRASH = "trash"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilter:
    """Which sessions a list shows: those that meet all of it."""

    name_contains: str = ""
    """Ignores case."""
    shelf: Shelf = Shelf.CURRENT
    pinned: bool | None = None
    tag: str | None = None
    folder: str | None = None
    dept_id: str | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        return self.name_contains, self.tag or "", self.folder or "", self.dept_id or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchCounts:
    """Counts of a branch of a session, without its deleted messages."""

    by_role: Mapping[Role, int] = field(default_factory=dict)
    """Roles that no message has are left out."""
    first_at: datetime | None = None
    last_at: datetime | None = None
    """When the last of them was made; a reply is made with its question."""
    ended_at: datetime | None = None
    """When the last of them was whole, of those that have ended."""

    @property
    def total(self) -> int:
        return sum(self.by_role.values())


MOST_DELETED = 500
CURRENT_SESSIONS = SessionFilter()


@dataclass(frozen=True, slots=True)
class ReadOwner(Read[str]):
    """Answered with the owner's id, whoever asks. Raises SessionNotFound."""

    session_id: UUID
    user_id: str


@dataclass(frozen=True, slots=True)
class ReadSession(Read[Session]):
    """Raises SessionNotFound."""

    session_id: UUID
    user_id: str


@dataclass(frozen=True, slots=True)
class ReadSessions(Read[Sequence[Session]]):
    """Newest first. In an outage those that memory holds."""

    user_id: str
    _: KW_ONLY
    limit: int
    before: SessionCursor | None = None
    offset: int = 0
    """So many of those that would come are passed over."""
    order: SessionOrder = SessionOrder.UPDATED
    filter: SessionFilter = CURRENT_SESSIONS

    @property
    def texts(self) -> Sequence[str]:
        return self.user_id, *self.filter.texts


@dataclass(frozen=True, slots=True)
class ReadSessionCount(Read[int]):
    """How many sessions `filter` lets through. In an outage of those that memory holds."""

    user_id: str
    _: KW_ONLY
    filter: SessionFilter = CURRENT_SESSIONS

    @property
    def texts(self) -> Sequence[str]:
        return self.user_id, *self.filter.texts


@dataclass(frozen=True, slots=True)
class ReadLabels(Read[Labels]):
    """The labels of the sessions on one shelf. In an outage those of the sessions that memory holds."""

    user_id: str
    _: KW_ONLY
    shelf: Shelf = Shelf.CURRENT


@dataclass(frozen=True, slots=True)
class ReadMessages(Read[Sequence[Message]]):
    """The last `limit` messages of the shown branch (below `before_order`), oldest first; with `after_order` the first
    ones above it (and still below `before_order`). Deleted ones are left out. Those of a session in the trash are there
    too.

    A streaming reply whose checkpoints have stopped (`STALE_AFTER`) comes as interrupted. Raises SessionNotFound.
    """

    session_id: UUID
    user_id: str
    _: KW_ONLY
    limit: int
    before_order: int | None = None
    after_order: int | None = None
    leaf_id: UUID | None = None
    """The end of the branch that is read, in place of the one that is shown now."""


@dataclass(frozen=True, slots=True)
class ReadWindow(Read[tuple[Session, Sequence[Message]]]):
    """A session and messages of it, in one go: answered as `ReadSession` and then `ReadMessages` are. Raises
    SessionNotFound."""

    session_id: UUID
    user_id: str
    _: KW_ONLY
    limit: int
    before_order: int | None = None
    after_order: int | None = None

    @property
    def session(self) -> ReadSession:
        return ReadSession(self.session_id, self.user_id)

    @property
    def messages(self) -> ReadMessages:
        return ReadMessages(
            self.session_id,
            self.user_id,
            limit=self.limit,
            before_order=self.before_order,
            after_order=self.after_order,
        )


@dataclass(frozen=True, slots=True)
class ReadBranchCounts(Read[BranchCounts]):
    """The counts of the branch that ends with `leaf_id`. Raises SessionNotFound and MessageNotFound.

    In an outage HistoryUnavailable, where memory does not hold all of the branch.
    """

    session_id: UUID
    user_id: str
    leaf_id: UUID


@dataclass(frozen=True, slots=True)
class ReadDeleted(Read[Sequence[Message]]):
    """The messages of a session that are deleted and not wiped, of all branches, in the order of arrival; at most
    `MOST_DELETED`, the newest. Raises SessionNotFound.

    In an outage those that memory holds.
    """

    session_id: UUID
    user_id: str


@dataclass(frozen=True, slots=True)
class ReadVersions(Read[Mapping[UUID, Sequence[UUID]]]):
    """For each of the messages that has other versions (the same parent, or none): all of them, itself included, in the
    order of arrival. Deleted ones are left out, and messages of other sessions. Raises SessionNotFound.

    In an outage those that memory holds.
    """

    session_id: UUID
    user_id: str
    message_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class ReadIsKeyKnown(Read[bool]):
    """Whether something was asked in the user's session with the idempotency key.

    In an outage as far as memory knows.
    """

    session_id: UUID
    user_id: str
    idempotency_key: str

    @property
    def texts(self) -> Sequence[str]:
        return self.user_id, self.idempotency_key


@dataclass(frozen=True, slots=True)
class ReadMessage(Read[Message]):
    """Raises MessageNotFound."""

    message_id: UUID
    user_id: str
