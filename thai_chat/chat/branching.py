"""Makes a session of its own of what one of its branches says up to a message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from thai_chat.chat.changes import Change, ChangeKind, Changes
from thai_chat.chat.names import short_name
from thai_chat.chat.repeating import remembered, require_same_session
from thai_chat.chat.replies.runner import Replies
from thai_chat.chat.windows import message_in
from thai_chat.domain.addition_errors import BranchTooLong
from thai_chat.domain.errors import ReplyRunning
from thai_chat.domain.facts import ReplyFacts, facts_of
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import Session, Status
from thai_chat.domain.people import Person
from thai_chat.domain.ports.conversation import Conversation
from thai_chat.domain.ports.transfer import Transfer
from thai_chat.domain.presets import Preset
from thai_chat.domain.reads import ReadSession
from thai_chat.domain.transfer import KeptMessage, KeptSession

MOST_MESSAGES = 10_000
MOST_CHARS = 20_000_000
_PAGE = 500
_PATIENCE_S = 10.0
"""How long a branch waits for an import that is under way."""


@dataclass(frozen=True, slots=True)
class _Given:
    """A `Given` of one session."""

    kept: KeptSession

    def sessions(self) -> Iterable[KeptSession]:
        return (self.kept,)

    def presets(self) -> Iterable[Preset]:
        return ()


class Branching:
    """Finds nothing that belongs to somebody else."""

    def __init__(
        self, conversation: Conversation, transfer: Callable[[], Transfer], replies: Replies, changes: Changes
    ) -> None:
        self._conversation = conversation
        self._transfer = transfer
        self._replies = replies
        self._changes = changes

    async def branch(
        self,
        session_id: UUID,
        person: Person,
        message_id: UUID,
        *,
        new_id: UUID,
        idempotency_key: str | None = None,
        name: str = "",
    ) -> Session:
        """Return a new session with copies of the messages down to this one, and with name, options and labels.

        It is stored in one commit; with the same `new_id` once. Raises MessageNotFound, SessionNotFound, ReplyRunning
        while that message grows, KeyReused where the key has made another branch, BranchTooLong, ImportStopped where it
        can't be stored soon, and HistoryUnavailable: PostgreSQL alone can tell all of a branch.
        """
        transfer = self._transfer()
        source = await self._conversation.read(ReadSession(session_id, person.user_id))
        message = await message_in(self._conversation, session_id, person, message_id)
        if message.status is Status.STREAMING or self._grows(session_id, message_id):
            raise ReplyRunning
        ranges = await transfer.shown_ranges(person.user_id, session_id, message_id)
        ranges = [(first, min(last, message.message_order)) for first, last in ranges if first <= message.message_order]
        if sum(last - first + 1 for first, last in ranges) > MOST_MESSAGES:
            raise BranchTooLong(limit=MOST_MESSAGES)
        said = await self._said(transfer, person, session_id, ranges)
        meaning: JsonObject = {"session_id": str(session_id), "message_id": str(message_id), "name": short_name(name)}
        own = {name: value for name, value in source.metadata.items() if name != "fingerprint"}
        source = replace(source, metadata={**own, **remembered(idempotency_key, meaning)})
        kept = _copy(source, said, new_id=new_id, name=short_name(name) or source.session_name)
        loop = asyncio.get_running_loop()
        until_s = loop.time() + _PATIENCE_S
        await transfer.store(person.user_id, _Given(kept), told=lambda _: None, is_over=lambda: loop.time() > until_s)
        self._changes.tell(person.user_id, Change(ChangeKind.CHANGED, new_id))
        branched = await self._conversation.read(ReadSession(new_id, person.user_id))
        if idempotency_key:
            require_same_session(branched, meaning)
        return branched

    def _grows(self, session_id: UUID, message_id: UUID) -> bool:
        return any(live.reply_id == message_id and live.result is None for live in self._replies.all_of(session_id))

    async def _said(
        self, transfer: Transfer, person: Person, session_id: UUID, ranges: Sequence[tuple[int, int]]
    ) -> list[KeptMessage]:
        """Return the branch's messages that are not deleted, oldest first. Raises BranchTooLong."""
        found: list[KeptMessage] = []
        chars = 0
        for first, last in ranges:
            order = first - 1
            while order < last:
                page = await transfer.messages(
                    person.user_id, [session_id], limit=min(_PAGE, last - order), after_order=order
                )
                if not page:
                    break
                own = [one for one in page if one.message.message_order <= last and one.message.deleted_at is None]
                chars += sum(map(_chars, own))
                if chars > MOST_CHARS:
                    raise BranchTooLong(limit=MOST_MESSAGES)
                found += own
                order = page[-1].message.message_order
        return found


def _chars(kept: KeptMessage) -> int:
    return len(kept.message.content) + sum(len(one.content or "") for one in kept.documents)


def _copy(source: Session, said: Sequence[KeptMessage], *, new_id: UUID, name: str) -> KeptSession:
    now = datetime.now(UTC)
    ids = {kept.message.message_id: uuid7() for kept in said}
    messages: list[KeptMessage] = []
    for order, kept in enumerate(said, 1):
        above = messages[-1].message.message_id if messages else None
        messages.append(_copied(kept, new_id, ids, above, order))
    session = replace(
        source,
        session_id=new_id,
        session_name=name,
        created_at=now,
        updated_at=now,
        message_count=len(messages),
        leaf_id=messages[-1].message.message_id if messages else None,
        has_branches=False,
        branched_from_id=source.session_id,
        pinned_at=None,
        archived_at=None,
        deleted_at=None,
        is_active=True,
    )
    return KeptSession(session=session, messages=messages)


def _copied(
    kept: KeptMessage, session_id: UUID, ids: Mapping[UUID, UUID], above: UUID | None, order: int
) -> KeptMessage:
    """Return a message under its new id. What it says of messages that stay behind is left out, and so is its
    idempotency key."""
    message = kept.message
    facts = facts_of(message)
    known: ReplyFacts = replace(
        facts, continues=ids.get(facts.continues) if facts.continues else None, beside=None, vote=None, fingerprint=None
    )
    copied = replace(
        message,
        message_id=ids[message.message_id],
        session_id=session_id,
        parent_id=above,
        message_order=order,
        status=Status.INTERRUPTED if message.status is Status.STREAMING else message.status,
        metadata=known.to_metadata(),
    )
    documents = [replace(document, id=uuid7()) for document in kept.documents]
    return KeptMessage(message=copied, documents=documents)
