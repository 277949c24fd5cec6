"""Whole sessions on their way out of the history and back in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias
from uuid import UUID

from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import Message, Session
from thai_chat.domain.presets import Preset

Refusal: TypeAlias = Mapping[str, str | int | float]
"""Why something was not imported, and where it stands: as in the params of `ImportRefused`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenDocument:
    """A document that a reply was given, as it is kept with it."""

    id: UUID
    doc_id: str | None = None
    content: str | None = None
    score: float | None = None
    metadata: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMessage:
    """A message with all that is kept of it."""

    message: Message
    idempotency_key: str | None = None
    documents: Sequence[GivenDocument] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSession:
    session: Session
    messages: Sequence[KeptMessage]
    """The messages of all branches, in the order of arrival; a message comes after its parent."""
    program: str = ""
    """A code for what it was exported by; "" on its way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedSession:
    """One to go to."""

    session_id: UUID
    session_name: str
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFrom:
    """The counts of what came from one program."""

    sessions: int = 0
    extended: int = 0
    skipped: int = 0
    messages: int = 0
    newest: Sequence[ImportedSession] = ()
    """The sessions that are new or got messages, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The counts of what an import has added, and of what it found there already."""

    sessions: int = 0
    """New sessions."""
    extended: int = 0
    """Sessions that were there already and got messages that they lacked."""
    skipped: int = 0
    """Sessions that were there already, with all their messages."""
    messages: int = 0
    """Messages that were added, to new sessions and to others."""
    presets: int = 0
    """New presets."""
    former_defaults: int = 0
    """New presets that were the default of a model where they come from. Here they are none."""
    programs: Mapping[str, ImportedFrom] = field(default_factory=dict)
    """The counts of each program, by its name."""
    left_out: Sequence[Refusal] = ()
    """Files without chats, and sessions that can't be read: the first of them."""
    left_out_count: int = 0

    @property
    def seen(self) -> int:
        """Sessions that are dealt with."""
        return self.sessions + self.extended + self.skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLimits:
    """The most that an import may hold, and that reading it may take. The files are foreign: each figure is far above
    what people have, and bounds what a file that is made to flood may take."""

    unpacked_bytes: int = 2_000_000_000
    """The most that may come out of all archives of an import together."""
    ratio: int = 100
    """How many times its own size may come out of an archive; chats are packed to a fifth or a tenth."""
    ratio_from_bytes: int = 64_000_000
    """The size that may come out of the smallest archive."""
    members: int = 20_000
    """Files with chats in an archive."""
    sessions: int = 200_000
    presets: int = 1_000
    session_bytes: int = 100_000_000
    """The size of a session as it stands in its file."""
    session_tokens: int = 10_000_000
    """Brackets and texts of a session: millions of empty lists are short in a file, and large in memory."""
    session_messages: int = 200_000
    session_values: int = 1_000_000
    """JSON values in what is kept beside a session's texts."""
    memory_bytes: int = 2_000_000_000
    """The memory of the process that reads; what it maps of files aside."""
    cpu_s: int = 60
    cpu_s_per_mb: float = 1.0
    """The seconds more for each megabyte that is handed in."""
    silence_s: float = 300.0
    """The time until the reader must have read the next session, or the first."""


class Given(Protocol):
    """The sessions and presets that are to be stored. Each method may be called anew, and raises for what can't be
    kept."""

    def sessions(self) -> Iterable[KeptSession]: ...

    def presets(self) -> Iterable[Preset]: ...
