"""Makes a session of another program's tree of messages: the same ids each time, an order, and a shown branch.

Two chats are the same where their program gave them the same id. Where it gave none, all that was said makes the id: a
chat in which something else was asked is another one, and the same file again is the same one.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from uuid import UUID, uuid5

from thai_chat.chat import titles
from thai_chat.chat.names import short_name, short_tags
from thai_chat.chat.text import storable
from thai_chat.chat.transfer.own import is_straight
from thai_chat.domain.backend_errors import BackendError
from thai_chat.domain.fact_values import (
    ReplyError,
)
from thai_chat.domain.facts import (
    NOTHING_KNOWN,
    ReplyFacts,
    SessionOrigin,
)
from thai_chat.domain.json_types import JsonValue
from thai_chat.domain.messages import BACKEND_CHARS, MODEL_CHARS, Figures, Message, Role, Session, Status
from thai_chat.domain.transfer import KeptMessage, KeptSession

_NAMESPACE = UUID("0199a1b2-5a6b-7c00-8000-7468616963ff")
_KEY_CHARS = 1000
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

FAILED_THERE = ReplyError(BackendError.code)
"""The error of a reply that failed in another program, which does not say why in words of ours."""


@dataclass(slots=True, kw_only=True)
class Node:
    """A message as another program kept it."""

    key: str = ""
    """"" where it has none; see `straight`."""
    parent: str | None = None
    role: Role
    content: str
    at: datetime | None = None
    """None is when its parent came."""
    model: str | None = None
    status: Status = Status.COMPLETE
    figures: Figures = field(default_factory=Figures)
    facts: ReplyFacts = NOTHING_KNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A session as a whole, as another program tells of it."""

    program: str
    """"chatgpt", "open-webui"."""
    key: str | None
    """None where the program gives no id: then the session is known by all that is in it."""
    name: str
    backend: str
    model: str
    created_at: datetime | None
    updated_at: datetime | None
    leaf: str | None = None
    """Key of the last message of the branch that was shown; None shows the newest."""
    is_archived: bool = False
    is_pinned: bool = False
    tags: Sequence[str] = ()
    system_prompt: str | None = None


def session_of(origin: Origin, nodes: Mapping[str, Node]) -> KeptSession:
    """Return the session of `nodes` by key; a parent that is not among them counts as none.

    The same input gives the same ids.
    """
    arrived = _in_order(nodes, origin)
    key = _short(origin.key) if origin.key else _content_key(origin, [node for node, _ in arrived])
    origin = replace(origin, key=key)
    ids = {node.key: _id(origin, node.key) for node, _ in arrived}
    session_id = _id(origin)
    messages = [
        KeptMessage(
            message=Message(
                message_id=ids[node.key],
                session_id=session_id,
                parent_id=ids.get(node.parent or ""),
                role=node.role,
                content=storable(node.content),
                message_order=order,
                status=node.status,
                backend=origin.backend[:BACKEND_CHARS] if node.role is Role.ASSISTANT else None,
                model=(node.model or origin.model)[:MODEL_CHARS] if node.role is Role.ASSISTANT else None,
                created_at=at,
                figures=node.figures,
                metadata=node.facts.to_metadata(),
            )
        )
        for order, (node, at) in enumerate(arrived, 1)
    ]
    session = _session(origin, session_id, messages)
    leaf_id = ids.get(origin.leaf or "", session.leaf_id)
    has_branches = session.has_branches or leaf_id != session.leaf_id
    return KeptSession(session=replace(session, leaf_id=leaf_id, has_branches=has_branches), messages=messages)


def straight(nodes: Iterable[Node]) -> dict[str, Node]:
    """Return the nodes by key, each below the one before it.

    A node without a key, or with another's, gets one of all that was said up to it: a question that differs is another
    one.
    """
    found: dict[str, Node] = {}
    before: str | None = None
    said = ""
    for node in nodes:
        said = said_so_far(said, node)
        if not node.key or node.key in found:
            node.key = said
        node.parent = before
        found[node.key] = node
        before = node.key
    return found


def said_so_far(before: str | None, node: Node) -> str:
    """Return a key of what a message says and of the key of what was said before it."""
    return _digest((before or "", node.role, node.content))


def _content_key(origin: Origin, nodes: Sequence[Node]) -> str:
    """Return a key of a session's content. Its name is left out, since a chat may be given another one."""
    places = {node.key: str(place) for place, node in enumerate(nodes)}
    parts = [_time(origin.created_at)]
    for node in nodes:
        parts += [places.get(node.parent or "", ""), node.role, node.content, _time(node.at)]
    return "content:" + _digest(parts)


def _short(key: str) -> str:
    """Return the key itself, or what stands for one that is longer than any program's: each message's id has it."""
    return key if len(key) <= _KEY_CHARS else "long:" + _digest((key,))


def _time(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def _digest(parts: Iterable[str]) -> str:
    made = blake2b(digest_size=16)
    for part in parts:
        content = part.encode("utf-8", "surrogatepass")
        made.update(b"%d:" % len(content) + content)
    return made.hexdigest()


def _session(origin: Origin, session_id: UUID, messages: Sequence[KeptMessage]) -> Session:
    times = [kept.message.created_at for kept in messages]
    created_at = origin.created_at or min(times, default=_BEGINNING)
    updated_at = max(origin.updated_at or created_at, *times, created_at)
    questions = (kept.message.content for kept in messages if kept.message.role is Role.USER)
    name = short_name(origin.name) or titles.name_of(next(questions, ""))
    options: dict[str, JsonValue] = {"system_prompt": storable(origin.system_prompt)} if origin.system_prompt else {}
    return Session(
        session_id=session_id,
        user_id="",
        session_name=short_name(name),
        backend=origin.backend[:BACKEND_CHARS],
        model=origin.model[:MODEL_CHARS],
        created_at=created_at,
        updated_at=updated_at,
        message_count=len(messages),
        leaf_id=messages[-1].message.message_id if messages else None,
        pinned_at=updated_at if origin.is_pinned else None,
        archived_at=updated_at if origin.is_archived else None,
        has_branches=not is_straight(messages),
        tags=short_tags(origin.tags),
        options=options,
        metadata=SessionOrigin(origin.program, storable(origin.key or "")).to_metadata(),
    )


def _in_order(nodes: Mapping[str, Node], origin: Origin) -> list[tuple[Node, datetime]]:
    """Return the nodes with their times, each after its parent, otherwise by time.

    What hangs on a circle is left out: nobody could have read it.
    """
    children: dict[str | None, list[Node]] = {}
    places = {key: place for place, key in enumerate(nodes)}
    for node in nodes.values():
        children.setdefault(node.parent if node.parent in nodes else None, []).append(node)
    start = origin.created_at or next((node.at for node in nodes.values() if node.at), _BEGINNING)
    ready = [(node.at or start, places[node.key]) for node in children.get(None, ())]
    heapq.heapify(ready)
    keys = list(nodes)
    arrived = []
    while ready:
        at, place = heapq.heappop(ready)
        node = nodes[keys[place]]
        arrived.append((node, at))
        for child in children.get(node.key, ()):
            heapq.heappush(ready, (child.at or at, places[child.key]))
    return arrived


def _id(origin: Origin, key: str = "") -> UUID:
    return uuid5(_NAMESPACE, "\x1f".join((origin.program, _plain(origin.key or ""), _plain(key))))


def _plain(key: str) -> str:
    """Return a key that stores can keep: different for different keys."""
    return key if storable(key) == key else ascii(key)
