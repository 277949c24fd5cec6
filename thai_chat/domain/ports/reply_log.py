"""The log of a reply while it grows: told by one who runs it, to any number who follow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol
from uuid import UUID

from thai_chat.domain.events import Completed, Failed, LiveEvent
from thai_chat.domain.messages import Choice


class ReplyLog(Protocol):
    """The events of one reply, numbered from 1 in the order in which they are told. The first is `Started`, the last
    `Completed` or `Failed`, told once the reply is stored."""

    @property
    def session_id(self) -> UUID: ...

    @property
    def reply_id(self) -> UUID:
        """The id of the reply's message."""

    @property
    def user_id(self) -> str:
        """The owner of the session."""

    @property
    def runner(self) -> str:
        """The name of the process that runs the reply."""

    @property
    def choice(self) -> Choice:
        """Who was asked, then who answers."""

    @property
    def text(self) -> str:
        """The reply as far as it has been told, what it began with included."""

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds since the question was taken."""

    @property
    def event_count(self) -> int:
        """The number of the newest event."""

    @property
    def is_ending(self) -> bool:
        """True once the reply takes in nothing more; what there is of it is being stored, or is."""

    @property
    def result(self) -> Completed | Failed | None:
        """The last event once the reply is stored, None before."""

    def append(self, event: LiveEvent) -> None:
        """Tell an event to all who follow; only who runs the reply does so."""

    def follow(self, after: int = 0, *, pace_s: float = 0.0) -> AsyncIterator[tuple[int, LiveEvent | None]]:
        """Give every event after number `after` with its number, to the end; texts that came together come joined.

        After the first text a follower is woken every `pace_s` at most, by the end at once. None in the place of an
        event is a sign of life, when none has come for some seconds.
        """

    async def finished(self) -> Completed | Failed:
        """Wait until the reply is stored, and return its last event."""

    def stop(self) -> None:
        """End the request to the model; the text so far is kept as stopped. Safe to call twice and too late."""
