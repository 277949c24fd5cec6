"""The settings: the only place that reads the environment and `.env`."""

from __future__ import annotations

import difflib
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import ValidationError

from thai_chat.backends.registry import KINDS
from thai_chat.backends.setting_types import RELATIVE
from thai_chat.core_settings import Core, composed
from thai_chat.domain.errors import SettingsError
from thai_chat.domain.ports.backend_kinds import Kinds
from thai_chat.domain.setting_values import expanded

_HOME = "THAI_CHAT_HOME"
_WORDS = {
    "bool_parsing": "must be yes or no",
    "decimal_parsing": "must be a number such as 32.5",
    "float_parsing": "must be a number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
}
"""The words instead of pydantic's, by its type of error."""

if TYPE_CHECKING:
    Settings: TypeAlias = Core
else:
    Settings = composed(KINDS)


def names(kinds: Kinds = KINDS) -> tuple[str, ...]:
    """Return every setting as it is written in the environment."""
    return tuple(name.upper() for name in composed(kinds).model_fields)


def home(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder of `.env` and of `data`: THAI_CHAT_HOME, else the clone that this is, else the user's folder
    for data.

    Never the current folder, whose `.env` may be another program's. Raises SettingsError.
    """
    environ = os.environ if environ is None else environ
    if named := environ.get(_HOME, "").strip():
        try:
            return expanded(named).absolute()
        except ValueError as error:
            raise SettingsError(f"{_HOME}: {error}") from None
    if is_clone():
        return Path(__file__).parents[1]
    return expanded(environ.get("XDG_DATA_HOME") or "~/.local/share") / "thai-chat"


def is_clone() -> bool:
    """Tell whether this is a clone; an installed package has no manage.sh."""
    return (Path(__file__).parents[1] / "manage.sh").is_file()


def env_file() -> Path:
    return home() / ".env"


def load(file: Path | None = None, environ: Mapping[str, str] | None = None, *, kinds: Kinds = KINDS) -> Settings:
    """Return the settings of this process: the environment first, then `file` (default: `env_file()`), then the
    defaults.

    Relative paths in the file, and the default ones, count from its folder. Raises SettingsError with one line for each
    thing that is wrong; no line holds a secret.
    """
    file = env_file() if file is None else file
    environ = os.environ if environ is None else environ
    fields = composed(kinds).model_fields
    written = _read_env_file(file)
    for name in (name.upper() for name, field in fields.items() if RELATIVE in field.metadata):
        if (path := written.get(name, "").strip()) and path[0] != "~":
            written[name] = str(file.parent / path)
    values = {**written, **environ}
    given = {name.lower(): _tidy(name, values[name]) for name in names(kinds) if name in values}
    # Left empty means its default, but no such backend where the default is an address.
    switches = {kind.configured_by.lower() for kind in kinds}
    set_to = {name: value or None for name, value in given.items() if value or name in switches}
    set_to.setdefault("data_dir", str(file.parent / "data"))
    try:
        return composed(kinds).model_validate(set_to)
    except ValidationError as error:
        raise SettingsError("\n".join(_plain(problem) for problem in error.errors(include_input=False))) from None


# Names of the plans for teams, which people have in their files already.
_PLANNED = frozenset({"SESSION_TTL_MINUTES"})
_PLANNED_KINDS = ("REDIS_", "JWT_", "SESSION_TTL")


def misspelt(file: Path | None = None, kinds: Kinds = KINDS) -> list[str]:
    """Return a line for each name in `file` (default: `env_file()`) that is close to a setting but is none."""
    file = env_file() if file is None else file
    known, lines = names(kinds), []
    for name in _read_env_file(file):
        if name in known:
            continue
        close = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.8)
        if close:
            lines.append(f"{file}: {name} is not a setting; did you mean {close[0]}?")
        elif name.upper() in _PLANNED or name.upper().startswith(_PLANNED_KINDS):
            lines.append(f"{file}: {name} has no effect: there are no accounts and no Redis in this version")
    return lines


def misspelt_around(environ: Mapping[str, str] | None = None, kinds: Kinds = KINDS) -> list[str]:
    """Return a line for each name in the environment that is very close to a setting: it may be another program's,
    too."""
    given = os.environ if environ is None else environ
    known = names(kinds)
    passed = {*known, *(name for kind in kinds for name in kind.foreign_names)}
    found = (
        (name, difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.86))
        for name in sorted(given)
        if name not in passed
    )
    return [f"{name} in the environment is not a setting; did you mean {close[0]}?" for name, close in found if close]


def repeated(file: Path, kinds: Kinds = KINDS) -> list[str]:
    """Return the names of settings that `file` has more than once."""
    text = file.read_text("utf-8-sig") if file.exists() else ""
    lines = [line.key for line in parse_stream(io.StringIO(text))]
    return [name for name in names(kinds) if lines.count(name) > 1]


def overridden(file: Path, environ: Mapping[str, str] | None = None, kinds: Kinds = KINDS) -> list[str]:
    """Return the names of settings that `file` has and the environment has otherwise."""
    written, environ = _read_env_file(file), os.environ if environ is None else environ
    return [name for name in names(kinds) if written.get(name) and environ.get(name, written[name]) != written[name]]


def _read_env_file(env_file: Path) -> dict[str, str]:
    try:
        # Read here, since dotenv takes a folder for an empty file. A BOM is what Windows' Notepad begins a file with.
        text = env_file.read_text("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{env_file} can't be read: {reason}. Correct it or move it away.") from exc
    # dotenv itself passes over them, which would leave out a setting, or begin another database.
    unread = [str(line.original.line) for line in parse_stream(io.StringIO(text)) if line.error]
    if unread:
        raise SettingsError(f"{env_file} line {', '.join(unread)}: must be NAME=VALUE, with quotes in pairs or none")
    return {name: value for name, value in dotenv_values(stream=io.StringIO(text)).items() if value is not None}


def _tidy(name: str, value: str) -> str:
    """Return the value without the spaces around it, which are no part of any value but perhaps of a password."""
    return value.strip() if name != "POSTGRES_PASSWORD" or not value.strip() else value


def _plain(problem: Mapping[str, object]) -> str:
    location = problem["loc"]
    name = str(location[0]).upper() if isinstance(location, tuple) and location else ""
    message = _WORDS.get(str(problem["type"])) or str(problem["msg"]).removeprefix("Value error, ")
    message = message.replace("Input should be", "must be")
    return f"{name}: {message}" if name else message
