"""`status`: the database, its schema, what it holds, and what waits to get into it."""

from __future__ import annotations

from pathlib import Path

from thai_chat.commands import database
from thai_chat.commands.terminal import progress, size, tell
from thai_chat.domain.errors import HistoryUnavailable, StartError
from thai_chat.domain.searching import IndexProgress
from thai_chat.settings import Settings


def run(settings: Settings) -> int:
    """1 when the database can't be reached or its schema is old."""
    from thai_chat.history import probe, schema

    tell(f"Data folder:  {settings.data_dir.absolute()}")
    tell(*_waiting(settings.data_dir))
    if not database.exists(settings):
        tell("Database:     none yet; ./manage.sh chat-web-db makes it at its first start")
        return 1
    try:
        with database.opened(settings, progress) as address:
            facts = probe.ask(address)
            where = probe.place(address) if settings.database_address else "embedded, in the data folder"
    except (HistoryUnavailable, StartError) as error:
        tell(f"Database:     can't be reached: {error}")
        tell("              ./manage.sh doctor says what to do")
        return 1
    tell(f"Database:     PostgreSQL {facts.version} ({where}), {size(facts.size_bytes)}")
    newest = schema.HEAD
    if facts.revision != newest:
        tell(f"Schema:       {facts.revision or 'not made yet'}, this version wants {newest}: ./manage.sh migrate")
        return 1
    tell(f"Schema:       {facts.revision}, up to date")
    tell(f"Chats:        {facts.sessions} sessions, {facts.messages} messages, {facts.streaming} replies growing")
    if facts.search:
        tell(f"Search:       {_search(facts.search)}")
    return 0


def _search(progress: IndexProgress) -> str:
    if progress.is_complete:
        return "every message is in the index"
    if progress.done < progress.total:
        share = f"{progress.done} of {progress.total} older messages are in the index"
        return f"{share}; the page adds the others while it runs"
    return f"{progress.waiting} new messages and names wait for the index; the page adds them while it runs"


def _waiting(data_dir: Path) -> list[str]:
    """What an outage left to be stored, and what can't be."""
    from thai_chat.history import journal

    lines = []
    folder = data_dir / "journal"
    if waiting := journal.count_waiting(folder):
        lines.append(f"Journal:      {waiting} writes wait for the database, in {folder}")
    if damaged := len(list(folder.glob("*.damaged"))):
        lines.append(f"Damaged:      {damaged} files that can't be read to their end, in {folder}; they are kept")
    refused = journal.RefusedWrites(data_dir / "refused")
    if count := refused.count():
        lines.append(f"Refused:      {count} writes were refused by the database; they are kept in {refused.path}")
    return lines
