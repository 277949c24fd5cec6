"""Windows on the shown branch of a session, which a page moves to a message, back and forth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from thai_chat.chat.replies.runner import Replies
from thai_chat.chat.sessions import Sessions
from thai_chat.domain.errors import MessageNotFound
from thai_chat.domain.events import Completed
from thai_chat.domain.messages import Message, Session
from thai_chat.domain.people import Person
from thai_chat.domain.ports.conversation import Conversation
from thai_chat.domain.ports.reply_log import ReplyLog
from thai_chat.domain.reads import ReadMessage, ReadMessages, ReadSession

WINDOW = 30
"""Messages that a page shows of a session at first (facts: a Gradio chat slows beyond that)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    session: Session
    messages: Sequence[Message]
    """A window on the shown branch, oldest first, without a reply that is still live here."""
    live: ReplyLog | None
    has_earlier: bool
    has_later: bool = False
    """True when the window ends before the newest message."""
    versions: Mapping[UUID, Sequence[UUID]] = field(default_factory=dict)
    """All versions, oldest first, of each of those messages, and of the live reply, that has others."""


class Windows:
    """A reply that grows in this process is shown as it is at this moment."""

    def __init__(self, conversation: Conversation, replies: Replies, sessions: Sessions) -> None:
        self._conversation = conversation
        self._replies = replies
        self._sessions = sessions

    async def open(
        self, session_id: UUID, person: Person, *, limit: int = WINDOW, last_order: int | None = None
    ) -> OpenSession:
        """Return the newest messages, or the newest of those up to `last_order`."""
        session = await self._conversation.read(ReadSession(session_id, person.user_id))
        before_order = last_order + 1 if last_order else None
        found = await self._conversation.read(
            ReadMessages(session_id, person.user_id, limit=limit + 1, before_order=before_order)
        )
        has_later = bool(last_order and await self._later(session, last_order, limit=1))
        live = self._replies.of_session(session_id)
        found = _as_of_now(found, live)
        shown = found[-limit:]
        versions = await self._sessions.versions(session, shown)
        running = live if live and live.result is None else None
        if running:
            shown = [message for message in shown if message.message_id != running.reply_id]
        return OpenSession(
            session=session,
            messages=shown,
            live=running,
            has_earlier=len(found) > limit,
            has_later=has_later,
            versions=versions,
        )

    async def open_at(self, session_id: UUID, person: Person, message_id: UUID, *, limit: int = WINDOW) -> OpenSession:
        """Return a window around the message, whose branch is the shown one from now on.

        Raises MessageNotFound, and ReplyRunning when a reply grows on another branch.
        """
        session = await self._conversation.read(ReadSession(session_id, person.user_id))
        message = await message_in(self._conversation, session_id, person, message_id)
        order = message.message_order
        last = ReadMessages(session_id, person.user_id, limit=1, before_order=order + 1)
        newest = await self._conversation.read(last)
        if [found.message_id for found in newest] != [message_id]:
            session = await self._sessions.show_branch(session_id, person, message_id)
        behind = limit // 2
        later = await self._later(session, order, limit=behind + 1)
        last_order = later[behind - 1].message_order if len(later) > behind else None
        return await self.open(session_id, person, limit=limit, last_order=last_order)

    async def open_later(
        self, session_id: UUID, person: Person, *, limit: int, last_order: int, more: int = WINDOW
    ) -> OpenSession:
        """Return the window of `limit` messages that ends at `last_order`, with as many as `more` behind it."""
        session = await self._conversation.read(ReadSession(session_id, person.user_id))
        later = await self._later(session, last_order, limit=more + 1)
        end = later[more - 1].message_order if len(later) > more else None
        return await self.open(session_id, person, limit=limit + len(later[:more]), last_order=end)

    async def _later(self, session: Session, order: int, *, limit: int) -> Sequence[Message]:
        return await self._conversation.read(
            ReadMessages(session.session_id, session.user_id, limit=limit, after_order=order)
        )

    async def messages(
        self, session_id: UUID, person: Person, *, limit: int, before_order: int | None = None
    ) -> tuple[Session, Sequence[Message]]:
        """Return the last messages of the shown branch, oldest first; a live reply with the text it has at this
        moment."""
        session = await self._conversation.read(ReadSession(session_id, person.user_id))
        wanted = ReadMessages(session_id, person.user_id, limit=limit, before_order=before_order)
        found = await self._conversation.read(wanted)
        return session, _as_of_now(found, self._replies.of_session(session_id))


async def message_in(conversation: Conversation, session_id: UUID, person: Person, message_id: UUID) -> Message:
    """Return a message of that session. Raises MessageNotFound."""
    message = await conversation.read(ReadMessage(message_id, person.user_id))
    if message.session_id != session_id:
        raise MessageNotFound
    return message


def _as_of_now(found: Sequence[Message], live: ReplyLog | None) -> Sequence[Message]:
    """Return what was read, with the live reply as it is at this moment: it may have grown or ended since.

    Its place is what was read: a turn that began in an outage is numbered anew when PostgreSQL gets it.
    """
    if live is None:
        return found
    result = live.result
    return [
        message
        if message.message_id != live.reply_id
        else replace(result.reply, parent_id=message.parent_id, message_order=message.message_order)
        if isinstance(result, Completed)
        else replace(message, content=live.text, parts=())
        for message in found
    ]
