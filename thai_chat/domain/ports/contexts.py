"""The port to what is kept of the documents that messages were made with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from thai_chat.domain.transfer import GivenDocument


class ContextStore(Protocol):
    """Served by PostgreSQL alone: both methods raise HistoryUnavailable while it is away."""

    async def of(self, user_id: str, session_id: UUID, message_id: UUID) -> Sequence[GivenDocument]:
        """Return the contexts of a message, in the order of their ids. Raises MessageNotFound."""

    async def put(
        self, user_id: str, session_id: UUID, message_id: UUID, given: Sequence[GivenDocument], *, most: int
    ) -> Sequence[GivenDocument]:
        """Keep contexts in place of those with the same ids, and return all that the message has then.

        Raises MessageNotFound, also for a message that is deleted, and TooManyContexts when it would have more than
        `most`; then nothing is kept.
        """
