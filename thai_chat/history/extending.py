"""Adds messages to sessions that are there already: each below the one that it answers, nothing else changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from thai_chat.domain.transfer import KeptMessage, KeptSession
from thai_chat.history.inserting import insert_messages
from thai_chat.history.rows import STALE

_PAUSE_S = 0.1

_MESSAGE_IDS = "SELECT session_id, message_id FROM chat_messages WHERE session_id = ANY (%s::uuid[])"
# As a turn locks it, but for what only refers to the session. In the order of the ids, so that two never wait for each
# other.
_LOCK = """
SELECT session_id, message_count, leaf_id, updated_at, has_branches FROM chat_sessions
WHERE session_id = ANY (%s::uuid[]) ORDER BY session_id FOR NO KEY UPDATE"""
# The newest message is the only one that can be growing, and a turn looks at no other.
_GROWING = f"""
SELECT EXISTS (SELECT FROM chat_sessions s JOIN chat_messages m
    ON m.session_id = s.session_id AND m.message_order = s.message_count
    WHERE s.session_id = ANY (%s::uuid[]) AND m.status = 'streaming'
        AND m.checkpointed_at >= clock_timestamp() - {STALE})"""
_ORDERS = "SELECT message_id, message_order FROM chat_messages WHERE message_id = ANY (%s::uuid[])"
_UPDATE = """
UPDATE chat_sessions s SET message_count = %(message_count)s, leaf_id = %(leaf_id)s, updated_at = %(updated_at)s,
    has_branches = %(has_branches)s WHERE s.session_id = %(session_id)s"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What a session lacks of one that is given, under the ids that it has here."""

    session_id: UUID
    messages: Sequence[KeptMessage]
    leaf_id: UUID | None
    """The end of the branch that was shown where it comes from."""
    shown: frozenset[UUID]
    """The messages of that branch."""
    common: int
    """How many messages both have."""

    @property
    def chars(self) -> int:
        return sum(len(item.message.content) for item in self.messages)


@dataclass(slots=True)
class _Here:
    """A session as it is here, locked."""

    message_count: int
    leaf_id: UUID | None
    updated_at: datetime
    has_branches: bool


def known_ids(cursor: Any, session_ids: Sequence[UUID]) -> Mapping[UUID, set[UUID]]:
    """The messages that each of the sessions has."""
    known: dict[UUID, set[UUID]] = {session_id: set() for session_id in session_ids}
    if session_ids:
        cursor.execute(_MESSAGE_IDS, (list(session_ids),))
        for session_id, message_id in cursor.fetchall():
            known[session_id].add(message_id)
    return known


def addition(kept: KeptSession, known: set[UUID]) -> Addition | None:
    """None where nothing is lacking."""
    lacking = [item for item in kept.messages if item.message.message_id not in known]
    if not lacking:
        return None
    return Addition(
        session_id=kept.session.session_id,
        messages=lacking,
        leaf_id=kept.session.leaf_id,
        shown=frozenset(_upwards(kept)),
        common=len(kept.messages) - len(lacking),
    )


def extend(cursor: Any, additions: Sequence[Addition], *, wait: Callable[[], None]) -> None:
    """Inside a transaction. Turns of these sessions wait for its end from here on, so it should be near.

    Waits for replies that grow in them; `wait` is called meanwhile, and may raise. A session that was deleted stays so.
    """
    here = _locked(cursor, [one.session_id for one in additions], wait)
    orders = _orders(cursor, additions, here.values())
    for one in additions:
        if session := here.get(one.session_id):
            insert_messages(cursor, _numbered(one, session, orders))
            cursor.execute(_UPDATE, _as_extended(one, session, orders))


def _locked(cursor: Any, session_ids: Sequence[UUID], wait: Callable[[], None]) -> dict[UUID, _Here]:
    cursor.execute("SAVEPOINT extending")
    while True:
        cursor.execute(_LOCK, (list(session_ids),))
        here = {row[0]: _Here(*row[1:]) for row in cursor.fetchall()}
        cursor.execute(_GROWING, (list(session_ids),))
        if not cursor.fetchone()[0]:
            return here
        cursor.execute("ROLLBACK TO SAVEPOINT extending")
        wait()
        time.sleep(_PAUSE_S)


def _orders(cursor: Any, additions: Sequence[Addition], here: Iterable[_Here]) -> dict[UUID, int]:
    """Of the messages that what is added stands below, and of the ends of the shown branches."""
    wanted = {item.message.parent_id for one in additions for item in one.messages}
    wanted |= {session.leaf_id for session in here}
    cursor.execute(_ORDERS, ([an_id for an_id in wanted if an_id],))
    return dict(cursor.fetchall())


def _numbered(one: Addition, here: _Here, orders: dict[UUID, int]) -> Iterator[tuple[KeptMessage, int]]:
    """Behind those that are here, with the orders of their parents. `orders` gets theirs too."""
    for order, item in enumerate(one.messages, here.message_count + 1):
        message = replace(item.message, message_order=order)
        orders[message.message_id] = order
        parent_order = orders[message.parent_id] if message.parent_id else 0
        # A key would say that a turn of here was asked before; the one that it belongs to was asked elsewhere.
        yield replace(item, message=message, idempotency_key=None), parent_order


def _as_extended(one: Addition, here: _Here, orders: Mapping[UUID, int]) -> Mapping[str, object]:
    last_id = one.messages[-1].message.message_id
    leaf_id = _leaf(one, here, orders)
    forks = any(
        (orders[item.message.parent_id] if item.message.parent_id else 0) != orders[item.message.message_id] - 1
        for item in one.messages
    )
    return {
        "session_id": one.session_id,
        "message_count": here.message_count + len(one.messages),
        "leaf_id": leaf_id,
        "updated_at": max(here.updated_at, *(item.message.created_at for item in one.messages)),
        "has_branches": here.has_branches or forks or leaf_id != last_id,
    }


def _leaf(one: Addition, here: _Here, orders: Mapping[UUID, int]) -> UUID | None:
    """The shown branch goes on as it did elsewhere; one that was chosen or gone on with here is kept."""
    if here.leaf_id is None or here.leaf_id in one.shown:
        return one.leaf_id
    # As it came: nothing was said here, and the newest is shown, from which another branch was begun elsewhere.
    is_as_it_came = here.message_count == one.common and orders.get(here.leaf_id) == here.message_count
    return one.leaf_id if is_as_it_came else here.leaf_id


def _upwards(kept: KeptSession) -> Iterator[UUID]:
    """The shown branch, from its end."""
    parents = {item.message.message_id: item.message.parent_id for item in kept.messages}
    message_id = kept.session.leaf_id
    while message_id:
        yield message_id
        message_id = parents[message_id]
