"""What the sidebar and the model picker show: recent sessions, and the state of each backend."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from thai_chat import texts
from thai_chat.chat.service import ChatService
from thai_chat.domain.messages import Session
from thai_chat.domain.ports import ModelInfo
from thai_chat.texts import Language
from thai_chat.ui.window import Value

RECENT = 30


def recent_of(sessions: Sequence[Session], running: Collection[UUID]) -> Value:
    """`sessions` may hold one more than is shown, which tells that there are more."""
    return {
        "sessions": [
            {
                "session_id": str(session.session_id),
                "name": session.session_name,
                "updated_at": session.updated_at.isoformat(),
                "running": session.session_id in running,
            }
            for session in sessions[:RECENT]
        ],
        "has_more": len(sessions) > RECENT,
    }


def picker_of(service: ChatService, language: Language) -> Value:
    backends: list[Value] = []
    for backend in service.backends():
        label = texts.label_of(backend.name)
        problem = texts.text(backend.error_code, language, {"backend": label}) if backend.error_code else None
        backends.append(
            {
                "name": backend.name,
                "label": label,
                "state": backend.state,
                "state_text": texts.text(f"state_{backend.state}", language),
                "problem": problem,
                "default_model": backend.default_model,
                "models": [_model(model, language) for model in backend.models],
            }
        )
    return {"backends": backends}


def _model(model: ModelInfo, language: Language) -> Value:
    note = texts.text(model.note, language) if model.note else None
    return {"model": model.model, "note": note, "code": model.note}
