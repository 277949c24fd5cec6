"""`restore`: a backup put into the database, what it replaced put back or let go, and what waits in the journal."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from thai_chat.commands import database
from thai_chat.commands.backup import new_file, told
from thai_chat.commands.terminal import Meter, counted, progress, say, size
from thai_chat.domain.errors import StartError
from thai_chat.settings import Settings

if TYPE_CHECKING:
    from thai_chat.history.postgres.backup.restoring import TablesPlace

_ROOM_FACTOR = 2.5
"""Tables, indexes and the server's log of them take about so much of what the rows are as text."""
_ROOM_BYTES = 50_000_000
UNDO = "./manage.sh restore --undo puts them back, --forget-old drops them"


def run(settings: Settings, file: Path, *, replace: bool) -> int:
    """Restore a backup. Nothing is changed before all of it is in; what it replaces is kept."""
    from thai_chat.history.postgres.backup import archive, restoring, unfinished

    if unfinished.is_one(file):
        raise StartError(f"{file} is what an interrupted backup has left: use another one. Nothing was changed.")
    with archive.opened(file) as backup:
        needed = int(_ROOM_FACTOR * backup.size_bytes) + _ROOM_BYTES
        say(f"{file} was saved at {backup.manifest.made_at} and has {told(backup.manifest.rows)}.")
    with database.opened(settings, progress) as address:
        place = restoring.survey(address)
        if place.rows and not replace:
            raise StartError(
                "The database has chats already: add --replace if others are to take their place; they are kept."
            )
        require_unused(address)
        _require_room(settings, needed)
        _stamp_journal(settings, place)
        with closing(Meter()) as meter:
            if place.rows and not place.may_keep:
                _back_up(settings, address, meter)
            restored = restoring.restore(address, file, replace=replace, meter=meter)
    say(f"Restored {told(restored.manifest.rows)}. The search index is made again while the page runs.")
    if restored.left_out:
        say(f"Left out: {', '.join(restored.left_out)}, which are no tables of Thai Chat.")
    _tell_hanging(restored.left_behind, restored.publications)
    if restored.kept:
        say(f"The chats that were there are kept in the database: {UNDO}.")
    _tell_waiting(settings)
    return 0


def undo(settings: Settings) -> int:
    from thai_chat.history.postgres import upkeep
    from thai_chat.history.postgres.backup import kept

    database.require(settings)
    with database.opened(settings, progress) as address:
        require_unused(address)
        back, moved = kept.undo(address)
        upkeep.migrate(address)
    say(f"The chats of before {back.told_until} are back; those that were in their place are kept.")
    _tell_hanging(moved.left_behind, moved.publications)
    say("./manage.sh restore --undo changes them again, --forget-old drops what is kept.")
    return 0


def forget_old(settings: Settings) -> int:
    from thai_chat.history.postgres.backup import kept

    database.require(settings)
    with database.opened(settings, progress) as address:
        gone = kept.forget(address)
    freed = size(sum(one.size_bytes for one in gone))
    say(f"What restores had put aside is dropped ({freed})." if gone else "Nothing is kept from before a restore.")
    return 0


def take_journal(settings: Settings) -> int:
    """Turn what waits in the journal for chats that a restore replaced into writes for the present ones."""
    from thai_chat.history.outage import journal
    from thai_chat.history.postgres.backup import restoring

    database.require(settings)
    with database.opened(settings, progress) as address:
        place = restoring.survey(address)
    taken = journal.stamp(settings.data_dir / "journal", place.generation)
    if not taken:
        say("Nothing waits for chats that a restore replaced.")
        return 0
    say(f"{counted(taken, 'write')} for other chats: stored into the present ones when Thai Chat runs next.")
    return 0


def require_unused(address: str) -> None:
    from thai_chat.history.postgres.backup import others

    if used := others.count(address):
        raise StartError(
            f"{used} other connections use the database: stop Thai Chat everywhere first. Nothing was changed."
        )


def _require_room(settings: Settings, needed: int) -> None:
    if settings.database_address:
        say(f"The server needs about {size(needed)} of room for them; how much it has can't be known from here.")
        return
    free = shutil.disk_usage(settings.data_dir / "postgres").free
    if free < needed:
        raise StartError(
            f"The restored chats need about {size(needed)} beside those that are there, and the disk of "
            f"{settings.data_dir / 'postgres'} has {size(free)} free. Nothing was changed."
        )


def _stamp_journal(settings: Settings, place: TablesPlace) -> None:
    """Turn what waits into writes for the chats that are there now, even if this process dies behind the next line."""
    from thai_chat.history.outage import generation, journal

    journal.stamp(settings.data_dir / "journal", place.generation, only=generation.UNKNOWN)


def _back_up(settings: Settings, address: str, meter: Meter) -> None:
    from thai_chat.history.postgres.backup import archive

    before = new_file(settings, "before-restore")
    archive.save(address, before, meter)
    say(f"No schema can be made here to keep what is replaced; it is in {before}.")


def _tell_hanging(left_behind: Sequence[str], publications: Sequence[str]) -> None:
    if left_behind:
        what = ", ".join(left_behind)
        say(f"These of yours are with the replaced chats only, make them again where you need them: {what}.")
    if publications:
        say(
            f"Other tables are in the publication {', '.join(publications)} now: empty the tables of its subscribers, "
            "then ALTER SUBSCRIPTION ... REFRESH PUBLICATION there."
        )


def _tell_waiting(settings: Settings) -> None:
    from thai_chat.history.outage import journal

    if waiting := journal.count_waiting(settings.data_dir / "journal").total():
        say(
            f"{counted(waiting, 'write')} of an outage in {settings.data_dir / 'journal'}: for the chats that were "
            "there before, and not stored into these; ./manage.sh restore --take-journal does that."
        )
