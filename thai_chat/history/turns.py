"""What a write makes of a session and its messages: the same in every store."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from thai_chat.domain.messages import BeginTurn, FinishReply, Message, Role, Session, Status, Turn


def new_session(write: BeginTurn) -> Session:
    return Session(
        session_id=write.session_id,
        user_id=write.user_id,
        session_name=write.session_name,
        backend=write.choice.backend,
        model=write.choice.model,
        created_at=write.at,
        updated_at=write.at,
    )


def new_turn(session: Session, write: BeginTurn) -> Turn:
    """The turn below the session's leaf, or below `write.parent_id`.

    `updated_at` is when somebody last asked: neither the end of a reply nor a new name moves a session in the list.
    """
    after = replace(
        session,
        leaf_id=write.reply_id,
        message_count=session.message_count + 2,
        updated_at=max(session.updated_at, write.at),
        backend=write.choice.backend,
        model=write.choice.model,
    )
    return turn_of(after, write, write.parent_id or session.leaf_id)


def turn_of(session: Session, write: BeginTurn, parent_id: UUID | None) -> Turn:
    """The turn as it was just begun, with the session as it is after that."""
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
    )
    reply = Message(
        message_id=write.reply_id,
        session_id=write.session_id,
        parent_id=write.question_id,
        role=Role.ASSISTANT,
        content="",
        message_order=session.message_count,
        status=Status.STREAMING,
        backend=write.choice.backend,
        model=write.choice.model,
        created_at=write.at,
    )
    return Turn(session=session, question=question, reply=reply)


def finished(reply: Message, write: FinishReply) -> Message:
    return replace(
        reply,
        content=write.content,
        status=write.status,
        backend=write.choice.backend,
        model=write.choice.model,
        figures=write.figures,
        metadata={**reply.metadata, **write.metadata},
    )
