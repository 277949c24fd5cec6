"""The description of what webhooks are sent, for the `webhooks` of the API's description."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import FastAPI, Header
from pydantic import BaseModel, ConfigDict, Field

_SESSION = "0199a1b2-0000-7000-8000-000000000000"
_QUESTION = "0199a1b2-0000-7000-8000-000000000001"
_REPLY = "0199a1b2-0000-7000-8000-000000000002"
_AT = "2026-11-30T01:02:03.456789Z"
_NO_CONTENT = "Only for a webhook with `include_content`; null: it was deleted before this was sent"

MessageHeader = Annotated[str, Header(alias="webhook-id", description="The same at each try: pass over what you know")]
TimeHeader = Annotated[str, Header(alias="webhook-timestamp", description="Seconds since 1970, of this try")]
SignatureHeader = Annotated[
    str,
    Header(
        alias="webhook-signature",
        description="`v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64; one for each secret that holds, with "
        "spaces between",
    ),
]


def _example(type_: str, data: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"example": {"type": type_, "timestamp": _AT, "data": data}})


class FinishedReplyData(BaseModel):
    session_id: UUID
    message_id: UUID = Field(description="The reply's id")
    question_id: UUID = Field(description="The id of the question that it answers")
    status: Literal["complete", "stopped", "failed", "interrupted"] = Field(description="How it ended")
    error: str | None = Field(description="The code of what went wrong, of a reply that failed")
    backend: str
    model: str
    prompt_tokens: int | None
    completion_tokens: int | None
    reasoning_tokens: int | None = Field(description="The part of `completion_tokens` that was thinking")
    first_token_ms: int | None
    latency_ms: int | None
    cost_usd: float | None
    question: str | None = Field(default=None, description=_NO_CONTENT)
    content: str | None = Field(default=None, description=_NO_CONTENT)


class ReplyFinishedEvent(BaseModel):
    """A reply has ended, in whatever way."""

    model_config = _example(
        "reply.finished",
        {
            "session_id": _SESSION,
            "message_id": _REPLY,
            "question_id": _QUESTION,
            "status": "complete",
            "error": None,
            "backend": "vllm",
            "model": "my-thai-model",
            "prompt_tokens": 120,
            "completion_tokens": 340,
            "reasoning_tokens": None,
            "first_token_ms": 210,
            "latency_ms": 5100,
            "cost_usd": None,
        },
    )

    type: Literal["reply.finished"] = Field(description="What happened")
    timestamp: datetime = Field(description="When it happened")
    data: FinishedReplyData = Field(description="What it is about")


class CreatedSessionData(BaseModel):
    session_id: UUID
    backend: str
    model: str
    created_at: datetime
    session_name: str | None = Field(default=None, description=_NO_CONTENT)


class SessionCreatedEvent(BaseModel):
    """A session was made."""

    model_config = _example(
        "session.created",
        {"session_id": _SESSION, "backend": "vllm", "model": "my-thai-model", "created_at": _AT},
    )

    type: Literal["session.created"] = Field(description="What happened")
    timestamp: datetime = Field(description="When it happened")
    data: CreatedSessionData = Field(description="What it is about")


class GivenFeedbackData(BaseModel):
    session_id: UUID
    message_id: UUID = Field(description="The reply's id")
    backend: str
    model: str
    kind: Literal["rating", "preference"] = Field(description="Whether it was rated, or chosen over others")
    value: Literal[1, -1] | None = Field(default=None, description="Of a rating: good or not; null: it was taken back")
    tags: list[str] = Field(default=[], description="Of a rating: why, as codes")
    over: list[UUID] = Field(default=[], description="Of a preference: the replies that were not chosen; none: no more")
    reason: str | None = Field(default=None, description=_NO_CONTENT)


class FeedbackGivenEvent(BaseModel):
    """A reply was rated or chosen over others, or that was taken back."""

    model_config = _example(
        "feedback.given",
        {
            "session_id": _SESSION,
            "message_id": _REPLY,
            "backend": "vllm",
            "model": "my-thai-model",
            "kind": "rating",
            "value": 1,
            "tags": ["accurate"],
        },
    )

    type: Literal["feedback.given"] = Field(description="What happened")
    timestamp: datetime = Field(description="When it happened")
    data: GivenFeedbackData = Field(description="What it is about")


class PingedData(BaseModel):
    webhook_id: UUID = Field(description="The webhook's id")


class PingEvent(BaseModel):
    """Somebody tests the webhook."""

    model_config = _example("ping", {"webhook_id": _SESSION})

    type: Literal["ping"] = Field(description="What happened")
    timestamp: datetime = Field(description="When it happened")
    data: PingedData = Field(description="What it is about")


def install(app: FastAPI) -> None:
    """Describe what webhooks are sent; none of it is a route of ours."""

    @app.webhooks.post("reply.finished", status_code=204, tags=["webhooks"])
    async def on_reply_finished(
        body: ReplyFinishedEvent, message: MessageHeader, sent_at: TimeHeader, signature: SignatureHeader
    ) -> None:
        """Hear that a reply has ended."""

    @app.webhooks.post("session.created", status_code=204, tags=["webhooks"])
    async def on_session_created(
        body: SessionCreatedEvent, message: MessageHeader, sent_at: TimeHeader, signature: SignatureHeader
    ) -> None:
        """Hear that a session was made."""

    @app.webhooks.post("feedback.given", status_code=204, tags=["webhooks"])
    async def on_feedback_given(
        body: FeedbackGivenEvent, message: MessageHeader, sent_at: TimeHeader, signature: SignatureHeader
    ) -> None:
        """Hear that a reply was rated or chosen over others."""

    @app.webhooks.post("ping", status_code=204, tags=["webhooks"])
    async def on_ping(body: PingEvent, message: MessageHeader, sent_at: TimeHeader, signature: SignatureHeader) -> None:
        """Hear that somebody tests the webhook."""
