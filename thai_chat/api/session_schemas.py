"""The shapes of sessions and of lists of them: what clients send, and what they are answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from thai_chat.domain.contexts import METADATA_BYTES
from thai_chat.domain.facts import dept_of
from thai_chat.domain.labels import Labels
from thai_chat.domain.messages import (
    DEPT_CHARS,
    LABEL_CHARS,
    MOST_TAGS,
    Session,
)
from thai_chat.domain.reads import SessionOrder, Shelf

MOST_OFFSET = 100_000
Label = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LABEL_CHARS)]


class SessionBody(BaseModel):
    session_id: UUID
    session_name: str
    id: UUID = Field(description="The same as `session_id`")
    title: str = Field(description="The same as `session_name`; empty until the first question gives one")
    dept_id: str | None = Field(default=None, description="The department that the session belongs to")
    backend: str
    model: str
    created_at: datetime
    updated_at: datetime
    message_count: int
    running: bool
    pinned_at: datetime | None
    archived_at: datetime | None
    deleted_at: datetime | None = Field(description="Set while the session is in the trash")
    tags: list[str]
    folder: str | None
    options: dict[str, object]
    temporary: bool = Field(default=False, description="It is held in memory alone and never stored")


class ChangedSessionBody(SessionBody):
    """A session as it is after a change."""

    metadata: dict[str, Any] = Field(
        description="What is kept with the session, its department among it", examples=[{"app": "portal"}]
    )


class SessionPatch(BaseModel):
    """The changes of a session: what is named is changed, the rest stays. An unknown name is refused, not passed
    over."""

    model_config = ConfigDict(extra="forbid")

    session_name: str | None = None
    title: str | None = Field(default=None, description="The same as `session_name`; give one of the two")
    dept_id: str | None = Field(
        default=None, max_length=DEPT_CHARS, description="Empty takes the session out of its department"
    )
    metadata: dict[str, Any] | None = Field(
        default=None,
        description="Merged by name into what is kept with the session, as a JSON Merge Patch (RFC 7386): null takes a "
        f"name away, what is not named stays; {METADATA_BYTES} bytes in all. `dept_id` in it is the department",
        examples=[{"dept_id": "hr", "app": None}],
    )
    pinned: bool | None = None
    archived: bool | None = None
    deleted: bool | None = Field(default=None, description="true: into the trash; false: out of it, as it was")
    tags: list[Label] | None = Field(default=None, max_length=MOST_TAGS)
    folder: Label | None = Field(default=None, description="Empty takes the session out of its folder")
    options: dict[str, Any] | None = Field(
        default=None,
        description="What its models are asked: system_prompt, temperature, ... {}: none of its own, so that a model's "
        "preset holds; null for an option: nothing is sent for it, and no preset holds",
    )
    shown_message_id: str | None = Field(default=None, description="Shows the branch through this message")


class SessionsQuery(BaseModel):
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, description="`next` of the page before, for the same `order`")
    offset: int = Field(
        default=0,
        ge=0,
        le=MOST_OFFSET,
        description="So many are passed over, in place of a cursor, which is faster far down",
    )
    order: SessionOrder = Field(
        default=SessionOrder.UPDATED,
        description="updated: those that were asked in last come first; created: the newest come first, and none moves "
        "while somebody pages",
    )
    total: bool = Field(default=False, description="true: `total` in the answer")
    dept_id: str | None = Field(default=None, description="The department that the sessions belong to")
    name_contains: str = ""
    shelf: Shelf = Field(default=Shelf.CURRENT, description="current, archived or trash")
    pinned: bool | None = None
    tag: str | None = None
    folder: str | None = None


class SessionsBody(BaseModel):
    sessions: list[SessionBody]
    next: str | None = Field(description="Give it as `cursor` for the next page; null on the last")
    total: int | None = Field(
        default=None, description="How many sessions the list has in all; null where it was not asked for"
    )


class LabelBody(BaseModel):
    name: str
    sessions: int


class LabelsBody(BaseModel):
    folders: list[LabelBody]
    tags: list[LabelBody]


def labels_body(labels: Labels) -> LabelsBody:
    return LabelsBody(
        folders=[LabelBody(name=label.name, sessions=label.sessions) for label in labels.folders],
        tags=[LabelBody(name=label.name, sessions=label.sessions) for label in labels.tags],
    )


def session_body(session: Session, *, running: bool) -> SessionBody:
    return SessionBody(
        session_id=session.session_id,
        session_name=session.session_name,
        id=session.session_id,
        title=session.session_name,
        dept_id=dept_of(session.metadata),
        backend=session.backend,
        model=session.model,
        created_at=session.created_at.astimezone(UTC),
        updated_at=session.updated_at.astimezone(UTC),
        message_count=session.message_count,
        running=running,
        pinned_at=session.pinned_at,
        archived_at=session.archived_at,
        deleted_at=session.deleted_at,
        tags=list(session.tags),
        folder=session.folder,
        options=dict(session.options),
        temporary=session.is_temporary,
    )
