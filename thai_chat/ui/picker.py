"""What the model picker shows: every model of every backend, and the state of each backend."""

from __future__ import annotations

from thai_chat import texts
from thai_chat.chat.service import ChatService
from thai_chat.domain.ports import BackendState, ModelInfo
from thai_chat.texts import Language
from thai_chat.ui.window import Value


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
                "models": [
                    _model(model, backend.model_states.get(model.model, backend.state), language)
                    for model in backend.models
                ],
            }
        )
    return {"backends": backends}


def _model(model: ModelInfo, state: BackendState, language: Language) -> Value:
    note = texts.text(model.note, language) if model.note else None
    return {
        "model": model.model,
        "note": note,
        "code": model.note,
        "state": state,
        "state_text": texts.text(f"state_{state}", language),
    }
