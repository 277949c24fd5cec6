"""Which of the histories that the database has held the writes that wait are for (`postgres/generation.py`)."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from uuid import UUID

from thai_chat.domain import private_files

logger = logging.getLogger(__name__)

UNKNOWN = UUID(int=2**128 - 1)
"""Stands for any of them in a journal: of a process that had never reached its database, or of an earlier version."""


class LastGeneration:
    """Keeps which generation this folder's processes have met last, so that one that begins in an outage knows it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.value = UNKNOWN

    def read(self) -> None:
        """Read what was noted; where nothing was, the generation stays unknown."""
        try:
            self.value = UUID(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            logger.debug("no generation is known yet")

    def note(self, generation: UUID) -> None:
        """Note the generation, synced when this returns. Where the disk refuses, only this process knows it."""
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
