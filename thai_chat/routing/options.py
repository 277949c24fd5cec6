"""Every option that some backend passes on to its servers."""

from __future__ import annotations

from collections.abc import Mapping

from thai_chat.backends.llamacpp import backend as llamacpp
from thai_chat.backends.ollama import options as ollama_options
from thai_chat.backends.openai import backend as openai
from thai_chat.backends.vllm import backend as vllm
from thai_chat.domain.options import Options, Rule, either

BY_BACKEND: Mapping[str, Options] = {
    "vllm": vllm.OPTIONS,
    "ollama": ollama_options.OPTIONS,
    "openai": openai.OPTIONS,
    "llamacpp": llamacpp.OPTIONS,
}


def _known() -> Options:
    rules: dict[str, list[Rule]] = {}
    for options in BY_BACKEND.values():
        for name, rule in options.items():
            if all(rule.allowed != other.allowed for other in rules.setdefault(name, [])):
                rules[name].append(rule)
    return {name: found[0] if len(found) == 1 else either(*found) for name, found in rules.items()}


KNOWN: Options = _known()
"""By name, with what any of the backends takes: a session may change its model, and keeps its options."""
