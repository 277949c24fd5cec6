"""The two stores between which the outage code goes: the upstream, which may be lost, and its companion in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from thai_chat.domain.reads import Answer, Read
from thai_chat.domain.writes import Outcome, SingleWrite, Write


class Upstream(Protocol):
    """The store that has everything. It may trust that what it is given was checked (`history/checks.py`).

    All methods raise HistoryUnavailable when it is lost; then the companion serves.
    """

    async def write(self, write: Write[Outcome]) -> Outcome:
        """Store a write as `Conversation.write` does."""

    async def read(self, read: Read[Answer]) -> Answer:
        """Answer a read as `Conversation.read` does."""

    async def apply(self, writes: Sequence[SingleWrite]) -> Sequence[object]:
        """Store writes of an earlier time, in order and in one commit, and return an outcome for each.

        A write that is refused has a ThaiChatError as its outcome and stops no other. What is stored already changes
        nothing. A reply that still grows does not stop the next turn, which settles it as interrupted; a sign of life
        is as old as its write.
        """

    async def ping(self) -> None:
        """Raise HistoryUnavailable when the server does not answer, or would not take a write."""


ConnectedUpstream = TypeVar("ConnectedUpstream", bound=Upstream, covariant=True)


class Connector(Protocol[ConnectedUpstream]):
    """The way to the upstream."""

    async def connect(self) -> ConnectedUpstream:
        """Return an upstream that is ready for writes. Called again after each outage; may give the same one again.

        Raises HistoryUnavailable, or StartError when the database can never be used as it is.
        """

    async def server(self) -> str | None:
        """Return which server and database `connect` led to: another after a failover or a restore. None when that is
        not to be known."""

    async def generation(self) -> UUID:
        """Return which history the database holds: another after a restore. Raises HistoryUnavailable."""

    async def close(self) -> None:
        """Close what `connect` gave. Safe to call twice."""


class Companion(Protocol):
    """Holds a copy of what was used lately, and serves in an outage. It may trust that what it is given was checked."""

    async def write(self, write: Write[Outcome]) -> Outcome:
        """Store a write as `Conversation.write` does. Raises HistoryUnavailable when it can't know the outcome."""

    async def read(self, read: Read[Answer]) -> Answer:
        """Answer a read as `Conversation.read` does. Raises HistoryUnavailable when it can't know the answer."""

    def keep(self, write: Write[Outcome], outcome: Outcome) -> None:
        """Hold what the upstream has made of the write."""

    def remember(self, read: Read[Answer], found: Answer) -> None:
        """Hold what the upstream has answered."""

    def forget(self, session_id: UUID, user_id: str) -> None:
        """Let go of the user's session, which the upstream does not have (any more), unless a reply grows in it."""

    def forget_person(self, user_id: str) -> None:
        """Let go of everything of somebody who is gone for good."""

    def holds(self, session_id: UUID) -> bool:
        """Return whether it knows anything of the session."""
