"""Reads a session's shown branch in windows, and what stands beside a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from thai_chat.domain.errors import MessageNotFound, SessionNotFound
from thai_chat.domain.messages import Message, Role
from thai_chat.domain.reads import (
    MOST_DELETED,
    BranchCounts,
    ReadBranchCounts,
    ReadDeleted,
    ReadMessages,
    ReadVersions,
)
from thai_chat.history.postgres.sql import branches
from thai_chat.history.postgres.sql.branches import Fork, Range
from thai_chat.history.postgres.sql.requests import planned_with
from thai_chat.history.postgres.sql.rows import MESSAGE_SQL, message_of

_MAX_ORDER = 2**31 - 1
_READ_ON = 50
"""The fewest messages that are read at once where deleted ones have left a window too short."""

_FORKS = """ARRAY(
    SELECT ARRAY[f.message_order, f.parent_order] FROM chat_messages f
    WHERE f.session_id = s.session_id AND f.parent_order IS NOT NULL ORDER BY f.message_order)"""

# The shown branch of a session without branches is all its messages, and one query reads a window of them. What ranges
# to read of one that has branches another query says: each mention of the messages costs the planner as much as reading
# ten of them, behind row-level security twice that. The planner is not told the limit: by the messages that a session
# has on average it would read all of a long one and sort them, and that for each window.
_WINDOW = f"""
SELECT m.*, s.has_branches
FROM chat_sessions s LEFT JOIN LATERAL (
    SELECT {MESSAGE_SQL} FROM chat_messages m
    WHERE m.session_id = s.session_id AND NOT s.has_branches
        AND m.message_order > %(after)s AND m.message_order < %(before)s AND m.deleted_at IS NULL
    ORDER BY m.message_order {{}} LIMIT (SELECT %(limit)s)
) m ON true
WHERE s.session_id = %(session_id)s AND s.user_id = %(user_id)s"""
# Behind row-level security PostgreSQL looks up the session of each message, or all sessions of the person at first,
# whichever it takes for cheaper. Rows are in memory as a rule, where a look costs a quarter of what it reckons.
_PLANNED = {"random_page_cost": "1.1"}
_LAST, _FIRST = _WINDOW.format("DESC"), _WINDOW.format("ASC")

# The limit is no limit: it keeps the planner from reading the whole session and throwing most of it away.
_RANGES = f"""
SELECT m.* FROM (VALUES {{}}) part (first, last) JOIN LATERAL (
    SELECT {MESSAGE_SQL} FROM chat_messages m
    WHERE m.session_id = %(session_id)s AND m.message_order BETWEEN part.first AND part.last AND m.deleted_at IS NULL
    ORDER BY m.message_order LIMIT part.last - part.first + 1
) m ON true ORDER BY m.message_order"""

_COUNTS = """
SELECT m.role, count(*), min(m.created_at), max(m.created_at),
    max(m.created_at + coalesce(m.latency_ms, 0) * interval '1 millisecond') FROM (VALUES {}) part (first, last)
JOIN chat_messages m ON m.session_id = %(session_id)s AND m.message_order BETWEEN part.first AND part.last
WHERE m.deleted_at IS NULL GROUP BY m.role"""

# Messages without a parent are the session's first one and the forks that stand below none.
_VERSIONS = """
SELECT families.* FROM chat_sessions s LEFT JOIN LATERAL (
    SELECT asked.message_id, array_agg(member.message_id ORDER BY member.message_order)
    FROM chat_messages asked JOIN LATERAL (
        SELECT m.message_id, m.message_order FROM chat_messages m
        WHERE m.parent_id = asked.parent_id AND m.deleted_at IS NULL
        UNION ALL
        SELECT m.message_id, m.message_order FROM chat_messages m
        WHERE asked.parent_id IS NULL AND m.session_id = s.session_id AND m.message_order = 1
            AND m.deleted_at IS NULL
        UNION ALL
        SELECT m.message_id, m.message_order FROM chat_messages m
        WHERE asked.parent_id IS NULL AND m.session_id = s.session_id AND m.parent_order = 0
            AND m.deleted_at IS NULL
    ) member ON true
    WHERE s.has_branches AND asked.session_id = s.session_id AND asked.message_id = ANY (%(message_ids)s::uuid[])
    GROUP BY asked.message_id HAVING count(*) > 1
) families ON true
WHERE s.session_id = %(session_id)s AND s.user_id = %(user_id)s"""

_DELETED = f"""
SELECT m.* FROM chat_sessions s LEFT JOIN LATERAL (
    SELECT {MESSAGE_SQL} FROM chat_messages m
    WHERE m.session_id = s.session_id AND m.deleted_at IS NOT NULL AND m.metadata -> 'purged' IS NULL
    ORDER BY m.message_order DESC LIMIT %(limit)s
) m ON true WHERE s.session_id = %(session_id)s AND s.user_id = %(user_id)s"""

# Not by coalesce(): behind row-level security that is no condition for an index.
_SHOWN = f"""
SELECT s.message_count, CASE WHEN s.has_branches THEN {_FORKS} END, (
    SELECT leaf.message_order FROM chat_messages leaf
    WHERE leaf.message_id = CASE WHEN %(leaf_id)s::uuid IS NULL THEN s.leaf_id ELSE %(leaf_id)s::uuid END
        AND leaf.session_id = s.session_id)
FROM chat_sessions s WHERE s.session_id = %(session_id)s AND s.user_id = %(user_id)s"""

_SHAPE = f"""
SELECT FROM chat_sessions s WHERE s.session_id = %(session_id)s FOR UPDATE;
SELECT m.message_order, s.message_count, {_FORKS} FROM chat_sessions s JOIN chat_messages m USING (session_id)
WHERE s.session_id = %(session_id)s AND m.message_id = %(message_id)s"""


def answer(connection: Connection, wanted: ReadMessages | ReadBranchCounts | ReadVersions) -> object:
    match wanted:
        case ReadMessages():
            return messages(connection, wanted)
        case ReadBranchCounts():
            return counts(connection, wanted)
        case ReadVersions():
            return versions(connection, wanted)


def messages(connection: Connection, wanted: ReadMessages) -> list[Message]:
    """Return the window, oldest first. Raises SessionNotFound."""
    place = {
        "session_id": wanted.session_id,
        "user_id": wanted.user_id,
        "limit": wanted.limit,
        "before": _MAX_ORDER if wanted.before_order is None else min(wanted.before_order, _MAX_ORDER),
        "after": min(wanted.after_order or 0, _MAX_ORDER),
    }
    # Straight from the driver: SQLAlchemy's rows would cost as much as the query.
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        with planned_with(cursor.connection, _PLANNED):
            cursor.execute(_LAST if wanted.after_order is None else _FIRST, place)
        rows = cursor.fetchall()
        if not rows:
            raise SessionNotFound()
        if rows[0][-1]:
            return _read_branch(cursor, wanted, _shown(cursor, wanted.session_id, wanted.user_id, wanted.leaf_id))
        found = [message_of(row) for row in rows if row[0] is not None]
    return found[::-1] if wanted.after_order is None else found


def counts(connection: Connection, wanted: ReadBranchCounts) -> BranchCounts:
    """Return what the branch has. Raises SessionNotFound, MessageNotFound."""
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        ranges = _shown(cursor, wanted.session_id, wanted.user_id, wanted.leaf_id)
        cursor.execute(_COUNTS.format(_listed(ranges)), {"session_id": wanted.session_id})
        rows = cursor.fetchall()
    return BranchCounts(
        by_role={Role(role): number for role, number, *_ in rows},
        first_at=min((first.astimezone(UTC) for _, _, first, _, _ in rows), default=None),
        last_at=max((last.astimezone(UTC) for _, _, _, last, _ in rows), default=None),
        ended_at=max((ended.astimezone(UTC) for *_, ended in rows), default=None),
    )


def deleted(connection: Connection, wanted: ReadDeleted) -> list[Message]:
    """Return the deleted messages of the session. Raises SessionNotFound."""
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        cursor.execute(_DELETED, {"session_id": wanted.session_id, "user_id": wanted.user_id, "limit": MOST_DELETED})
        rows = cursor.fetchall()
    if not rows:
        raise SessionNotFound()
    return [message_of(row) for row in reversed(rows) if row[0] is not None]


def shown_ranges(connection: Connection, session_id: UUID, user_id: str, leaf_id: UUID | None = None) -> list[Range]:
    """Return the shown branch, or the one that ends with `leaf_id`, as ranges of `message_order`. Raises
    SessionNotFound, MessageNotFound."""
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        return _shown(cursor, session_id, user_id, leaf_id)


def _shown(cursor: Any, session_id: UUID, user_id: str, leaf_id: UUID | None = None) -> list[Range]:
    cursor.execute(_SHOWN, {"session_id": session_id, "user_id": user_id, "leaf_id": leaf_id})
    row = cursor.fetchone()
    if row is None:
        raise SessionNotFound()
    message_count, forks, leaf_order = row
    if leaf_id is not None and leaf_order is None:
        raise MessageNotFound()
    if forks is None and leaf_id is not None:
        return [Range(1, leaf_order)]
    return [Range(1, message_count)] if forks is None else branches.branch(_forks(forks), leaf_order or 0)


def versions(connection: Connection, wanted: ReadVersions) -> Mapping[UUID, Sequence[UUID]]:
    """Return all versions of each message that has others. Raises SessionNotFound."""
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        asked = {"session_id": wanted.session_id, "user_id": wanted.user_id, "message_ids": list(wanted.message_ids)}
        cursor.execute(_VERSIONS, asked)
        rows = cursor.fetchall()
    if not rows:
        raise SessionNotFound()
    return {message_id: family for message_id, family in rows if family}


def newest_below(cursor: Any, session_id: UUID, message_id: UUID) -> UUID | None:
    """Return the newest of the message and all that stand below it; None when it is not in the session.

    Locks the session, so that nothing comes below it before the transaction ends.
    """
    cursor.execute(_SHAPE, {"session_id": session_id, "message_id": message_id})
    row = cursor.fetchone()
    if row is None:
        return None
    order, message_count, forks = row
    place = (session_id, branches.newest_below(_forks(forks), order, message_count))
    cursor.execute("SELECT message_id FROM chat_messages WHERE session_id = %s AND message_order = %s", place)
    newest: UUID = cursor.fetchone()[0]
    return newest


def _forks(rows: Sequence[Sequence[int]]) -> list[Fork]:
    return [Fork(order, parent_order) for order, parent_order in rows]


def _read_branch(cursor: Any, wanted: ReadMessages, ranges: Sequence[Range]) -> list[Message]:
    """Return the window on the branch. Where messages are deleted it is read on, until it is full or all is read."""
    found: list[Message] = []
    before, after = wanted.before_order, wanted.after_order
    limit = wanted.limit
    while len(found) < wanted.limit:
        inside = branches.window(ranges, limit=limit, before=before, after=after)
        if not inside:
            break
        read = _read_ranges(cursor, wanted.session_id, inside)
        if after is None:
            found, before = [*read, *found], min(inside).first
        else:
            found, after = [*found, *read], max(inside).last
        limit = max(wanted.limit - len(found), _READ_ON)
    return found[-wanted.limit :] if after is None else found[: wanted.limit]


def _read_ranges(cursor: Any, session_id: UUID, ranges: Sequence[Range]) -> list[Message]:
    if not ranges:
        return []
    cursor.execute(_RANGES.format(_listed(ranges)), {"session_id": session_id})
    return [message_of(row) for row in cursor.fetchall()]


def _listed(ranges: Sequence[Range]) -> str:
    return ", ".join(f"({int(first)}, {int(last)})" for first, last in ranges)
