"""Every kind of backend there is, in the order of the picker. A new one is added here and is known everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from thai_chat.backends.llamacpp.kind import LLAMACPP
from thai_chat.backends.ollama.kind import OLLAMA
from thai_chat.backends.openai.kind import OPENAI
from thai_chat.backends.vllm.kind import VLLM
from thai_chat.domain.ports.backend import Backend
from thai_chat.domain.ports.backend_kinds import Kinds

KINDS: Kinds = (VLLM, OLLAMA, OPENAI, LLAMACPP)


class HasKinds(Protocol):
    """Settings that are composed of those of `kinds`."""

    @property
    def kinds(self) -> Kinds: ...


def build_backends(settings: HasKinds, *, log_folder: Path | None = None) -> list[Backend]:
    """Return the configured backends, reachable or not, in the order of the picker; nothing is contacted or started.

    Several servers of one kind are several backends of one name: the router asks the least busy of them.
    """
    return [
        backend
        for kind in settings.kinds
        if kind.is_configured(settings)
        for backend in kind.build(settings, log_folder)
    ]


def build_last_resort(kinds: Kinds, *, log_folder: Path | None = None) -> Backend | None:
    """Return the model for when no other backend answers; None when none is installed."""
    resorts = (kind.last_resort.build(log_folder) for kind in kinds if kind.last_resort)
    return next((backend for backend in resorts if backend), None)


def suggested_settings(kinds: Kinds) -> Sequence[str]:
    """Return the settings that whoever has no model yet is told of."""
    return [kind.configured_by for kind in kinds if kind.is_suggested]
