"""The facts about OpenAI, and about other clouds with its API, before one is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, Field

from thai_chat.backends.address import base_of
from thai_chat.backends.openai.options import OPTIONS
from thai_chat.backends.openai_api.places import model_list
from thai_chat.backends.setting_types import Address, Key, revealed
from thai_chat.domain.ports.backend import Backend
from thai_chat.domain.ports.backend_kinds import Advice, BackendKind, ModelList, PageOptions


class OpenAISettings(BaseModel):
    openai_api_key: Key = Field(None, description="Key for OpenAI")
    openai_base_url: Address = Field("https://api.openai.com/v1", description="Another OpenAI-compatible cloud")
    openai_model: str | None = Field(None, description="Model to preselect")


_ADVICE = Advice(
    start="check the network and OPENAI_BASE_URL",
    check="check OPENAI_BASE_URL in .env: the address of the API, which mostly ends in /v1",
    key="correct OPENAI_API_KEY in .env",
    name_model="name its model: OPENAI_MODEL=NAME in .env",
)


def _build(settings: OpenAISettings, log_folder: Path | None) -> Sequence[Backend]:
    from thai_chat.backends.openai.backend import OpenAIBackend

    key = revealed(settings.openai_api_key)
    return [OpenAIBackend(settings.openai_base_url, api_key=key or "", default_model=settings.openai_model)]


def _model_lists(settings: OpenAISettings) -> Sequence[ModelList]:
    address, key = settings.openai_base_url, revealed(settings.openai_api_key)
    return [model_list("OPENAI_BASE_URL", address, base_of(address), key=key, advice=_ADVICE)] if key else []


OPENAI = BackendKind(
    name="openai",
    label="OpenAI",
    settings=OpenAISettings,
    configured_by="OPENAI_API_KEY",
    build=_build,
    options=OPTIONS,
    page=PageOptions(examples="verbosity, seed, stop, presence_penalty"),
    is_cloud=True,
    priced_at=lambda settings: settings.openai_base_url,
    model_lists=_model_lists,
)
