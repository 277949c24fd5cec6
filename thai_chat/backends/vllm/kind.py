"""The facts about vLLM before one is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, Field

from thai_chat.backends.address import base_of, with_default_path
from thai_chat.backends.openai_api.places import model_list
from thai_chat.backends.setting_types import Addresses, Key, listed, revealed
from thai_chat.backends.vllm.options import OPTIONS
from thai_chat.domain.ports.backend import Backend
from thai_chat.domain.ports.backend_kinds import Advice, BackendKind, ModelList, PageOptions


class VLLMSettings(BaseModel):
    vllm_base_url: Addresses = Field(
        None,
        description="vLLM's OpenAI-compatible address, e.g. http://127.0.0.1:8000/v1; several with commas between them",
    )
    vllm_api_key: Key = Field(None, description="Only when vLLM was started with --api-key")
    vllm_model: str | None = Field(None, description="Model to preselect; empty means the first the server lists")
    first_token_timeout_s: float = Field(
        60,
        gt=0,
        le=86_400,
        description="Seconds after which a vLLM that says nothing is given up, when another server or model can answer",
    )

    @property
    def vllm_addresses(self) -> Sequence[str]:
        return listed(self.vllm_base_url)


_ADVICE = Advice(
    start="start it (vllm serve MODEL), and check VLLM_BASE_URL, which ends in /v1",
    check="check VLLM_BASE_URL in .env: the address of the server itself, which ends in /v1",
    key="correct VLLM_API_KEY in .env",
    name_model="name its model: VLLM_MODEL=NAME in .env",
)


def _build(settings: VLLMSettings, log_folder: Path | None) -> Sequence[Backend]:
    from thai_chat.backends.vllm.backend import VLLMBackend

    key = revealed(settings.vllm_api_key)
    return [VLLMBackend(address, api_key=key, default_model=settings.vllm_model) for address in settings.vllm_addresses]


def _model_lists(settings: VLLMSettings) -> Sequence[ModelList]:
    key = revealed(settings.vllm_api_key)
    return [
        model_list("VLLM_BASE_URL", address, with_default_path(base_of(address), "/v1"), key=key, advice=_ADVICE)
        for address in settings.vllm_addresses
    ]


VLLM = BackendKind(
    name="vllm",
    label="vLLM",
    settings=VLLMSettings,
    configured_by="VLLM_BASE_URL",
    build=_build,
    options=OPTIONS,
    page=PageOptions(
        examples="top_k, min_p, repetition_penalty, seed, stop, chat_template_kwargs", has_thinking_switch=True
    ),
    first_word_s=lambda settings: settings.first_token_timeout_s,
    model_lists=_model_lists,
)
