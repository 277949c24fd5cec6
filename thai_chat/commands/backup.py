"""`backup`: every chat in one file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

from thai_chat.commands import database
from thai_chat.commands.terminal import Meter, counted, progress, say, size
from thai_chat.domain.errors import StartError
from thai_chat.settings import Settings


def run(settings: Settings, named: str | None) -> int:
    """Save into the file that is named, or into a file with a name of its own in the folder that is."""
    from thai_chat.history.outage import journal
    from thai_chat.history.postgres.backup import archive, unfinished

    target = _target(settings, named)
    if os.path.lexists(target):
        raise StartError(f"{target} is there already: name another file, nothing is overwritten.")
    if unfinished.is_one(target):
        raise StartError(f"{target} has the name of an unfinished backup: name another file.")
    database.require(settings)
    unfinished.sweep(settings.data_dir / "backups")
    with database.opened(settings, progress) as address, closing(Meter()) as meter:
        manifest = archive.save(address, target, meter)
    say(f"Saved {told(manifest.rows)} in {target} ({size(target.stat().st_size)}), and read it back to check it.")
    if waiting := journal.count_waiting(settings.data_dir / "journal").total():
        say(
            f"Not in it: {counted(waiting, 'write')} of an outage, in {settings.data_dir / 'journal'}. "
            "Start Thai Chat to have that stored, then back up again."
        )
    return 0


def _target(settings: Settings, named: str | None) -> Path:
    if named is None:
        return new_file(settings, "chats")
    path = Path(named)
    return path / new_file(settings, "chats").name if named.endswith("/") or path.is_dir() else path


def new_file(settings: Settings, stem: str) -> Path:
    # Local time, as the person who looks for the file later remembers it.
    now = datetime.now().astimezone()
    return settings.data_dir / "backups" / f"{stem}-{now:%Y-%m-%d-%H%M%S}.zip"


def told(rows: Mapping[str, int]) -> str:
    sessions, messages = rows.get("chat_sessions", 0), rows.get("chat_messages", 0)
    return f"{counted(sessions, 'session')} with {counted(messages, 'message')}"
