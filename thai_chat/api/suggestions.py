"""`/api/suggestions`: questions to begin with."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from thai_chat.api import errors
from thai_chat.api.dependencies import Asking, Service
from thai_chat.api.schemas import Short
from thai_chat.chat.service import ChatService
from thai_chat.domain.backend_errors import NoBackend
from thai_chat.domain.errors import UnknownModel
from thai_chat.domain.people import Person
from thai_chat.domain.ports.backend import ModelInfo
from thai_chat.texts.suggested import suggested

router = APIRouter(tags=["chat"])


class SuggestionsQuery(BaseModel):
    """Which model is meant: without any of it the one that answers by default."""

    backend: Short | None = Field(default=None, description="A backend; alone it means its default model")
    model: Short | None = Field(default=None, description="A model")


class SuggestionsBody(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"example": {"suggestions": ["Explain PostgreSQL's MVCC in plain words"]}}
    )

    suggestions: list[str] = Field(description="Questions that suit the model, in the language of Accept-Language")


Meant = Annotated[SuggestionsQuery, Query()]


@router.get("/api/suggestions")
async def list_suggestions(request: Request, service: Service, person: Asking, meant: Meant) -> SuggestionsBody:
    """Return questions to begin a session with: four that suit the model that answers.

    For a model that nothing is known of they suit any.
    """
    return await suggestions_body(request, service, person, meant)


async def suggestions_body(
    request: Request, service: ChatService, person: Person, meant: SuggestionsQuery
) -> SuggestionsBody:
    info = await _meant(service, person, meant)
    return SuggestionsBody(suggestions=suggested(info, errors.language_of(request)))


async def _meant(service: ChatService, person: Person, meant: SuggestionsQuery) -> ModelInfo | None:
    may = await service.permits.models_for(person)
    backend, model = meant.backend, meant.model
    if backend is None and model is None:
        with suppress(NoBackend, UnknownModel):
            choice = service.default_choice(may)
            backend, model = choice.backend, choice.model
    for one in service.backends(may):
        for info in one.models if backend in (None, one.name) else ():
            if info.model == (model or one.default_model):
                return info
    return None
