"""`migrate`: the schema brought up to date without serving anything."""

from __future__ import annotations

from thai_chat.commands import database
from thai_chat.commands.terminal import progress, tell
from thai_chat.settings import Settings


def run(settings: Settings) -> int:
    from thai_chat.history.postgres import probe, upkeep

    with database.opened(settings, progress) as address:
        before = probe.ask(address).revision
        upkeep.migrate(address)
        after = probe.ask(address).revision
    if before == after:
        tell(f"The schema is up to date ({after}).")
    else:
        tell(f"The schema went from {before or 'nothing'} to {after}.")
    return 0
