"""The model picker's content: every model of every backend, and the state of each backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from thai_chat import texts
from thai_chat.chat.service import ChatService
from thai_chat.domain.backend_errors import NoBackend
from thai_chat.domain.errors import UnknownModel
from thai_chat.domain.messages import Choice
from thai_chat.domain.ports.backend import BackendState, ModelInfo, Price
from thai_chat.domain.ports.quotas import MayUse
from thai_chat.domain.quotas import QuotaState
from thai_chat.texts import Language
from thai_chat.texts.suggested import ANY, suggestions_for

Value: TypeAlias = dict[str, object]
"""A value that is sent to the browser as JSON. Not a recursive type: Gradio evaluates the hints of handlers."""

ANSWERING = (BackendState.UP, BackendState.SLOW)


def picker_of(service: ChatService, language: Language, may: MayUse | None = None) -> Value:
    """Return the content for somebody who may use these models; all without `may`."""
    backends: list[Value] = []
    for backend in service.backends(may):
        problem = texts.text(backend.error_code, language, {"backend": backend.name}) if backend.error_code else None
        backends.append(
            {
                "name": backend.name,
                "label": backend.label,
                "state": backend.state,
                "state_text": texts.text(f"state_{backend.state}", language),
                "problem": problem,
                "default_model": backend.default_model,
                "servers": _servers(backend.server_states),
                "models": [
                    _model(
                        model,
                        backend.model_states.get(model.model, backend.state),
                        service.price(Choice(backend.name, model.model)),
                        language,
                    )
                    for model in backend.models
                ],
            }
        )
    return {"backends": backends, "default": _default(service, may)}


def limits_of(states: Sequence[QuotaState]) -> list[Value]:
    """Return how near somebody is to their limits, as `/api/me/limits` does."""
    return [
        {
            "what": state.what,
            "used": float(state.used),
            "limit": None if state.limit is None else float(state.limit),
            "resets_at": state.resets_at.isoformat() if state.resets_at else None,
        }
        for state in states
    ]


def _default(service: ChatService, may: MayUse | None) -> Value | None:
    """Return the model for a session that has none yet; None when no backend is set, or no model may be used."""
    try:
        choice = service.default_choice(may)
    except (NoBackend, UnknownModel):
        return None
    return {"backend": choice.backend, "model": choice.model}


def _servers(states: Sequence[BackendState]) -> Value | None:
    """Return how many of several servers answer; None for one."""
    if len(states) < 2:
        return None
    return {"up": sum(state in ANSWERING for state in states), "count": len(states)}


def _model(model: ModelInfo, state: BackendState, price: Price | None, language: Language) -> Value:
    """Return what is known of a model; whatever says nothing is left out, as there may be thousands of them."""
    known: Value = {
        "code": model.note,
        "context_window": model.context_window or (price.context_window if price else None),
        "vision": model.vision,
        "thinking": model.thinking,
        "suggestions": kind if (kind := suggestions_for(model)) != ANY else None,
        "price": {"input": float(price.input_usd), "output": float(price.output_usd)} if price else None,
    }
    note = texts.text(model.note, language) if model.note else None
    return {"model": model.model, "note": note, "state": state} | {name: fact for name, fact in known.items() if fact}
