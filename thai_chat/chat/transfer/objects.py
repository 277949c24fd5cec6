"""Writes our own format, complete and lossless: what sessions, messages and presets are as JSON.

`own` reads it (docs/export-format.md).
"""

from __future__ import annotations

from thai_chat.domain.messages import Session
from thai_chat.domain.parts import parts_to_json
from thai_chat.domain.presets import Preset
from thai_chat.domain.transfer import GivenDocument, KeptMessage


def session_object(session: Session) -> dict[str, object]:
    """Return all of a session but the owner: whoever imports it owns it. Its messages come behind, as "messages"."""
    return {
        "session_id": session.session_id,
        "session_name": session.session_name,
        "backend": session.backend,
        "model": session.model,
        "created_at": session.created_at,
        "updated_at": session.updated_at,
        "message_count": session.message_count,
        "is_active": session.is_active,
        "leaf_id": session.leaf_id,
        "pinned_at": session.pinned_at,
        "archived_at": session.archived_at,
        "deleted_at": session.deleted_at,
        "branched_from_id": session.branched_from_id,
        "has_branches": session.has_branches,
        "tags": list(session.tags),
        "folder": session.folder,
        "options": session.options,
        "context_snapshot": session.context_snapshot,
        "metadata": session.metadata,
    }


def message_object(kept: KeptMessage) -> dict[str, object]:
    message, figures = kept.message, kept.message.figures
    return {
        "message_id": message.message_id,
        "parent_id": message.parent_id,
        "role": message.role,
        "content": message.content,
        "message_order": message.message_order,
        "status": message.status,
        "backend": message.backend,
        "model": message.model,
        "created_at": message.created_at,
        "prompt_tokens": figures.prompt_tokens,
        "completion_tokens": figures.completion_tokens,
        "reasoning_tokens": figures.reasoning_tokens,
        "cost_usd": None if figures.cost_usd is None else str(figures.cost_usd),
        "first_token_ms": figures.first_token_ms,
        "latency_ms": figures.latency_ms,
        "idempotency_key": kept.idempotency_key,
        "metadata": message.metadata,
        "parts": parts_to_json(message.parts) or None,
        "deleted_at": message.deleted_at,
        "contexts": [_document_object(document) for document in kept.documents],
    }


def preset_object(preset: Preset) -> dict[str, object]:
    """Return all of a preset but the owner."""
    return {
        "preset_id": preset.preset_id,
        "preset_name": preset.preset_name,
        "backend": preset.backend,
        "model": preset.model,
        "options": preset.options,
        "is_default": preset.is_default,
        "is_shared": preset.is_shared,
        "updated_at": preset.updated_at,
    }


def _document_object(document: GivenDocument) -> dict[str, object]:
    return {
        "id": document.id,
        "doc_id": document.doc_id,
        "content": document.content,
        "score": document.score,
        "metadata": document.metadata,
    }
