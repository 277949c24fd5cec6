"""Brings messages and names of sessions into the search index: what the queue notes, and old messages step by step.

Each step is one short transaction that waits for no chat and lets none wait. Steps of several processes go side by
side; one that dies half-way leaves its part to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg2.errors import LockNotAvailable
from sqlalchemy import Connection

from thai_chat.domain.searching import SEARCHED_CHARS, IndexProgress
from thai_chat.domain.spelling import fold
from thai_chat.history.postgres.search.keys import packed
from thai_chat.history.postgres.sql.parameters import TextList, filled, run
from thai_chat.history.postgres.sql.rows import STALE

STEP_BYTES = 1_500_000
"""About so much text is indexed in one step, half a second's work or a second's; a single text may be longer."""

TABLES = ("chat_message_search", "chat_session_search", "chat_search_queue", "chat_search_backfill")
"""All that they hold comes from other tables."""

# A step that the disk loses with a power cut is lost whole: what it did is still noted in the queue then.
_BEGIN = """BEGIN; SET LOCAL synchronous_commit TO off; SET LOCAL lock_timeout = '1500ms';
SET LOCAL idle_in_transaction_session_timeout = '10s'; """

_GROWS = f"m.status = 'streaming' AND m.checkpointed_at >= clock_timestamp() - {STALE}"
_IS_DUE = f"coalesce((SELECT NOT ({_GROWS}) FROM chat_messages m WHERE m.message_id = q.message_id), true)"

_SIZES = "SELECT m.message_id, octet_length(m.content) FROM chat_messages m WHERE m.message_id = ANY (%s::uuid[])"

# The newest first: what was said just now is looked for before what a replay or an upgrade brought in.
_TAKE = f"""
SELECT q.number, q.message_id, q.session_id FROM chat_search_queue q WHERE {_IS_DUE}
ORDER BY q.number DESC LIMIT %(limit)s FOR UPDATE"""

_MESSAGES = """
SELECT m.message_id, s.user_id, m.role, m.backend, m.model, m.created_at,
    CASE WHEN m.deleted_at IS NULL THEN m.content ELSE '' END
FROM chat_messages m JOIN chat_sessions s ON s.session_id = m.session_id
WHERE m.message_id = ANY (%s::uuid[]) ORDER BY m.message_id FOR KEY SHARE OF m"""

_NAMES = """
SELECT s.session_id, s.user_id, s.created_at, s.session_name FROM chat_sessions s
WHERE s.session_id = ANY (%s::uuid[]) ORDER BY s.session_id FOR KEY SHARE"""

# A message may be noted twice and both notes be at work at once: the later one has seen what the earlier one may not.
_STORE_MESSAGES = """
INSERT INTO chat_message_search AS known
    (message_id, user_id, role, backend, model, created_at, version, search_text)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::bigint[],
    %s::text[])
ON CONFLICT (message_id) DO UPDATE SET user_id = excluded.user_id, role = excluded.role,
    backend = excluded.backend, model = excluded.model, version = excluded.version,
    search_text = excluded.search_text WHERE excluded.version >= known.version"""

_STORE_NAMES = """
INSERT INTO chat_session_search AS known (session_id, user_id, created_at, version, search_text)
SELECT * FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::bigint[], %s::text[])
ON CONFLICT (session_id) DO UPDATE SET user_id = excluded.user_id, version = excluded.version,
    search_text = excluded.search_text
WHERE excluded.version >= known.version"""

# In a replay or an import rows of any age may come; those are noted in the queue, wherever the walk has got to.
_NEXT_OLD = f"""
SELECT m.message_id, {_GROWS} AS grows, octet_length(m.content) FROM chat_messages m
WHERE %(last_id)s::uuid IS NULL OR m.message_id < %(last_id)s::uuid ORDER BY m.message_id DESC LIMIT %(limit)s"""

PROGRESS = f"""
SELECT coalesce(CASE WHEN is_finished THEN total ELSE least(done, total - 1) END, 0), coalesce(total, 0),
    (SELECT count(*) FROM chat_search_queue q WHERE {_IS_DUE})
FROM (VALUES ('messages')) AS walk (what) LEFT JOIN chat_search_backfill USING (what)"""

_START_OVER = """
TRUNCATE chat_message_search, chat_session_search, chat_search_queue, chat_search_backfill;
INSERT INTO chat_search_queue (session_id) SELECT session_id FROM chat_sessions ORDER BY updated_at;
INSERT INTO chat_search_backfill (what, total, is_finished)
    SELECT 'messages', count(*), false FROM chat_messages HAVING count(*) > 0"""

_LEFT = f"""
SELECT EXISTS (SELECT FROM chat_search_queue q WHERE {_IS_DUE}),
    EXISTS (SELECT FROM chat_search_backfill WHERE NOT is_finished)"""

# Where many notes wait, those of replies that grow make no difference, and looking each up would take seconds.
_UNINDEXED = f"""
SELECT coalesce((SELECT greatest(1, total - done) FROM chat_search_backfill WHERE NOT is_finished), 0)
    + CASE WHEN (SELECT count(*) FROM (SELECT FROM chat_search_queue LIMIT 1001) AS few) > 1000
    THEN (SELECT count(*) FROM chat_search_queue) ELSE (SELECT count(*) FROM chat_search_queue q WHERE {_IS_DUE}) END"""

_PLACE = "SELECT last_id FROM chat_search_backfill WHERE what = 'messages' AND NOT is_finished FOR UPDATE SKIP LOCKED"
_MOVE = """
UPDATE chat_search_backfill SET last_id = %s, done = done + %s, is_finished = %s WHERE what = 'messages'; COMMIT"""


def start_over(raw: Any) -> None:
    """Make the index of everything anew, in the background from now on.

    `raw` is psycopg2's connection; without effect where the schema has no index yet.
    """
    with raw.cursor() as cursor:
        cursor.execute("SELECT to_regclass('chat_search_backfill') IS NOT NULL")
        if cursor.fetchone()[0]:
            cursor.execute(_START_OVER)


def index_noted(connection: Connection, *, limit: int, waits: bool = False) -> bool:
    """Index at most `limit` of what the queue notes, the newest first; return whether more of it may be left.

    What still grows stays noted. Notes that others are at are left to them, or waited for, but not long.
    """
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        try:
            return _index_noted(cursor, limit, waits=waits)
        except LockNotAvailable:
            # Somebody is at a long text, or deletes a session: no reason to take the server for lost.
            cursor.execute("ROLLBACK")
            return True


def _index_noted(cursor: Any, limit: int, *, waits: bool) -> bool:
    cursor.execute(_BEGIN + _TAKE + ("" if waits else " SKIP LOCKED"), {"limit": limit})
    taken = cursor.fetchall()
    cursor.execute(_SIZES, ([message_id for _, message_id, _ in taken if message_id],))
    sizes = dict(cursor.fetchall())
    notes = taken[: _fitting([sizes.get(message_id, 0) for _, message_id, _ in taken])]
    _index_messages(cursor, {message_id: number for number, message_id, _ in reversed(notes) if message_id})
    _index_names(cursor, {session_id: number for number, _, session_id in reversed(notes) if session_id})
    done = [number for number, _, _ in notes]
    cursor.execute("DELETE FROM chat_search_queue WHERE number = ANY (%s); COMMIT", (done,))
    return len(taken) == limit or len(notes) < len(taken)


def index_old(connection: Connection, *, limit: int) -> bool:
    """Index the next `limit` messages of those that are older than the index.

    False when there are none left, or another process is at them.
    """
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        cursor.execute(_BEGIN + _PLACE)
        place = cursor.fetchone()
        if place is None:
            cursor.execute("COMMIT")
            return False
        cursor.execute(_NEXT_OLD, {"last_id": place[0], "limit": limit})
        rows = cursor.fetchall()
        found = rows[: _fitting([size for _, _, size in rows])]
        has_more = len(rows) == limit or len(found) < len(rows)
        _index_messages(cursor, {message_id: 0 for message_id, grows, _ in found if not grows})
        growing = [message_id for message_id, grows, _ in found if grows]
        cursor.execute("INSERT INTO chat_search_queue (message_id) SELECT unnest(%s::uuid[])", (growing,))
        cursor.execute(_MOVE, (found[-1][0] if found else place[0], len(found), not has_more))
        return has_more


def what_is_left(connection: Connection) -> tuple[bool, bool]:
    """Tell whether the queue has something to index, and whether messages are left that are older than the index."""
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        cursor.execute(_LEFT)
        noted, old = cursor.fetchone()
        return noted, old


def unindexed(connection: Connection) -> int:
    """Return how many messages and names are not in the index yet."""
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        cursor.execute(_UNINDEXED)
        count: int = cursor.fetchone()[0]
        return count


def progress(connection: Connection) -> IndexProgress:
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        cursor.execute(PROGRESS)
        done, total, waiting = cursor.fetchone()
        return IndexProgress(done=done, total=total, waiting=waiting)


def _fitting(sizes: Sequence[int]) -> int:
    """Return how many texts of these sizes make up a step: one at least."""
    total = 0
    for number, size in enumerate(sizes):
        total += size
        if total > STEP_BYTES and number:
            return number
    return len(sizes)


def _index_messages(cursor: Any, versions: dict[UUID, int]) -> None:
    """Index `versions` by message; messages that are gone are left out. Locks them, so that none goes before the
    commit."""
    if versions:
        cursor.execute(_MESSAGES, (list(versions),))
        rows = [(*row[:-1], versions[row[0]], packed(fold(row[-1][:SEARCHED_CHARS]))) for row in cursor.fetchall()]
        _store(cursor, _STORE_MESSAGES, rows)


def _index_names(cursor: Any, versions: dict[UUID, int]) -> None:
    if versions:
        cursor.execute(_NAMES, (list(versions),))
        rows = [(*row[:-1], versions[row[0]], packed(fold(row[-1]))) for row in cursor.fetchall()]
        _store(cursor, _STORE_NAMES, rows)


def _store(cursor: Any, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        *columns, texts = zip(*rows, strict=True)
        run(cursor, filled(cursor, statement, [*map(list, columns), TextList(map(str, texts))]))
