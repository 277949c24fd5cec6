"""`/healthz` (the process lives), `/readyz` (what it can do now) and `/api/models`."""

from __future__ import annotations

from fastapi import APIRouter

from thai_chat.api.dependencies import Service
from thai_chat.domain.ports.backend import BackendChoices, BackendState
from thai_chat.domain.ports.conversation import DatabaseState

router = APIRouter(tags=["health"])


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz")
async def readyz(service: Service) -> dict[str, object]:
    """Tell how the server is. 200 in both states: "degraded" when turns are kept in memory, or no model answers."""
    history = await service.state()
    backends = service.backends()
    answering = any(backend.state in (BackendState.UP, BackendState.SLOW) for backend in backends)
    whole = history.database is DatabaseState.POSTGRESQL and answering
    return {
        "status": "ok" if whole else "degraded",
        "database": {
            "state": history.database,
            "waiting": history.waiting_turns,
            "journal": history.journal,
            "refused": history.refused_writes,
            "unindexed": service.searches.unindexed,
        },
        "backends": {backend.name: _backend_body(backend) for backend in backends},
    }


@router.get("/api/models")
async def models(service: Service) -> dict[str, object]:
    """List every model that a question can be put to, by backend, with how it is now."""
    return {
        "models": [
            {
                "backend": backend.name,
                "model": model.model,
                "context_window": model.context_window,
                "state": backend.model_states.get(model.model, backend.state),
            }
            for backend in service.backends()
            for model in backend.models
        ]
    }


def _backend_body(backend: BackendChoices) -> dict[str, object]:
    """Describe a backend.

    `model_states` has the models that are in another state than their backend, `servers` each server's own state.
    """
    return {
        "state": backend.state,
        "models": [model.model for model in backend.models],
        "model_states": backend.model_states,
        "servers": backend.server_states,
        "error": backend.error_code,
    }
