"""Facts about models and their servers that no protocol tells, as data."""

from __future__ import annotations

import re

CLOUD_BACKENDS = frozenset({"openai"})
"""What is put to them leaves the user's own servers; the others are their own, wherever they stand."""
_OLLAMA_CLOUD = re.compile(r"[-:]cloud$")
OLLAMA = "ollama"
OLLAMA_DEFAULT_TAG = ":latest"


def is_cloud(backend: str, model: str) -> bool:
    """Whether a question to the model goes to somebody else's machine.

    Ollama passes models with the tag "cloud" ("gpt-oss:120b-cloud") on to ollama.com.
    """
    return backend in CLOUD_BACKENDS or (backend == OLLAMA and bool(_OLLAMA_CLOUD.search(model)))
