"""Applies writes to PostgreSQL: any number of them, in order, with a handful of statements.

One turn costs two round trips and its finish one; many turns at once cost hardly more than one. That is what lets
concurrent turns share a commit and a journal replay thousands of turns a second. The statements are built by the driver
and not by SQLAlchemy's compiler, which would cost more than the server's work on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias, assert_never
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
    Status,
    Turn,
    UpdateSession,
    Write,
)
from thai_chat.history import statements
from thai_chat.history.connections import translated
from thai_chat.history.rows import MESSAGE_FIELDS, MESSAGE_SQL, SESSION_FIELDS, message_of, session_of
from thai_chat.history.turns import finished, new_turn

Outcome: TypeAlias = "Turn | Message | Session | ThaiChatError | None"
"""What a write gave: BeginTurn a Turn, FinishReply a Message, UpdateSession a Session, Checkpoint nothing."""


def apply(connection: Connection, writes: Sequence[Write], *, replay: bool = False) -> list[Outcome]:
    """One outcome for each write, in order; what the database refuses is among them and does not stop the rest.

    All others are committed together. With `replay` a reply that still grows does not stop the next turn, and a sign
    of life is as old as the write. Raises the driver's error when the database can't be reached.
    """
    raw: Any = connection.connection.cursor()
    try:
        return _Unit(raw, replay=replay).apply(writes)
    except DatabaseError as error:
        refused = translated(error)
        if not isinstance(refused, HistoryRefused):
            raise
        raw.execute("ROLLBACK")
        if len(writes) > 1:
            half = len(writes) // 2
            first = apply(connection, writes[:half], replay=replay)
            return first + apply(connection, writes[half:], replay=replay)
        earlier = _earlier(raw, writes[0]) if isinstance(writes[0], BeginTurn) else None
        return [earlier or refused]
    finally:
        raw.close()


def checkpoint(connection: Connection, writes: Sequence[Checkpoint]) -> None:
    """Commits without waiting for the disk: a crash of the database server may cost the last half second of a growing
    text, which its process still has and writes again a second later. Nothing that was acknowledged hangs on it."""
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        query = statements.checkpoints(cursor, writes, replay=False)
        cursor.execute(statements.PATIENCE + b"SET LOCAL synchronous_commit TO off; " + query)


@dataclass(slots=True)
class _Place:
    """A locked session, and the newest message in it."""

    session: Session
    has_branches: bool
    newest_id: UUID | None
    newest_streams: bool
    newest_grows: bool
    """Streams, and its last sign of life is recent."""
    changed: bool = False

    def fields(self) -> statements.Fields:
        return statements.place_fields(self.session, has_branches=self.has_branches)

    @property
    def lacks_newest(self) -> bool:
        return self.session.message_count > 0 and self.newest_id is None


@dataclass(slots=True)
class _NewMessage:
    message: Message
    alive_at: datetime | None = None
    """None in a message that is finished."""
    idempotency_key: str | None = None

    def fields(self, *, replay: bool) -> statements.Fields:
        return statements.message_fields(
            self.message, alive_at=self.alive_at, idempotency_key=self.idempotency_key, replay=replay
        )


class _Unit:
    """Writes that are committed together: reads and locks what they touch, applies them here, writes the result."""

    def __init__(self, cursor: Any, *, replay: bool) -> None:
        self._cursor = cursor
        self._replay = replay
        self._unsent: list[bytes] = []
        self._places: dict[UUID, _Place] = {}
        self._parents: dict[UUID, UUID] = {}
        self._new: dict[UUID, _NewMessage] = {}
        self._turns: dict[UUID | tuple[UUID, str], Turn] = {}
        self._settled: set[UUID] = set()
        self._checkpoints: dict[UUID, Checkpoint] = {}
        self._finishes: dict[UUID, FinishReply] = {}
        self._finished: dict[UUID, Message] = {}

    def apply(self, writes: Sequence[Write]) -> list[Outcome]:
        begins = [write for write in writes if isinstance(write, BeginTurn)]
        together = bool(begins) or len({type(write) for write in writes}) > 1
        self._unsent.append(statements.BEGIN if together else statements.PATIENCE)
        if begins:
            self._lock(begins)
        outcomes = [self._apply(write) for write in writes]
        self._write_out()
        self._look_up_finished(write for write in writes if isinstance(write, FinishReply))
        if together or self._unsent:
            self._send(b"COMMIT" if together else b"")
        return [
            self._finished.get(write.reply_id, MessageNotFound()) if isinstance(write, FinishReply) else outcome
            for write, outcome in zip(writes, outcomes, strict=True)
        ]

    def _apply(self, write: Write) -> Outcome:
        match write:
            case BeginTurn():
                return self._begin(write)
            case Checkpoint():
                self._checkpoint(write)
            case FinishReply():
                self._finish(write)
            case UpdateSession():
                return self._update_session(write)
            case _:
                assert_never(write)
        return None

    def _begin(self, write: BeginTurn) -> Turn | ThaiChatError:
        place = self._places.get(write.session_id)
        if place is None or place.session.user_id != write.user_id:
            return MessageNotFound() if place is None and write.parent_id else SessionNotFound()
        if write.question_id in self._turns:
            return self._turns[write.question_id]
        if write.idempotency_key and (write.session_id, write.idempotency_key) in self._turns:
            return replace(self._turns[write.session_id, write.idempotency_key], repeated=True)
        if place.newest_grows and not self._replay:
            return _earlier(self._cursor, write) or ReplyRunning()
        if write.parent_id and self._parents.get(write.parent_id) != write.session_id:
            return MessageNotFound()
        if place.newest_streams and place.newest_id:
            self._settle(place.newest_id)
        turn = self._add_turn(place, write)
        self._turns[write.question_id] = turn
        if write.idempotency_key:
            self._turns[write.session_id, write.idempotency_key] = turn
        return turn

    def _add_turn(self, place: _Place, write: BeginTurn) -> Turn:
        turn = new_turn(place.session, write)
        branches = place.has_branches or turn.question.parent_id != place.newest_id
        self._places[write.session_id] = _Place(
            session=turn.session,
            has_branches=branches,
            newest_id=write.reply_id,
            newest_streams=True,
            newest_grows=True,
            changed=True,
        )
        self._new[write.question_id] = _NewMessage(turn.question, idempotency_key=write.idempotency_key)
        self._new[write.reply_id] = _NewMessage(turn.reply, alive_at=write.at)
        self._parents.update({write.question_id: write.session_id, write.reply_id: write.session_id})
        return turn

    def _settle(self, reply_id: UUID) -> None:
        new = self._new.get(reply_id)
        if new:
            new.message = replace(new.message, status=Status.INTERRUPTED)
        else:
            self._settled.add(reply_id)

    def _checkpoint(self, write: Checkpoint) -> None:
        new = self._new.get(write.reply_id)
        if new is None and write.reply_id not in self._finishes:
            self._checkpoints[write.reply_id] = write
        elif new and new.message.status is Status.STREAMING:
            metadata = {**new.message.metadata, **write.metadata}
            new.message = replace(new.message, content=write.content, metadata=metadata)
            new.alive_at = write.at

    def _finish(self, write: FinishReply) -> None:
        place = self._places.get(write.session_id)
        if place and place.newest_id == write.reply_id:
            place.newest_streams = place.newest_grows = False
        new = self._new.get(write.reply_id)
        if new is None:
            self._checkpoints.pop(write.reply_id, None)
            self._finishes.setdefault(write.reply_id, write)
        elif new.alive_at:
            new.message = finished(new.message, write)
            new.alive_at = None
            self._finished[write.reply_id] = new.message

    def _update_session(self, write: UpdateSession) -> Session | ThaiChatError:
        self._write_out()
        choice = write.choice
        fields = {
            **{name: getattr(write, name) for name in ("session_id", "user_id", "at", "session_name", "leaf_id")},
            **{name: getattr(write, name) for name in ("pinned", "archived", "deleted")},
            "backend": choice and choice.backend,
            "model": choice and choice.model,
        }
        rows = self._send(self._cursor.mogrify(statements.UPDATE_SESSION, fields), fetch=True)
        if not rows:
            return self._why_not_updated(write)
        session = session_of(rows[0])
        place = self._places.get(write.session_id)
        if place:
            place.session = session
        return session

    def _why_not_updated(self, write: UpdateSession) -> ThaiChatError:
        query = "SELECT FROM chat_sessions WHERE session_id = %s AND user_id = %s"
        found = self._send(self._cursor.mogrify(query, (write.session_id, write.user_id)), fetch=True)
        return MessageNotFound() if found else SessionNotFound()

    def _lock(self, begins: Sequence[BeginTurn]) -> None:
        first = {write.session_id: write for write in reversed(begins)}
        self._load(tuple(first))
        missing = [first[session_id] for session_id in sorted(first) if session_id not in self._places]
        made = [write for write in missing if write.parent_id is None]
        if made:
            self._unsent.append(
                self._rows(statements.NEW_SESSIONS, statements.NEW_SESSION, map(statements.session_fields, made))
            )
            self._load(tuple(write.session_id for write in made))
        # A transaction that held the lock until now may have added messages that this statement's snapshot lacks.
        self._load(tuple(id_ for id_, place in self._places.items() if place.lacks_newest))
        parents = tuple({write.parent_id for write in begins if write.parent_id})
        if parents:
            query = self._cursor.mogrify(
                "SELECT message_id, session_id FROM chat_messages WHERE message_id IN %s", (parents,)
            )
            self._parents.update(self._send(query, fetch=True))

    def _load(self, session_ids: tuple[UUID, ...]) -> None:
        if not session_ids:
            return
        for row in self._send(self._cursor.mogrify(statements.LOCK, (session_ids,)), fetch=True):
            has_branches, newest_id, status, stale = row[len(SESSION_FIELDS) :]
            streams = status == Status.STREAMING
            self._places[row[0]] = _Place(session_of(row), has_branches, newest_id, streams, streams and not stale)

    def _write_out(self) -> None:
        """Queues all that was applied; sends it when an answer is needed."""
        if self._settled:
            self._unsent.append(self._cursor.mogrify(statements.SETTLE, (tuple(self._settled),)))
        if self._new:
            rows = (new.fields(replay=self._replay) for new in self._new.values())
            self._unsent.append(self._rows(statements.NEW_MESSAGES, statements.NEW_MESSAGE, rows))
        changed = [place for place in self._places.values() if place.changed]
        if changed:
            self._unsent.append(
                self._rows(statements.SESSIONS, statements.SESSION, (place.fields() for place in changed))
            )
        if self._checkpoints:
            self._unsent.append(
                statements.checkpoints(self._cursor, tuple(self._checkpoints.values()), replay=self._replay)
            )
        if self._finishes:
            query = self._rows(
                statements.FINISH, statements.FINISHED, map(statements.finish_fields, self._finishes.values())
            )
            self._keep_finished(self._send(query + MESSAGE_SQL.encode(), fetch=True))
        for place in changed:
            place.changed = False
        for applied in (self._settled, self._new, self._checkpoints, self._finishes):
            applied.clear()

    def _look_up_finished(self, writes: Iterable[FinishReply]) -> None:
        """Replies that were finished before keep what they have."""
        missing = tuple((write.reply_id, write.session_id) for write in writes if write.reply_id not in self._finished)
        if missing:
            query = f"SELECT {MESSAGE_SQL} FROM chat_messages m WHERE (m.message_id, m.session_id) IN %s"
            self._keep_finished(self._send(self._cursor.mogrify(query, (missing,)), fetch=True))

    def _keep_finished(self, rows: Sequence[Sequence[Any]]) -> None:
        self._finished.update({row[0]: message_of(row) for row in rows})

    def _rows(self, statement: str, template: str, rows: Iterable[statements.Fields]) -> bytes:
        return statements.values(self._cursor, statement, template, rows)

    def _send(self, query: bytes = b"", *, fetch: bool = False) -> Sequence[Any]:
        """Sends what waits and `query` in one go, and gives the rows of `query`."""
        self._cursor.execute(b"".join((*self._unsent, query)))
        self._unsent.clear()
        return self._cursor.fetchall() if fetch else ()


def _earlier(cursor: Any, write: BeginTurn) -> Turn | None:
    """The turn that has the write's question or idempotency key, when the owner has one."""
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
