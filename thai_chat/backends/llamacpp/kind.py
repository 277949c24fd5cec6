"""The facts about llama.cpp on this machine before its server is started; and about the demo model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from thai_chat.backends.llamacpp import demo
from thai_chat.backends.llamacpp.library import HOW_TO_INSTALL, demo_model_path, is_installed
from thai_chat.backends.llamacpp.options import OPTIONS
from thai_chat.backends.setting_types import RELATIVE
from thai_chat.domain.ports.backend import Backend
from thai_chat.domain.ports.backend_kinds import BackendKind, LastResort, PageOptions
from thai_chat.domain.setting_values import expanded

_LOG_NAME = "llamacpp.log"


def _model_file(value: str | None) -> str | None:
    if not value:
        return None
    file = expanded(value)
    # Also where a folder above it is closed to this user, which Path.is_file raises.
    if not os.path.isfile(file) or not os.access(file, os.R_OK):
        raise ValueError("names no file that this user may read")
    return str(file)


class LlamaCppSettings(BaseModel):
    llamacpp_model_path: Annotated[str | None, AfterValidator(_model_file), RELATIVE] = Field(
        None,
        description="A GGUF file to serve here; empty: a small English demo model when nothing else answers",
    )


def _build(settings: LlamaCppSettings, log_folder: Path | None) -> Sequence[Backend]:
    from thai_chat.backends.llamacpp.backend import LlamaCppBackend

    return [LlamaCppBackend(Path(settings.llamacpp_model_path or ""), log_file=_log_file(log_folder))]


def _build_demo(log_folder: Path | None) -> Backend | None:
    from thai_chat.backends.llamacpp.backend import DEMO_MODEL, LlamaCppBackend

    path = demo_model_path()
    if path is None or not is_installed():
        return None
    return LlamaCppBackend(path, model=DEMO_MODEL, demo=True, log_file=_log_file(log_folder))


def _log_file(folder: Path | None) -> Path | None:
    return folder / _LOG_NAME if folder else None


LLAMACPP = BackendKind(
    name="llamacpp",
    label="llama.cpp",
    settings=LlamaCppSettings,
    configured_by="LLAMACPP_MODEL_PATH",
    build=_build,
    options=OPTIONS,
    page=PageOptions(has_effort=False, has_thinking_switch=True),
    is_suggested=False,
    last_resort=LastResort(
        build=_build_demo,
        needs=f"llama.cpp in the process: {HOW_TO_INSTALL}",
        missing=demo.missing,
        fetch=demo.fetch,
    ),
)
