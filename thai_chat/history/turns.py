"""The effect of a write on a session and its messages: the same in every store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import assert_never
from uuid import UUID

from thai_chat.domain.fact_values import (
    Rating,
    Vote,
)
from thai_chat.domain.facts import (
    ReplyFacts,
    facts_of,
    with_dept,
)
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.merging import merged_within
from thai_chat.domain.messages import AddedMessage, Figures, Message, Role, Session, Status, Turn
from thai_chat.domain.writes import (
    AddMessage,
    BeginReply,
    BeginTurn,
    Checkpoint,
    CreateSession,
    DeleteMessage,
    FinishReply,
    MarkMessage,
    PreferReply,
    PurgeMessage,
    RateReply,
    ResetSession,
    UpdateSession,
)

WIPED = ReplyFacts(purged=True)
"""All that is known of a message that was wiped."""
_NANODOLLAR = Decimal("1e-9")


def new_session(write: BeginTurn | CreateSession) -> Session:
    session = Session(
        session_id=write.session_id,
        user_id=write.user_id,
        session_name=write.session_name,
        backend=write.choice.backend,
        model=write.choice.model,
        created_at=write.at,
        updated_at=write.at,
    )
    if isinstance(write, BeginTurn):
        return replace(session, is_temporary=write.temporary)
    return replace(session, options=write.options, metadata=write.metadata)


def new_turn(session: Session, write: BeginTurn) -> Turn:
    """Return the turn below the session's leaf, or where the write wants it."""
    parent_id = None if write.is_first else write.parent_id or session.leaf_id
    return turn_of(_begun(session, write, parent_id=parent_id, messages=2), write, parent_id)


def new_reply(session: Session, write: BeginReply, question: Message) -> Turn:
    """Return the turn of one more reply to the question."""
    after = _begun(session, write, parent_id=question.message_id, messages=1)
    if write.beside:
        after = replace(after, leaf_id=session.leaf_id, backend=session.backend, model=session.model)
    return Turn(session=after, question=question, reply=reply_of(after, write))


def added(session: Session, write: AddMessage) -> AddedMessage:
    """Return the message below the session's leaf, and the session as it is after that."""
    after = replace(
        session,
        leaf_id=write.message_id,
        message_count=session.message_count + 1,
        updated_at=max(session.updated_at, write.at),
        is_active=True,
        deleted_at=None,
    )
    message = Message(
        message_id=write.message_id,
        session_id=write.session_id,
        parent_id=session.leaf_id,
        role=write.role,
        content=write.content,
        message_order=after.message_count,
        status=Status.COMPLETE,
        backend=None,
        model=None,
        created_at=write.at,
        metadata=write.metadata,
    )
    return AddedMessage(session=after, message=message)


def turn_of(session: Session, write: BeginTurn, parent_id: UUID | None) -> Turn:
    """Return the turn as it was just begun, with the session as it is after that."""
    question = Message(
        message_id=write.question_id,
        session_id=write.session_id,
        parent_id=parent_id,
        role=Role.USER,
        content=write.question,
        message_order=session.message_count - 1,
        status=Status.COMPLETE,
        backend=None,
        model=None,
        created_at=write.at,
        metadata=write.metadata,
        parts=write.parts,
    )
    return Turn(session=session, question=question, reply=reply_of(session, write))


def reply_of(session: Session, write: BeginTurn | BeginReply) -> Message:
    """Return the reply as it was just begun: the session's newest message."""
    content, metadata = (write.content, write.metadata) if isinstance(write, BeginReply) else ("", {})
    return Message(
        message_id=write.reply_id,
        session_id=write.session_id,
        parent_id=write.question_id,
        role=Role.ASSISTANT,
        content=content,
        message_order=session.message_count,
        status=Status.STREAMING,
        backend=write.choice.backend,
        model=write.choice.model,
        created_at=write.at,
        metadata=metadata,
    )


def grown(reply: Message, write: Checkpoint) -> Message:
    return replace(
        reply,
        content=write.content,
        backend=write.choice.backend if write.choice else reply.backend,
        model=write.choice.model if write.choice else reply.model,
        metadata={**reply.metadata, **write.metadata},
        parts=write.parts,
    )


def finished(reply: Message, write: FinishReply) -> Message:
    return replace(
        reply,
        content=write.content,
        status=write.status,
        backend=write.choice.backend,
        model=write.choice.model,
        figures=_kept(write.figures),
        metadata={**reply.metadata, **write.metadata},
        parts=write.parts,
    )


def marked(message: Message, write: MarkMessage) -> Message:
    """Return the message with what the write tells of it."""
    facts = facts_of(message)
    match write:
        case DeleteMessage():
            return replace(message, deleted_at=(message.deleted_at or write.at) if write.deleted else None)
        case RateReply():
            facts = replace(facts, rating=rating_of(write))
        case PreferReply():
            facts = replace(facts, vote=vote_of(write))
        case _:
            assert_never(write)
    return replace(message, metadata=facts.to_metadata())


def rating_of(write: RateReply) -> Rating | None:
    if write.value is None:
        return None
    return Rating(value=write.value, reason=write.reason, tags=tuple(write.tags), rated_at=write.at)


def vote_of(write: PreferReply) -> Vote | None:
    return Vote(over=tuple(write.over), reason=write.reason, at=write.at) if write.over else None


def wiped(message: Message, write: PurgeMessage) -> Message:
    return replace(
        message,
        content="",
        parts=(),
        metadata=WIPED.to_metadata(),
        deleted_at=message.deleted_at or write.at,
        status=Status.STOPPED if message.status is Status.STREAMING else message.status,
    )


def updated(session: Session, write: UpdateSession, leaf_id: UUID | None) -> Session:
    """Return the changed session; `leaf_id` is the newest end of the branch that the write names."""

    def since(before: datetime | None, wanted: bool | None) -> datetime | None:
        return before if wanted is None else ((before or write.at) if wanted else None)

    return replace(
        session,
        session_name=session.session_name if write.session_name is None else write.session_name,
        backend=write.choice.backend if write.choice else session.backend,
        model=write.choice.model if write.choice else session.model,
        pinned_at=since(session.pinned_at, write.pinned),
        archived_at=since(session.archived_at, write.archived),
        deleted_at=since(session.deleted_at, write.deleted),
        is_active=session.is_active if write.deleted is None else not write.deleted,
        leaf_id=leaf_id or session.leaf_id,
        options=session.options if write.options is None else write.options,
        tags=session.tags if write.tags is None else tuple(distinct(write.tags)),
        folder=session.folder if write.folder is None else write.folder or None,
        metadata=changed_metadata(session, write),
    )


def changed_metadata(session: Session, write: UpdateSession) -> JsonObject:
    """Return the session's metadata as the write makes it. Raises MetadataTooLarge."""
    patch: JsonObject = write.metadata or {}
    merged = merged_within(session.metadata, patch, write.metadata_bytes) if patch else session.metadata
    return with_dept(merged, write.dept_id)


def begun_anew(session: Session, write: ResetSession) -> Session:
    """Return the session without a shown branch. It has branches from then on: its next question is another first."""
    return session if session.leaf_id != write.leaf_id else replace(session, leaf_id=None, has_branches=True)


def distinct(tags: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(tags))


def _begun(session: Session, write: BeginTurn | BeginReply, *, parent_id: UUID | None, messages: int) -> Session:
    """Return the session with so many messages more, the first of them below `parent_id`.

    `updated_at` is when somebody last asked: neither the end of a reply nor a new name moves a session in the list.
    """
    return replace(
        session,
        leaf_id=write.reply_id,
        message_count=session.message_count + messages,
        # Without branches the leaf is the newest message.
        has_branches=session.has_branches or parent_id != session.leaf_id,
        updated_at=max(session.updated_at, write.at),
        backend=write.choice.backend,
        model=write.choice.model,
        is_active=True,
        deleted_at=None,
    )


def _kept(figures: Figures) -> Figures:
    """Return the figures as the columns keep them."""
    if figures.cost_usd is None:
        return figures
    return replace(figures, cost_usd=figures.cost_usd.quantize(_NANODOLLAR, ROUND_HALF_UP))
