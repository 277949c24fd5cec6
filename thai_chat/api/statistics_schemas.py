"""Bodies of the statistics."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field


class TimesBody(BaseModel):
    median_ms: int
    p95_ms: int


class UsageBody(BaseModel):
    sessions: int
    messages: int
    replies: int
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cost_usd: str = Field(description="US dollars, exact")
    rated_up: int = Field(default=0, description="Replies rated up; not counted by day")
    rated_down: int = 0
    first_token: TimesBody | None
    latency: TimesBody | None


class DayBody(UsageBody):
    day: date


class ModelBody(UsageBody):
    backend: str
    model: str | None


class HourBody(BaseModel):
    hour: int
    messages: int


class SessionUsageBody(BaseModel):
    session_id: UUID
    session_name: str
    messages: int
    last_at: datetime


class StatisticsBody(BaseModel):
    timezone: str
    first: date | None
    last: date | None
    total: UsageBody
    by_day: list[DayBody]
    by_model: list[ModelBody]
    by_backend: list[ModelBody]
    by_hour: list[HourBody]
    longest: list[SessionUsageBody]


class QuestionBody(BaseModel):
    key: str
    text: str
    count: int


class WordBody(BaseModel):
    word: str
    count: int


class FrequentBody(BaseModel):
    looked_at: int
    questions: list[QuestionBody]
    words: list[WordBody]


class CountedMessageBody(BaseModel):
    session_id: UUID
    session_name: str
    message_id: UUID
    role: str
    text: str = Field(description="Its first 300 characters; of a reply without the signs of Markdown")
    status: str
    backend: str | None
    model: str | None
    created_at: datetime
    prompt_tokens: int | None
    completion_tokens: int | None
    reasoning_tokens: int | None
    cost_usd: str | None
    first_token_ms: int | None
    latency_ms: int | None


class CountedMessagesBody(BaseModel):
    messages: list[CountedMessageBody]
    next: str | None = Field(description="Give it as `cursor` for the next page; null on the last")


class CountedSessionsBody(BaseModel):
    sessions: list[SessionUsageBody]
    next: str | None
