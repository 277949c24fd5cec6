"""Exports: what is asked for, and the file that answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import date, datetime, time, timedelta
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from thai_chat import texts
from thai_chat.api import errors
from thai_chat.api.dependencies import Notes
from thai_chat.api.streaming import files
from thai_chat.chat.service import ChatService
from thai_chat.chat.statistics import FIRST_DAY, LAST_DAY, zone_of
from thai_chat.chat.text import require_storable
from thai_chat.chat.transfer.exports import OF_TRAINING, Format
from thai_chat.chat.transfer.markdown import Words
from thai_chat.chat.transfer.training import MEDIA_TYPE, Lessons, Rated
from thai_chat.domain.audit import Action
from thai_chat.domain.errors import BadInput
from thai_chat.domain.fact_values import (
    RATING_TAGS,
)
from thai_chat.domain.messages import Status
from thai_chat.domain.people import Person
from thai_chat.texts import Language

LOOK_S = 0.5
"""How often it is looked whether somebody still waits for an answer."""


class TrainingFilters(BaseModel):
    """Which replies stand in a file for fine-tuning: a filter that other formats do not have is refused with them."""

    rating: Rated = Field(default=Rated.ANY, description="up: only replies that were rated up; not_down: all but bad")
    backend: str | None = Field(default=None, description="Only replies of this backend")
    model: str | None = Field(default=None, description="Only replies of this model")
    since: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY, description="Only replies from this day on")
    until: date | None = Field(default=None, ge=FIRST_DAY, le=LAST_DAY, description="Only replies up to this day")
    tag: str | None = Field(default=None, description="Only sessions with this tag")
    folder: str | None = Field(default=None, description="Only sessions in this folder")
    with_reasoning: bool = Field(default=False, description="With what the model thought, as <think>...</think>")

    def wanted(self, timezone: ZoneInfo) -> Lessons:
        """Return the filters with days as the clocks of the time zone cut them."""
        for text in (self.backend, self.model, self.tag, self.folder):
            require_storable(text or "")

        def midnight(day: date) -> datetime:
            return datetime.combine(day, time(), timezone)

        return Lessons(
            rating=self.rating,
            backend=self.backend,
            model=self.model,
            since=midnight(self.since) if self.since else None,
            until=midnight(self.until + timedelta(days=1)) if self.until else None,
            tag=self.tag,
            folder=self.folder,
            with_reasoning=self.with_reasoning,
        )


class SessionExportQuery(TrainingFilters):
    format: Format = Field(
        description="json has all branches and can be imported again; sft and dpo are for fine-tuning"
    )
    timezone: str | None = Field(
        default=None, description="IANA name; cuts days and writes times", examples=["Asia/Bangkok"]
    )


class ExportQuery(SessionExportQuery):
    format: Format = Field(
        default=Format.JSON,
        description="json can be imported again; without chosen sessions it has deleted messages too",
    )
    session_id: list[str] | None = Field(default=None, description="Any number of them; none exports everything")


class ExportRequest(SessionExportQuery):
    """A selection of sessions, which may be too long for an address."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"format": "md", "session_ids": []}})

    format: Format = Field(
        default=Format.JSON,
        description="json can be imported again; without chosen sessions it has deleted messages too",
    )
    session_ids: list[UUID] | None = Field(default=None, description="None exports everything", max_length=100_000)


FILES = files("application/json", "text/markdown", "text/csv", MEDIA_TYPE)
"""The file that answers, in one of these types."""


class ExamplesBody(BaseModel):
    examples: int = Field(description="How many lines the file has now")


async def exported(
    request: Request,
    service: ChatService,
    person: Person,
    asked: SessionExportQuery,
    chosen: list[UUID] | None,
    notes: Notes,
) -> Response:
    """Return the file, in pieces."""
    zone = zone_of(asked.timezone)
    made = await service.transfer.export(
        person,
        asked.format,
        chosen=chosen,
        words=words_in(errors.language_of(request)),
        timezone=zone,
        wanted=_wanted(asked, zone),
    )
    target = str(chosen[0]) if chosen and len(chosen) == 1 else "all" if chosen is None else "selection"
    details = {"format": str(asked.format), "sessions": None if chosen is None else len(chosen)}
    pieces = _noted(made.pieces, lambda: notes.put(Action.EXPORT, target=target, details=details))
    headers = {
        "Content-Disposition": _disposition(made.file_name),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(pieces, media_type=made.media_type, headers=headers)


async def _noted(pieces: AsyncGenerator[bytes], note: Callable[[], None]) -> AsyncGenerator[bytes]:
    """Note that the file leaves once somebody takes it: HEAD does not."""
    note()
    async with aclosing(pieces):
        async for piece in pieces:
            yield piece


async def counted(
    request: Request,
    service: ChatService,
    person: Person,
    asked: SessionExportQuery,
    chosen: list[UUID] | None,
) -> ExamplesBody:
    """Return how many examples the file for fine-tuning has. Raises BadInput for another format."""
    if asked.format not in OF_TRAINING:
        raise BadInput(fields="format")
    wanted = _wanted(asked, zone_of(asked.timezone))
    counting = asyncio.ensure_future(service.transfer.examples(person, asked.format, chosen=chosen, wanted=wanted))
    try:
        while not counting.done():
            await asyncio.wait((counting,), timeout=LOOK_S)
            if not counting.done() and await request.is_disconnected():
                return ExamplesBody(examples=0)  # to nobody
        return ExamplesBody(examples=counting.result())
    finally:
        counting.cancel()


def _wanted(asked: SessionExportQuery, zone: ZoneInfo) -> Lessons:
    # Clients made of the description send defaults too.
    filters = [name for name, field in TrainingFilters.model_fields.items() if getattr(asked, name) != field.default]
    if asked.format not in OF_TRAINING and filters:
        raise BadInput(fields=", ".join(sorted(filters)))
    return asked.wanted(zone)


def words_in(language: Language) -> Words:
    """Return the words that stand between the messages of a Markdown export."""
    ends = {
        status: texts.text(f"status_{status}", language)
        for status in (Status.STOPPED, Status.INTERRUPTED, Status.FAILED)
    }
    return Words(
        untitled=texts.text("untitled", language),
        you=texts.text("markdown_you", language),
        assistant=texts.text("markdown_assistant", language),
        system=texts.text("markdown_system", language),
        ends=ends,
        tags={tag: texts.text(f"rating_{tag}", language) for tag in RATING_TAGS},
        is_thai=language == "th",
    )


def _disposition(file_name: str) -> str:
    """Return the header with the name twice (RFC 6266): in plain ASCII for the very old, and as it is for everybody
    else."""
    return f"attachment; filename=\"{_ascii(file_name)}\"; filename*=UTF-8''{quote(file_name, safe='')}"


def _ascii(file_name: str) -> str:
    """Return a name for clients that read plain names only: the same kind of file, with what can be kept of its
    name."""
    stem, _, extension = file_name.rpartition(".")
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in " -_().") else "" for sign in stem).strip()
    return f"{plain or 'thai-chat'}.{extension}"
