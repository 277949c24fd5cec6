"""The shapes of questions, messages and replies: what clients send, and what they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from thai_chat.api.message_json import message_fields
from thai_chat.api.told import NoticeBody
from thai_chat.chat.sent import MOST_SENT, SENT_BYTES
from thai_chat.domain.facts import ReplyFacts
from thai_chat.domain.messages import (
    MAX_QUESTION_CHARS,
    MOST_BESIDE,
    Message,
)
from thai_chat.texts import Language

Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]

Key = Annotated[
    Short | None,
    Field(
        description="Makes the request safe to send again, as the header `Idempotency-Key` does: the same key is the "
        "same turn, however often it is sent; with another request it is refused"
    ),
]

MESSAGE_EXAMPLE: dict[str, Any] = {
    "message_id": "0199a1b2-0000-7000-8000-000000000002",
    "session_id": "0199a1b2-0000-7000-8000-000000000000",
    "parent_id": "0199a1b2-0000-7000-8000-000000000001",
    "role": "assistant",
    "content": "สวัสดีครับ",
    "status": "complete",
    "message_order": 2,
    "backend": "vllm",
    "model": "my-thai-model",
    "created_at": "2026-11-21T04:00:00+00:00",
    "timestamp": "2026-11-21T04:00:00+00:00",
    "prompt_tokens": 12,
    "completion_tokens": 5,
    "first_token_ms": 80,
    "latency_ms": 410,
    "audio_files": [],
    "function_calls": [],
    "metadata": ReplyFacts(finish_reason="stop").to_metadata(),
    "problem": None,
    "notices": [],
}


_SENT = f"at most {MOST_SENT} entries and {SENT_BYTES // 1000} kB in all"

LastSeen = Annotated[
    str | None,
    Field(description="The last message that was seen; `newer_messages` when another one is the last that is shown"),
]


Timestamp = Annotated[datetime, Field(description="The same as `created_at`")]
FunctionCalls = Annotated[
    list[object], Field(default_factory=list, description="What came with it about calls of functions")
]


class ModelRequest(BaseModel):
    """A model; a backend alone means its default."""

    model_config = ConfigDict(extra="forbid")

    backend: Short | None = None
    model: Short | None = None


class TurnRequest(BaseModel):
    """A question. Without backend and model the session's last ones answer, else the default."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"query": "สวัสดี", "stream": False}})

    query: str = Field(description=f"The question, at most {MAX_QUESTION_CHARS} characters")
    backend: Short | None = None
    model: Short | None = None
    stream: bool = False
    idempotency_key: Key = None
    edits: str | None = Field(
        default=None, description="The question this one is said instead of; that stays, on a branch of its own"
    )
    last_seen_message_id: LastSeen = None
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="For this reply alone: system_prompt, temperature, top_p, top_k, ...; null: nothing is sent for it",
    )
    session_options: dict[str, Any] | None = Field(
        default=None, description="The same, kept with the session for all that follow"
    )
    temporary: bool = Field(
        default=False,
        description="The session is held in memory alone, and never stored, listed, searched or counted; it is gone an "
        "hour after its last use. With each question of such a session; it must be a new one",
    )
    compare: list[ModelRequest] = Field(
        default_factory=list,
        description=f"Models that answer the question at the same time, to be compared ({MOST_BESIDE - 1} at most): "
        "`also` in the answer with `Prefer: respond-async`. What the session shows, and what any other answer has, is "
        "the reply of the first model",
    )
    audio_files: list[Any] = Field(
        default_factory=list,
        description=f"What is to be kept of audio files with the question, given back as it is; {_SENT}",
    )
    function_calls: list[Any] = Field(default_factory=list, description=f"The same of calls of functions; {_SENT}")


class AgainRequest(BaseModel):
    """Wants another reply. Without backend and model the session's last ones answer."""

    model_config = ConfigDict(extra="forbid")

    backend: Short | None = None
    model: Short | None = None
    stream: bool = False
    options: dict[str, Any] = Field(
        default_factory=dict, description="For this reply alone; null: nothing is sent for it"
    )
    beside: bool = Field(
        default=False,
        description="To be compared with this reply, which is still shown and may still grow; at most three replies to "
        "one question grow at a time",
    )
    continues: bool = Field(default=False, description="Begin with the text of this reply and go on from there")
    last_seen_message_id: LastSeen = None
    idempotency_key: Key = None


class ChatRequest(TurnRequest):
    session_id: str | None = Field(default=None, description="None starts a session")


class MessageBody(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": dict(MESSAGE_EXAMPLE)})

    message_id: UUID
    session_id: UUID
    parent_id: UUID | None
    role: str
    content: str
    status: str
    message_order: int
    backend: str | None
    model: str | None
    created_at: datetime
    timestamp: Timestamp
    prompt_tokens: int | None
    completion_tokens: int | None
    first_token_ms: int | None
    latency_ms: int | None
    reasoning_tokens: int | None = None
    cost_usd: float | None = Field(default=None, description="US dollars; null where the price is not known")
    audio_files: list[object] = Field(default_factory=list, description="What came with it about audio files")
    function_calls: FunctionCalls
    metadata: dict[str, object]
    parts: list[object] | None = Field(
        default=None,
        description="What the message is made of, in order, each with its `type`: text, reasoning, tool_call, "
        "tool_result, attachment, citation, notice, and more later; null for plain text, of which `content` says all",
    )
    problem: str | None = Field(
        default=None,
        description="Why the reply failed, for people, in the language of Accept-Language; null for one that did not",
    )
    notices: list[NoticeBody] = Field(
        default_factory=list, description="What a reader should know of the reply, in the language of Accept-Language"
    )


class HistoryBody(BaseModel):
    session_id: UUID
    history: list[MessageBody]
    has_earlier: bool = Field(
        default=False,
        description="There are older ones: ask again with the first one's `message_order` as `before_order`",
    )
    siblings: dict[UUID, list[UUID]] = Field(
        default_factory=dict,
        description="Of messages that have other versions: all versions, oldest first. Show another one by PATCHing "
        "`shown_message_id` of the session",
    )


class ChatBody(BaseModel):
    """The plain answer, and the body of a stream's `completed`: all that the history has of the reply."""

    response: str = Field(description="The reply: what its `content` is in the history")
    query: str
    audio_files: list[object] = Field(
        description="The audio files of the reply; where it has none, those that came with the question"
    )
    audio_provided: bool = Field(description="Whether there are `audio_files`")
    conversation_length: int
    session_id: UUID
    message_id: UUID
    status: str
    backend: str | None
    model: str | None
    metadata: dict[str, object]
    parent_id: UUID | None
    message_order: int
    created_at: datetime
    timestamp: Timestamp
    prompt_tokens: int | None
    completion_tokens: int | None
    first_token_ms: int | None
    latency_ms: int | None
    reasoning_tokens: int | None = None
    cost_usd: float | None = None
    function_calls: FunctionCalls
    parts: list[object] | None = None
    problem: str | None = None
    notices: list[NoticeBody] = Field(default_factory=list)


class AlsoBody(BaseModel):
    """A reply that has begun beside another: follow it with its `message_id`."""

    message_id: UUID
    backend: str
    model: str


class AcceptedBody(BaseModel):
    """The turn is stored and its reply has begun: follow it at `/api/sessions/{session_id}/events`."""

    session_id: UUID
    message_id: UUID
    backend: str
    model: str
    question: MessageBody
    also: list[AlsoBody] = Field(
        default_factory=list, description="The replies that grow beside it, one for each model of `compare`"
    )


class VersionsBody(BaseModel):
    versions: list[MessageBody]


def message_body(message: Message, language: Language) -> MessageBody:
    return MessageBody.model_validate(message_fields(message, language))


def chat_body(question: Message, reply: Message, conversation_length: int, language: Language) -> ChatBody:
    said = message_body(reply, language)
    audio_files = said.audio_files or message_body(question, language).audio_files
    return ChatBody(
        response=said.content,
        query=question.content,
        audio_files=audio_files,
        audio_provided=bool(audio_files),
        conversation_length=conversation_length,
        **said.model_dump(exclude={"role", "content", "audio_files"}),
    )
