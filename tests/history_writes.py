"""Writes for tests of the history: Thai by default, each with ids of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from tests.histories import Stores
from thai_chat.domain.errors import HistoryUnavailable, NotFound
from thai_chat.domain.messages import STALE_AFTER, Choice, Role, Session, Status, Turn
from thai_chat.domain.writes import (
    AddMessage,
    BeginReply,
    BeginTurn,
    Checkpoint,
    CreateSession,
    DeleteMessage,
    FinishReply,
    PreferReply,
    PurgeMessage,
    PurgeSession,
    RateReply,
    ResetSession,
    UpdateSession,
)

QUESTION = "น้ำจิ้มข้าวมันไก่ทำอย่างไร? 🍚 with ginger"
ANSWER = "ตำขิง กระเทียม พริก แล้วใส่เต้าเจี้ยว 👩🏽‍🍳 (soy bean paste)"
CHOICE = Choice("vllm", "typhoon-8b")
LONG_AGO = datetime.now(UTC) - 10 * STALE_AFTER
UNKNOWN = (NotFound, HistoryUnavailable)
"""In an outage memory can't tell what there is not from what it does not hold."""


def new_user() -> str:
    return f"สมชาย-{uuid7()}"


def begin(user_id: str, session_id: UUID | None = None, **fields: Any) -> BeginTurn:
    values = {
        "session_id": session_id or uuid7(),
        "user_id": user_id,
        "session_name": "น้ำจิ้มข้าวมันไก่",
        "question_id": uuid7(),
        "question": QUESTION,
        "reply_id": uuid7(),
        "choice": CHOICE,
        "at": datetime.now(UTC),
    }
    return BeginTurn(**{**values, **fields})


def create(user_id: str, **fields: Any) -> CreateSession:
    values = {
        "session_id": uuid7(),
        "user_id": user_id,
        "session_name": "ลางาน",
        "choice": CHOICE,
        "at": datetime.now(UTC),
    }
    return CreateSession(**{**values, **fields})


def say(session: Session, content: str = ANSWER, **fields: Any) -> AddMessage:
    """Return the write of a message that no model answers."""
    values = {
        "session_id": session.session_id,
        "user_id": session.user_id,
        "message_id": uuid7(),
        "role": Role.ASSISTANT,
        "content": content,
        "at": datetime.now(UTC),
    }
    return AddMessage(**{**values, **fields})


def again(turn: Turn, **fields: Any) -> BeginReply:
    """Return the write of one more reply to the turn's question."""
    values = {
        "session_id": turn.session.session_id,
        "user_id": turn.session.user_id,
        "question_id": turn.question.message_id,
        "reply_id": uuid7(),
        "choice": CHOICE,
        "at": datetime.now(UTC),
    }
    return BeginReply(**{**values, **fields})


def grow(write: BeginTurn | BeginReply, content: str = ANSWER[:10], **fields: Any) -> Checkpoint:
    values = {"session_id": write.session_id, "reply_id": write.reply_id, "content": content, "at": datetime.now(UTC)}
    return Checkpoint(**{**values, **fields})


def finish(write: BeginTurn | BeginReply, content: str = ANSWER, **fields: Any) -> FinishReply:
    values = {
        "session_id": write.session_id,
        "reply_id": write.reply_id,
        "content": content,
        "status": Status.COMPLETE,
        "choice": write.choice,
        "at": datetime.now(UTC),
    }
    return FinishReply(**{**values, **fields})


def update(turn: Turn, **fields: Any) -> UpdateSession:
    values = {"session_id": turn.session.session_id, "user_id": turn.session.user_id, "at": datetime.now(UTC)}
    return UpdateSession(**{**values, **fields})


def reset(turn: Turn, **fields: Any) -> ResetSession:
    """Return the write that takes the turn, the last that is shown, and all above it out of sight."""
    return ResetSession(**{**_of(turn), "leaf_id": turn.reply.message_id, **fields})


def purge(turn: Turn, **fields: Any) -> PurgeSession:
    values = {"session_id": turn.session.session_id, "user_id": turn.session.user_id, "at": datetime.now(UTC)}
    return PurgeSession(**{**values, **fields})


def _of(turn: Turn) -> dict[str, Any]:
    return {"session_id": turn.session.session_id, "user_id": turn.session.user_id, "at": datetime.now(UTC)}


def rate(turn: Turn, value: int | None = 1, **fields: Any) -> RateReply:
    return RateReply(**{**_of(turn), "reply_id": turn.reply.message_id, "value": value, **fields})


def prefer(turn: Turn, *over: UUID, **fields: Any) -> PreferReply:
    return PreferReply(**{**_of(turn), "reply_id": turn.reply.message_id, "over": over, **fields})


def delete(turn: Turn, message_id: UUID, **fields: Any) -> DeleteMessage:
    return DeleteMessage(**{**_of(turn), "message_id": message_id, **fields})


def purge_message(turn: Turn, message_id: UUID, **fields: Any) -> PurgeMessage:
    return PurgeMessage(**{**_of(turn), "message_id": message_id, **fields})


async def whole_turn(history: Stores, user_id: str, session_id: UUID | None = None, **fields: Any) -> Turn:
    """Store a question and its finished reply, and return them as they were stored."""
    write = begin(user_id, session_id, **fields)
    turn = await history.write(write)
    await history.write(finish(write))
    return turn


async def whole_reply(history: Stores, turn: Turn, content: str = ANSWER, **fields: Any) -> Turn:
    """Store one more reply to the turn's question, finished, and return them as they were stored."""
    write = again(turn, **fields)
    begun = await history.write(write)
    await history.write(finish(write, content))
    return begun
