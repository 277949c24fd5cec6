"""The shape of a window on a session: what clients ask for, and what they are answered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from thai_chat.api.message_json import messages_json, to_json
from thai_chat.api.schemas import MESSAGE_EXAMPLE, HistoryBody
from thai_chat.api.session_schemas import SessionBody, session_body
from thai_chat.chat.windows import WINDOW, Window
from thai_chat.domain.ports.reply_log import ReplyLog
from thai_chat.texts import Language

_SESSION_EXAMPLE: dict[str, Any] = {
    "session_id": MESSAGE_EXAMPLE["session_id"],
    "session_name": "สวัสดี",
    "id": MESSAGE_EXAMPLE["session_id"],
    "title": "สวัสดี",
    "dept_id": None,
    "backend": MESSAGE_EXAMPLE["backend"],
    "model": "my-thai-model",
    "created_at": "2026-11-21T03:59:59+00:00",
    "updated_at": "2026-11-21T04:00:00+00:00",
    "message_count": 2,
    "running": True,
    "pinned_at": None,
    "archived_at": None,
    "deleted_at": None,
    "tags": [],
    "folder": None,
    "options": {},
    "temporary": False,
}


class WindowQuery(BaseModel):
    """Where the window is: at the end, or at one of the places."""

    limit: int = Field(default=WINDOW, ge=1, le=200, description="The most messages that come")
    before_order: int | None = Field(default=None, description="The last ones below this `message_order`")
    after_order: int | None = Field(default=None, description="The first ones above this `message_order`")
    before: str | None = Field(default=None, description="The last ones before the message with this id")
    after: str | None = Field(default=None, description="The first ones after the message with this id")
    around: str | None = Field(
        default=None,
        description="A message's id: the messages around it, as many as half of them behind it. 409 "
        "`message_on_other_branch` when it is not among those that are shown: PATCH it as the session's "
        "`shown_message_id`, and ask again",
    )


class LiveBody(BaseModel):
    """A reply that grows: follow it at `/api/sessions/{session_id}/events`."""

    message_id: UUID
    backend: str
    model: str
    waited_ms: int = Field(description="Milliseconds since its question was taken")


class BesideBody(LiveBody):
    beside: UUID = Field(description="The reply that it is compared with")


class WindowBody(HistoryBody):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "session_id": MESSAGE_EXAMPLE["session_id"],
                "history": [{**MESSAGE_EXAMPLE, "status": "streaming"}],
                "has_earlier": True,
                "siblings": {},
                "session": _SESSION_EXAMPLE,
                "has_later": False,
                "has_more": True,
                "live": {
                    "message_id": MESSAGE_EXAMPLE["message_id"],
                    "backend": MESSAGE_EXAMPLE["backend"],
                    "model": MESSAGE_EXAMPLE["model"],
                    "waited_ms": 500,
                },
                "also_live": [],
            }
        }
    )

    session: SessionBody
    has_later: bool = Field(
        description="There are newer ones: ask again with the last one's `message_order` as `after_order`"
    )
    has_more: bool = Field(
        default=False, description="There are more where one pages to: older ones, or newer ones with `after`"
    )
    live: LiveBody | None = Field(
        description="The session's reply that grows here, also where the window does not reach it; null when none does"
    )
    also_live: list[BesideBody] = Field(
        default_factory=list,
        description="The replies that are compared, while one of them or of those they are compared with grows here: "
        "follow them with their `message_id`, also those that have ended",
    )


def window_response(window: Window, *, running: bool, language: Language, is_after: bool = False) -> Response:
    """Answer with a `WindowBody`, without a model of each message."""
    fields = {
        "session_id": window.session.session_id,
        "has_earlier": window.has_earlier,
        "siblings": {str(message_id): list(family) for message_id, family in window.versions.items()},
        "session": session_body(window.session, running=running).model_dump(),
        "has_later": window.has_later,
        "has_more": window.has_later if is_after else window.has_earlier,
        "live": _live(window.live) if window.live else None,
        "also_live": [{**_live(log), "beside": beside} for log, beside in window.also_live],
    }
    history = messages_json(window.messages, language)
    return Response(to_json(fields)[:-1] + b',"history":[' + history + b"]}", media_type="application/json")


def _live(live: ReplyLog) -> dict[str, Any]:
    return {
        "message_id": live.reply_id,
        "backend": live.choice.backend,
        "model": live.choice.model,
        "waited_ms": live.elapsed_ms,
    }
