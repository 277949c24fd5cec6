"""Bodies of the statistics."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field


class TimesBody(BaseModel):
    median_ms: int = Field(description="Milliseconds: half of the replies took no longer")
    p95_ms: int = Field(description="Milliseconds: 95 of 100 replies took no longer")


class UsageBody(BaseModel):
    sessions: int
    messages: int = Field(description="How many messages, of people and of models")
    replies: int
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cost_usd: str = Field(description="US dollars, exact", examples=["0.0123"])
    rated_up: int = Field(default=0, description="Replies rated up; not counted by day")
    rated_down: int = 0
    first_token: TimesBody | None = Field(description="From the question to the first word")
    latency: TimesBody | None = Field(description="From the question to the end of the reply")


class DayBody(UsageBody):
    day: date = Field(description="The day")


class ModelBody(UsageBody):
    backend: str
    model: str | None = Field(description="The model; null where all of a backend are counted together")


class HourBody(BaseModel):
    hour: int
    messages: int = Field(description="How many messages came in that hour")


class SessionUsageBody(BaseModel):
    session_id: UUID
    session_name: str
    messages: int = Field(description="How many of the messages are in this session")
    last_at: datetime = Field(description="When the last of them was made")


class StatisticsBody(BaseModel):
    timezone: str
    first: date | None
    last: date | None
    total: UsageBody = Field(description="All together")
    by_day: list[DayBody] = Field(description="Days on which nothing was said are left out")
    by_model: list[ModelBody] = Field(description="Each model")
    by_backend: list[ModelBody] = Field(description="Each backend")
    by_hour: list[HourBody] = Field(description="Each hour of the day")
    longest: list[SessionUsageBody] = Field(description="The sessions with the most messages")


class QuestionBody(BaseModel):
    key: str = Field(description="Give it as `question` to list its messages", examples=["สวัสดี"])
    text: str = Field(description="The question, as it was asked last")
    count: int = Field(description="How often it was asked")


class WordBody(BaseModel):
    word: str
    count: int = Field(description="In how many questions it comes")


class FrequentBody(BaseModel):
    looked_at: int = Field(description="How many questions were looked at")
    questions: list[QuestionBody] = Field(description="The most frequent first")
    words: list[WordBody] = Field(description="The most frequent first")


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
    cost_usd: str | None = Field(description="US dollars, exact; null where the price is not known")
    first_token_ms: int | None
    latency_ms: int | None


class CountedMessagesBody(BaseModel):
    messages: list[CountedMessageBody] = Field(description="The newest first")
    next: str | None = Field(description="Give it as `cursor` for the next page; null on the last")


class CountedSessionsBody(BaseModel):
    sessions: list[SessionUsageBody] = Field(description="Those with the most messages first")
    next: str | None = Field(description="Give it as `cursor` for the next page; null on the last")
