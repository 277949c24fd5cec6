"""Links to snapshots of sessions: what a link is, and what whoever has it may see.

A snapshot holds what is shown of one branch and nothing of the inside: no ids, no options of models, no figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from thai_chat.domain.json_types import JsonObject, JsonValue
from thai_chat.domain.messages import Role
from thai_chat.domain.parts import Part, parts_from_json, parts_to_json, text_of

SNAPSHOT_BYTES = 4_000_000
"""The most that a snapshot takes as JSON in UTF-8."""
MOST_SHARES = 500
"""Links of one person that can be open at the same time."""
SHARE_PASSWORD_CHARS = (4, 200)
"""The fewest and the most; guesses are counted, so that a short one is enough."""
LONGEST_S = 366 * 24 * 3600
"""The most seconds after which a link ends that ends at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareWish:
    """A person's choice of what is shared, and for how long."""

    leaf_id: UUID | None = None
    """The last message of the branch; None: of the branch that is shown."""
    expires_in_s: int | None = None
    password: str | None = None
    with_system_prompt: bool = False
    with_reasoning: bool = False
    with_documents: bool = False
    timezone: str = "UTC"
    """The time zone in which the snapshot tells times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDocument:
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedMessage:
    role: Role
    model: str | None
    created_at: datetime
    is_whole: bool = True
    """False of a reply that was stopped, failed, or was still being written."""
    parts: Sequence[Part] = ()
    documents: Sequence[SharedDocument] = ()

    @property
    def text(self) -> str:
        return text_of(self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    title: str
    created_at: datetime
    """When the snapshot was made."""
    timezone: str = "UTC"
    system_prompt: str | None = None
    messages: Sequence[SharedMessage] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A link, without its token: of that a hash alone is kept."""

    share_id: UUID
    user_id: str
    session_id: UUID
    password_hash: str | None = None
    """It is never shown nor logged."""
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    views: int = 0
    viewed_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Tell whether the link leads to its snapshot."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True)
class ListedShare:
    share: Share
    session_name: str


def snapshot_to_json(snapshot: Snapshot) -> JsonObject:
    """Return what `snapshot_from_json` reads the snapshot from."""
    return {
        "title": snapshot.title,
        "created_at": snapshot.created_at.isoformat(),
        "timezone": snapshot.timezone,
        "system_prompt": snapshot.system_prompt,
        "messages": [message_to_json(message) for message in snapshot.messages],
    }


def message_to_json(message: SharedMessage) -> JsonObject:
    return {
        "role": message.role.value,
        "model": message.model,
        "created_at": message.created_at.isoformat(),
        "is_whole": message.is_whole,
        "parts": parts_to_json(message.parts),
        "documents": [{"name": one.name, "text": one.text} for one in message.documents],
    }


def snapshot_from_json(value: Mapping[str, Any]) -> Snapshot:
    """Read a snapshot as it is stored. Raises KeyError, ValueError for anything else."""
    return Snapshot(
        title=value["title"],
        created_at=datetime.fromisoformat(value["created_at"]),
        timezone=value["timezone"],
        system_prompt=value["system_prompt"],
        messages=tuple(_message(one) for one in value["messages"]),
    )


def _message(value: Mapping[str, Any]) -> SharedMessage:
    documents: Sequence[Mapping[str, Any]] = value["documents"]
    parts: JsonValue = value["parts"]
    return SharedMessage(
        role=Role(value["role"]),
        model=value["model"],
        created_at=datetime.fromisoformat(value["created_at"]),
        is_whole=value["is_whole"],
        parts=parts_from_json(parts),
        documents=tuple(SharedDocument(name=one["name"], text=one["text"]) for one in documents),
    )
