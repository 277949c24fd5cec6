"""`/api/sessions`: the list, a session's messages and turns, and following or stopping its live reply."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from thai_chat.api import errors, sse
from thai_chat.api.additions import ConversationBody, MessageRequest, SessionRequest, new_session
from thai_chat.api.asked import ASKED, FOLLOWED
from thai_chat.api.chat import answer, question_of
from thai_chat.api.dependencies import Asking, Noting, Service
from thai_chat.api.histories import history_response
from thai_chat.api.refusing import Responses, refuses
from thai_chat.api.repeating import NOT_REPEATED, Repeated
from thai_chat.api.schemas import (
    AcceptedBody,
    AgainRequest,
    AlsoBody,
    ChatBody,
    LabelsBody,
    MessageBody,
    SessionBody,
    SessionPatch,
    SessionsBody,
    SessionsQuery,
    VersionsBody,
    labels_body,
    message_body,
    session_body,
)
from thai_chat.api.tags import MADE_TAGGED, NOT_CHANGED, SEEN, TAGGED, IfMatch, IfNoneMatch, tag_of
from thai_chat.api.windows import WindowBody, WindowQuery, window_response
from thai_chat.chat.additions import NewMessage
from thai_chat.chat.asking import Again, Asked
from thai_chat.chat.sent import sent_with
from thai_chat.chat.service import ChatService
from thai_chat.chat.sessions import SessionChange
from thai_chat.chat.text import identifier
from thai_chat.chat.windows import Window
from thai_chat.domain.audit import Action
from thai_chat.domain.contexts import BadDepartment, MetadataTooLarge, ReservedMetadata
from thai_chat.domain.errors import (
    BadInput,
    BadLabel,
    BadOption,
    EmptyName,
    HistoryRefused,
    InvalidCursor,
    InvalidIdentifier,
    MessageNotFound,
    MessageOnOtherBranch,
    ReplyRunning,
    SessionNotFound,
    TooManyPlaces,
    UnknownBackend,
    UnknownModel,
    UnknownOption,
    UnreadableText,
)
from thai_chat.domain.messages import Session
from thai_chat.domain.people import Person
from thai_chat.domain.reads import SessionCursor, SessionFilter, SessionOrder, Shelf
from thai_chat.domain.repeating_errors import BadTag
from thai_chat.texts import Language

router = APIRouter(tags=["sessions"])
"""Mounted by the application at each address of the sessions."""

_ACCEPTED = {
    "model": AcceptedBody,
    "description": "With `Prefer: respond-async`: the question is stored, and its reply has begun",
    "headers": {"Preference-Applied": {"description": "`respond-async`", "schema": {"type": "string"}}},
}

Prefer = Annotated[str, Header()]
Whole = Annotated[
    bool | None,
    Query(
        description="true: with its messages. By default they come at `/conversations` and `/api/conversations`, "
        "and do not at `/api/sessions`"
    ),
]
_WITHOUT_MESSAGES = "/api/sessions/"
ANSWERED_OR_KEPT: Responses = {
    201: {"model": MessageBody, "description": "The message was kept, and no model asked"},
    202: _ACCEPTED,
    **ASKED,
}
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
        limit=chosen.limit,
        before=_read_cursor(chosen.cursor, chosen.order) if chosen.cursor else None,
        offset=chosen.offset,
        order=chosen.order,
        filter=wanted,
    )
    running = service.sessions.running()
    return SessionsBody(
        sessions=[session_body(session, running=session.session_id in running) for session in found],
        next=_cursor(found[-1], chosen.order) if len(found) == chosen.limit else None,
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
            *(HistoryRefused, *NOT_CHANGED),
        ),
    },
)
async def change_session(
    session_id: str, body: SessionPatch, service: Service, person: Asking, expected: IfMatch, response: Response
) -> SessionBody:
    """Change names, labels, pin, archive, trash, and which branch is shown: all that is named, or nothing."""
    wanted = body.model_dump(exclude={"shown_message_id", "title"})
    wanted["session_name"] = body.title if body.session_name is None else body.session_name
    shown = None if body.shown_message_id is None else identifier(body.shown_message_id)
    changed = await service.sessions.change(
        identifier(session_id), person, SessionChange(**wanted, shown_message_id=shown), expected=expected
    )
    answered = _body(changed, service)
    response.headers["ETag"] = tag_of(changed, running=answered.running)
    return answered


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


@router.get(
    "/{session_id}/messages",
    response_model=WindowBody,
    responses=refuses(SessionNotFound, MessageNotFound, MessageOnOtherBranch, InvalidIdentifier, TooManyPlaces),
)
async def list_messages(
    session_id: str,
    request: Request,
    service: Service,
    person: Asking,
    wanted: Annotated[WindowQuery, Query()],
) -> Response:
    """Return a window on the shown branch, oldest first, with its session: the last messages, or those at one place.

    A reply that still grows is in it with the text so far.
    """
    window = await _window(service, identifier(session_id), person, wanted)
    return window_response(
        window,
        running=window.session.session_id in service.sessions.running(),
        language=errors.language_of(request),
        is_after=wanted.after is not None or wanted.after_order is not None,
    )


@router.post(
    "/{session_id}/messages",
    response_model=ChatBody,
    responses=ANSWERED_OR_KEPT,
)
async def create_turn(
    session_id: str,
    body: MessageRequest,
    request: Request,
    service: Service,
    person: Asking,
    repeated: Repeated,
    prefer: Prefer = "",
) -> Response | ChatBody:
    """Take a turn, as `/chat` does; with `Prefer: respond-async` (RFC 7240) answered as soon as it is stored.

    With the role `assistant` or `system`, or with `reply` false, the message is kept below the last one, and no model
    is asked: 201.
    """
    if not body.is_asked:
        return await _kept(service, session_id, body, request, person, repeated.key(body.idempotency_key))
    asked = await service.ask(question_of(body, person, session_id, key=repeated.key(body.idempotency_key)))
    if "respond-async" in prefer:
        return _accepted(asked, errors.language_of(request))
    return await answer(service, asked, request, stream=body.stream)


@router.post(
    "/{session_id}/messages/{message_id}/replies", response_model=ChatBody, responses={202: _ACCEPTED, **ASKED}
)
async def create_reply(
    session_id: str,
    message_id: str,
    body: AgainRequest,
    request: Request,
    service: Service,
    person: Asking,
    repeated: Repeated,
    prefer: Prefer = "",
) -> Response | ChatBody:
    """Ask for another reply to a question (or to that of a reply); those before it stay. Answered as a turn is."""
    asked = await service.ask_again(
        Again(
            person=person,
            session_id=identifier(session_id),
            message_id=identifier(message_id),
            continues=body.continues,
            last_seen_id=identifier(body.last_seen_message_id) if body.last_seen_message_id else None,
            beside=body.beside,
            options=body.options,
            backend=body.backend,
            model=body.model,
            idempotency_key=repeated.key(body.idempotency_key),
        )
    )
    if "respond-async" in prefer:
        return _accepted(asked, errors.language_of(request))
    return await answer(service, asked, request, stream=body.stream)


@router.get("/{session_id}/messages/{message_id}/versions", responses=refuses(SessionNotFound, MessageNotFound))
async def list_versions(
    session_id: str, message_id: str, request: Request, service: Service, person: Asking
) -> VersionsBody:
    """Return all versions of a message, itself included, oldest first: the last 50 of them.

    A reply that still grows is among them with the text so far.
    """
    found = await service.windows.versions(identifier(session_id), person, identifier(message_id))
    language = errors.language_of(request)
    return VersionsBody(versions=[message_body(message, language) for message in found])


@router.get(
    "/{session_id}/events",
    response_class=StreamingResponse,
    responses={**FOLLOWED, 204: {"description": "No such reply grows"}, **refuses(SessionNotFound, InvalidCursor)},
)
async def follow_reply(
    session_id: str,
    request: Request,
    service: Service,
    person: Asking,
    message_id: str | None = None,
    after: str = "0",
) -> Response:
    """Follow the live reply from its start, or behind `after`; 204 when there is none (or another than meant).

    A reply that grows beside it, to be compared, is followed by its `message_id`.
    """
    meant: UUID | None = identifier(message_id) if message_id else None
    live = await service.live_reply(identifier(session_id), person, message_id=meant)
    if live is None:
        return Response(status_code=204)
    position = sse.number_of(request.headers.get("last-event-id") or after, live)
    if live.result and position == live.event_count:
        return Response(status_code=204)
    return sse.stream(live, after=position, language=errors.language_of(request))


@router.post("/{session_id}/stop", status_code=204, responses=refuses(SessionNotFound))
async def stop_reply(session_id: str, service: Service, person: Asking, message_id: str | None = None) -> None:
    """End the requests to models and keep the texts so far; fine when nothing runs any more.

    `message_id` stops one of the replies that are compared, and leaves the others.
    """
    await service.stop(identifier(session_id), person, message_id=identifier(message_id) if message_id else None)


@router.post("/{session_id}/leave", status_code=204, responses=refuses(SessionNotFound))
async def leave_session(session_id: str, service: Service, person: Asking) -> None:
    """Say that a page was closed: a temporary session is gone a minute later, unless somebody comes back to it."""
    await service.sessions.leave(identifier(session_id), person)


async def _window(service: ChatService, session_id: UUID, person: Person, wanted: WindowQuery) -> Window:
    places = (wanted.before_order, wanted.after_order, wanted.before, wanted.after, wanted.around)
    if sum(place is not None for place in places) > 1:
        raise TooManyPlaces
    if near := wanted.before or wanted.after:
        order = (await service.windows.message(session_id, person, identifier(near))).message_order
        before_order, after_order = (order, None) if wanted.before else (None, order)
        return await service.windows.window(
            session_id, person, limit=wanted.limit, before_order=before_order, after_order=after_order
        )
    if wanted.around is not None:
        return await service.windows.around(session_id, person, identifier(wanted.around), limit=wanted.limit)
    return await service.windows.window(
        session_id, person, limit=wanted.limit, before_order=wanted.before_order, after_order=wanted.after_order
    )


def _accepted(asked: Asked, language: Language) -> JSONResponse:
    reply = asked.turn.reply
    accepted = AcceptedBody(
        session_id=reply.session_id,
        message_id=reply.message_id,
        backend=reply.backend or "",
        model=reply.model or "",
        question=message_body(asked.turn.question, language),
        also=[
            AlsoBody(message_id=turn.reply.message_id, backend=turn.reply.backend or "", model=turn.reply.model or "")
            for turn in asked.also
        ],
    )
    return JSONResponse(accepted.model_dump(mode="json"), 202, {"Preference-Applied": "respond-async"})


def _body(session: Session, service: ChatService) -> SessionBody:
    return session_body(session, running=session.session_id in service.sessions.running())


async def _kept(
    service: ChatService, session_id: str, body: MessageRequest, request: Request, person: Person, key: str | None
) -> JSONResponse:
    sent = sent_with(body.audio_files, body.function_calls)
    new = NewMessage(role=body.role, text=body.content or "", idempotency_key=key, metadata=body.metadata, sent=sent)
    message = (await service.additions.add(identifier(session_id), person, new)).message
    told = message_body(message, errors.language_of(request)).model_dump(mode="json")
    return JSONResponse(told, 201, {"Location": f"{request.url.path}/{message.message_id}"})


def _has_messages(request: Request) -> bool:
    return not request.url.path.startswith(_WITHOUT_MESSAGES)


def _cursor(session: Session, order: SessionOrder) -> str:
    at = session.created_at if order is SessionOrder.CREATED else session.updated_at
    return f"{'' if order is SessionOrder.UPDATED else f'{order}~'}{at.isoformat()}~{session.session_id}"


def _read_cursor(cursor: str, order: SessionOrder) -> SessionCursor:
    """Return where a page ended. Raises InvalidCursor, also for one of another order."""
    *named, at, session_id = ["", "", *cursor.split("~")]
    if "".join(named) != ("" if order is SessionOrder.UPDATED else order):
        raise InvalidCursor
    try:
        found = SessionCursor(at=datetime.fromisoformat(at), session_id=UUID(session_id))
    except ValueError as exc:
        raise InvalidCursor from exc
    if found.at.tzinfo is None:
        raise InvalidCursor
    return found
