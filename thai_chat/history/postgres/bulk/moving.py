"""Ids under which what comes in is kept where its own are taken, with all that refers to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID, uuid5

from thai_chat.domain.facts import facts_of
from thai_chat.domain.messages import Message
from thai_chat.domain.transfer import KeptSession

WAYS = 3
_NAMESPACE = UUID("0199a1b2-5a6b-7c00-8000-7468616900aa")


def id_in(way: int, an_id: UUID, user_id: str, session_id: UUID) -> UUID:
    """Return the id in one of the ways: as it is, one of this person's own, or one of their own in this session alone.

    It is the same one each time, so that importing again finds what was imported.
    """
    match way:
        case 0:
            return an_id
        case 1:
            return uuid5(_NAMESPACE, f"{user_id}\x1f{an_id}")
        case _:
            return uuid5(_NAMESPACE, f"{user_id}\x1f{session_id}\x1f{an_id}")


def ids_of(kept: KeptSession) -> Iterator[UUID]:
    yield kept.session.session_id
    for item in kept.messages:
        yield item.message.message_id
        yield from (document.id for document in item.documents)


def moved(kept: KeptSession, way: int, user_id: str) -> KeptSession:
    """Return the session under its ids in that way."""
    if way == 0:
        return kept
    given_id = kept.session.session_id

    def named(an_id: UUID) -> UUID:
        return id_in(way, an_id, user_id, given_id)

    ids = {item.message.message_id: named(item.message.message_id) for item in kept.messages}

    def moved_message(message: Message) -> Message:
        facts = facts_of(message)
        continues = ids.get(facts.continues) if facts.continues else None
        vote = facts.vote and replace(facts.vote, over=tuple(ids.get(one, one) for one in facts.vote.over))
        named_facts = replace(facts, continues=continues or facts.continues, vote=vote)
        return replace(
            message,
            message_id=named(message.message_id),
            session_id=named(given_id),
            parent_id=named(message.parent_id) if message.parent_id else None,
            metadata=named_facts.to_metadata() if continues or vote else message.metadata,
        )

    leaf_id = kept.session.leaf_id
    return replace(
        kept,
        session=replace(kept.session, session_id=named(given_id), leaf_id=named(leaf_id) if leaf_id else None),
        messages=[
            replace(
                item,
                message=moved_message(item.message),
                documents=[replace(document, id=named(document.id)) for document in item.documents],
            )
            for item in kept.messages
        ],
    )
