"""The port to the storage that takes whole sessions out and in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

from thai_chat.domain.messages import Session
from thai_chat.domain.transfer import Given, Imported, KeptMessage


class Transfer(Protocol):
    """Reads and stores whole sessions of one person. All methods raise HistoryUnavailable."""

    async def session_ids(
        self, user_id: str, *, chosen: Sequence[UUID] | None = None, with_trash: bool = False
    ) -> Sequence[UUID]:
        """Return the ids of the person's sessions, oldest first by `created_at`.

        With `chosen` only those of them that are this person's, whether in the trash or not.
        """

    async def sessions(self, user_id: str, session_ids: Sequence[UUID]) -> Sequence[Session]:
        """Return the sessions that are still there, in no order."""

    async def messages(
        self, user_id: str, session_ids: Sequence[UUID], *, limit: int | None, after_order: int = 0
    ) -> Sequence[KeptMessage]:
        """Return the messages of all branches, by session, then in order of arrival.

        `after_order` pages within one session.
        """

    async def shown_ranges(
        self, user_id: str, session_id: UUID, leaf_id: UUID | None = None
    ) -> Sequence[tuple[int, int]]:
        """Return the shown branch, or the one that ends with a message, as ranges of `message_order`, first and last
        included, in their order. Raises SessionNotFound, MessageNotFound."""

    async def store(
        self, user_id: str, given: Given, *, told: Callable[[Imported], None], is_over: Callable[[], bool]
    ) -> Imported:
        """Store all that is given, in one commit, as this person's.

        `given` is read in a thread, and anew when the work is repeated; what it raises comes through and nothing is
        stored. So it is, with ImportStopped, when `is_over` says that nobody waits any more. `told` hears from that
        thread how far it is.
        A session that is this person's already gets the messages that it lacks, each below the one that it answers,
        and is else left as it is: it shows them when it shows what they go on from. What has ids of somebody else's
        gets others, the same ones each time. A preset is added where its content is not there under its name; one
        whose name has other content gets a number behind it; none becomes a default. Raises HistoryRefused.
        """
