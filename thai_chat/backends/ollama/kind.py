"""The facts about Ollama before one is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from thai_chat.backends.address import base_of
from thai_chat.backends.ollama.options import OPTIONS
from thai_chat.backends.setting_types import blank_is_unset, joined, listed
from thai_chat.domain.ports.backend import Backend
from thai_chat.domain.ports.backend_kinds import Advice, BackendKind, ModelList, PageOptions
from thai_chat.domain.setting_values import with_port

_PORT = 11434
_PATH = "/api/tags"
_DURATION = re.compile(r"-?\d+(\.\d+)?|-?(\d+(\.\d+)?(ms|s|m|h))+")
_CLOUD = re.compile(r"[-:]cloud$")
"""Models with this tag ("gpt-oss:120b-cloud") are passed on to ollama.com."""
_CHECK = "check OLLAMA_HOST in .env: the address of the server itself, http://127.0.0.1:11434 by default"


def _with_port(value: str | None) -> str | None:
    """Return hosts alone with Ollama's own port, as its variable of the same name has it. Raises ValueError."""
    return ",".join(with_port(part.strip(), _PORT) for part in value.split(",")) if value else None


def _duration(value: str | None) -> str | None:
    if value and not _DURATION.fullmatch(value.strip()):
        raise ValueError("must be seconds, or a time as in 90s, 30m, 1h30m; -1 means for ever")
    return value.strip() if value else None


class OllamaSettings(BaseModel):
    ollama_host: Annotated[
        str | None, BeforeValidator(blank_is_unset), AfterValidator(_with_port), AfterValidator(joined)
    ] = Field(f"http://127.0.0.1:{_PORT}", description="Ollama's address; several servers with commas between them")
    ollama_model: str | None = Field(None, description="Model to preselect")
    ollama_num_ctx: int | None = Field(
        None,
        ge=0,
        le=100_000_000,
        description="Tokens that Ollama's models read at a time; empty: 8192 or more; 0: left to Ollama",
    )
    ollama_keep_alive: Annotated[str | None, AfterValidator(_duration)] = Field(
        None, description="How long Ollama keeps a model in memory, e.g. 30m, -1 for ever; empty: as Ollama is set"
    )

    @property
    def ollama_addresses(self) -> Sequence[str]:
        return listed(self.ollama_host)


_ADVICE = Advice(
    start="start it (ollama serve), or set OLLAMA_HOST= to nothing when it is not used",
    check=_CHECK,
    key=_CHECK,
    name_model="name its model: OLLAMA_MODEL=NAME in .env",
    no_model="ollama pull MODEL",
)


def _build(settings: OllamaSettings, log_folder: Path | None) -> Sequence[Backend]:
    from thai_chat.backends.ollama.backend import OllamaBackend

    return [
        OllamaBackend(
            address,
            default_model=settings.ollama_model,
            num_ctx=settings.ollama_num_ctx,
            keep_alive=settings.ollama_keep_alive,
        )
        for address in settings.ollama_addresses
    ]


def _model_lists(settings: OllamaSettings) -> Sequence[ModelList]:
    return [
        ModelList(
            setting="OLLAMA_HOST",
            address=address,
            path=_PATH,
            urls=(f"{base_of(address).removesuffix('/v1')}{_PATH}",),
            advice=_ADVICE,
        )
        for address in settings.ollama_addresses
    ]


OLLAMA = BackendKind(
    name="ollama",
    label="Ollama",
    settings=OllamaSettings,
    configured_by="OLLAMA_HOST",
    build=_build,
    options=OPTIONS,
    page=PageOptions(),
    model_lists=_model_lists,
    passes_on=lambda model: bool(_CLOUD.search(model)),
    is_expected=False,
    default_tag=":latest",
    may_hide_models=False,
    foreign_names=frozenset({"OLLAMA_MODELS"}),
)
