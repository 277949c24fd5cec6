"""Reads our own format (docs/export-format.md), which `objects` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from thai_chat.chat.names import short_label, short_name, short_tags
from thai_chat.chat.transfer.fields import Fields, Loaded, SourcePlace
from thai_chat.domain.messages import BACKEND_CHARS, KEY_CHARS, MODEL_CHARS, Figures, Message, Role, Session, Status
from thai_chat.domain.parts import Part, excess_of, parts_from_json, text_of
from thai_chat.domain.presets import Preset
from thai_chat.domain.transfer import GivenDocument, KeptMessage, KeptSession

FORMAT = "thai-chat"
VERSION = 2
"""The version that is written; version 1 is the same without parts."""

DOCUMENT_ID_CHARS = 255
COST_PLACES = Decimal("0.000000001")

Word = TypeVar("Word", Role, Status)


def read_preset(value: Loaded, place: SourcePlace) -> Preset:
    """Return a preset of our own format. Raises ImportRefused."""
    fields = Fields(value, replace(place, is_preset=True))
    name = short_name(fields.text("preset_name") or "")
    fields.entitled(name)
    for required in ("preset_id", "preset_name", "updated_at"):
        fields.require(required)
    if not name:
        raise fields.wrong("preset_name", "text")
    backend, model = fields.text("backend", limit=BACKEND_CHARS), fields.text("model", limit=MODEL_CHARS)
    return Preset(
        preset_id=fields.identifier("preset_id") or UUID(int=0),
        user_id="",
        preset_name=name,
        updated_at=_time(fields, "updated_at"),
        backend=backend,
        model=model,
        options=fields.options("options"),
        is_default=fields.flag("is_default") and bool(backend and model),
        is_shared=fields.flag("is_shared"),
    )


def read_session(value: Loaded, place: SourcePlace) -> KeptSession:
    """Return a session of our own format. Raises ImportRefused for whatever the history could not hold as it stands
    there."""
    fields = Fields(value, place)
    name = short_name(fields.text("session_name") or "")
    fields.entitled(name)
    for required in ("session_id", "session_name", "created_at", "messages"):
        fields.require(required)
    session_id = fields.identifier("session_id") or UUID(int=0)
    messages = _messages(fields, session_id)
    session = Session(
        session_id=session_id,
        user_id="",
        session_name=name,
        backend=fields.text("backend", limit=BACKEND_CHARS) or "",
        model=fields.text("model", limit=MODEL_CHARS) or "",
        created_at=_time(fields, "created_at"),
        # A session is at least as new as its newest message: lists and statistics rely on it.
        updated_at=max(
            [fields.time("updated_at") or _time(fields, "created_at"), *(kept.message.created_at for kept in messages)]
        ),
        message_count=len(messages),
        is_active=fields.raw("is_active") is not False,
        leaf_id=fields.identifier("leaf_id"),
        pinned_at=fields.time("pinned_at"),
        archived_at=fields.time("archived_at"),
        deleted_at=fields.time("deleted_at"),
        branched_from_id=fields.identifier("branched_from_id"),
        has_branches=fields.flag("has_branches"),
        tags=short_tags(fields.texts("tags")),
        folder=short_label(fields.text("folder") or "") or None,
        options=fields.options("options"),
        context_snapshot=fields.object("context_snapshot"),
        metadata=fields.object("metadata"),
    )
    return _with_branch(session, messages, fields)


def is_straight(messages: Sequence[KeptMessage]) -> bool:
    """Tell whether each message answers the one before it, so that nothing is beside another."""
    before: UUID | None = None
    for kept in messages:
        if kept.message.parent_id != before:
            return False
        before = kept.message.message_id
    return True


def _messages(fields: Fields, session_id: UUID) -> Sequence[KeptMessage]:
    """Return the messages in their order, each after its parent."""
    found = []
    for number, item in enumerate(fields.items("messages"), 1):
        found.append(_message(Fields(item, replace(fields.place, message=number)), session_id))
    found.sort(key=lambda pair: pair[0].message.message_order)
    seen: set[UUID] = set()
    documents: set[UUID] = set()
    keys: set[str] = set()
    order = 0
    for kept, place in found:
        message = kept.message
        if message.message_order == order:
            raise place.refused("import_twice", field="message_order")
        if message.message_id in seen:
            raise place.refused("import_twice", field="message_id")
        if message.parent_id and message.parent_id not in seen:
            raise place.refused("import_lost", field="parent_id")
        if kept.idempotency_key in keys:
            raise place.refused("import_twice", field="idempotency_key")
        if not documents.isdisjoint(own := [document.id for document in kept.documents]) or len(set(own)) < len(own):
            raise place.refused("import_twice", field="contexts.id")
        order = message.message_order
        seen.add(message.message_id)
        documents.update(own)
        keys |= {kept.idempotency_key} if kept.idempotency_key else set()
    # Numbered without gaps, as every session here is.
    return [
        replace(kept, message=replace(kept.message, message_order=order)) for order, (kept, _) in enumerate(found, 1)
    ]


def _message(fields: Fields, session_id: UUID) -> tuple[KeptMessage, SourcePlace]:
    for required in ("message_id", "role", "content", "message_order", "created_at"):
        fields.require(required)
    status = _word(fields, "status", Status) or Status.COMPLETE
    content = fields.text("content") or ""
    fields.require_short(content, "content")
    parts = _parts(fields, content)
    message = Message(
        message_id=fields.identifier("message_id") or UUID(int=0),
        session_id=session_id,
        parent_id=fields.identifier("parent_id"),
        role=_word(fields, "role", Role) or Role.USER,
        content=content,
        message_order=_order(fields),
        # Whatever wrote it is in another history, and will not finish it here.
        status=Status.INTERRUPTED if status is Status.STREAMING else status,
        backend=fields.text("backend", limit=BACKEND_CHARS),
        model=fields.text("model", limit=MODEL_CHARS),
        created_at=_time(fields, "created_at"),
        figures=_figures(fields),
        metadata=fields.object("metadata"),
        parts=parts,
        deleted_at=fields.time("deleted_at"),
    )
    documents = tuple(_document(Fields(item, fields.place, "contexts")) for item in fields.items("contexts"))
    key = fields.text("idempotency_key", limit=KEY_CHARS)
    return KeptMessage(message=message, idempotency_key=key, documents=documents), fields.place


def _parts(fields: Fields, content: str) -> Sequence[Part]:
    parts = parts_from_json(fields.values("parts"))
    if excess := excess_of(parts):
        raise fields.place.refused("import_too_long", field=f"parts.{excess[0]}", limit=excess[1])
    if parts and text_of(parts) != content:
        raise fields.wrong("parts", "parts")
    return parts


def _figures(fields: Fields) -> Figures:
    cost = fields.decimal("cost_usd")
    return Figures(
        prompt_tokens=fields.number("prompt_tokens"),
        completion_tokens=fields.number("completion_tokens"),
        first_token_ms=fields.number("first_token_ms"),
        latency_ms=fields.number("latency_ms"),
        reasoning_tokens=fields.number("reasoning_tokens"),
        cost_usd=None if cost is None else cost.quantize(COST_PLACES),
    )


def _document(fields: Fields) -> GivenDocument:
    fields.require("id")
    return GivenDocument(
        id=fields.identifier("id") or UUID(int=0),
        doc_id=fields.text("doc_id", limit=DOCUMENT_ID_CHARS),
        content=fields.text("content"),
        score=fields.real("score"),
        metadata=fields.object("metadata"),
    )


def _with_branch(session: Session, messages: Sequence[KeptMessage], fields: Fields) -> KeptSession:
    """Return the session with a leaf that is there, and said to have branches when it has."""
    ids = {kept.message.message_id for kept in messages}
    if session.leaf_id is not None and session.leaf_id not in ids:
        raise fields.place.refused("import_lost", field="leaf_id")
    newest_id = messages[-1].message.message_id if messages else None
    is_reset = session.has_branches and fields.is_null("leaf_id")
    leaf_id = None if is_reset else session.leaf_id or newest_id
    has_branches = session.has_branches or leaf_id != newest_id or not is_straight(messages)
    return KeptSession(session=replace(session, leaf_id=leaf_id, has_branches=has_branches), messages=messages)


def _order(fields: Fields) -> int:
    order = fields.number("message_order")
    if not order:
        raise fields.wrong("message_order", "number")
    return order


def _time(fields: Fields, name: str) -> datetime:
    found = fields.time(name)
    if found is None:
        raise fields.wrong(name, "time")
    return found


def _word(fields: Fields, name: str, kind: type[Word]) -> Word | None:
    value = fields.text(name)
    if value is None:
        return None
    try:
        return kind(value)
    except ValueError as exc:
        raise fields.wrong(name, "word") from exc


def is_ours(head: Mapping[str, Loaded]) -> bool:
    return head.get("format") == FORMAT
