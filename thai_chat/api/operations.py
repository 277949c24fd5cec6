"""`/api/operations-chat`: the chat as the operations assistant's clients know it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, model_validator

from thai_chat.api import errors
from thai_chat.api.asked import NOT_ANSWERED
from thai_chat.api.dependencies import Asking, Service
from thai_chat.api.refusing import refuses
from thai_chat.api.repeating import Repeated
from thai_chat.api.schemas import Key, Short
from thai_chat.api.suggestions import Meant, SuggestionsBody, suggestions_body
from thai_chat.api.wording import unfit
from thai_chat.chat.asking import Question
from thai_chat.chat.histories import MOST_LAST
from thai_chat.chat.statistics import MOST_DAYS, last_days, zone_of
from thai_chat.chat.text import identifier
from thai_chat.domain.errors import (
    BadInput,
    HistoryUnavailable,
    InvalidIdentifier,
    MessageNotFound,
    SessionNotFound,
)
from thai_chat.domain.events import Failed
from thai_chat.domain.facts import facts_of
from thai_chat.domain.messages import MAX_QUESTION_CHARS, Message, Session
from thai_chat.domain.statistics import Behind

router = APIRouter(prefix="/api/operations-chat", tags=["operations"])

_SESSION_ID, _MESSAGE_ID = "0199a1b2-0000-7000-8000-000000000000", "0199a1b2-0000-7000-8000-000000000002"
_AT = "2026-11-21T04:00:00Z"


class OperationsRequest(BaseModel):
    """A question, as `message` or as `query`."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"message": "What's most urgent today?"}})

    message: str | None = Field(default=None, description=f"The question, at most {MAX_QUESTION_CHARS} characters")
    query: str | None = Field(default=None, description="The same by another name; give one of the two")
    session_id: str | None = Field(default=None, description="Without it a session is started")
    backend: Short | None = Field(default=None, description="Who answers; else who answered last, or by default")
    model: Short | None = Field(default=None, description="A model of the backend")
    idempotency_key: Key = None

    @model_validator(mode="after")
    def _one_question(self) -> OperationsRequest:
        if (self.message is None) == (self.query is None):
            raise unfit("one_question")
        return self


class OperationsMessageBody(BaseModel):
    id: UUID = Field(description="The message's id")
    session_id: UUID
    role: str
    content: str
    status: str = Field(description="complete, streaming, interrupted, stopped or failed")
    context_used: dict[str, object] = Field(
        description="What the model was sent of the conversation; empty for a question"
    )
    model_used: str | None = Field(description="The model that answered; null for a question")
    tokens_used: int | None = Field(description="Tokens of prompt and reply together; null where they are not known")
    created_at: datetime


class OperationsAnswerBody(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "response": "The manager schedule is due at noon.",
                "session_id": _SESSION_ID,
                "message_id": _MESSAGE_ID,
                "backend": "openai",
                "model_used": "gpt-4o",
                "tokens_used": 812,
                "context_used": {"messages_sent": 2, "messages_left_out": 0},
                "created_at": _AT,
            }
        }
    )

    response: str = Field(description="The reply")
    session_id: UUID
    message_id: UUID = Field(description="The reply's id")
    backend: str | None
    model_used: str | None = Field(description="The model that answered")
    tokens_used: int | None = Field(description="Tokens of prompt and reply together; null where they are not known")
    context_used: dict[str, object] = Field(description="What the model was sent of the conversation")
    created_at: datetime


class OperationsSessionBody(BaseModel):
    id: UUID = Field(description="The session's id")
    user_id: str
    title: str = Field(description="The session's name")
    context_snapshot: dict[str, object] = Field(description="The context that it started with; empty where none was")
    started_at: datetime = Field(description="When it was made")
    last_message_at: datetime = Field(description="When something was asked last")
    message_count: int
    is_active: bool = Field(description="False while it is in the trash")


class OperationsSessionsQuery(BaseModel):
    limit: int = Field(default=10, ge=1, le=200, description="The most sessions that come")


class OperationsSessionsBody(BaseModel):
    sessions: list[OperationsSessionBody] = Field(description="The newest first")


class OperationsHistoryQuery(BaseModel):
    limit: int = Field(default=MOST_LAST, ge=1, le=MOST_LAST, description="The last ones: at most so many")
    before: str | None = Field(default=None, description="A message's id: the ones before it")


class OperationsHistoryBody(BaseModel):
    session_id: UUID
    total: int | None = Field(description="The messages that the session shows; null where that is not known now")
    has_earlier: bool = Field(description="There are older ones: ask again with the first one's `id` as `before`")
    messages: list[OperationsMessageBody] = Field(description="Oldest first")


class OperationsPeriodQuery(BaseModel):
    days: int | None = Field(default=None, ge=1, le=MOST_DAYS, description="The last days; without it all there were")
    timezone: str | None = Field(default=None, description="Whose midnights cut the days", examples=["Asia/Bangkok"])
    limit: int = Field(default=50, ge=1, le=200, description="The most sessions that come")


class OperationsUsageBody(BaseModel):
    session_id: UUID
    title: str = Field(description="The session's name")
    messages: int = Field(description="Its messages in that time")
    prompt_tokens: int
    completion_tokens: int
    tokens_used: int = Field(description="Both together")
    last_message_at: datetime = Field(description="When the last of them was said")


class OperationsQuestionBody(BaseModel):
    question: str
    count: int


class OperationsStatisticsBody(BaseModel):
    total_sessions: int = Field(description="Sessions with a message in that time")
    total_messages: int = Field(description="Questions and replies together")
    total_tokens: int = Field(description="Tokens of prompts and replies together")
    tokens_per_session: float = Field(description="The average; 0 without sessions")
    sessions: list[OperationsUsageBody] = Field(description="Those with most messages first")
    common_questions: list[OperationsQuestionBody] = Field(
        description="Questions that were asked more than once, whatever their wording"
    )


@router.post("", response_model=OperationsAnswerBody, responses=NOT_ANSWERED)
async def ask_operations(
    body: OperationsRequest, request: Request, service: Service, person: Asking, repeated: Repeated
) -> OperationsAnswerBody | JSONResponse:
    """Ask a model, and return its reply when it is whole. Question and reply are kept in the session."""
    asked = await service.ask(
        Question(
            person=person,
            text=body.message if body.message is not None else body.query or "",
            session_id=identifier(body.session_id) if body.session_id else None,
            backend=body.backend,
            model=body.model,
            idempotency_key=repeated.key(body.idempotency_key),
        )
    )
    result = await service.reply_of(asked)
    if isinstance(result, Failed):
        return errors.failed(result, request)
    reply = _message(result.reply)
    return OperationsAnswerBody(
        response=reply.content,
        session_id=reply.session_id,
        message_id=reply.id,
        backend=result.reply.backend,
        model_used=reply.model_used,
        tokens_used=reply.tokens_used,
        context_used=reply.context_used,
        created_at=reply.created_at,
    )


@router.get("/sessions")
async def list_operations_sessions(
    service: Service, person: Asking, wanted: Annotated[OperationsSessionsQuery, Query()]
) -> OperationsSessionsBody:
    """Return the sessions that were used last."""
    found = await service.sessions.page(person, limit=wanted.limit)
    return OperationsSessionsBody(sessions=[_session(session) for session in found])


@router.get("/history/{session_id}", responses=refuses(InvalidIdentifier, SessionNotFound, MessageNotFound))
async def operations_history(
    session_id: str, service: Service, person: Asking, wanted: Annotated[OperationsHistoryQuery, Query()]
) -> OperationsHistoryBody:
    """Return the last messages of a session, oldest first; a reply that still grows with what it has."""
    before_id = identifier(wanted.before) if wanted.before else None
    found = await service.histories.read(identifier(session_id), person, limit=wanted.limit, before_id=before_id)
    return OperationsHistoryBody(
        session_id=found.session.session_id,
        total=found.total,
        has_earlier=found.has_earlier,
        messages=[_message(message) for message in found.messages],
    )


@router.get("/suggestions")
async def list_operations_suggestions(
    request: Request, service: Service, person: Asking, meant: Meant
) -> SuggestionsBody:
    """Return questions to begin with, as `GET /api/suggestions` does."""
    return await suggestions_body(request, service, person, meant)


@router.get("/statistics", responses=refuses(BadInput, HistoryUnavailable))
async def operations_statistics(
    service: Service, person: Asking, wanted: Annotated[OperationsPeriodQuery, Query()]
) -> OperationsStatisticsBody:
    """Count the tokens of sessions, and the questions that are common. Sessions in the trash are not counted."""
    period = last_days(zone_of(wanted.timezone), wanted.days)
    total = (await service.statistics.read(person, period)).total
    usages = await service.statistics.sessions(person, Behind(period=period), limit=wanted.limit)
    frequent = await service.statistics.frequent(person, period)
    tokens = total.prompt_tokens + total.completion_tokens
    return OperationsStatisticsBody(
        total_sessions=total.sessions,
        total_messages=total.messages,
        total_tokens=tokens,
        tokens_per_session=tokens / total.sessions if total.sessions else 0.0,
        sessions=[
            OperationsUsageBody(
                session_id=usage.session_id,
                title=usage.session_name,
                messages=usage.messages,
                prompt_tokens=usage.prompt_tokens or 0,
                completion_tokens=usage.completion_tokens or 0,
                tokens_used=(usage.prompt_tokens or 0) + (usage.completion_tokens or 0),
                last_message_at=usage.last_at.astimezone(UTC),
            )
            for usage in usages
        ],
        common_questions=[
            OperationsQuestionBody(question=group.text, count=len(group.message_ids)) for group in frequent.questions
        ],
    )


def _message(message: Message) -> OperationsMessageBody:
    figures = message.figures
    known = [count for count in (figures.prompt_tokens, figures.completion_tokens) if count is not None]
    used = facts_of(message).context_used
    return OperationsMessageBody(
        id=message.message_id,
        session_id=message.session_id,
        role=message.role,
        content=message.content,
        status=message.status,
        context_used=asdict(used) if used else {},
        model_used=message.model,
        tokens_used=sum(known) if known else None,
        created_at=message.created_at.astimezone(UTC),
    )


def _session(session: Session) -> OperationsSessionBody:
    return OperationsSessionBody(
        id=session.session_id,
        user_id=session.user_id,
        title=session.session_name,
        context_snapshot=dict(session.context_snapshot),
        started_at=session.created_at.astimezone(UTC),
        last_message_at=session.updated_at.astimezone(UTC),
        message_count=session.message_count,
        is_active=session.is_active,
    )
