"""Adds messages to sessions that are there already: each below the one that it answers, nothing else changed.

A reply that is longer where it comes from than it is here, as it still grew when it first came, is added as another
version of it: what is here may have been read and answered as it stands.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from thai_chat.domain.messages import Role
from thai_chat.domain.transfer import KeptMessage, KeptSession
from thai_chat.history.postgres.bulk.inserting import insert_messages
from thai_chat.history.postgres.sql.rows import STALE

_PAUSE_S = 0.1
_NAMESPACE = UUID("0199a1b2-5a6b-7c00-8000-7468616976ff")

# The length in bytes is known without reading a long text.
_KNOWN = """
SELECT session_id, message_id, octet_length(content) FROM chat_messages WHERE session_id = ANY (%s::uuid[])"""
# The sessions are locked as a turn locks them, but for what only refers to the session. In the order of the ids, so
# that two never wait for each other.
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
    """The messages that a session lacks of one that is given, under the ids that it has here."""

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


def known_sizes(cursor: Any, session_ids: Sequence[UUID]) -> Mapping[UUID, dict[UUID, int]]:
    """Return the messages that each of the sessions has, with the bytes of their texts."""
    known: dict[UUID, dict[UUID, int]] = {session_id: {} for session_id in session_ids}
    if session_ids:
        cursor.execute(_KNOWN, (list(session_ids),))
        for session_id, message_id, size in cursor.fetchall():
            known[session_id][message_id] = size
    return known


def addition(kept: KeptSession, known: Mapping[UUID, int]) -> Addition | None:
    """Return what the session lacks of `kept`; None where nothing is lacking."""
    given, grown = _with_versions(kept.messages, known)
    lacking = [item for item in given if item.message.message_id not in known]
    if not lacking:
        return None
    shown = set(_upwards(kept))
    leaf_id = kept.session.leaf_id
    return Addition(
        session_id=kept.session.session_id,
        messages=lacking,
        leaf_id=grown.get(leaf_id, leaf_id) if leaf_id else None,
        shown=frozenset(shown | {version for message_id, version in grown.items() if message_id in shown}),
        common=len(given) - len(lacking),
    )


def _with_versions(
    messages: Sequence[KeptMessage], known: Mapping[UUID, int]
) -> tuple[list[KeptMessage], dict[UUID, UUID]]:
    """Return the messages with a version beside each reply that is shorter here, and the versions by the replies.

    Messages that are not here yet go on from the version.
    """
    given: list[KeptMessage] = []
    grown: dict[UUID, UUID] = {}
    for item in messages:
        message = item.message
        if message.message_id not in known:
            parent_id = grown.get(message.parent_id, message.parent_id) if message.parent_id else None
            given.append(replace(item, message=replace(message, parent_id=parent_id)))
            continue
        given.append(item)
        if message.role is Role.ASSISTANT and len(message.content.encode()) > known[message.message_id]:
            version = _version(item)
            grown[message.message_id] = version.message.message_id
            given.append(version)
    return given, grown


def _version(item: KeptMessage) -> KeptMessage:
    """Return the same reply under ids that are the same ones each time that it comes with this text."""
    version_id = uuid5(_NAMESPACE, f"{item.message.message_id}\x1f{item.message.content}")
    return replace(
        item,
        message=replace(item.message, message_id=version_id),
        documents=[replace(document, id=uuid5(version_id, str(document.id))) for document in item.documents],
    )


def extend(cursor: Any, additions: Sequence[Addition], *, wait: Callable[[], None]) -> None:
    """Add to sessions inside a transaction. Their turns wait for its end from here on, so it should be near.

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
    """Return the order of each message that an added one stands below, and of each end of a shown branch, by its id."""
    wanted = {item.message.parent_id for one in additions for item in one.messages}
    wanted |= {session.leaf_id for session in here}
    cursor.execute(_ORDERS, ([an_id for an_id in wanted if an_id],))
    return dict(cursor.fetchall())


def _numbered(one: Addition, here: _Here, orders: dict[UUID, int]) -> Iterator[tuple[KeptMessage, int]]:
    """Yield the messages behind those that are here, with the orders of their parents. `orders` gets theirs too."""
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
    """Return the end of the shown branch, which goes on as it did elsewhere; one that was chosen or gone on with here
    is kept."""
    if here.leaf_id is None and here.message_count:
        return None  # it was reset here
    if here.leaf_id is None or here.leaf_id in one.shown:
        return one.leaf_id
    # The session is as it came: nothing was said here, and the newest is shown, from which another branch was begun
    # elsewhere.
    is_as_it_came = here.message_count == one.common and orders.get(here.leaf_id) == here.message_count
    return one.leaf_id if is_as_it_came else here.leaf_id


def _upwards(kept: KeptSession) -> Iterator[UUID]:
    """Yield the ids of the shown branch, from its end."""
    parents = {item.message.message_id: item.message.parent_id for item in kept.messages}
    message_id = kept.session.leaf_id
    while message_id:
        yield message_id
        message_id = parents[message_id]
