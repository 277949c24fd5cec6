"""`backup` and `restore`: every chat in one file, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from thai_chat.commands import database
from thai_chat.commands.terminal import progress, size, tell
from thai_chat.domain.errors import StartError
from thai_chat.settings import Settings


def run(settings: Settings, file: Path | None) -> int:
    from thai_chat.history import archive

    target = file or _new_file(settings, "chats")
    if target.exists():
        raise StartError(f"{target} is there already: name another file, nothing is overwritten.")
    database.require(settings)
    with database.opened(settings, progress) as address:
        manifest = archive.save(address, target)
    archive.verify(target)
    tell(f"Saved {_told(manifest.rows)} in {target} ({size(target.stat().st_size)}), and read it back to check it.")
    return 0


def restore(settings: Settings, file: Path, *, replace: bool) -> int:
    """The file is read to its end before anything is changed; what it replaces is backed up before."""
    from thai_chat.history import archive, upkeep

    manifest = archive.verify(file)
    tell(f"{file} is whole: {_told(manifest.rows)}, saved at {manifest.made_at}.")
    with database.opened(settings, progress) as address:
        _require_unused(address)
        if archive.count_rows(address):
            _make_room(settings, address, replace=replace)
        archive.load(address, file, rebuild=lambda revision: upkeep.rebuild(address, revision))
        upkeep.migrate(address)
    tell(f"Restored {_told(manifest.rows)}.")
    return 0


def _require_unused(address: str) -> None:
    from thai_chat.history import archive

    others = archive.count_other_connections(address)
    if others:
        raise StartError(f"{others} other connections use the database: stop Thai Chat everywhere first, then restore.")


def _make_room(settings: Settings, address: str, *, replace: bool) -> None:
    from thai_chat.history import archive

    if not replace:
        raise StartError(
            "The database has chats already, and they would be gone: add --replace if that is meant; "
            "they are backed up before."
        )
    before = _new_file(settings, "before-restore")
    archive.verify(_saved(address, before))
    tell(f"What was in the database is in {before}.")


def _saved(address: str, file: Path) -> Path:
    from thai_chat.history import archive

    archive.save(address, file)
    return file


def _new_file(settings: Settings, stem: str) -> Path:
    # Local time, as the person who looks for the file later remembers it.
    now = datetime.now().astimezone()
    return settings.data_dir / "backups" / f"{stem}-{now:%Y-%m-%d-%H%M%S}.zip"


def _told(rows: Mapping[str, int]) -> str:
    sessions, messages = rows.get("chat_sessions", 0), rows.get("chat_messages", 0)
    return f"{sessions} sessions with {messages} messages"
