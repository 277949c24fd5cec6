"""The shapes of what monitors and pickers of models are told."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from thai_chat.domain.ports.backend import BackendState
from thai_chat.domain.ports.conversation import DatabaseState


class HealthBody(BaseModel):
    status: Literal["ok"] = Field(description="The process lives")


class DatabaseBody(BaseModel):
    state: DatabaseState = Field(description="`memory` while PostgreSQL is away, or where there is none")
    waiting: int = Field(description="Turns that are not in PostgreSQL yet")
    journal: bool = Field(description="False when what waits is in memory only, because the disk takes no more")
    refused: int = Field(description="Writes that PostgreSQL refuses for their content")
    unindexed: int = Field(description="Messages and names of sessions that can't be found by search yet")


class BackendBody(BaseModel):
    """A backend. Who has not signed in, where people have accounts, is told its state and nothing else."""

    state: BackendState = Field(description="How it is now")
    error: str | None = Field(description="A code that says why it is not up", examples=[None])
    models: list[str] = Field(default=[], description="Its models that chat", examples=[["my-thai-model"]])
    model_states: dict[str, BackendState] = Field(
        default={}, description="Of models that are in another state than their backend", examples=[{}]
    )
    servers: list[BackendState] = Field(default=[], description="Each server's own state, in the order of the settings")


class ReadyBody(BaseModel):
    status: Literal["ok", "degraded"] = Field(
        description="`degraded` while turns are kept in memory, or while no model answers"
    )
    database: DatabaseBody = Field(description="Where sessions are kept")
    backends: dict[str, BackendBody] = Field(description="Each backend, by its name")


class PriceBody(BaseModel):
    input: float = Field(description="US dollars for a million tokens of what is sent to the model")
    output: float = Field(description="US dollars for a million tokens of replies")


class ModelInfoBody(BaseModel):
    backend: str
    model: str
    chat: bool = Field(description="False for a model that embeds, reranks, draws, speaks or listens")
    context_window: int | None = Field(description="Tokens, where the server says it", examples=[8192])
    vision: bool = Field(description="It is known to read pictures")
    thinking: bool = Field(description="It is known to reason before it answers")
    price: PriceBody | None = Field(description="Null where it is not known", examples=[None])
    state: BackendState = Field(description="How it is now")


class ModelsBody(BaseModel):
    models: list[ModelInfoBody] = Field(description="Those that one can put a question to, by backend")
    other_models: list[ModelInfoBody] = Field(description="What the servers list besides", examples=[[]])
