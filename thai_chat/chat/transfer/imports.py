"""One import as a task of its own: stored as a whole or not at all, with its progress for whoever follows it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from threading import Event

from thai_chat.chat.transfer.child import ImportReader
from thai_chat.chat.transfer.upload import Upload
from thai_chat.domain.people import Person
from thai_chat.domain.ports.transfer import Transfer
from thai_chat.domain.transfer import Imported, ImportLimits

logger = logging.getLogger(__name__)

PACE_S = 0.2
STILL_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportProgress:
    """`done` of `total` sessions are dealt with; `total` is 0 while the files are still being looked through."""

    done: int
    total: int
    messages: int


class ImportRun:
    """An import, which runs from the start. `cancel` takes all of it back, unless it is committed already."""

    def __init__(
        self, transfer: Transfer, person: Person, upload: Upload, *, turn: asyncio.Lock, limits: ImportLimits
    ) -> None:
        """Start the import. `upload` is closed at its end.

        Imports with one `turn` follow each other: each holds a connection throughout.
        """
        self._transfer = transfer
        self._user_id = person.user_id
        self._reader = ImportReader(upload, limits, may_share=person.is_administrator)
        self._turn = turn
        self._told = Imported()
        self._is_over = Event()
        self.task = asyncio.create_task(self._run(), name="import")

    def cancel(self) -> None:
        """Cancel the import; its task ends soon after. Safe to call at any time."""
        self._is_over.set()
        if not self.task.done():
            self._reader.cancel()

    async def follow(self) -> AsyncGenerator[ImportProgress | Imported | None, None]:
        """Yield progress whenever there is some, None as a sign of life, and at the end what was imported.

        Raises what the import failed with. The import is cancelled when this is closed before its end.
        """
        try:
            told: ImportProgress | None = None
            silent_s = 0.0
            while not self.task.done():
                progress = self._progress()
                if progress != told or silent_s >= STILL_S:
                    yield None if progress == told else progress
                    told, silent_s = progress, 0.0
                await asyncio.wait((self.task,), timeout=PACE_S)
                silent_s += PACE_S
            yield self.task.result()
        finally:
            self.cancel()

    def _progress(self) -> ImportProgress:
        told = self._told
        done = told.seen + self._reader.left_out_count
        return ImportProgress(done=min(done, self._reader.total), total=self._reader.total, messages=told.messages)

    async def _run(self) -> Imported:
        reader = self._reader
        try:
            async with self._turn:
                await asyncio.to_thread(reader.open)
                imported = await self._transfer.store(
                    self._user_id, reader, told=self._hear, is_over=self._is_over.is_set
                )
                return replace(imported, left_out=tuple(reader.left_out), left_out_count=reader.left_out_count)
        finally:
            # In a thread of its own, to the end even where this task is cancelled: it waits for the process.
            await asyncio.shield(asyncio.to_thread(reader.close))

    def _hear(self, told: Imported) -> None:
        # From the thread that stores; replacing a reference needs no lock.
        self._told = told
