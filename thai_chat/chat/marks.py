"""A person's judgement of single messages: what is rated or preferred, and what is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from thai_chat.chat import titles
from thai_chat.chat.changes import Change, ChangeKind, Changes
from thai_chat.chat.replies.runner import Replies
from thai_chat.chat.sessions import Sessions
from thai_chat.chat.text import require_storable
from thai_chat.chat.windows import message_in
from thai_chat.domain.errors import (
    BadReason,
    HistoryUnavailable,
    MessageNotFound,
    NotOtherReplies,
    OnlyReplies,
    ReplyRunning,
)
from thai_chat.domain.fact_values import (
    MOST_READ,
    RATING_TAGS,
    REASON_CHARS,
)
from thai_chat.domain.facts import (
    facts_of,
)
from thai_chat.domain.messages import Message, Role
from thai_chat.domain.people import Person
from thai_chat.domain.ports.conversation import Conversation
from thai_chat.domain.reads import ReadDeleted, ReadMessage, ReadMessages, ReadVersions
from thai_chat.domain.writes import DeleteMessage, Outcome, PreferReply, PurgeMessage, RateReply, UpdateSession, Write

_NAMED_FROM = 20
"""So many messages of the shown branch are looked through for another name of a session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    value: int | None
    """1 is good, -1 is not; None takes it back."""
    reason: str = ""
    tags: Sequence[str] = ()


class Marks:
    """Finds nothing that belongs to somebody else."""

    def __init__(self, conversation: Conversation, replies: Replies, sessions: Sessions, changes: Changes) -> None:
        self._conversation = conversation
        self._changes = changes
        self._replies = replies
        self._sessions = sessions

    async def rate(self, session_id: UUID, person: Person, reply_id: UUID, judgement: Judgement) -> Message:
        """Keep a rating in place of the one before. Raises MessageNotFound, OnlyReplies and BadReason."""
        reason, tags = _reason(judgement.reason), tuple(dict.fromkeys(judgement.tags))
        if unknown := next((tag for tag in tags if tag not in RATING_TAGS), None):
            require_storable(unknown)
            raise BadReason(limit=REASON_CHARS, allowed=", ".join(RATING_TAGS))
        await self._reply(session_id, person, reply_id)
        return await self._write(
            RateReply(
                session_id=session_id,
                user_id=person.user_id,
                reply_id=reply_id,
                at=datetime.now(UTC),
                value=judgement.value,
                reason=reason,
                tags=tags,
            )
        )

    async def prefer(
        self, session_id: UUID, person: Person, reply_id: UUID, over: Sequence[UUID], *, reason: str = ""
    ) -> Message:
        """Keep that the reply was chosen before others to the same question, and show it, as soon as none grows here.

        Without others the choice is taken back. Raises MessageNotFound, OnlyReplies, NotOtherReplies and BadReason.
        """
        beaten, said = tuple(dict.fromkeys(over)), _reason(reason)
        reply = await self._reply(session_id, person, reply_id)
        if reply_id in beaten or len(beaten) > MOST_READ:
            raise NotOtherReplies
        for other_id in beaten:
            if (await self._reply(session_id, person, other_id)).parent_id != reply.parent_id:
                raise NotOtherReplies
        chosen = await self._write(
            PreferReply(
                session_id=session_id,
                user_id=person.user_id,
                reply_id=reply_id,
                at=datetime.now(UTC),
                over=beaten,
                reason=said,
            )
        )
        if beaten:
            await self._show(session_id, person, reply_id)
        return chosen

    async def delete(self, session_id: UUID, person: Person, message_id: UUID) -> Message:
        """Take a message out of what is shown, sent, searched and exported, from where `restore` takes it back.

        A reply that grows is stopped first. Where nothing that follows is left, another version of it is shown. Safe to
        call twice. Raises MessageNotFound.
        """
        message = await self._message(session_id, person, message_id)
        if message.deleted_at is not None:
            return message
        await self._stop(session_id, person, message_id)
        newest = await self._conversation.read(ReadMessages(session_id, person.user_id, limit=1))
        versions = await self._conversation.read(ReadVersions(session_id, person.user_id, (message_id,)))
        deleted = await self._write(self._deletion(session_id, person, message_id, deleted=True))
        self._replies.forget(session_id, message_id)
        others = [other_id for other_id in versions.get(message_id, ()) if other_id != message_id]
        if others and newest and newest[-1].message_id == message_id:
            await self._show(session_id, person, others[-1])
        return deleted

    async def restore(self, session_id: UUID, person: Person, message_id: UUID) -> Message:
        """Put a deleted message back in its place, and show it. Safe to call twice. Raises MessageNotFound."""
        message = await self._message(session_id, person, message_id)
        if facts_of(message).purged:
            raise MessageNotFound
        restored = await self._write(self._deletion(session_id, person, message_id, deleted=False))
        place = ReadMessages(session_id, person.user_id, limit=1, before_order=message.message_order + 1)
        shown = await self._conversation.read(place)
        if not shown or shown[-1].message_id != message_id:
            await self._show(session_id, person, message_id)
        return restored

    async def purge(self, session_id: UUID, person: Person, message_id: UUID) -> None:
        """Wipe a message for good, also from the name of its session. What stands below it stays. Raises
        MessageNotFound."""
        message = await self._message(session_id, person, message_id)
        await self._stop(session_id, person, message_id)
        # Named anew first: a name that stayed when this call was cut short would be found by no later one.
        await self._name_anew(person, message)
        await self._write(
            PurgeMessage(session_id=session_id, user_id=person.user_id, message_id=message_id, at=datetime.now(UTC))
        )
        self._replies.forget(session_id, message_id)

    async def deleted(self, session_id: UUID, person: Person) -> Sequence[Message]:
        """Return the session's deleted messages that can be restored, in the order of arrival."""
        return await self._conversation.read(ReadDeleted(session_id, person.user_id))

    async def _name_anew(self, person: Person, message: Message) -> None:
        """Name a session that has its name from the message by the first other question; without one it has none."""
        session_id, name = message.session_id, titles.name_of(message.content)
        session = await self._sessions.get(session_id, person)
        if message.role is not Role.USER or not name or session.session_name != name:
            return
        others: Sequence[Message] = ()
        with suppress(HistoryUnavailable):
            others = await self._conversation.read(
                ReadMessages(session_id, person.user_id, limit=_NAMED_FROM, after_order=0)
            )
        names = (titles.name_of(other.content) for other in others if other.role is Role.USER)
        another = next((found for found in names if found and found != name), "")
        await self._write(
            UpdateSession(session_id=session_id, user_id=person.user_id, at=datetime.now(UTC), session_name=another)
        )

    async def _write(self, write: Write[Outcome]) -> Outcome:
        """Keep it, and tell the person's open pages."""
        kept = await self._conversation.write(write)
        if write.user_id and write.session_id:
            self._changes.tell(write.user_id, Change(ChangeKind.CHANGED, write.session_id))
        return kept

    async def _message(self, session_id: UUID, person: Person, message_id: UUID) -> Message:
        """Return a message of the session, be it deleted."""
        message = await self._conversation.read(ReadMessage(message_id, person.user_id))
        if message.session_id != session_id:
            raise MessageNotFound
        return message

    async def _reply(self, session_id: UUID, person: Person, message_id: UUID) -> Message:
        reply = await message_in(self._conversation, session_id, person, message_id)
        if reply.role is not Role.ASSISTANT:
            raise OnlyReplies
        return reply

    async def _stop(self, session_id: UUID, person: Person, message_id: UUID) -> None:
        """End the replies to the message, or the message itself, where it grows in this process."""
        for live in self._replies.all_with(session_id, message_id):
            if live.user_id == person.user_id and live.result is None:
                live.stop()
                await live.finished()

    async def _show(self, session_id: UUID, person: Person, message_id: UUID) -> None:
        """Show the branch through the message, where that can be done now: what was to be kept is kept already."""
        with suppress(ReplyRunning, HistoryUnavailable):
            await self._sessions.show_branch(session_id, person, message_id)

    def _deletion(self, session_id: UUID, person: Person, message_id: UUID, *, deleted: bool) -> DeleteMessage:
        return DeleteMessage(
            session_id=session_id,
            user_id=person.user_id,
            message_id=message_id,
            at=datetime.now(UTC),
            deleted=deleted,
        )


def _reason(text: str) -> str:
    said = text.strip()
    require_storable(said)
    if len(said) > REASON_CHARS:
        raise BadReason(limit=REASON_CHARS, allowed=", ".join(RATING_TAGS))
    return said
