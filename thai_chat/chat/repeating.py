"""Questions that are sent again: by their idempotency key they are one."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from uuid import UUID

from uuid_utils.compat import uuid7

from thai_chat.chat.asking import Question
from thai_chat.chat.text import require_storable
from thai_chat.domain.errors import MessageNotFound
from thai_chat.domain.facts import ReplyFacts, facts_of, fingerprint_of
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.messages import Session, Turn
from thai_chat.domain.people import Person
from thai_chat.domain.repeating import fingerprint, id_for
from thai_chat.domain.repeating_errors import KeyReused


def placed(question: Question) -> Question:
    """Return a question that has a session where it can be repeated: a person's key always makes the same one.

    Raises UnreadableText.
    """
    key = question.idempotency_key
    if question.session_id is not None or key is None:
        return question
    return replace(question, session_id=id_of(question.person, key, made="turn"))


def id_of(person: Person, key: str | None, *, made: str) -> UUID:
    """Return the id of what a person's idempotency key makes; without a key a new one. Raises UnreadableText."""
    if key is None:
        return uuid7()
    require_storable(key)
    return id_for(person.user_id, key, made=made)


def remembered(key: str | None, meaning: JsonObject) -> JsonObject:
    """Return what a message's or a session's metadata has to know a repetition of its request by."""
    return ReplyFacts(fingerprint=fingerprint(meaning)).to_metadata() if key else {}


def require_same(turn: Turn, meaning: JsonObject, *, looks_same: bool) -> None:
    """Refuse an idempotency key that came with another request than the one that began the turn.

    `looks_same` counts for turns of earlier versions, which have no fingerprint. Raises KeyReused, and MessageNotFound
    where the question or the reply was wiped since.
    """
    question, reply = facts_of(turn.question), facts_of(turn.reply)
    if question.purged or reply.purged:
        raise MessageNotFound
    # A reply has one when it was asked for again: then the key is the reply's and not the question's.
    known = reply.fingerprint or question.fingerprint
    if not (looks_same if known is None else known == fingerprint(meaning)):
        raise KeyReused


def require_same_session(session: Session, meaning: JsonObject) -> None:
    """Refuse an idempotency key that made the session by another request. Raises KeyReused."""
    if fingerprint_of(session.metadata) != fingerprint(meaning):
        raise KeyReused


def repeats(session_id: UUID | None, key: str | None) -> str:
    """Return what a request has in common with its repetition; empty where it is never taken for one."""
    return f"{session_id} {key}" if session_id and key else ""


def key_beside(key: str, number: int) -> str:
    """Return the idempotency key of a reply that is compared: short however long the question's key is."""
    return sha256(f"{key}+{number}".encode()).hexdigest()
