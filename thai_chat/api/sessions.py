"""`/api/sessions`: the list, and one session: making, reading, changing and deleting it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from thai_chat.api import errors
from thai_chat.api.addition_schemas import ConversationBody, SessionRequest, new_session
from thai_chat.api.cursors import cursor_of, read_cursor
from thai_chat.api.dependencies import Asking, Noting, Service
from thai_chat.api.histories import history_response
from thai_chat.api.refusing import Responses, refuses
from thai_chat.api.repeating import NOT_REPEATED, Repeated
from thai_chat.api.session_schemas import (
    ChangedSessionBody,
    LabelsBody,
    SessionBody,
    SessionPatch,
    SessionsBody,
    SessionsQuery,
    labels_body,
    session_body,
)
from thai_chat.api.tags import MADE_TAGGED, NOT_CHANGED, SEEN, TAGGED, IfMatch, IfNoneMatch, tag_of
from thai_chat.chat.service import ChatService
from thai_chat.chat.sessions import SessionChange
from thai_chat.chat.text import identifier
from thai_chat.domain.addition_errors import BadDepartment, MetadataTooLarge, ReservedMetadata
from thai_chat.domain.audit import Action
from thai_chat.domain.errors import (
    BadInput,
    BadLabel,
    BadOption,
    EmptyName,
    HistoryRefused,
    InvalidCursor,
    MessageNotFound,
    ReplyRunning,
    SessionNotFound,
    UnknownBackend,
    UnknownModel,
    UnknownOption,
    UnreadableText,
)
from thai_chat.domain.messages import Session
from thai_chat.domain.reads import SessionCursor, SessionFilter, SessionOrder, Shelf
from thai_chat.domain.repeating_errors import BadTag

router = APIRouter(tags=["sessions"])
"""Mounted by the application at each address of the sessions."""

Whole = Annotated[
    bool | None,
    Query(
        description="true: with its messages. By default they come at `/conversations` and `/api/conversations`, "
        "and do not at `/api/sessions`"
    ),
]
_WITHOUT_MESSAGES = "/api/sessions/"
SESSION_MADE: Responses = {
    **MADE_TAGGED,
    **refuses(
        *(BadOption, BadDepartment, MetadataTooLarge, ReservedMetadata, UnknownBackend, UnknownModel, UnreadableText),
        *NOT_REPEATED,
    ),
}


@router.get("", responses=refuses(InvalidCursor, UnreadableText))
async def list_sessions(
    service: Service,
    person: Asking,
    chosen: Annotated[SessionsQuery, Query()],
) -> SessionsBody:
    """List sessions, newest first, in pages."""
    if chosen.cursor and chosen.offset:
        raise BadInput(fields="cursor, offset")
    wanted = SessionFilter(
        name_contains=chosen.name_contains,
        shelf=chosen.shelf,
        pinned=chosen.pinned,
        tag=chosen.tag,
        folder=chosen.folder,
        dept_id=chosen.dept_id,
    )
    found = await service.sessions.page(
        person,
        limit=chosen.limit + 1,
        before=_read_cursor(chosen.cursor, chosen.order) if chosen.cursor else None,
        offset=chosen.offset,
        order=chosen.order,
        filter=wanted,
    )
    running, shown = service.sessions.running(), found[: chosen.limit]
    return SessionsBody(
        sessions=[session_body(session, running=session.session_id in running) for session in shown],
        next=_next_cursor(shown[-1], chosen.order) if len(found) > len(shown) else None,
        total=await service.sessions.count(person, wanted) if chosen.total else None,
    )


@router.post("", status_code=201, responses=SESSION_MADE)
async def create_session(
    request: Request,
    response: Response,
    service: Service,
    person: Asking,
    repeated: Repeated,
    body: SessionRequest | None = None,
) -> SessionBody:
    """Make a session without messages: it is listed, and can be asked in. Without a title the first question gives it
    its name."""
    new = new_session(body, repeated.id_for(person, made="session"), repeated.key())
    session = await service.additions.create(person, new)
    answered = _body(session, service)
    response.headers["Location"] = f"{request.url.path}/{session.session_id}"
    response.headers["ETag"] = tag_of(session, running=answered.running)
    return answered


@router.get("/labels")
async def list_labels(service: Service, person: Asking, shelf: Shelf = Shelf.CURRENT) -> LabelsBody:
    """List the folders and tags in use on a shelf, each with the number of its sessions there."""
    return labels_body(await service.sessions.labels(person, shelf=shelf))


@router.delete("", status_code=204)
async def empty_trash(service: Service, person: Asking, notes: Noting, shelf: Literal[Shelf.TRASH]) -> None:
    """Empty the trash: all that is in it is deleted for good."""
    await service.sessions.empty_trash(person)
    notes.put(Action.SESSION_DELETED, target=shelf)


@router.get("/{session_id}", response_model=ConversationBody, responses={**SEEN, **refuses(BadTag, SessionNotFound)})
async def get_session(
    session_id: str, request: Request, service: Service, person: Asking, seen: IfNoneMatch, messages: Whole = None
) -> Response:
    """Return a session, also one that is in the trash; with `messages` all of the shown branch and the session's
    metadata, and then without an `ETag`."""
    found = await service.sessions.get(identifier(session_id), person)
    body = _body(found, service)
    if not (_has_messages(request) if messages is None else messages):
        return seen.answer(body, tag_of(found, running=body.running))
    history = await service.histories.read(found.session_id, person)
    fields = {**body.model_dump(), "metadata": dict(found.metadata)}
    return await history_response(fields, history, errors.language_of(request), name="messages")


@router.patch(
    "/{session_id}",
    responses={
        **TAGGED,
        **refuses(
            *(SessionNotFound, MessageNotFound, ReplyRunning, EmptyName, BadLabel, BadOption, UnknownOption),
            *(BadDepartment, MetadataTooLarge, ReservedMetadata, UnreadableText, HistoryRefused, *NOT_CHANGED),
        ),
    },
)
async def change_session(
    session_id: str, body: SessionPatch, service: Service, person: Asking, expected: IfMatch, response: Response
) -> ChangedSessionBody:
    """Change names, labels, metadata, pin, archive, trash, and which branch is shown: all that is named, or nothing."""
    wanted = body.model_dump(exclude={"shown_message_id", "title"})
    wanted["session_name"] = body.title if body.session_name is None else body.session_name
    shown = None if body.shown_message_id is None else identifier(body.shown_message_id)
    changed = await service.sessions.change(
        identifier(session_id), person, SessionChange(**wanted, shown_message_id=shown), expected=expected
    )
    answered = _body(changed, service)
    response.headers["ETag"] = tag_of(changed, running=answered.running)
    return ChangedSessionBody(**answered.model_dump(), metadata=dict(changed.metadata))


@router.delete("/{session_id}", status_code=204, responses=refuses(SessionNotFound, *NOT_CHANGED))
async def delete_session(
    session_id: str, service: Service, person: Asking, notes: Noting, expected: IfMatch, permanent: bool = False
) -> None:
    """Put a session into the trash, from where `PATCH {"deleted": false}` takes it back; `permanent` deletes it for
    good."""
    if permanent:
        await service.sessions.purge(identifier(session_id), person, expected=expected)
        notes.put(Action.SESSION_DELETED, target=str(identifier(session_id)))
    else:
        await service.sessions.trash(identifier(session_id), person, expected=expected)


@router.post("/{session_id}/leave", status_code=204, responses=refuses(SessionNotFound))
async def leave_session(session_id: str, service: Service, person: Asking) -> None:
    """Say that a page was closed: a temporary session is gone a minute later, unless somebody comes back to it."""
    await service.sessions.leave(identifier(session_id), person)


def _body(session: Session, service: ChatService) -> SessionBody:
    return session_body(session, running=session.session_id in service.sessions.running())


def _has_messages(request: Request) -> bool:
    return not request.url.path.startswith(_WITHOUT_MESSAGES)


def _next_cursor(session: Session, order: SessionOrder) -> str:
    if order is SessionOrder.UPDATED:
        return cursor_of(session.updated_at, session.session_id)
    return f"{order}~{cursor_of(session.created_at, session.session_id)}"


def _read_cursor(cursor: str, order: SessionOrder) -> SessionCursor:
    """Return where a page ended. Raises InvalidCursor, also for one of another order."""
    place = cursor
    if order is not SessionOrder.UPDATED:
        named, _, place = cursor.partition("~")
        if named != order:
            raise InvalidCursor
    at, session_id = read_cursor(place)
    return SessionCursor(at=at, session_id=session_id)
