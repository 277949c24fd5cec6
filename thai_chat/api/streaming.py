"""Answers that are no JSON, as the description of the API has them: server-sent events, and files.

OpenAPI 3.1 has no words for the events of a stream, and programs read its schema as that of the whole text or as that
of each event. So there is no type in it: generators of clients then hand out the text. `x-events` has the schema of
each event's `data`, by the event's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from thai_chat.api.schemas import ChatBody

_JSON_FILE = {"type": "object", "description": "docs/export-format.md describes it", "additionalProperties": True}
_TEXT_FILE = {"type": "string", "description": "A text in UTF-8"}


class StartedEvent(BaseModel):
    """The reply has begun; again when another model goes on with it."""

    session_id: UUID
    message_id: UUID
    backend: str
    model: str


class DeltaEvent(BaseModel):
    """More of the reply's text."""

    text: str


class ReasoningEvent(BaseModel):
    """More of what the model thinks."""

    text: str


class RethoughtEvent(BaseModel):
    """All that `delta` and `reasoning` have said before was thought: this text takes its place."""

    text: str


class NoticeEvent(BaseModel):
    """Something that a reader should know, such as that another model answers."""

    code: str = Field(description="What it is about; it stays the same between versions")
    message: str = Field(description="For people, in the language of Accept-Language")
    passing: bool = Field(description="Whether it holds for the moment only")
    seconds: float | None = Field(description="How long it may take, where that is known")
    backend: str | None = Field(description="Who is asked now, when that is somebody else than before")
    model: str | None = Field(description="Its model")


class ErrorEvent(BaseModel):
    """The last event of what has failed."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"code": "backend_unreachable", "message": "vLLM can't be reached."}}
    )

    code: str = Field(description="What went wrong, as in `error.code` of other answers")
    message: str = Field(description="For people, in the language of Accept-Language")


class HelloEvent(BaseModel):
    """The first event."""

    page: str = Field(description="The version of the page that the server has now", examples=["4f1c"])
    changed_ms_ago: int | None = Field(description="Milliseconds since the last change; null for a minute or more")


class SessionEvent(BaseModel):
    """A session has changed, or is gone."""

    session_id: UUID


class ReplyEvent(BaseModel):
    """A reply has begun or ended."""

    session_id: UUID
    reply_id: UUID = Field(description="The reply's `message_id`")


class EmptyEvent(BaseModel):
    """It says nothing but its name."""


class PullProgressEvent(BaseModel):
    """How far the server is."""

    status: str = Field(description="What the server does, in its own words", examples=["pulling"])
    completed: int = Field(description="Bytes that are there")
    total: int = Field(description="Bytes in all; 0 while that is not known")


class PulledEvent(BaseModel):
    """The model is there."""

    backend: str
    model: str


class ImportProgressEvent(BaseModel):
    """How far the import is."""

    done: int = Field(description="Sessions that are dealt with")
    total: int = Field(description="Sessions in all; 0 while the files are still looked through")
    messages: int = Field(description="Messages that are read")


Events = Mapping[str, type[BaseModel]]

REPLY_EVENTS: Events = {
    "started": StartedEvent,
    "delta": DeltaEvent,
    "reasoning": ReasoningEvent,
    "rethought": RethoughtEvent,
    "notice": NoticeEvent,
    "completed": ChatBody,
    "error": ErrorEvent,
}
_DESCRIBED: dict[str, type[BaseModel]] = {}
"""The models of all events, by name."""


def events(said: Events, *, example: str = "") -> dict[str, Any]:
    """Return the `content` of an answer by server-sent events."""
    _DESCRIBED.update({model.__name__: model for model in said.values()})
    told = "; ".join(f"`{name}`: {_first_line(model)}" for name, model in said.items())
    return {
        "text/event-stream": {
            "schema": {
                "description": f"Server-sent events. {told}",
                "x-events": {name: {"$ref": f"#/components/schemas/{model.__name__}"} for name, model in said.items()},
            },
            **({"example": example} if example else {}),
        }
    }


def files(*media_types: str) -> dict[str, Any]:
    """Return the `content` of an answer that is a file of one of these types."""
    return {kind: {"schema": _JSON_FILE if kind == "application/json" else _TEXT_FILE} for kind in media_types}


def event_schemas() -> dict[str, Any]:
    """Return the schemas of all events: components of the description."""
    _, found = models_json_schema(
        [(model, "serialization") for model in _DESCRIBED.values()], ref_template="#/components/schemas/{model}"
    )
    schemas: dict[str, Any] = found.get("$defs", {})
    return schemas


def _first_line(model: type[BaseModel]) -> str:
    said = (model.__doc__ or "").strip().split("\n")[0].rstrip(".")
    return said[:1].lower() + said[1:]


REPLY_EXAMPLE = (
    'id: 0199a1b200007000800000000000002.1\nevent: started\ndata: {"session_id":"0199a1b2-0000-7000-8000-000000000000",'
    '"message_id":"0199a1b2-0000-7000-8000-000000000002","backend":"vllm","model":"my-thai-model"}\n\n'
    'id: 0199a1b200007000800000000000002.2\nevent: delta\ndata: {"text":"สวัสดีครับ"}\n\n'
    'id: 0199a1b200007000800000000000002.3\nevent: completed\ndata: {"response":"สวัสดีครับ", ...}\n\n'
)
