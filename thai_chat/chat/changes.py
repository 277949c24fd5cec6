"""Tells each person's open pages which of their sessions have changed: ids alone, and only while this process lives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from thai_chat.chat.waiting import wait, wake
from thai_chat.domain.people import Person

MOST_UNREAD = 64
"""A follower that has more to read is told to read everything anew instead."""
MOST_FOLLOWERS = 32
"""The pages of one person that are told."""
REMEMBERED_S = 60.0
"""How long it is known when a person's last change was."""


class ChangeKind(StrEnum):
    CHANGED = "changed"
    """A session's name, labels, place, options or shown branch."""
    BEGAN = "began"
    """A reply began: the session has a question and a reply more, or is new."""
    ENDED = "ended"
    """A reply ended, in whatever way."""
    DELETED = "deleted"
    """The session is gone for good."""
    ANEW = "anew"
    """So much has changed that everything is to be read anew."""
    CROWDED = "crowded"
    """The last one: more pages follow than are told, and this one has followed longest."""


@dataclass(frozen=True, slots=True)
class Change:
    kind: ChangeKind
    session_id: UUID | None = None
    """None where the change is of no single session."""
    reply_id: UUID | None = None
    """The reply that began or ended."""


def _nobody() -> None:
    pass


ANEW = Change(ChangeKind.ANEW)
CROWDED = Change(ChangeKind.CROWDED)


class Follower:
    """One open page. It holds at most `MOST_UNREAD` changes, each once."""

    def __init__(self) -> None:
        self._unread: dict[Change, None] = {}
        self._waiting: list[asyncio.Future[bool]] = []
        self._is_over = False

    async def next(self, timeout_s: float) -> Sequence[Change] | None:
        """Return what has changed since the last call, in order, as soon as something has; nothing after `timeout_s`.

        Return None when no more will come.
        """
        if not (self._unread or self._is_over):
            await wait(self._waiting, timeout_s)
        if self._is_over and not self._unread:
            return None
        unread, self._unread = list(self._unread), {}
        return unread

    def hear(self, change: Change) -> None:
        if self._is_over:
            return
        if ANEW not in self._unread:
            if change is ANEW or len(self._unread) >= MOST_UNREAD:
                self._unread = {ANEW: None}
            else:
                self._unread[change] = None
        wake(self._waiting)

    def end(self, last: Change | None = None) -> None:
        if last:
            self._unread[last] = None
        self._is_over = True
        wake(self._waiting)


class Changes:
    """The followers of each person. Nobody hears of a change of somebody else's, or of a temporary session.

    Where people have no names of their own all are one person, and the id of a session is all it takes to read it.
    """

    def __init__(self, *, is_temporary: Callable[[UUID], bool] = lambda session_id: False) -> None:
        self._is_temporary = is_temporary
        self._followers: dict[str, dict[Follower, None]] = {}
        """The pages of each, the one that has followed longest first."""
        self._last_s: dict[str, float] = {}
        """When each person's last change was, the earliest first."""
        self.is_closed = False
        self.also: Callable[[], None] = _nobody
        """Hears that something has changed and is stored, whoever follows. It never raises and never waits."""

    def tell(self, user_id: str, change: Change) -> None:
        if change.session_id and self._is_temporary(change.session_id):
            return
        now = time.monotonic()
        self._last_s.pop(user_id, None)
        self._last_s[user_id] = now
        while now - self._last_s[first := next(iter(self._last_s))] > REMEMBERED_S:
            del self._last_s[first]
        for follower in self._followers.get(user_id, ()):
            follower.hear(change)
        self.also()

    def since_last_s(self, person: Person) -> float | None:
        """Return how long ago the person's last change was; None when it is longer than `REMEMBERED_S`."""
        last_s = self._last_s.get(person.user_id)
        passed_s = None if last_s is None else time.monotonic() - last_s
        return passed_s if passed_s is not None and passed_s <= REMEMBERED_S else None

    @contextmanager
    def following(self, person: Person) -> Iterator[Follower]:
        """Yield what hears of every change from now on. Of too many, those that have followed longest are let go."""
        follower = Follower()
        followers = self._followers.setdefault(person.user_id, {})
        followers[follower] = None
        while len(followers) > MOST_FOLLOWERS:
            oldest = next(iter(followers))
            del followers[oldest]
            oldest.end(CROWDED)
        try:
            if self.is_closed:
                follower.end()
            yield follower
        finally:
            followers.pop(follower, None)
            if not followers and self._followers.get(person.user_id) is followers:
                self._followers.pop(person.user_id, None)

    def close(self) -> None:
        """Let every follower go when it has read what it was told. Safe to call twice."""
        self.is_closed = True
        for followers in self._followers.values():
            for follower in followers:
                follower.end()
