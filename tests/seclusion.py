"""Keeps tests and benchmarks away from everything of the user who runs them: settings, keys, passwords, chats.

One place does it, for this process and all that it starts: the environment is cut down to what programs need to run at
all, HOME is an empty folder (`.pgpass`, `.pg_service.conf`), and THAI_CHAT_HOME another one, so that no `.env` is read
and no data folder found. `tests/__init__.py` and `scripts/bench/__init__.py` call it before anything else is imported.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

_NEEDED = {
    "PATH",
    "TMPDIR",
    "TZ",
    "LANG",
    "LANGUAGE",
    "TERM",
    "COLUMNS",
    "LINES",
    "USER",
    "LOGNAME",
    "VIRTUAL_ENV",
    "CI",
}
_NEEDED |= {"NO_COLOR", "FORCE_COLOR", "DISPLAY", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"}
_NEEDED_KINDS = ("LC_", "PYTHON", "PYTEST_", "PIP_", "PLAYWRIGHT_")
_OF_BACKENDS = {"BACKEND", "BACKEND_URL", "BACKEND_KEY", "BACKEND_MODEL"}
"""The model server that `./manage.sh test backends` was told of."""
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
_SECLUDED = "THAI_CHAT_SECLUDED"
_SETTINGS = {"OLLAMA_HOST": ""}
"""The settings that would be somebody's without being set."""


def seclude() -> None:
    """Cut the environment of this process. A process that a secluded one started keeps what it was given."""
    if _SECLUDED not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="thai-chat-secluded-"))
        # Root's database runs as another user, who must reach its folder.
        folder.chmod(0o755)
        kept = allowed(os.environ)
        os.environ.clear()
        os.environ.update(kept | nothing_of_the_user(folder))
    # Also when this process has made it and then become another program.
    if os.environ[_SECLUDED] == str(os.getpid()):
        atexit.register(shutil.rmtree, Path(os.environ["HOME"]).parent, ignore_errors=True)


def allowed(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the part of an environment that holds nothing of Thai Chat's, PostgreSQL's or a model server's."""
    names = _NEEDED | _OF_BACKENDS
    if "BACKEND" in environ:
        names |= _PROXIES
    return {name: value for name, value in environ.items() if name.upper() in names or name.startswith(_NEEDED_KINDS)}


def nothing_of_the_user(folder: Path) -> dict[str, str]:
    """Return the settings that take the place of the user's own, in `folder`."""
    for name in ("user", "chat"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return {
        _SECLUDED: str(os.getpid()),
        "HOME": str(folder / "user"),
        "THAI_CHAT_HOME": str(folder / "chat"),
        **_SETTINGS,
    }


def bare(**settings: str) -> dict[str, str]:
    """Return the environment of a child that is given these settings and nothing else."""
    named = {"PATH", "TMPDIR", "HOME", "THAI_CHAT_HOME", _SECLUDED, *_SETTINGS}
    return {name: os.environ[name] for name in named if name in os.environ} | {"LC_ALL": "C.UTF-8"} | settings
