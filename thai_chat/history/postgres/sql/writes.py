"""Applies writes to PostgreSQL: any number of one kind with one statement, and a journal's mixture in one commit.

A statement and its commit are one message to the server and one answer: a client that vanishes leaves no transaction
open, and many turns at once cost hardly more than one. They are put together by the driver and not by SQLAlchemy's
compiler, which would cost more than the server's work on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar, assert_never
from uuid import UUID

from psycopg2 import DatabaseError
from sqlalchemy import Connection

from thai_chat.domain.errors import HistoryRefused, MessageNotFound, ReplyRunning, SessionNotFound, ThaiChatError
from thai_chat.domain.messages import AddedMessage, Message, Session, Turn
from thai_chat.domain.repeating_errors import KeyReused
from thai_chat.domain.writes import (
    AddMessage,
    BeginReply,
    BeginTurn,
    Checkpoint,
    CreateSession,
    DeleteMessage,
    FinishReply,
    MarkMessage,
    PreferReply,
    PurgeMessage,
    PurgeSession,
    RateReply,
    ResetSession,
    SingleWrite,
    UpdateSession,
)
from thai_chat.history.postgres.errors import translated
from thai_chat.history.postgres.sql import adding, changing, marks, statements
from thai_chat.history.postgres.sql.parameters import run
from thai_chat.history.postgres.sql.requests import for_person
from thai_chat.history.postgres.sql.rows import MESSAGE_FIELDS, MESSAGE_SQL, SESSION_FIELDS, message_of, session_of
from thai_chat.history.turns import reply_of, turn_of

Stored: TypeAlias = "Turn | Message | AddedMessage | Session | ThaiChatError | None"
"""The outcome of a write: of a begin a Turn, of FinishReply and MarkMessage a Message, of AddMessage an AddedMessage,
of CreateSession, UpdateSession and ResetSession a Session, of the others nothing."""

Begin: TypeAlias = BeginTurn | BeginReply

Apart: TypeAlias = CreateSession | AddMessage | UpdateSession | ResetSession | PurgeSession | MarkMessage | PurgeMessage
APART = (
    CreateSession,
    AddMessage,
    UpdateSession,
    ResetSession,
    PurgeSession,
    RateReply,
    PreferReply,
    DeleteMessage,
    PurgeMessage,
)
"""The writes that have their place between the turns around them."""

Kind = TypeVar("Kind", bound=SingleWrite)
Result = TypeVar("Result")


def begin(connection: Connection, writes: Sequence[Begin]) -> Sequence[Turn | ThaiChatError]:
    """Return one outcome for each, in order; one that is refused does not stop the others."""
    return _isolated(connection, writes, lambda cursor, part: _begin(cursor, part, replay=False))


def finish_replies(connection: Connection, writes: Sequence[FinishReply]) -> Sequence[Message | ThaiChatError]:
    """Return one outcome for each, as `begin` does."""
    return _isolated(connection, writes, _finish)


def add(connection: Connection, write: CreateSession | AddMessage) -> Session | AddedMessage | ThaiChatError:
    return _isolated(connection, [write], lambda cursor, part: [adding.add_alone(cursor, part[0])])[0]


def change_session(connection: Connection, write: UpdateSession | ResetSession) -> Session | ThaiChatError:
    return _isolated(connection, [write], lambda cursor, part: [changing.change_alone(cursor, part[0])])[0]


def purge_session(connection: Connection, write: PurgeSession) -> bool | ThaiChatError:
    """Return True when it was deleted by this."""
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        return changing.purge_alone(cursor, write)


def mark_message(connection: Connection, write: MarkMessage | PurgeMessage) -> Message | ThaiChatError | None:
    if isinstance(write, PurgeMessage):
        _purge_message(connection, write)
        return None
    return _isolated(connection, [write], lambda cursor, part: [marks.mark(cursor, part[0])])[0]


def _purge_message(connection: Connection, write: PurgeMessage) -> None:
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        marks.purge(cursor, write)


def checkpoint(connection: Connection, writes: Sequence[Checkpoint]) -> None:
    """Wait for the server's own disk but for no standby: what hangs longer is kept by whoever calls this."""
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        query = statements.checkpoints(cursor, _last_of_each(writes), replay=False)
        run(cursor, query, {**statements.PATIENCE, "synchronous_commit": "local"})


def apply(connection: Connection, writes: Sequence[SingleWrite]) -> Sequence[Stored]:
    """Store all of them in one commit, but for those that are refused, and return an outcome for each, in order.

    A reply that still grows does not stop the next turn, and a sign of life is as old as its write.
    """
    return _isolated(connection, writes, _apply)


def _isolated(
    connection: Connection, writes: Sequence[Kind], store: Callable[[Any, Sequence[Kind]], Sequence[Result]]
) -> Sequence[Result | ThaiChatError]:
    """Return what `store` gives.

    When the database refuses the whole, each half is stored alone, down to the one write that it means.
    """
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        try:
            return store(cursor, writes)
        except DatabaseError as error:
            refused = translated(error)
            if not isinstance(refused, HistoryRefused):
                raise
            cursor.execute("ROLLBACK")
    if len(writes) == 1:
        return [refused]
    half = len(writes) // 2
    return [*_isolated(connection, writes[:half], store), *_isolated(connection, writes[half:], store)]


def _apply(cursor: Any, writes: Sequence[SingleWrite]) -> Sequence[Stored]:
    cursor.execute(statements.BEGIN)
    outcomes: list[Stored] = []
    for part in _parts(writes):
        outcomes += _apply_part(cursor, part)
    cursor.execute("COMMIT")
    return outcomes


def _parts(writes: Sequence[SingleWrite]) -> Iterable[Sequence[SingleWrite]]:
    """Cut before and after each change of a session or a stored message, which has its place between the turns."""
    part: list[SingleWrite] = []
    for write in writes:
        if part and isinstance(write, APART) != isinstance(part[0], APART):
            yield part
            part = []
        part.append(write)
    if part:
        yield part


def _apply_part(cursor: Any, writes: Sequence[SingleWrite]) -> list[Stored]:
    """Store turns, then texts, then ends: the same comes of it as in the order they were made in.

    A turn that settles the one before as interrupted does not stop that one's text and end from coming after.
    """
    begins = [write for write in writes if isinstance(write, BeginTurn | BeginReply)]
    checkpoints = [write for write in writes if isinstance(write, Checkpoint)]
    finishes = [write for write in writes if isinstance(write, FinishReply)]
    begun = iter(_begin(cursor, begins, replay=True)) if begins else iter(())
    if checkpoints:
        run(cursor, statements.checkpoints(cursor, _last_of_each(checkpoints), replay=True))
    finished = iter(_finish(cursor, finishes)) if finishes else iter(())
    outcomes: list[Stored] = []
    for write in writes:
        match write:
            case BeginTurn() | BeginReply():
                outcomes.append(next(begun))
            case FinishReply():
                outcomes.append(next(finished))
            case Checkpoint():
                outcomes.append(None)
            case _:
                outcomes.append(_apply_apart(cursor, write))
    return outcomes


def _apply_apart(cursor: Any, write: Apart) -> Stored:
    match write:
        case CreateSession():
            return adding.create(cursor, write)
        case AddMessage():
            return adding.add(cursor, write, replay=True)
        case UpdateSession() | ResetSession():
            return changing.change(cursor, write)
        case PurgeSession():
            changing.purge(cursor, write, {})
        case RateReply() | PreferReply() | DeleteMessage():
            return marks.mark(cursor, write)
        case PurgeMessage():
            marks.purge(cursor, write)
        case _:
            assert_never(write)
    return None


def _begin(cursor: Any, writes: Sequence[Begin], *, replay: bool) -> list[Turn | ThaiChatError]:
    # Sessions are locked in the order of their ids, so that two such statements never wait for each other.
    places = sorted(range(len(writes)), key=lambda place: writes[place].session_id)
    statement = statements.begin(cursor, [writes[place] for place in places], replay=replay)
    begun = run(cursor, statement, {} if replay else statements.PATIENCE)
    outcomes: dict[int, Turn | ThaiChatError] = {}
    for place, row in zip(places, begun.rows, strict=True):
        with for_person(cursor.connection, writes[place].user_id):
            outcomes[place] = _begun(cursor, writes[place], row)
    return [outcomes[place] for place in range(len(writes))]


def _begun(cursor: Any, write: Begin, row: Sequence[Any]) -> Turn | ThaiChatError:
    outcome, parent_id, *fields = row
    match outcome:
        case "begun":
            session = session_of(fields)
            if isinstance(write, BeginTurn):
                return turn_of(session, write, parent_id)
            cursor.execute(f"SELECT {MESSAGE_SQL} FROM chat_messages m WHERE m.message_id = %s", (write.question_id,))
            return Turn(session=session, question=message_of(cursor.fetchone()), reply=reply_of(session, write))
        case "known":
            return _earlier(cursor, write) or _without_turn(cursor, write)
        case "running":
            return ReplyRunning()
        case "no parent":
            return MessageNotFound()
        case _:
            return SessionNotFound()


def _earlier(cursor: Any, write: Begin) -> Turn | None:
    """Return the turn that has the write's id or idempotency key; None when it is another session's."""
    own_id = write.question_id if isinstance(write, BeginTurn) else write.reply_id
    fields = {name: getattr(write, name) for name in ("session_id", "user_id", "idempotency_key")}
    cursor.execute(statements.EARLIER, {**fields, "own_id": own_id})
    row = cursor.fetchone()
    if row is None:
        return None
    known_id, *messages = row[len(SESSION_FIELDS) :]
    question, reply = message_of(messages), message_of(messages[len(MESSAGE_FIELDS) :])
    # The same write again is no news to the one who wrote it: only another one with the same key is a repetition.
    return Turn(session=session_of(row), question=question, reply=reply, repeated=known_id != own_id)


def _without_turn(cursor: Any, write: Begin) -> ThaiChatError:
    """Return why a known id or key gives no turn: it is of a message that no model was asked for, or of another
    session."""
    query = "SELECT FROM chat_messages WHERE session_id = %s AND idempotency_key = %s"
    cursor.execute(query, (write.session_id, write.idempotency_key))
    return HistoryRefused("another session has this id") if cursor.fetchone() is None else KeyReused()


def _finish(cursor: Any, writes: Sequence[FinishReply]) -> list[Message | ThaiChatError]:
    first = {write.reply_id: write for write in reversed(writes)}
    finished = run(cursor, statements.finish_replies(cursor, first.values()), statements.PATIENCE)
    found = {row[0]: message_of(row) for row in finished.rows}
    missing = tuple((write.reply_id, write.session_id) for write in first.values() if write.reply_id not in found)
    if missing:  # finished before: they keep what they have
        query = f"SELECT {MESSAGE_SQL} FROM chat_messages m WHERE (m.message_id, m.session_id) IN %s"
        cursor.execute(query, (missing,))
        found.update({row[0]: message_of(row) for row in cursor.fetchall()})
    return [found.get(write.reply_id) or MessageNotFound() for write in writes]


def _last_of_each(writes: Sequence[Checkpoint]) -> Sequence[Checkpoint]:
    last: dict[UUID, Checkpoint] = {}
    for write in writes:
        before = last.get(write.reply_id)
        if before:
            write = replace(write, metadata={**before.metadata, **write.metadata})
        last[write.reply_id] = write
    return list(last.values())
