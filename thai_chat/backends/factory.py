"""Builds the backends that the settings configure."""

from __future__ import annotations

from pathlib import Path

from thai_chat.backends.llamacpp.backend import DEMO_MODEL, LlamaCppBackend
from thai_chat.backends.llamacpp.library import demo_model_path, is_installed
from thai_chat.backends.ollama.backend import OllamaBackend
from thai_chat.backends.openai.backend import OpenAIBackend
from thai_chat.backends.vllm.backend import VLLMBackend
from thai_chat.domain.ports.backend import Backend
from thai_chat.settings import Settings

_LOG_NAME = "llamacpp.log"


def build_backends(settings: Settings, *, log_folder: Path | None = None) -> list[Backend]:
    """The configured ones, reachable or not, in the order of the picker. Nothing is contacted or started yet.

    Several servers of one kind are several backends of one name: the router asks the least busy of them.
    llama.cpp is among them only with a GGUF file of the user's own; see `demo_backend`.
    """
    backends: list[Backend] = []
    key = settings.vllm_api_key.get_secret_value() if settings.vllm_api_key else None
    for address in settings.vllm_addresses:
        backends.append(VLLMBackend(address, api_key=key, default_model=settings.vllm_model))
    for address in settings.ollama_addresses:
        backends.append(
            OllamaBackend(
                address,
                default_model=settings.ollama_model,
                num_ctx=settings.ollama_num_ctx,
                keep_alive=settings.ollama_keep_alive,
            )
        )
    if settings.openai_api_key:
        backends.append(
            OpenAIBackend(
                settings.openai_base_url,
                api_key=settings.openai_api_key.get_secret_value(),
                default_model=settings.openai_model,
            )
        )
    if settings.llamacpp_model_path:
        backends.append(LlamaCppBackend(Path(settings.llamacpp_model_path), log_file=_log_file(log_folder)))
    return backends


def demo_backend(*, log_folder: Path | None = None) -> Backend | None:
    """The demo model, for when no other backend answers; None when it, or llama.cpp, is not installed."""
    path = demo_model_path()
    if path is None or not is_installed():
        return None
    return LlamaCppBackend(path, model=DEMO_MODEL, demo=True, log_file=_log_file(log_folder))


def _log_file(folder: Path | None) -> Path | None:
    return folder / _LOG_NAME if folder else None
