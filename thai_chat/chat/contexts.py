"""The documents that a message was made with: what a program gave a model to answer from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from thai_chat.chat.bounds import bounded_metadata
from thai_chat.chat.text import require_storable
from thai_chat.domain.contexts import MOST_CONTEXTS
from thai_chat.domain.json_types import JsonObject
from thai_chat.domain.people import Person
from thai_chat.domain.ports.contexts import ContextStore
from thai_chat.domain.transfer import GivenDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    doc_id: str | None = None
    content: str | None = None
    score: float | None = None
    metadata: JsonObject = field(default_factory=dict)


class Contexts:
    """Finds nothing that belongs to somebody else."""

    def __init__(self, store: ContextStore) -> None:
        self._store = store

    async def of(self, session_id: UUID, person: Person, message_id: UUID) -> Sequence[GivenDocument]:
        """Return a message's contexts, the best score first. Raises MessageNotFound, HistoryUnavailable."""
        return _best_first(await self._store.of(person.user_id, session_id, message_id))

    async def put(
        self, session_id: UUID, person: Person, message_id: UUID, given: Sequence[Context]
    ) -> Sequence[GivenDocument]:
        """Keep contexts with a message, and return all that it has then.

        The same document with the same content is kept once, with the score and the metadata that came last: safe to
        call twice. Raises MessageNotFound, TooManyContexts, MetadataTooLarge, UnreadableText and HistoryUnavailable.
        """
        for one in given:
            require_storable(one.doc_id or "")
            require_storable(one.content or "")
        documents = [
            GivenDocument(
                id=uuid5(message_id, json.dumps([one.doc_id, one.content])),
                doc_id=one.doc_id,
                content=one.content,
                score=one.score,
                metadata=bounded_metadata(one.metadata),
            )
            for one in given
        ]
        return _best_first(await self._store.put(person.user_id, session_id, message_id, documents, most=MOST_CONTEXTS))


def _best_first(found: Sequence[GivenDocument]) -> Sequence[GivenDocument]:
    return sorted(found, key=lambda one: (one.score is None, -(one.score or 0)))
