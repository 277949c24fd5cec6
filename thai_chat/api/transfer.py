"""Exports and imports: `/api/sessions/{id}/export`, `/api/export`, `/api/import`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from thai_chat import texts
from thai_chat.api import errors, exports, sse
from thai_chat.api.dependencies import Asking, Notes, Noting, Service
from thai_chat.api.exports import ExamplesBody, ExportQuery, ExportRequest, SessionExportQuery
from thai_chat.api.refusing import refuses
from thai_chat.api.streaming import ErrorEvent, Events, ImportProgressEvent, events
from thai_chat.api.uploads import received
from thai_chat.chat.text import identifier
from thai_chat.chat.transfer.imports import ImportProgress, ImportRun
from thai_chat.domain.audit import Action
from thai_chat.domain.errors import (
    ImportRefused,
    ImportStopped,
    ImportTooLarge,
    InvalidIdentifier,
    SessionNotFound,
    ThaiChatError,
    UnreadableText,
)
from thai_chat.domain.transfer import Imported, ImportedFrom, Refusal
from thai_chat.texts import Language

router = APIRouter(tags=["export and import"])
session_router = APIRouter(tags=["export and import"])
"""The routes below the address of the sessions."""

_FILE = {
    "description": "The file, in pieces",
    "content": exports.FILES,
    "headers": {"Content-Disposition": {"description": "The file's name (RFC 6266)", "schema": {"type": "string"}}},
}


class ImportedSessionBody(BaseModel):
    session_id: UUID
    session_name: str


class ImportedFromBody(BaseModel):
    program: str = Field(description="A code, such as chatgpt or claude", examples=["chatgpt"])
    name: str = Field(description="Of the program, as people write it")
    sessions: int = Field(description="New ones")
    extended: int = Field(description="Sessions that were here already and got the messages that they lacked")
    skipped: int = Field(description="Sessions that were here already with all their messages")
    messages: int = Field(description="Those added, to new sessions and to others")
    newest: list[ImportedSessionBody] = Field(description="Some that are new or got messages, newest first")


class LeftOutBody(BaseModel):
    code: str = Field(description="Why; import_companion for a file that has no chats, as its export has it")
    file: str = Field(description="The file's name")
    title: str | None = Field(description="Of the session; null where a whole file is left out")
    message: str = Field(description="Where and why, in the reader's language")


class ImportedBody(BaseModel):
    sessions: int = Field(description="New ones")
    extended: int = Field(description="Sessions that were here already and got the messages that they lacked")
    skipped: int = Field(description="Sessions that were here already with all their messages")
    messages: int = Field(description="Those added, to new sessions and to others")
    presets: int = Field(description="New ones")
    former_defaults: int = Field(
        description="Those of them that were the default of a model where they come from; here none is until chosen"
    )
    programs: list[ImportedFromBody] = Field(description="What came, by the program that exported it")
    left_out: list[LeftOutBody] = Field(
        description="The first 100 files without chats, and sessions that can't be read"
    )
    left_out_count: int = Field(description="All of them")


_IMPORT_EVENTS: Events = {"progress": ImportProgressEvent, "completed": ImportedBody, "error": ErrorEvent}


@session_router.get(
    "/{session_id}/export",
    response_class=StreamingResponse,
    responses={200: _FILE, **refuses(SessionNotFound, UnreadableText)},
)
async def export_session(
    session_id: str,
    request: Request,
    service: Service,
    person: Asking,
    notes: Noting,
    asked: Annotated[SessionExportQuery, Query()],
) -> Response:
    """Export one session as a file."""
    return await exports.exported(request, service, person, asked, [identifier(session_id)], notes)


@session_router.get("/{session_id}/export/examples", responses=refuses(SessionNotFound, UnreadableText))
async def count_session_examples(
    session_id: str, request: Request, service: Service, person: Asking, asked: Annotated[SessionExportQuery, Query()]
) -> ExamplesBody:
    """Count the examples of a file for fine-tuning of one session."""
    return await exports.counted(request, service, person, asked, [identifier(session_id)])


@router.get(
    "/api/export",
    response_class=StreamingResponse,
    responses={200: _FILE, **refuses(SessionNotFound, InvalidIdentifier, UnreadableText)},
)
async def export_sessions(
    request: Request, service: Service, person: Asking, notes: Noting, asked: Annotated[ExportQuery, Query()]
) -> Response:
    """Export some sessions, or all, as one file."""
    return await exports.exported(request, service, person, asked, _chosen(asked), notes)


@router.get("/api/export/examples", responses=refuses(SessionNotFound, InvalidIdentifier, UnreadableText))
async def count_examples(
    request: Request, service: Service, person: Asking, asked: Annotated[ExportQuery, Query()]
) -> ExamplesBody:
    """Count the examples of a file for fine-tuning."""
    return await exports.counted(request, service, person, asked, _chosen(asked))


@router.post(
    "/api/export", response_class=StreamingResponse, responses={200: _FILE, **refuses(SessionNotFound, UnreadableText)}
)
async def export_selection(
    body: ExportRequest, request: Request, service: Service, person: Asking, notes: Noting
) -> Response:
    """Export as `GET /api/export` does, with the selection in the body."""
    return await exports.exported(request, service, person, body, body.session_ids, notes)


@router.post(
    "/api/import",
    response_model=ImportedBody,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                    }
                }
            },
        }
    },
    responses={200: {"content": events(_IMPORT_EVENTS)}, **refuses(ImportRefused, ImportTooLarge, ImportStopped)},
)
async def import_files(request: Request, service: Service, person: Asking, notes: Noting) -> Response:
    """Import everything in the files that can be read, or nothing: exports of ours and of many other programs.

    Files without chats, and single sessions of other programs that can't be read, are left out and named.

    A client that accepts `text/event-stream` is told `progress` (`done`, `total`, `messages`), then once `completed` or
    `error`. Closing the connection before the end takes the import back.
    """
    run = service.transfer.begin_import(person, await received(request))
    run.task.add_done_callback(lambda task: _note_import(task, notes))
    if "text/event-stream" in request.headers.get("accept", ""):
        told = _events(run, errors.language_of(request))
        return StreamingResponse(told, media_type="text/event-stream", headers=sse.HEADERS)
    while not run.task.done():
        await asyncio.wait((run.task,), timeout=exports.LOOK_S)
        if await request.is_disconnected():
            run.cancel()
    imported = _body(run.task.result(), errors.language_of(request))
    return JSONResponse(imported.model_dump(mode="json"))


def _note_import(task: asyncio.Task[Imported], notes: Notes) -> None:
    """Note an import at its end, also where nobody waits for it any more."""
    if not task.cancelled() and task.exception() is None:
        imported = task.result()
        counts = {"sessions": imported.sessions, "extended": imported.extended, "messages": imported.messages}
        notes.put(Action.IMPORT, details={**counts, "programs": sorted(imported.programs)})


def _chosen(asked: ExportQuery) -> list[UUID] | None:
    return None if asked.session_id is None else [identifier(value) for value in asked.session_id]


async def _events(run: ImportRun, language: Language) -> AsyncIterator[bytes]:
    try:
        async with aclosing(run.follow()) as steps:
            async for event in steps:
                match event:
                    case None:
                        yield b": still here\n\n"
                    case ImportProgress():
                        progress = {"done": event.done, "total": event.total, "messages": event.messages}
                        yield _frame("progress", progress)
                    case Imported():
                        yield _frame("completed", _body(event, language).model_dump(mode="json"))
    except ThaiChatError as exc:
        yield _frame("error", {"code": exc.code, "message": texts.text(exc.code, language, exc.params)})
    except Exception:  # noqa: BLE001 - the edge to the client, who would wait for an end; the import's task has logged it
        yield _frame("error", {"code": texts.UNKNOWN, "message": texts.text(texts.UNKNOWN, language)})


def _frame(name: str, body: object) -> bytes:
    return f"event: {name}\ndata: ".encode() + orjson.dumps(body) + b"\n\n"


def _body(imported: Imported, language: Language) -> ImportedBody:
    return ImportedBody(
        sessions=imported.sessions,
        extended=imported.extended,
        skipped=imported.skipped,
        messages=imported.messages,
        presets=imported.presets,
        former_defaults=imported.former_defaults,
        programs=[
            _program_body(program, found, language)
            for program, found in sorted(imported.programs.items(), key=lambda item: -item[1].messages)
        ],
        left_out=[_left_out_body(refusal, language) for refusal in imported.left_out],
        left_out_count=imported.left_out_count,
    )


def _program_body(program: str, found: ImportedFrom, language: Language) -> ImportedFromBody:
    return ImportedFromBody(
        program=program,
        name=texts.text(f"import_program_{program}", language),
        sessions=found.sessions,
        extended=found.extended,
        skipped=found.skipped,
        messages=found.messages,
        newest=[ImportedSessionBody(session_id=one.session_id, session_name=one.session_name) for one in found.newest],
    )


def _left_out_body(refusal: Refusal, language: Language) -> LeftOutBody:
    return LeftOutBody(
        code=str(refusal["why"]),
        file=str(refusal["file"]),
        title=str(refusal["title"]) if "title" in refusal else None,
        message=texts.text("import_left_out", language, refusal),
    )
