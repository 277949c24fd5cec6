"""Reads everything of a person, in pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from thai_chat.domain.messages import Session
from thai_chat.domain.transfer import GivenDocument, KeptMessage
from thai_chat.history.postgres.sql.rows import MESSAGE_SQL, SESSION_SQL, message_of, session_of

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


def _cursor(connection: Connection) -> Any:
    raw: Any = connection.connection
    return raw.cursor()
