"""Shapes of what programs add: sessions, messages, contexts, branches; and of the answers that have them."""

from __future__ import annotations

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from thai_chat.api.parameters import listed
from thai_chat.api.schemas import MESSAGE_EXAMPLE, MessageBody, Short, TurnRequest, message_body
from thai_chat.api.session_schemas import SessionBody
from thai_chat.api.wording import unfit
from thai_chat.chat.additions import NewSession
from thai_chat.domain.contexts import CONTEXT_CHARS, DOC_CHARS, METADATA_BYTES, MOST_CONTEXTS
from thai_chat.domain.messages import DEPT_CHARS, MAX_QUESTION_CHARS, SESSION_NAME_CHARS, Message, Role
from thai_chat.domain.transfer import GivenDocument
from thai_chat.texts import Language

DeptId = Annotated[str, StringConstraints(max_length=DEPT_CHARS)]
_METADATA = f"Any JSON object of at most {METADATA_BYTES} bytes; it is given back"
_TITLE = "The same as `session_name`; give one of the two"
CONTEXT_EXAMPLE: dict[str, Any] = {
    "doc_id": "hr-policy.pdf",
    "content": "พนักงานลาพักร้อนได้ปีละ 15 วัน",
    "score": 0.87,
    "metadata": {"page": 12},
}
_CONTEXT_ID = "0199a1b2-0000-5000-8000-000000000009"


class Named(BaseModel):
    """A session's name under either of its two names."""

    title: Annotated[str, StringConstraints(max_length=10 * SESSION_NAME_CHARS)] | None = Field(
        default=None, description=_TITLE
    )
    session_name: Annotated[str, StringConstraints(max_length=10 * SESSION_NAME_CHARS)] | None = Field(
        default=None, description=f"The name; cut after {SESSION_NAME_CHARS} characters"
    )

    @property
    def name(self) -> str | None:
        return self.title if self.session_name is None else self.session_name

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if None not in (self.title, self.session_name) and self.title != self.session_name:
            raise unfit("two_names")
        return self


class SessionRequest(Named):
    """A session to be made; everything in it may be left out."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"title": "วันลาพักร้อน", "dept_id": "hr", "metadata": {"app": "portal"}}},
    )

    dept_id: DeptId | None = Field(default=None, description="The department that the session belongs to")
    metadata: dict[str, Any] = Field(default_factory=dict, description=_METADATA)
    backend: Short | None = Field(default=None, description="The backend of its first question; none: the default")
    model: Short | None = Field(default=None, description="The model of its first question; none: the default")
    options: dict[str, Any] = Field(
        default_factory=dict, description="What its models are asked: system_prompt, temperature, ..."
    )


class MessageRequest(TurnRequest):
    """A message: a question by `query`, or by `role` "user" and `content`, or one that no model answers."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"query": "สวัสดี"}, {"role": "assistant", "content": "สวัสดีครับ"}]},
    )

    query: str = Field(default="", description=f"The question, at most {MAX_QUESTION_CHARS} characters")
    role: Role = Field(
        default=Role.USER,
        description="`user`: the message is a question, and a model answers it. `assistant` and `system`: the message "
        "is kept as it is, and no model is asked",
    )
    content: str | None = Field(default=None, description="The text of the message, in place of `query`")
    reply: bool = Field(default=True, description="false: no model is asked, also when the role is `user`")
    metadata: dict[str, Any] = Field(
        default_factory=dict, description=f"{_METADATA}. For messages that no model answers"
    )

    @property
    def is_asked(self) -> bool:
        return self.reply and self.role is Role.USER

    @model_validator(mode="after")
    def _one_text(self) -> Self:
        named = self.model_fields_set
        if self.content is not None and "query" in named and self.query != self.content:
            raise unfit("two_texts")
        if self.is_asked:
            if self.metadata:
                raise unfit("metadata_of_a_question")
            self.query = self.query or self.content or ""
        elif foreign := named & _OF_QUESTIONS:
            raise unfit("kept_as_it_is", fields=listed(foreign))
        return self


_OF_QUESTIONS = frozenset(
    {
        "query",
        "backend",
        "model",
        "stream",
        "edits",
        "last_seen_message_id",
        "options",
        "session_options",
        "temporary",
        "compare",
    }
)


class ContextRequest(BaseModel):
    """A document that a message was made with, or a piece of one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": CONTEXT_EXAMPLE})

    doc_id: Annotated[str, StringConstraints(max_length=DOC_CHARS)] | None = Field(
        default=None, description="The document's id or name"
    )
    content: Annotated[str, StringConstraints(max_length=CONTEXT_CHARS)] | None = Field(
        default=None, description="The piece of its text that was given"
    )
    score: float | None = Field(default=None, allow_inf_nan=False, description="How well it fits; more is better")
    metadata: dict[str, Any] = Field(default_factory=dict, description=_METADATA)


class ContextsRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"contexts": [CONTEXT_EXAMPLE]}})

    contexts: list[ContextRequest] = Field(
        min_length=1, max_length=MOST_CONTEXTS, description="The contexts to keep with the message"
    )


class ContextBody(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": {"id": _CONTEXT_ID, **CONTEXT_EXAMPLE}})

    id: UUID = Field(description="The context's id")
    doc_id: str | None = Field(description="The document's id or name")
    content: str | None = Field(description="The piece of its text that was given")
    score: float | None = Field(description="How well it fits; more is better")
    metadata: dict[str, Any] = Field(description="What it came with")


class ContextsBody(BaseModel):
    message_id: UUID = Field(description="The message that was made with them")
    contexts: list[ContextBody] = Field(description="The best score first")


class BranchRequest(Named):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"message_id": MESSAGE_EXAMPLE["message_id"]}}
    )

    message_id: str = Field(description="The last message of the new session")


class ConversationBody(SessionBody):
    """A session, with what comes with its messages where they were asked for."""

    metadata: dict[str, Any] | None = Field(default=None, description="What the session was made or imported with")
    messages: list[MessageBody] | None = Field(default=None, description="All of the shown branch, oldest first")
    total: int | None = Field(default=None, description="How many messages the session shows")
    has_earlier: bool | None = Field(default=None, description="false: all of them are there")
    siblings: dict[UUID, list[UUID]] | None = Field(default=None, description="Empty here")


class MessageDetailBody(MessageBody):
    """A message with all that belongs to it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **MESSAGE_EXAMPLE,
                "versions": [MESSAGE_EXAMPLE],
                "contexts": [{"id": _CONTEXT_ID, **CONTEXT_EXAMPLE}],
            }
        }
    )

    versions: list[MessageBody] = Field(
        description="All versions of the message, itself included, oldest first: the last 50 of them"
    )
    contexts: list[ContextBody] | None = Field(
        description="The documents that it was made with, the best score first; null while the database is away"
    )


def detail_body(
    message: Message, versions: list[Message], contexts: list[GivenDocument] | None, language: Language
) -> MessageDetailBody:
    return MessageDetailBody(
        **{
            **message_body(message, language).model_dump(),
            "versions": [message_body(one, language) for one in versions],
            "contexts": None if contexts is None else [context_body(one) for one in contexts],
        }
    )


def context_body(document: GivenDocument) -> ContextBody:
    return ContextBody(
        id=document.id,
        doc_id=document.doc_id,
        content=document.content,
        score=document.score,
        metadata=dict(document.metadata),
    )


def new_session(body: SessionRequest | None, session_id: UUID, key: str | None) -> NewSession:
    """Return what a request wants to be made; without a body a session with nothing of its own."""
    wanted = body or SessionRequest()
    return NewSession(
        session_id=session_id,
        idempotency_key=key,
        name=wanted.name or "",
        dept_id=wanted.dept_id or "",
        backend=wanted.backend,
        model=wanted.model,
        options=wanted.options,
        metadata=wanted.metadata,
    )
