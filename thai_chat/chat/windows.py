"""Windows on the shown branch of a session, which a page moves to a message, back and forth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from thai_chat.chat.replies.runner import Beside, Replies
from thai_chat.chat.sessions import Sessions
from thai_chat.domain.errors import (
    HistoryUnavailable,
    MessageNotFound,
    MessageOnOtherBranch,
    NewerMessages,
    ReplyRunning,
    SessionNotFound,
)
from thai_chat.domain.events import Completed, Failed
from thai_chat.domain.fact_values import (
    ReplyError,
)
from thai_chat.domain.facts import (
    facts_of,
)
from thai_chat.domain.messages import Message, Session, Status
from thai_chat.domain.people import Person
from thai_chat.domain.ports.conversation import Conversation
from thai_chat.domain.ports.reply_log import ReplyLog
from thai_chat.domain.reads import ReadBranchCounts, ReadIsKeyKnown, ReadMessage, ReadMessages, ReadSession, ReadWindow

WINDOW = 30
"""Messages that are read of a session at first."""
MOST_VERSIONS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Messages that follow each other on the shown branch of a session, oldest first."""

    session: Session
    messages: Sequence[Message]
    live: ReplyLog | None
    """The reply that grows in this process, also where the window does not reach it."""
    also_live: Sequence[Beside]
    """The replies that are compared with one here, while one of all of them grows."""
    versions: Mapping[UUID, Sequence[UUID]]
    """All versions, oldest first, of each of those messages that has others."""
    has_earlier: bool
    has_later: bool


class Windows:
    """A reply that grows in this process is shown as it is at this moment."""

    def __init__(self, conversation: Conversation, replies: Replies, sessions: Sessions) -> None:
        self._conversation = conversation
        self._replies = replies
        self._sessions = sessions

    async def window(
        self,
        session_id: UUID,
        person: Person,
        *,
        limit: int = WINDOW,
        before_order: int | None = None,
        after_order: int | None = None,
    ) -> Window:
        """Return the newest messages, the last ones before a place in the session, or the first ones after one."""
        wanted = ReadWindow(
            session_id, person.user_id, limit=limit + 1, before_order=before_order, after_order=after_order
        )
        session, found = await self._conversation.read(wanted)
        has_more = len(found) > limit
        if after_order is not None:
            found = found[:limit]
            has_earlier = await self._is_above(session, found, after_order)
            return await self._window(session, found, has_earlier=has_earlier, has_later=has_more)
        found = found[-limit:]
        has_later = before_order is not None and await self._is_below(session, found, before_order)
        has_earlier = has_more or await self._is_cut(session, found)
        return await self._window(session, found, has_earlier=has_earlier, has_later=has_later)

    async def around(self, session_id: UUID, person: Person, message_id: UUID, *, limit: int = WINDOW) -> Window:
        """Return the window that has as many as half of its messages behind the one that is meant.

        Raises MessageNotFound, and MessageOnOtherBranch when it is not among those that are shown.
        """
        read, user_id = self._conversation.read, person.user_id
        session = await read(ReadSession(session_id, user_id))
        message = await message_in(self._conversation, session_id, person, message_id)
        order = message.message_order
        half = limit // 2
        below = await read(ReadMessages(session_id, user_id, limit=half + 1, after_order=order))
        later = below[:half]
        room = limit - len(later)
        above = await read(ReadMessages(session_id, user_id, limit=room + 1, before_order=order + 1))
        before = above[-room:]
        if not before or before[-1].message_id != message_id:
            raise MessageOnOtherBranch
        has_earlier = len(above) > room or await self._is_cut(session, above)
        return await self._window(
            session, [*before, *later], has_earlier=has_earlier, has_later=len(below) > len(later)
        )

    async def require_seen(
        self, session_id: UUID | None, person: Person, last_seen_id: UUID | None, idempotency_key: str | None
    ) -> None:
        """Refuse what somebody asks who has not seen the last message of the shown branch, unless it was asked before.

        Raises NewerMessages, and ReplyRunning when the last message still grows. A session that is not known (yet, or
        in an outage) is left to the write; so is one whose asker does not say what was seen.
        """
        if session_id is None or last_seen_id is None:
            return
        read, user_id = self._conversation.read, person.user_id
        try:
            session = await read(ReadSession(session_id, user_id))
            if session.leaf_id == last_seen_id or not session.message_count:
                return
            if idempotency_key is not None and await read(ReadIsKeyKnown(session_id, user_id, idempotency_key)):
                return
            # What stands at the end may have been deleted since.
            shown = await read(ReadMessages(session_id, user_id, limit=1))
            if shown and shown[-1].message_id == last_seen_id:
                return
        except (SessionNotFound, HistoryUnavailable):
            return
        raise ReplyRunning if session_id in self._sessions.running() else NewerMessages

    async def _window(
        self, session: Session, found: Sequence[Message], *, has_earlier: bool, has_later: bool
    ) -> Window:
        """Return the window that shows what was found.

        The session was read before its messages: memory holds those of sessions alone that it knows, and an outage may
        begin at any time.
        """
        live = self._replies.of_session(session.session_id)
        return Window(
            session=session,
            messages=as_of_now(found, self._replies.all_of(session.session_id)),
            live=live if live and live.result is None else None,
            also_live=self._replies.beside(session.session_id),
            versions=await self._sessions.versions(session, found),
            has_earlier=has_earlier,
            has_later=has_later,
        )

    async def _is_above(self, session: Session, found: Sequence[Message], after_order: int) -> bool:
        """Tell whether there are messages above those that were found behind a place.

        The history is asked only where none were found.
        """
        if session.leaf_id is None or after_order < 1:
            return False
        if found:
            return found[0].parent_id is not None
        return await self._has_any(
            ReadMessages(session.session_id, session.user_id, limit=1, before_order=after_order + 1)
        )

    async def _is_below(self, session: Session, found: Sequence[Message], before_order: int) -> bool:
        """Tell whether there are messages below those that were found before a place, as `_is_above` does."""
        if session.leaf_id is None or before_order > session.message_count:
            return False
        if found:
            return found[-1].message_id != session.leaf_id
        after_order = max(0, before_order - 1)
        return await self._has_any(ReadMessages(session.session_id, session.user_id, limit=1, after_order=after_order))

    async def _has_any(self, wanted: ReadMessages) -> bool:
        """Tell whether there is such a message, or may be one that is not at hand in an outage."""
        try:
            found = await self._conversation.read(wanted)
        except HistoryUnavailable:
            return True
        return bool(found)

    async def _is_cut(self, session: Session, found: Sequence[Message]) -> bool:
        """Tell whether older messages are missing because of an outage; those that were deleted do not count."""
        if session.leaf_id is None or not found or found[0].parent_id is None:
            return False
        try:
            await self._conversation.read(ReadBranchCounts(session.session_id, session.user_id, session.leaf_id))
        except HistoryUnavailable:
            return True
        return False

    async def message(self, session_id: UUID, person: Person, message_id: UUID) -> Message:
        """Return a message of the session that is not deleted. Raises MessageNotFound."""
        message = await message_in(self._conversation, session_id, person, message_id)
        return as_of_now([message], self._replies.all_of(session_id))[0]

    async def versions(self, session_id: UUID, person: Person, message_id: UUID) -> Sequence[Message]:
        """Return the message's versions, oldest first, itself included: the last MOST_VERSIONS.

        Raises MessageNotFound.
        """
        session = await self._conversation.read(ReadSession(session_id, person.user_id))
        message = await message_in(self._conversation, session_id, person, message_id)
        family = (await self._sessions.versions(session, [message])).get(message_id, ())[-MOST_VERSIONS:]
        others = [await self._conversation.read(ReadMessage(one, person.user_id)) for one in family]
        return as_of_now(others or [message], self._replies.all_of(session_id))


async def message_in(conversation: Conversation, session_id: UUID, person: Person, message_id: UUID) -> Message:
    """Return a message of that session that is not deleted. Raises MessageNotFound."""
    message = await conversation.read(ReadMessage(message_id, person.user_id))
    if message.session_id != session_id or message.deleted_at is not None:
        raise MessageNotFound
    return message


def as_of_now(found: Sequence[Message], logs: Sequence[ReplyLog]) -> Sequence[Message]:
    """Return what was read, with live replies as they are at this moment: they may have grown or ended since."""
    if not logs:
        return found
    by_id = {log.reply_id: log for log in logs}
    return [_told_by(by_id[one.message_id], one) if one.message_id in by_id else one for one in found]


def _told_by(live: ReplyLog, message: Message) -> Message:
    """Return the message as its log has it.

    Its place is what was read: a turn that began in an outage is numbered anew when PostgreSQL gets it.
    """
    match live.result:
        case None:  # also where its checkpoints could not be stored for so long that it looks dead
            return replace(message, content=live.text, parts=(), status=Status.STREAMING)
        case Completed(reply=reply) if message.status in (Status.STREAMING, Status.INTERRUPTED):
            return replace(reply, parent_id=message.parent_id, message_order=message.message_order)
        case Failed(code, params) if message.status is Status.STREAMING:
            facts = replace(facts_of(message), error=ReplyError(code, params))
            return replace(message, content=live.text, parts=(), status=Status.FAILED, metadata=facts.to_metadata())
        case Completed():  # what was read is as new, and has what was made of it since
            return message
    return replace(message, content=live.text, parts=())
