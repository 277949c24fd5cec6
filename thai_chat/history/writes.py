"""Applies writes to PostgreSQL: any number of one kind with one statement, and a journal's mixture in one commit.

A statement and its commit are one message to the server and one answer: a client that vanishes leaves no transaction
open, and many turns at once cost hardly more than one. They are put together by the driver and not by SQLAlchemy's
compiler, which would cost more than the server's work on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from psycopg2 import DatabaseError
from sqlalchemy import Connection

from thai_chat.domain.errors import HistoryRefused, MessageNotFound, ReplyRunning, SessionNotFound, ThaiChatError
from thai_chat.domain.messages import (
    BeginTurn,
    Checkpoint,
    FinishReply,
    Message,
    Session,
    Turn,
    UpdateSession,
    Write,
)
from thai_chat.history import statements
from thai_chat.history.connections import translated
from thai_chat.history.rows import MESSAGE_FIELDS, MESSAGE_SQL, message_of, session_of
from thai_chat.history.turns import turn_of

Outcome: TypeAlias = "Turn | Message | Session | ThaiChatError | None"
"""What a write gave: BeginTurn a Turn, FinishReply a Message, UpdateSession a Session, Checkpoint nothing."""

Kind = TypeVar("Kind", bound=Write)
Result = TypeVar("Result")


def begin_turns(connection: Connection, writes: Sequence[BeginTurn]) -> Sequence[Turn | ThaiChatError]:
    """One outcome for each, in order; one that is refused does not stop the others."""
    return _isolated(connection, writes, lambda cursor, part: _begin(cursor, part, replay=False))


def finish_replies(connection: Connection, writes: Sequence[FinishReply]) -> Sequence[Message | ThaiChatError]:
    """As `begin_turns`."""
    return _isolated(connection, writes, _finish)


def update_session(connection: Connection, write: UpdateSession) -> Session | ThaiChatError:
    return _isolated(connection, [write], lambda cursor, part: [_update(cursor, part[0])])[0]


def checkpoint(connection: Connection, writes: Sequence[Checkpoint]) -> None:
    """Commits without waiting for the disk: a crash of the database server may cost the last half second of a growing
    text, which its process still has and writes again a second later. Nothing that was acknowledged hangs on it."""
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        query = statements.checkpoints(cursor, _last_of_each(writes), replay=False)
        cursor.execute(statements.PATIENCE + b"SET LOCAL synchronous_commit TO off; " + query)


def replay(connection: Connection, writes: Sequence[Write]) -> Sequence[Outcome]:
    """All of them in one commit, but for those that are refused; an outcome for each, in order.

    A reply that still grows does not stop the next turn, and a sign of life is as old as its write.
    """
    return _isolated(connection, writes, _replay)


def _isolated(
    connection: Connection, writes: Sequence[Kind], apply: Callable[[Any, Sequence[Kind]], Sequence[Result]]
) -> Sequence[Result | ThaiChatError]:
    """What `apply` gives; when the database refuses the whole, each half alone, down to the one that it means."""
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        try:
            return apply(cursor, writes)
        except DatabaseError as error:
            refused = translated(error)
            if not isinstance(refused, HistoryRefused):
                raise
            cursor.execute("ROLLBACK")
    if len(writes) == 1:
        return [refused]
    half = len(writes) // 2
    return [*_isolated(connection, writes[:half], apply), *_isolated(connection, writes[half:], apply)]


def _replay(cursor: Any, writes: Sequence[Write]) -> Sequence[Outcome]:
    cursor.execute(statements.BEGIN)
    outcomes: list[Outcome] = []
    for part in _parts(writes):
        outcomes += _replay_part(cursor, part)
    cursor.execute("COMMIT")
    return outcomes


def _parts(writes: Sequence[Write]) -> Iterable[Sequence[Write]]:
    """Cut before and after each change of a session, which has its place between the turns around it."""
    part: list[Write] = []
    for write in writes:
        if part and isinstance(write, UpdateSession) != isinstance(part[0], UpdateSession):
            yield part
            part = []
        part.append(write)
    if part:
        yield part


def _replay_part(cursor: Any, writes: Sequence[Write]) -> list[Outcome]:
    """Turns, then texts, then ends: the same comes of it as in the order they were made in.

    A turn that settles the one before as interrupted does not stop that one's text and end from coming after.
    """
    begins = [write for write in writes if isinstance(write, BeginTurn)]
    checkpoints = [write for write in writes if isinstance(write, Checkpoint)]
    finishes = [write for write in writes if isinstance(write, FinishReply)]
    updates = [write for write in writes if isinstance(write, UpdateSession)]
    begun = iter(_begin(cursor, begins, replay=True)) if begins else iter(())
    if checkpoints:
        cursor.execute(statements.checkpoints(cursor, _last_of_each(checkpoints), replay=True))
    finished = iter(_finish(cursor, finishes)) if finishes else iter(())
    updated = iter([_update(cursor, write) for write in updates])
    outcomes: list[Outcome] = []
    for write in writes:
        match write:
            case BeginTurn():
                outcomes.append(next(begun))
            case FinishReply():
                outcomes.append(next(finished))
            case UpdateSession():
                outcomes.append(next(updated))
            case Checkpoint():
                outcomes.append(None)
    return outcomes


def _begin(cursor: Any, writes: Sequence[BeginTurn], *, replay: bool) -> list[Turn | ThaiChatError]:
    # Sessions are locked in the order of their ids, so that two such statements never wait for each other.
    places = sorted(range(len(writes)), key=lambda place: writes[place].session_id)
    cursor.execute(statements.begin_turns(cursor, [writes[place] for place in places], replay=replay))
    outcomes: dict[int, Turn | ThaiChatError] = {}
    for place, row in zip(places, cursor.fetchall(), strict=True):
        outcomes[place] = _begun(cursor, writes[place], row)
    return [outcomes[place] for place in range(len(writes))]


def _begun(cursor: Any, write: BeginTurn, row: Sequence[Any]) -> Turn | ThaiChatError:
    outcome, parent_id, *session = row
    match outcome:
        case "begun":
            return turn_of(session_of(session), write, parent_id)
        case "known":
            return _earlier(cursor, write) or HistoryRefused("another session has this question's id")
        case "running":
            return ReplyRunning()
        case "no parent":
            return MessageNotFound()
        case _:
            return SessionNotFound()


def _earlier(cursor: Any, write: BeginTurn) -> Turn | None:
    """The turn that has the write's question or idempotency key."""
    fields = {name: getattr(write, name) for name in ("session_id", "user_id", "question_id", "idempotency_key")}
    cursor.execute(statements.EARLIER, fields)
    row = cursor.fetchone()
    if row is None:
        return None
    size = len(MESSAGE_FIELDS)
    question, reply = message_of(row[-2 * size : -size]), message_of(row[-size:])
    # The same write again is no news to the one who wrote it: only another question with the same key is a repetition.
    repeated = question.message_id != write.question_id
    return Turn(session=session_of(row), question=question, reply=reply, repeated=repeated)


def _finish(cursor: Any, writes: Sequence[FinishReply]) -> list[Message | ThaiChatError]:
    first = {write.reply_id: write for write in reversed(writes)}
    cursor.execute(statements.finish_replies(cursor, first.values()))
    found = {row[0]: message_of(row) for row in cursor.fetchall()}
    missing = tuple((write.reply_id, write.session_id) for write in first.values() if write.reply_id not in found)
    if missing:  # finished before: they keep what they have
        query = f"SELECT {MESSAGE_SQL} FROM chat_messages m WHERE (m.message_id, m.session_id) IN %s"
        cursor.execute(query, (missing,))
        found.update({row[0]: message_of(row) for row in cursor.fetchall()})
    return [found.get(write.reply_id) or MessageNotFound() for write in writes]


def _update(cursor: Any, write: UpdateSession) -> Session | ThaiChatError:
    cursor.execute(statements.update_session(cursor, write))
    row = cursor.fetchone()
    if row:
        return session_of(row)
    query = "SELECT FROM chat_sessions WHERE session_id = %s AND user_id = %s"
    cursor.execute(query, (write.session_id, write.user_id))
    return MessageNotFound() if cursor.fetchone() is not None else SessionNotFound()


def _last_of_each(writes: Sequence[Checkpoint]) -> Sequence[Checkpoint]:
    last: dict[UUID, Checkpoint] = {}
    for write in writes:
        before = last.get(write.reply_id)
        if before:
            write = replace(write, metadata={**before.metadata, **write.metadata})
        last[write.reply_id] = write
    return list(last.values())
