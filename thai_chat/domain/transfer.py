"""Whole sessions on their way out of the history and back in, and what that asks of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from thai_chat.domain.messages import JsonObject, Message, Preset, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenDocument:
    """A document that a reply was given, as it is kept with it."""

    id: UUID
    doc_id: str | None = None
    content: str | None = None
    score: float | None = None
    metadata: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage:
    """A message with all that is kept of it."""

    message: Message
    idempotency_key: str | None = None
    documents: Sequence[GivenDocument] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSession:
    session: Session
    messages: Sequence[KeptMessage]
    """Of all branches, in the order of arrival; a message comes after its parent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import has added, and what it found there already."""

    sessions: int = 0
    """Those that are new."""
    extended: int = 0
    """Sessions that were there already and got messages that they lacked."""
    skipped: int = 0
    """Sessions that were there already, with all their messages."""
    messages: int = 0
    """Those added, to new sessions and to others."""
    presets: int = 0
    """Those that are new."""
    former_defaults: int = 0
    """Those of them that were the default of a model where they come from. Here they are none."""

    @property
    def seen(self) -> int:
        """Sessions that are dealt with."""
        return self.sessions + self.extended + self.skipped


class Given(Protocol):
    """What is to be stored. Each method may be called anew, and raises for what can't be kept."""

    def sessions(self) -> Iterable[KeptSession]: ...

    def presets(self) -> Iterable[Preset]: ...


class Transfer(Protocol):
    """Reads and stores whole sessions of one person. All methods raise HistoryUnavailable."""

    async def session_ids(
        self, user_id: str, *, chosen: Sequence[UUID] | None = None, with_trash: bool = False
    ) -> Sequence[UUID]:
        """Oldest first by `created_at`. Of `chosen` those that are this person's, whether in the trash or not."""

    async def sessions(self, user_id: str, session_ids: Sequence[UUID]) -> Sequence[Session]:
        """Those that are still there, in no order."""

    async def messages(
        self, user_id: str, session_ids: Sequence[UUID], *, limit: int | None, after_order: int = 0
    ) -> Sequence[KeptMessage]:
        """All branches, by session and order of arrival; `after_order` pages within one session."""

    async def shown_ranges(self, user_id: str, session_id: UUID) -> Sequence[tuple[int, int]]:
        """The shown branch as ranges of `message_order`, first and last included, in their order."""

    async def store(
        self, user_id: str, given: Given, *, told: Callable[[Imported], None], is_over: Callable[[], bool]
    ) -> Imported:
        """Stores all that is given, in one commit, as this person's.

        `given` is read in a thread, and anew when the work is repeated; what it raises comes through and nothing is
        stored. So it is when `is_over` says that nobody waits any more. `told` hears from that thread how far it is.
        A session that is this person's already gets the messages that it lacks, each below the one that it answers,
        and is else left as it is: it shows them when it shows what they go on from. What has ids of somebody else's
        gets others, the same ones each time. A preset is added where its content is not there under its name; one
        whose name has other content gets a number behind it; none becomes a default. Raises HistoryRefused.
        """
