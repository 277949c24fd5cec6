"""Reads everything of a person, in pages, and stores whole sessions, in one commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

import orjson
from sqlalchemy import Connection

from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.messages import Message, Session
from thai_chat.domain.transfer import GivenDocument, Imported, KeptMessage, KeptSession
from thai_chat.history.rows import MESSAGE_FIELDS, MESSAGE_SQL, SESSION_FIELDS, SESSION_SQL, message_of, session_of

BATCH_MESSAGES = 1000
BATCH_CHARS = 2_000_000
_LOCK = 7_862_004
_LOCK_PAUSE_S = 0.1
_NAMESPACE = UUID("0199a1b2-5a6b-7c00-8000-7468616900aa")

_SESSION_IDS = """
SELECT session_id FROM chat_sessions WHERE user_id = %(user_id)s
    AND (%(chosen)s::uuid[] IS NULL OR session_id = ANY (%(chosen)s::uuid[]))
    AND (%(chosen)s::uuid[] IS NOT NULL OR %(with_trash)s OR deleted_at IS NULL)
ORDER BY created_at, session_id"""
_SESSIONS = f"SELECT {SESSION_SQL} FROM chat_sessions s WHERE user_id = %s AND session_id = ANY (%s::uuid[])"
_MESSAGES = f"""
SELECT {MESSAGE_SQL}, m.idempotency_key FROM chat_messages m JOIN chat_sessions s USING (session_id)
WHERE s.user_id = %s AND m.session_id = ANY (%s::uuid[]) AND m.message_order > %s
ORDER BY m.session_id, m.message_order LIMIT %s"""
_DOCUMENTS = """
SELECT message_id, id, doc_id, content, score, metadata FROM message_contexts
WHERE message_id = ANY (%s::uuid[]) ORDER BY id"""

_SESSION_COLUMNS = ", ".join(SESSION_FIELDS)
_MESSAGE_NAMES = (*MESSAGE_FIELDS, "idempotency_key", "parent_order")
_MESSAGE_COLUMNS = ", ".join(_MESSAGE_NAMES)
_DOCUMENT_COLUMNS = "id, message_id, doc_id, content, score, metadata"
_INSERT = "INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s::json)"
_OWNERS = "SELECT session_id, user_id FROM chat_sessions WHERE session_id = ANY (%s::uuid[])"
_TAKEN = """
SELECT message_id FROM chat_messages WHERE message_id = ANY (%s::uuid[])
UNION ALL SELECT id FROM message_contexts WHERE id = ANY (%s::uuid[])"""


def session_ids(connection: Connection, user_id: str, *, chosen: Sequence[UUID] | None, with_trash: bool) -> list[UUID]:
    with _cursor(connection) as cursor:
        wanted = {"user_id": user_id, "chosen": None if chosen is None else list(chosen), "with_trash": with_trash}
        cursor.execute(_SESSION_IDS, wanted)
        return [session_id for (session_id,) in cursor.fetchall()]


def sessions(connection: Connection, user_id: str, wanted: Sequence[UUID]) -> list[Session]:
    with _cursor(connection) as cursor:
        cursor.execute(_SESSIONS, (user_id, list(wanted)))
        return [session_of(row) for row in cursor.fetchall()]


def messages(
    connection: Connection, user_id: str, wanted: Sequence[UUID], *, limit: int | None, after_order: int
) -> list[KeptMessage]:
    with _cursor(connection) as cursor:
        cursor.execute(_MESSAGES, (user_id, list(wanted), after_order, limit))
        rows = cursor.fetchall()
        documents: dict[UUID, list[GivenDocument]] = {}
        cursor.execute(_DOCUMENTS, ([row[0] for row in rows],))
        for message_id, document_id, doc_id, content, score, metadata in cursor.fetchall():
            document = GivenDocument(id=document_id, doc_id=doc_id, content=content, score=score, metadata=metadata)
            documents.setdefault(message_id, []).append(document)
    return [
        KeptMessage(message=message_of(row), idempotency_key=row[-1], documents=documents.get(row[0], ()))
        for row in rows
    ]


def store(
    connection: Connection,
    user_id: str,
    given: Callable[[], Iterable[KeptSession]],
    *,
    told: Callable[[Imported], None],
    is_over: Callable[[], bool],
) -> Imported:
    """As `Transfer.store`."""
    with _cursor(connection) as cursor:
        cursor.execute("BEGIN")
        while not _locked(cursor):
            _require_wanted(is_over)
            time.sleep(_LOCK_PAUSE_S)
        work = _Store(cursor, user_id)
        for batch in _batches(given()):
            _require_wanted(is_over)
            work.add(batch)
            told(work.imported)
        _require_wanted(is_over)
        cursor.execute("COMMIT")
        return work.imported


class _Store:
    """Adds sessions inside one transaction, which is the caller's."""

    def __init__(self, cursor: Any, user_id: str) -> None:
        self._cursor = cursor
        self._user_id = user_id
        self._moved: dict[UUID, UUID] = {}
        """Sessions that got another id, by the one they had."""
        self.imported = Imported()

    def add(self, batch: Sequence[KeptSession]) -> None:
        wanted = self._with_free_ids(batch)
        self._insert("chat_sessions", _SESSION_COLUMNS, (self._session_row(kept.session) for kept in wanted))
        self._insert("chat_messages", _MESSAGE_COLUMNS, (row for kept in wanted for row in _message_rows(kept)))
        documents = (row for kept in wanted for message in kept.messages for row in _document_rows(message))
        self._insert("message_contexts", _DOCUMENT_COLUMNS, documents)
        self.imported = Imported(
            sessions=self.imported.sessions + len(wanted),
            messages=self.imported.messages + sum(len(kept.messages) for kept in wanted),
            skipped=self.imported.skipped + len(batch) - len(wanted),
        )

    def _with_free_ids(self, batch: Sequence[KeptSession]) -> list[KeptSession]:
        """Those that this person does not have yet, under ids that nobody has."""
        owners = self._owners([kept.session.session_id for kept in batch])
        fresh = [kept for kept in batch if owners.get(kept.session.session_id) != self._user_id]
        seen = self._taken(fresh)
        free: list[KeptSession] = []
        moved: list[KeptSession] = []
        known: set[UUID] = set()
        for kept in fresh:
            session_id = kept.session.session_id
            if session_id in known:  # twice in the file
                continue
            known.add(session_id)
            ids = set(_ids(kept))
            if session_id in owners or not seen.isdisjoint(ids):
                self._moved[session_id] = _other_id(self._user_id, session_id)
                moved.append(_moved(kept, self._user_id))
            else:
                free.append(kept)
            seen |= ids
        here = self._owners([kept.session.session_id for kept in moved])
        return free + [kept for kept in moved if kept.session.session_id not in here]

    def _owners(self, ids: list[UUID]) -> Mapping[UUID, str]:
        if not ids:
            return {}
        self._cursor.execute(_OWNERS, (ids,))
        return dict(self._cursor.fetchall())

    def _taken(self, fresh: Sequence[KeptSession]) -> set[UUID]:
        ids = [an_id for kept in fresh for an_id in _ids(kept)]
        self._cursor.execute(_TAKEN, (ids, ids))
        return {row[0] for row in self._cursor.fetchall()}

    def _session_row(self, session: Session) -> Mapping[str, object]:
        row = {name: getattr(session, name) for name in SESSION_FIELDS}
        source_id = session.branched_from_id
        moved_id = self._moved.get(source_id, source_id) if source_id else None
        return {**row, "user_id": self._user_id, "branched_from_id": moved_id}

    def _insert(self, table: str, columns: str, rows: Iterable[Mapping[str, object]]) -> None:
        for part in _parts(rows):
            self._cursor.execute(_INSERT.format(table=table, columns=columns), (part,))


def _message_rows(kept: KeptSession) -> Iterator[Mapping[str, object]]:
    orders = {item.message.message_id: item.message.message_order for item in kept.messages}
    for item in kept.messages:
        message, figures = item.message, item.message.figures
        parent_order = orders[message.parent_id] if message.parent_id else 0
        yield {
            **{name: getattr(message, name) for name in MESSAGE_FIELDS if hasattr(message, name)},
            "prompt_tokens": figures.prompt_tokens,
            "completion_tokens": figures.completion_tokens,
            "first_token_ms": figures.first_token_ms,
            "latency_ms": figures.latency_ms,
            "reasoning_tokens": figures.reasoning_tokens,
            "cost_usd": None if figures.cost_usd is None else str(figures.cost_usd),
            "idempotency_key": item.idempotency_key,
            "parent_order": None if parent_order == message.message_order - 1 else parent_order,
        }


def _document_rows(kept: KeptMessage) -> Iterator[Mapping[str, object]]:
    for document in kept.documents:
        yield {
            "id": document.id,
            "message_id": kept.message.message_id,
            "doc_id": document.doc_id,
            "content": document.content,
            "score": document.score,
            "metadata": document.metadata,
        }


def _parts(rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """JSON lists of rows, none much longer than BATCH_CHARS."""
    part: list[bytes] = []
    size = 0
    for row in rows:
        text = orjson.dumps(row)
        if part and size + len(text) > BATCH_CHARS:
            yield _listed(part)
            part, size = [], 0
        part.append(text)
        size += len(text)
    if part:
        yield _listed(part)


def _listed(rows: Sequence[bytes]) -> str:
    return (b"[" + b",".join(rows) + b"]").decode()


def _batches(sessions_: Iterable[KeptSession]) -> Iterator[list[KeptSession]]:
    batch: list[KeptSession] = []
    count = chars = 0
    for kept in sessions_:
        batch.append(kept)
        count += len(kept.messages) + 1
        chars += sum(len(item.message.content) for item in kept.messages)
        if count >= BATCH_MESSAGES or chars >= BATCH_CHARS:
            yield batch
            batch, count, chars = [], 0, 0
    if batch:
        yield batch


def _ids(kept: KeptSession) -> Iterator[UUID]:
    for item in kept.messages:
        yield item.message.message_id
        yield from (document.id for document in item.documents)


def _other_id(user_id: str, taken: UUID) -> UUID:
    """The same one each time, so that importing again finds what was imported."""
    return uuid5(_NAMESPACE, f"{user_id}\x1f{taken}")


def _moved(kept: KeptSession, user_id: str) -> KeptSession:
    """Under other ids, with all that refers to them."""
    ids = {item.message.message_id: _other_id(user_id, item.message.message_id) for item in kept.messages}
    session_id = _other_id(user_id, kept.session.session_id)

    def moved(message: Message) -> Message:
        continues = message.metadata.get("continues")
        of_reply = {str(old): str(new) for old, new in ids.items()} if continues else {}
        return replace(
            message,
            message_id=ids[message.message_id],
            session_id=session_id,
            parent_id=ids[message.parent_id] if message.parent_id else None,
            metadata={**message.metadata, "continues": of_reply[str(continues)]}
            if str(continues) in of_reply
            else message.metadata,
        )

    leaf_id = kept.session.leaf_id
    return KeptSession(
        session=replace(kept.session, session_id=session_id, leaf_id=ids[leaf_id] if leaf_id else None),
        messages=[
            replace(
                item,
                message=moved(item.message),
                documents=[replace(document, id=_other_id(user_id, document.id)) for document in item.documents],
            )
            for item in kept.messages
        ],
    )


def _locked(cursor: Any) -> bool:
    """One import at a time, whatever process it is of: two of the same file would meet in the middle."""
    cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", (_LOCK,))
    return bool(cursor.fetchone()[0])


def _require_wanted(is_over: Callable[[], bool]) -> None:
    if is_over():
        raise HistoryUnavailable("the import was given up")


def _cursor(connection: Connection) -> Any:
    raw: Any = connection.connection
    return raw.cursor()
