"""Changes what is known of single messages: how they were rated, which were preferred, which are deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from thai_chat.domain.errors import MessageNotFound, SessionNotFound, ThaiChatError
from thai_chat.domain.facts import ReplyFacts
from thai_chat.domain.messages import Message
from thai_chat.domain.writes import DeleteMessage, MarkMessage, PreferReply, PurgeMessage, RateReply
from thai_chat.history.checks import json_text
from thai_chat.history.postgres.sql.parameters import TextParameter, filled, run
from thai_chat.history.postgres.sql.rows import MESSAGE_SQL, message_of
from thai_chat.history.postgres.sql.statements import PATIENCE
from thai_chat.history.turns import WIPED, rating_of, vote_of

_OWN = """FROM chat_sessions s WHERE s.session_id = m.session_id AND s.user_id = %(user_id)s
    AND m.session_id = %(session_id)s AND m.message_id = %(message_id)s"""

# The value of the rating stands in a column too: it is counted there without a look at the metadata.
_RATE = f"""
UPDATE chat_messages m SET metadata = (m.metadata - 'rating') || %(metadata)s::jsonb, rating = %(value)s
{_OWN} RETURNING {MESSAGE_SQL}"""

_PREFER = f"""
UPDATE chat_messages m SET metadata = (m.metadata - 'vote') || %(metadata)s::jsonb {_OWN} RETURNING {MESSAGE_SQL}"""

# The search index has an empty text of a deleted message: it is told to look again.
_DELETE = f"""
WITH changed AS (
    UPDATE chat_messages m SET deleted_at = CASE WHEN %(deleted)s THEN coalesce(m.deleted_at, %(at)s) END
    {_OWN} RETURNING {MESSAGE_SQL}
), noted AS (
    INSERT INTO chat_search_queue (message_id) SELECT message_id FROM changed
)
SELECT * FROM changed"""

_PURGE = f"""
WITH wiped AS (
    UPDATE chat_messages m SET content = '', parts = NULL, metadata = %(metadata)s::jsonb, rating = NULL,
        deleted_at = coalesce(m.deleted_at, %(at)s), checkpointed_at = NULL,
        status = CASE WHEN m.status = 'streaming' THEN 'stopped' ELSE m.status END
    {_OWN} RETURNING m.message_id
)
DELETE FROM message_contexts c USING wiped WHERE c.message_id = wiped.message_id"""


def mark(cursor: Any, write: MarkMessage) -> Message | ThaiChatError:
    """Return the message as stored, or why there is none."""
    match write:
        case RateReply():
            known = ReplyFacts(rating=rating_of(write)).to_metadata()
            own = {"message_id": write.reply_id, "metadata": TextParameter(json_text(known)), "value": write.value}
            statement = _RATE
        case PreferReply():
            known = ReplyFacts(vote=vote_of(write)).to_metadata()
            own = {"message_id": write.reply_id, "metadata": TextParameter(json_text(known))}
            statement = _PREFER
        case DeleteMessage():
            own = {"message_id": write.message_id, "deleted": write.deleted, "at": write.at}
            statement = _DELETE
        case _:
            assert_never(write)
    fields: Mapping[str, object] = {"session_id": write.session_id, "user_id": write.user_id, **own}
    rows = run(cursor, filled(cursor, statement, fields), PATIENCE).rows
    if rows:
        return message_of(rows[0])
    query = "SELECT FROM chat_sessions WHERE session_id = %s AND user_id = %s"
    cursor.execute(query, (write.session_id, write.user_id))
    return MessageNotFound() if cursor.fetchone() is not None else SessionNotFound()


def purge(cursor: Any, write: PurgeMessage) -> None:
    """Wipe the message. Without effect when it is not there."""
    fields = {
        "session_id": write.session_id,
        "user_id": write.user_id,
        "message_id": write.message_id,
        "metadata": TextParameter(json_text(WIPED.to_metadata())),
        "at": write.at,
    }
    run(cursor, filled(cursor, _PURGE, fields), PATIENCE)
