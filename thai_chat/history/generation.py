"""Which of the histories that one database has held is in it now: a restore begins another one.

It is kept as the comment on Alembic's table, so it moves with the tables, to a standby and into other people's dumps.
What an outage left in a journal is for one of them, and is never stored into another unasked.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from thai_chat.domain import private_files

logger = logging.getLogger(__name__)

ORIGINAL = UUID(int=0)
"""The one that nothing was restored into."""
UNKNOWN = UUID(int=2**128 - 1)
"""Stands for any of them in a journal: of a process that had never reached its database, or of an earlier version."""

_PREFIX = "generation "
_READ = text("SELECT obj_description(to_regclass('alembic_version'), 'pg_class')")


def read(connection: Connection) -> UUID:
    return _parsed(connection.execute(_READ).scalar())


def read_raw(cursor: Any) -> UUID:
    cursor.execute(_READ.text)
    return _parsed(cursor.fetchone()[0])


def begin(cursor: Any) -> None:
    """Gives the tables that the search path finds a generation of their own."""
    cursor.execute("COMMENT ON TABLE alembic_version IS %s", (f"{_PREFIX}{uuid4()}",))


class LastGeneration:
    """The one that this folder's processes have met last, so that one that begins in an outage knows it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.value = UNKNOWN

    def read(self) -> None:
        """Leaves it unknown where nothing was noted."""
        try:
            self.value = UUID(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            logger.debug("no generation is known yet")

    def note(self, generation: UUID) -> None:
        """Synced when this returns. Where the disk refuses, only this process knows it."""
        if generation == self.value:
            return
        self.value = generation
        changed = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(private_files.create(changed), "w", encoding="utf-8") as file:
                file.write(str(generation))
                file.flush()
                os.fsync(file.fileno())
            changed.rename(self._path)
        except OSError as exc:
            logger.warning("which chats the database holds can't be noted: %s", exc.strerror)


def _parsed(comment: object) -> UUID:
    try:
        return UUID(str(comment).removeprefix(_PREFIX))
    except ValueError:
        return ORIGINAL
