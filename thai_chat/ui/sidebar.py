"""What the sidebar and the model picker show: recent sessions, and the state of each backend."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from thai_chat import texts
from thai_chat.domain.messages import Session
from thai_chat.routing.router import BackendChoices
from thai_chat.texts import Language
from thai_chat.ui.window import Value

RECENT = 30
FOUND = 50
"""Sessions that a search in the dropdown offers at once."""

_LABELS = {"vllm": "vLLM", "ollama": "Ollama", "openai": "OpenAI", "llamacpp": "llama.cpp"}
_MONTHS_TH = ("ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค.")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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


def dropdown_choices(sessions: Sequence[Session], language: Language) -> list[tuple[str, str]]:
    """Name and day, since two sessions may have one name."""
    return [
        (f"{session.session_name} · {_day(session.updated_at, language)}", str(session.session_id))
        for session in sessions
    ]


def picker_of(backends: Sequence[BackendChoices], language: Language) -> Value:
    return {"backends": [_backend(backend, language) for backend in backends]}


def _backend(backend: BackendChoices, language: Language) -> Value:
    problem = texts.text(backend.error_code, language, {"backend": label_of(backend.name)}) if backend.error_code else None
    return {
        "name": backend.name,
        "label": label_of(backend.name),
        "state": backend.state,
        "state_text": texts.text(f"state_{backend.state}", language),
        "problem": problem,
        "default_model": backend.default_model,
        "models": [
            {"model": model.model, "note": texts.text(model.note, language) if model.note else None, "code": model.note}
            for model in backend.models
        ],
    }


def label_of(backend: str) -> str:
    return _LABELS.get(backend, backend)


def _day(at: datetime, language: Language) -> str:
    if language == "th":
        return f"{at.day} {_MONTHS_TH[at.month - 1]} {at.year + 543}"
    return f"{at.day} {_MONTHS_EN[at.month - 1]} {at.year}"
