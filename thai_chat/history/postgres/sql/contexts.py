"""The documents that messages were made with, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from thai_chat.domain.addition_errors import TooManyContexts
from thai_chat.domain.errors import MessageNotFound
from thai_chat.domain.transfer import GivenDocument
from thai_chat.history.checks import json_text

_OWN = """
SELECT m.deleted_at IS NOT NULL FROM chat_messages m JOIN chat_sessions s ON s.session_id = m.session_id
WHERE m.message_id = %s AND m.session_id = %s AND s.user_id = %s"""
_OF = "SELECT id, doc_id, content, score, metadata FROM message_contexts WHERE message_id = %s ORDER BY id"
_PUT = """
INSERT INTO message_contexts (id, message_id, doc_id, content, score, metadata)
VALUES (%s, %s, %s, %s, %s, %s::jsonb)
ON CONFLICT (id) DO UPDATE SET score = excluded.score, metadata = excluded.metadata
WHERE message_contexts.message_id = excluded.message_id"""


def of(connection: Connection, user_id: str, session_id: UUID, message_id: UUID) -> list[GivenDocument]:
    """Return the contexts of a message. Raises MessageNotFound."""
    with _cursor(connection) as cursor:
        cursor.execute(_OWN, (message_id, session_id, user_id))
        if cursor.fetchone() is None:
            raise MessageNotFound
        return _found(cursor, message_id)


def put(
    connection: Connection,
    user_id: str,
    session_id: UUID,
    message_id: UUID,
    contexts: Sequence[GivenDocument],
    *,
    most: int,
) -> list[GivenDocument]:
    """Keep contexts, all or none. Raises MessageNotFound and TooManyContexts."""
    with _cursor(connection) as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"{_OWN} FOR UPDATE OF m", (message_id, session_id, user_id))
        row = cursor.fetchone()
        if row is None or row[0]:
            cursor.execute("ROLLBACK")
            raise MessageNotFound
        for one in contexts:
            cursor.execute(_PUT, (one.id, message_id, one.doc_id, one.content, one.score, json_text(one.metadata)))
        found = _found(cursor, message_id)
        if len(found) > most:
            cursor.execute("ROLLBACK")
            raise TooManyContexts(limit=most)
        cursor.execute("COMMIT")
        return found


def _found(cursor: Any, message_id: UUID) -> list[GivenDocument]:
    cursor.execute(_OF, (message_id,))
    return [
        GivenDocument(id=an_id, doc_id=doc_id, content=content, score=score, metadata=metadata)
        for an_id, doc_id, content, score, metadata in cursor.fetchall()
    ]


def _cursor(connection: Connection) -> Any:
    raw: Any = connection.connection
    return raw.cursor()
