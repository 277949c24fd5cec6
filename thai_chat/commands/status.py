"""`status`: the database, its schema, what it holds, and what waits to get into it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from thai_chat.commands import database, folders, restore
from thai_chat.commands.terminal import counted, progress, size, tell
from thai_chat.domain.errors import HistoryUnavailable, StartError
from thai_chat.domain.searching import IndexProgress
from thai_chat.settings import Settings

if TYPE_CHECKING:
    from thai_chat.history.postgres.probe import DatabaseFacts


def run(settings: Settings) -> int:
    """Tell how things are; return 1 when the database can't be reached or its schema is old."""
    from thai_chat.history.postgres import probe, schema
    from thai_chat.history.postgres.backup import kept

    tell(f"Data folder:  {settings.data_dir.absolute()}")
    tell(*_unreadable(settings.data_dir))
    tell(*_refused(settings.data_dir))
    if not settings.database_address and folders.problem(settings.data_dir):
        return 1
    if not database.exists(settings):
        tell("Database:     none yet; ./manage.sh chat-web-db makes it at its first start")
        tell(*_waiting(settings.data_dir, None))
        return 1
    try:
        with database.opened(settings, progress) as address:
            facts = probe.ask(address)
            where = probe.place(address) if settings.database_address else "embedded, in the data folder"
            put_aside = kept.listed(address)
    except (HistoryUnavailable, StartError) as error:
        tell(f"Database:     can't be reached: {error}")
        tell("              ./manage.sh doctor says what to do")
        tell(*_waiting(settings.data_dir, None))
        return 1
    tell(*_waiting(settings.data_dir, facts.generation))
    tell(f"Database:     PostgreSQL {facts.version} ({where}), {size(facts.size_bytes)}")
    for one in put_aside:
        tell(f"Kept:         the chats of before {one.told_until}, {size(one.size_bytes)}; {restore.UNDO}")
    newest = schema.HEAD
    if schema.is_newer(facts.revision):
        tell(f"Schema:       {schema.newer(str(facts.revision))}")
        return 1
    if facts.revision != newest:
        tell(f"Schema:       {facts.revision or 'not made yet'}, this version wants {newest}: ./manage.sh migrate")
        return 1
    tell(f"Schema:       {facts.revision}, up to date")
    tell(f"Chats:        {_chats(facts)}")
    if facts.search:
        tell(f"Search:       {_search(facts.search)}")
    return 0


def _chats(facts: DatabaseFacts) -> str:
    parts = [counted(facts.sessions, "session"), counted(facts.messages, "message")]
    if facts.growing:
        parts.append(f"{counted(facts.growing, 'reply')} growing")
    if facts.cut_off:
        parts.append(f"{counted(facts.cut_off, 'reply')} interrupted when Thai Chat ended")
    return ", ".join(parts)


def _search(progress: IndexProgress) -> str:
    if progress.is_complete:
        return "every message is in the index"
    if progress.done < progress.total:
        share = f"{progress.done} of {progress.total} older messages are in the index"
        return f"{share}; the page adds the others while it runs"
    return (
        f"{counted(progress.waiting, 'change')} of messages and names to be put into the index; "
        "the page does it while it runs"
    )


def _waiting(data_dir: Path, generation: UUID | None) -> list[str]:
    """Return what an outage left to be stored. `generation` is what the database has, where that is known."""
    from thai_chat.history.outage import journal
    from thai_chat.history.outage.generation import UNKNOWN

    folder = data_dir / "journal"
    waiting = journal.count_waiting(folder)
    lines = []
    if mine := sum(count for one, count in waiting.items() if generation is None or one in (generation, UNKNOWN)):
        lines.append(f"Journal:      {counted(mine, 'write')} to be stored in the database, in {folder}")
    if others := waiting.total() - mine:
        lines.append(f"Set aside:    {counted(others, 'write')} for chats that a restore replaced, in {folder};")
        lines.append("              ./manage.sh restore --take-journal stores them into the present ones")
    return lines


def _unreadable(data_dir: Path) -> list[str]:
    """Return the folders in which nobody can see what waits."""
    if told := folders.problem(data_dir):
        return [f"Unreadable:   {told}"]
    found = (folders.problem(data_dir / name) for name in ("journal", "refused"))
    return [f"Unreadable:   {told}: what waits in it is not counted" for told in found if told]


def _refused(data_dir: Path) -> list[str]:
    """Return the lines about what can't be stored."""
    from thai_chat.history.outage.refused import RefusedWrites

    lines = []
    folder = data_dir / "journal"
    if damaged := len(list(folder.glob("*.damaged"))):
        lines.append(f"Damaged:      {counted(damaged, 'file')} not readable to the end, kept in {folder}")
    refused = RefusedWrites(data_dir / "refused")
    if count := refused.count():
        lines.append(f"Refused:      {counted(count, 'write')} refused by the database, kept in {refused.path}")
    return lines
