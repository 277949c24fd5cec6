"""`/healthz` (the process lives), `/readyz` (what it can do now) and `/api/models`."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from thai_chat.api.dependencies import Asking, PeopleIfAny, Service
from thai_chat.api.health_schemas import HealthBody, ModelsBody, ReadyBody
from thai_chat.api.refusing import refuses
from thai_chat.api.tags import SEEN, IfNoneMatch
from thai_chat.chat.service import ChatService
from thai_chat.domain.errors import HistoryUnavailable
from thai_chat.domain.messages import Choice
from thai_chat.domain.people import known_person
from thai_chat.domain.ports.backend import BackendChoices, BackendState, ModelInfo
from thai_chat.domain.ports.conversation import DatabaseState
from thai_chat.domain.ports.quotas import MayUse
from thai_chat.domain.repeating_errors import BadTag

router = APIRouter(tags=["health"])


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", response_model=HealthBody)
async def check_health() -> dict[str, str]:
    """Tell that the process lives."""
    return {"status": "ok"}


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", response_model=ReadyBody, response_model_exclude_unset=True)
async def check_readiness(request: Request, service: Service, people: PeopleIfAny) -> dict[str, object]:
    """Tell how the server is. 200 in both states: "degraded" when turns are kept in memory, or no model answers.

    Where there are accounts, who has not signed in is told the states, and neither models nor servers.
    """
    is_told_all = people is None or known_person(request.scope) is not None
    history = await service.state()
    backends = service.backends(await _models_for(service, request))
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
        "backends": {
            backend.name: _backend_body(backend) if is_told_all else _state_body(backend) for backend in backends
        },
    }


@router.get("/api/models", response_model=ModelsBody, responses={**SEEN, **refuses(BadTag)}, tags=["models"])
async def list_models(service: Service, person: Asking, seen: IfNoneMatch) -> Response:
    """List every model that one can put a question to, by backend, with how it is now and what is known of it.

    `price` is dollars for a million tokens, null where it is not known. `other_models` has what the servers list
    besides: models that embed, rerank, draw, speak or listen.
    """
    await service.learn_prices()
    backends = service.backends(await service.permits.models_for(person))
    found = {
        "models": [_model_body(service, backend, info, chat=True) for backend in backends for info in backend.models],
        "other_models": [
            _model_body(service, backend, info, chat=False) for backend in backends for info in backend.other_models
        ],
    }
    return seen.answer(ModelsBody.model_validate(found))


async def _models_for(service: ChatService, request: Request) -> MayUse | None:
    """Return which models are told to who asks, who may be nobody that is known; none while the rules are not."""
    try:
        return await service.permits.models_for(known_person(request.scope))
    except HistoryUnavailable:
        return lambda choice, is_listed: False


def _model_body(service: ChatService, backend: BackendChoices, info: ModelInfo, *, chat: bool) -> dict[str, object]:
    price = service.price(Choice(backend.name, info.model))
    return {
        "backend": backend.name,
        "model": info.model,
        "chat": chat,
        "context_window": info.context_window,
        "vision": info.vision,
        "thinking": info.thinking,
        "price": {"input": float(price.input_usd), "output": float(price.output_usd)} if price else None,
        "state": backend.model_states.get(info.model, backend.state),
    }


def _state_body(backend: BackendChoices) -> dict[str, object]:
    return {"state": backend.state, "error": backend.error_code}


def _backend_body(backend: BackendChoices) -> dict[str, object]:
    """Describe a backend.

    `model_states` has the models that are in another state than their backend, `servers` each server's own state.
    """
    return {
        **_state_body(backend),
        "models": [model.model for model in backend.models],
        "model_states": backend.model_states,
        "servers": backend.server_states,
    }
