"""All that a session shows, in pages, however long it is; and what it adds up to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from uuid import UUID

from thai_chat.chat.replies.runner import Replies
from thai_chat.chat.windows import as_of_now, message_in
from thai_chat.domain.errors import HistoryUnavailable, TooManyPlaces
from thai_chat.domain.messages import Message, Session
from thai_chat.domain.people import Person
from thai_chat.domain.ports.conversation import Conversation
from thai_chat.domain.reads import BranchCounts, ReadBranchCounts, ReadMessages, ReadSession

PAGE = 100
"""The messages that are read first, before it is known how long they are."""
_MOST = 1_000
"""The most messages that are read at once."""
_PAGE_CHARS = 1_000_000
"""About as much text as is read at once: a slow reader has a page in memory for as long as it wants."""
MOST_LAST = 1_000
"""The most that are given when only the last ones are wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A session and the messages that it shows, oldest first."""

    session: Session
    total: int | None
    """How many it shows, all of them; None in an outage that has not all of it."""
    has_earlier: bool
    messages: Sequence[Message]
    """The first page; all of them when there are no others."""
    others: AsyncGenerator[Sequence[Message]] | None
    """The other pages. Those that are said meanwhile are not among them."""


class Histories:
    """A reply that grows in this process is given as it is at this moment."""

    def __init__(self, conversation: Conversation, replies: Replies) -> None:
        self._conversation = conversation
        self._replies = replies

    async def counted(self, session_id: UUID, person: Person) -> tuple[Session, BranchCounts]:
        """Return a session and what its shown branch adds up to. Raises SessionNotFound, HistoryUnavailable."""
        session = await self._conversation.read(ReadSession(session_id, person.user_id))
        return session, await self._counts(session)

    async def read(
        self,
        session_id: UUID,
        person: Person,
        *,
        limit: int | None = None,
        before_id: UUID | None = None,
        before_order: int | None = None,
    ) -> History:
        """Return what the session shows, before a message or a place where one is named: all of it, or the last
        `limit` (at most MOST_LAST). Raises SessionNotFound, MessageNotFound, TooManyPlaces."""
        if before_id is not None and before_order is not None:
            raise TooManyPlaces
        session = await self._conversation.read(ReadSession(session_id, person.user_id))
        if before_id is not None:
            before_order = (await message_in(self._conversation, session_id, person, before_id)).message_order
        if session.leaf_id is None:
            return History(session=session, total=0, has_earlier=False, messages=(), others=None)
        end = session.message_count + 1
        is_whole = before_order is None or before_order >= end
        before = end if before_order is None else min(before_order, end)
        if limit is None:
            found, has_more = await self._first(session, before)
            has_earlier = False
        else:
            found = await self._last(session, before, limit + 1)
            found, has_earlier, has_more = found[-limit:], len(found) > limit, False
        has_above = bool(found) and found[0].parent_id is not None
        is_all = is_whole and not (has_earlier or has_more or has_above)
        total = len(found) if is_all else await self._total(session)
        return History(
            session=session,
            total=total,
            # What stands above may have been deleted; in an outage it may not be at hand.
            has_earlier=has_earlier or (has_above and total is None),
            messages=found,
            others=self._others(session, before, found) if has_more else None,
        )

    async def _first(self, session: Session, before: int) -> tuple[Sequence[Message], bool]:
        """Return the first page, and whether there are others. In an outage that has not all of it the page is the last
        one."""
        try:
            found = await self._page(session, before, after=0, limit=PAGE)
        except HistoryUnavailable:
            return await self._last(session, before, MOST_LAST), False
        return found, len(found) == PAGE and found[-1].message_order < before - 1

    async def _others(
        self, session: Session, before: int, found: Sequence[Message]
    ) -> AsyncGenerator[Sequence[Message]]:
        """Yield the pages behind those that were found."""
        while True:
            chars = sum(len(message.content) for message in found)
            limit = max(1, min(_MOST, _PAGE_CHARS * len(found) // max(1, chars)))
            found = await self._page(session, before, after=found[-1].message_order, limit=limit)
            if found:
                yield found
            if len(found) < limit:
                return

    async def _page(self, session: Session, before: int, *, after: int, limit: int) -> Sequence[Message]:
        wanted = ReadMessages(
            session.session_id,
            session.user_id,
            limit=limit,
            before_order=before,
            after_order=after,
            leaf_id=session.leaf_id,
        )
        return self._now(session, await self._conversation.read(wanted))

    async def _last(self, session: Session, before: int, limit: int) -> Sequence[Message]:
        wanted = ReadMessages(
            session.session_id, session.user_id, limit=limit, before_order=before, leaf_id=session.leaf_id
        )
        return self._now(session, await self._conversation.read(wanted))

    def _now(self, session: Session, found: Sequence[Message]) -> Sequence[Message]:
        return as_of_now(found, self._replies.all_of(session.session_id))

    async def _total(self, session: Session) -> int | None:
        try:
            return (await self._counts(session)).total
        except HistoryUnavailable:
            return None

    async def _counts(self, session: Session) -> BranchCounts:
        if session.leaf_id is None:
            return BranchCounts()
        return await self._conversation.read(ReadBranchCounts(session.session_id, session.user_id, session.leaf_id))
