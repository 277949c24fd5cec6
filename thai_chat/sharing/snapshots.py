"""Makes snapshots of sessions: what is shown of one branch, and what of it a person has chosen to share."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from uuid import UUID

from thai_chat.domain.errors import SessionNotFound
from thai_chat.domain.facts import content_parts
from thai_chat.domain.messages import Message, Role, Session, Status
from thai_chat.domain.parts import AttachmentPart, CitationPart, Part, ReasoningPart, TextPart
from thai_chat.domain.ports.transfer import Transfer
from thai_chat.domain.share_errors import NothingToShare, ShareTooLarge
from thai_chat.domain.shares import (
    SNAPSHOT_BYTES,
    SharedDocument,
    SharedMessage,
    ShareWish,
    Snapshot,
    message_to_json,
)
from thai_chat.domain.transfer import GivenDocument, KeptMessage

PAGE_MESSAGES = 200
"""The messages that are read at once."""


async def snapshot_of(transfer: Transfer, user_id: str, session_id: UUID, wish: ShareWish, now: datetime) -> Snapshot:
    """Return the snapshot. Raises SessionNotFound, MessageNotFound, NothingToShare, ShareTooLarge."""
    sessions = await transfer.sessions(user_id, [session_id])
    if not sessions or sessions[0].deleted_at:
        raise SessionNotFound
    session = sessions[0]
    ranges = await transfer.shown_ranges(user_id, session_id, wish.leaf_id)
    prompt = _prompt_of(session) if wish.with_system_prompt else None
    messages: list[SharedMessage] = []
    size = _size(session.session_name) + _size(prompt)
    order, last = 0, max((end for _, end in ranges), default=0)
    while order < last:
        page = await transfer.messages(user_id, [session_id], limit=PAGE_MESSAGES, after_order=order)
        if not page:
            break
        order = page[-1].message.message_order
        for kept in _shown(page, ranges):
            if message := _shared(kept, wish):
                size += _size(message_to_json(message))
                messages.append(message)
            if size > SNAPSHOT_BYTES:
                raise ShareTooLarge(limit_mb=SNAPSHOT_BYTES // 1_000_000)
    if not messages:
        raise NothingToShare
    return Snapshot(
        title=session.session_name,
        created_at=now,
        timezone=wish.timezone,
        system_prompt=prompt,
        messages=tuple(messages),
    )


def _prompt_of(session: Session) -> str | None:
    prompt = session.options.get("system_prompt")
    return prompt if isinstance(prompt, str) and prompt else None


def _shown(page: Sequence[KeptMessage], ranges: Sequence[tuple[int, int]]) -> Iterator[KeptMessage]:
    """Yield those of the branch that are not deleted. The ranges are in their order, and may be very many."""
    for kept in page:
        message = kept.message
        place = bisect_right(ranges, message.message_order, key=itemgetter(0)) - 1
        if message.deleted_at is None and place >= 0 and message.message_order <= ranges[place][1]:
            yield kept


def _shared(kept: KeptMessage, wish: ShareWish) -> SharedMessage | None:
    """Return what is shared of a message; None where nothing is."""
    message = kept.message
    if message.role is Role.SYSTEM and not wish.with_system_prompt:
        return None
    parts = tuple(_parts(message, wish))
    documents = tuple(map(_document, kept.documents)) if wish.with_documents else ()
    if not parts and not documents:
        return None
    return SharedMessage(
        role=message.role,
        model=message.model if message.role is Role.ASSISTANT else None,
        created_at=message.created_at,
        is_whole=message.status is Status.COMPLETE,
        parts=parts,
        documents=documents,
    )


def _parts(message: Message, wish: ShareWish) -> Iterator[Part]:
    """Yield the parts that may be seen, each without what stands in it beside: notices, tools and what they
    answered, ids of files, and what this version does not know stay where they are."""
    for part in content_parts(message):
        match part:
            case TextPart():
                yield TextPart(part.text)
            case ReasoningPart() if wish.with_reasoning:
                yield ReasoningPart(part.text)
            case AttachmentPart():
                yield AttachmentPart(file_id="", name=part.name, media_type=part.media_type)
            case CitationPart() if wish.with_documents:
                yield CitationPart(title=part.title, url=part.url, quote=part.quote)


def _document(document: GivenDocument) -> SharedDocument:
    told = document.metadata
    title = told.get("title")
    return SharedDocument(name=title if isinstance(title, str) else document.doc_id or "", text=document.content or "")


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))
