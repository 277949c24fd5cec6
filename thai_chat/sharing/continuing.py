"""Makes a session of a snapshot, for somebody who goes on with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from thai_chat.domain.facts import ReplyFacts
from thai_chat.domain.messages import Choice, Message, Role, Session, Status
from thai_chat.domain.parts import AttachmentPart, CitationPart, Part, ReasoningPart
from thai_chat.domain.presets import Preset
from thai_chat.domain.shares import SharedMessage, Snapshot
from thai_chat.domain.transfer import GivenDocument, KeptMessage, KeptSession


@dataclass(frozen=True, slots=True)
class GivenSession:
    """A `Given` of one session."""

    kept: KeptSession

    def sessions(self) -> Iterable[KeptSession]:
        return (self.kept,)

    def presets(self) -> Iterable[Preset]:
        return ()


def session_of(snapshot: Snapshot, user_id: str, choice: Choice, now: datetime) -> KeptSession:
    """Return a session of the user's with all that is in the snapshot, to be asked on with the model `choice`."""
    session_id = uuid7()
    messages: list[KeptMessage] = []
    for order, shared in enumerate(snapshot.messages, 1):
        parent_id = messages[-1].message.message_id if messages else None
        messages.append(_kept(shared, session_id, parent_id, order))
    session = Session(
        session_id=session_id,
        user_id=user_id,
        session_name=snapshot.title,
        backend=choice.backend,
        model=choice.model,
        created_at=now,
        updated_at=now,
        message_count=len(messages),
        leaf_id=messages[-1].message.message_id if messages else None,
        options={"system_prompt": snapshot.system_prompt} if snapshot.system_prompt else {},
    )
    return KeptSession(session=session, messages=messages)


def _kept(shared: SharedMessage, session_id: UUID, parent_id: UUID | None, order: int) -> KeptMessage:
    is_reply = shared.role is Role.ASSISTANT
    message = Message(
        message_id=uuid7(),
        session_id=session_id,
        parent_id=parent_id,
        role=shared.role,
        content=shared.text,
        message_order=order,
        status=Status.COMPLETE if shared.is_whole else Status.STOPPED,
        backend=None,
        model=shared.model if is_reply else None,
        created_at=shared.created_at,
        metadata=ReplyFacts(reasoning=_thoughts(shared.parts)).to_metadata(),
        parts=_own_parts(shared.parts),
    )
    documents = [GivenDocument(id=uuid7(), doc_id=one.name or None, content=one.text) for one in shared.documents]
    return KeptMessage(message=message, documents=documents)


def _thoughts(parts: Sequence[Part]) -> str | None:
    return "\n\n".join(part.text for part in parts if isinstance(part, ReasoningPart)) or None


def _own_parts(parts: Sequence[Part]) -> Sequence[Part]:
    """Return the parts of a message that has more than its text and thoughts; the files of others are not among
    them."""
    own = tuple(part for part in parts if not isinstance(part, AttachmentPart))
    return own if any(isinstance(part, CitationPart) for part in own) else ()
