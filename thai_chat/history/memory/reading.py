"""The answers of memory to each kind of read, and what it keeps of PostgreSQL's answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import cast

from thai_chat.domain.errors import HistoryUnavailable, SessionNotFound
from thai_chat.domain.facts import facts_of
from thai_chat.domain.messages import Message, Session
from thai_chat.domain.reads import (
    MOST_DELETED,
    Answer,
    BranchCounts,
    Read,
    ReadBranchCounts,
    ReadDeleted,
    ReadIsKeyKnown,
    ReadLabels,
    ReadMessage,
    ReadMessages,
    ReadOwner,
    ReadSession,
    ReadSessionCount,
    ReadSessions,
    ReadVersions,
    ReadWindow,
)
from thai_chat.history.memory.listing import count_labels, is_listed, page
from thai_chat.history.memory.sessions import HeldSessions


def answer(held: HeldSessions, read: Read[Answer]) -> Answer:
    """Return the answer from what is held.

    Raises as the read says, and HistoryUnavailable when memory can't know it.
    """
    found: object
    match read:
        case ReadSession() | ReadOwner():
            found = _session_or_owner(held, read)
        case ReadSessions() | ReadSessionCount() | ReadLabels():
            found = _listed(held, read)
        case ReadMessages() | ReadBranchCounts():
            found = _branch(held, read)
        case ReadWindow():
            found = answer(held, read.session), answer(held, read.messages)
        case ReadVersions():
            found = held.require(read.session_id, read.user_id).versions(read.message_ids)
        case ReadIsKeyKnown():
            found = read.idempotency_key in held.require(read.session_id, read.user_id).keys
        case ReadDeleted():
            messages = held.require(read.session_id, read.user_id).ordered()
            found = [one for one in messages if one.deleted_at and not facts_of(one).purged][-MOST_DELETED:]
        case ReadMessage():
            found = held.require_message(read.message_id, read.user_id)
        case _:
            raise HistoryUnavailable("memory does not answer this")
    return cast("Answer", found)


def _listed(held: HeldSessions, read: ReadSessions | ReadSessionCount | ReadLabels) -> object:
    sessions = (one.session for one in held.of(read.user_id))
    match read:
        case ReadSessions():
            return page(sessions, read)
        case ReadSessionCount():
            return sum(is_listed(session, read.filter) for session in sessions)
        case ReadLabels():
            return count_labels(sessions, read.shelf)


def remember(held: HeldSessions, read: Read[Answer], found: Answer) -> None:
    """Hold what PostgreSQL answered; it knows better than what was held before."""
    match read:
        case ReadSession():
            held.remember(cast("Session", found))
        case ReadSessions():
            for session in reversed(cast("Sequence[Session]", found)):
                held.remember(session)
        case ReadMessages() if read.leaf_id is None or not read.after_order:
            # Of a history that is read page by page only the first: a long one would drive out all others.
            held.put_window(read.session_id, cast("Sequence[Message]", found))
        case ReadWindow():
            session, messages = cast("tuple[Session, Sequence[Message]]", found)
            held.remember(session)
            held.put_window(read.session_id, messages)
        case ReadDeleted():
            held.put_read(read.session_id, cast("Sequence[Message]", found))
        case ReadMessage():
            message = cast("Message", found)
            held.put_read(message.session_id, (message,))


def _branch(held: HeldSessions, read: ReadMessages | ReadBranchCounts) -> list[Message] | BranchCounts:
    branch = held.require(read.session_id, read.user_id)
    if isinstance(read, ReadMessages):
        return branch.window(limit=read.limit, before=read.before_order, after=read.after_order, leaf_id=read.leaf_id)
    branch.require(read.leaf_id)
    messages = branch.window(limit=len(branch.messages), before=None, after=0, leaf_id=read.leaf_id)
    times = [message.created_at for message in messages]
    return BranchCounts(
        by_role=Counter(message.role for message in messages),
        first_at=min(times, default=None),
        last_at=max(times, default=None),
        ended_at=max((message.ended_at for message in messages), default=None),
    )


def _session_or_owner(held: HeldSessions, read: ReadSession | ReadOwner) -> Session | str:
    if isinstance(read, ReadSession):
        return held.require(read.session_id, read.user_id).session
    known = held.get(read.session_id)
    if known is None:
        raise SessionNotFound()
    return known.session.user_id
