"""Sessions that ended while PostgreSQL was away, as files: a process that dies meanwhile leaves none of them alive."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from uuid import UUID

from thai_chat.domain import private_files
from thai_chat.domain.errors import trace_of

logger = logging.getLogger(__name__)

NAME = "signed-out"
MOST_READ = 10_000


class EndedSignIns:
    """Keeps a file for each session, by its id, with the id of its account. Every method blocks, and none raises.

    Several processes may share the folder. Without one nothing is kept.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder / NAME if folder else None

    def add(self, account_id: UUID, sign_in_id: UUID) -> None:
        """Keep that a session has ended."""
        if self._folder is None:
            return
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = private_files.create(self._folder / str(sign_in_id))
            with open(descriptor, "w", encoding="ascii") as file:
                file.write(str(account_id))
                file.flush()
                os.fsync(descriptor)
            private_files.sync_folder(self._folder)
        except OSError as error:
            logger.warning("a sign-out is kept in memory alone: %s", type(error).__name__, extra=trace_of(error))

    def all(self) -> Mapping[UUID, UUID]:
        """Return the accounts of the sessions that are kept, by the ids of the sessions."""
        found: dict[UUID, UUID] = {}
        if self._folder is None:
            return found
        try:
            for path in islice(self._folder.iterdir(), MOST_READ):
                # Cut off by a full disk, nothing of ours, or dropped meanwhile by another process: the others count.
                with suppress(ValueError, OSError):
                    found[UUID(path.name)] = UUID(_read(path))
        except FileNotFoundError:
            pass
        except OSError as error:
            logger.warning("sign-outs can't be read: %s", type(error).__name__, extra=trace_of(error))
        return found

    def drop(self, sign_in_id: UUID) -> None:
        """Forget a session whose end PostgreSQL knows."""
        if self._folder is None:
            return
        try:
            (self._folder / str(sign_in_id)).unlink(missing_ok=True)
        except OSError as error:
            logger.warning("a sign-out can't be removed: %s", type(error).__name__, extra=trace_of(error))


def _read(path: Path) -> str:
    """Return what a file begins with; a link is not followed, and a pipe not waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        return os.read(descriptor, 64).decode("ascii")
    finally:
        os.close(descriptor)
