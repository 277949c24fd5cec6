"""How other Python processes are started: with the modules of this one, and none from the current folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
"""Where the package is, as `import thai_chat` found it."""


def command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module. Without -P, Python looks for every module in the current folder first."""
    return [sys.executable, "-P", "-m", module, *arguments]


def search_path() -> str:
    """Return the PYTHONPATH of a process that has to find the same modules as this one, wherever it is started."""
    try:
        here = os.getcwd()
    except FileNotFoundError:  # it was removed meanwhile
        here = ""
    others = [path for path in sys.path if os.path.isabs(path) and os.path.realpath(path) != here]
    return os.pathsep.join([str(ROOT), *others])
