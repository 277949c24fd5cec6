"""`/healthz` (the process lives), `/readyz` (what it can do now) and `/api/models`."""

from __future__ import annotations

from fastapi import APIRouter

from thai_chat.api.dependencies import Service
from thai_chat.domain.ports import BackendState, DatabaseState

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(service: Service) -> dict[str, object]:
    """200 in both states: "degraded" when turns are kept in memory, or no model answers."""
    history = await service.state()
    backends = service.backends()
    answering = any(backend.state is BackendState.UP for backend in backends)
    whole = history.database is DatabaseState.POSTGRESQL and answering
    return {
        "status": "ok" if whole else "degraded",
        "database": {
            "state": history.database,
            "waiting": history.waiting_turns,
            "journal": history.journal,
            "refused": history.refused_writes,
        },
        "backends": {
            backend.name: {"state": backend.state, "models": [model.model for model in backend.models]}
            for backend in backends
        },
    }


@router.get("/api/models")
async def models(service: Service) -> dict[str, object]:
    """Every model that a question can be put to, by backend."""
    return {
        "models": [
            {"backend": backend.name, "model": model.model, "context_window": model.context_window}
            for backend in service.backends()
            for model in backend.models
        ]
    }
