"""`/v1/models`: the models that a person may use, by the names that `model` takes."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from thai_chat.api.dependencies import Asking, Service
from thai_chat.api.refusing import refuses
from thai_chat.chat.service import ChatService
from thai_chat.domain.errors import UnknownModel
from thai_chat.domain.people import Person
from thai_chat.domain.ports.backend import BackendChoices, BackendState, ModelInfo

router = APIRouter(prefix="/v1", tags=["openai"])

_NOT_KNOWN = 0


class OpenAIModel(BaseModel):
    """A model that can be asked."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "vllm/typhoon2-8b",
                "object": "model",
                "created": 0,
                "owned_by": "vllm",
                "context_window": 8192,
                "chats": True,
                "vision": False,
                "state": "up",
            }
        }
    )

    id: str = Field(description="`backend/model`: what `model` takes")
    object: str = Field(default="model", description="Always `model`")
    created: int = Field(default=_NOT_KNOWN, description="Always 0: model servers don't tell it alike")
    owned_by: str = Field(description="The backend")
    context_window: int | None = Field(description="Tokens, question and reply together, where the server tells it")
    chats: bool = Field(description="False for models that embed, rerank, draw, speak or listen")
    vision: bool = Field(description="It is known to read pictures")
    state: BackendState = Field(description="How the model's server is: `up`, `loading`, `slow`, `quota` or `down`")


class OpenAIModels(BaseModel):
    """The list of models."""

    object: str = Field(default="list", description="Always `list`")
    data: list[OpenAIModel] = Field(description="All models: those that chat first, by backend in the order of use")


@router.get("/models")
async def list_openai_models(service: Service, person: Asking) -> OpenAIModels:
    """List the models that may be used, by the names that `model` takes."""
    return OpenAIModels(data=list(await _models(service, person)))


@router.get("/models/{model:path}", responses=refuses(UnknownModel))
async def get_openai_model(model: str, service: Service, person: Asking) -> OpenAIModel:
    """Return one model by its id, `backend/model`, or by its bare name."""
    found = list(await _models(service, person))
    named = (one for one in found if one.id == model)
    bare = (one for one in found if one.id.partition("/")[2] == model)
    if meant := next(named, None) or next(bare, None):
        return meant
    raise UnknownModel


async def _models(service: ChatService, person: Person) -> Iterator[OpenAIModel]:
    backends = service.backends(await service.permits.models_for(person))
    chatting = (_model(backend, info) for backend in backends for info in backend.models)
    others = (_model(backend, info) for backend in backends for info in backend.other_models)
    return (one for some in (chatting, others) for one in some)


def _model(backend: BackendChoices, info: ModelInfo) -> OpenAIModel:
    return OpenAIModel(
        id=f"{backend.name}/{info.model}",
        owned_by=backend.name,
        context_window=info.context_window,
        chats=info.chats,
        vision=info.vision,
        state=backend.model_states.get(info.model, backend.state),
    )
