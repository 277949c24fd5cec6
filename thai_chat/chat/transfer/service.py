"""Exports of what a person has, and imports of what they bring."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

from thai_chat.chat.changes import ANEW, Changes
from thai_chat.chat.transfer.exports import OF_TRAINING, Format, OwnWriter, Writer, export
from thai_chat.chat.transfer.imports import ImportRun
from thai_chat.chat.transfer.markdown import MarkdownWriter, Words
from thai_chat.chat.transfer.tables import CsvWriter
from thai_chat.chat.transfer.training import EVERYTHING, DpoWriter, Lessons, SftWriter
from thai_chat.chat.transfer.upload import Upload
from thai_chat.chat.words import cut
from thai_chat.domain.errors import SessionNotFound, ThaiChatError
from thai_chat.domain.people import Person
from thai_chat.domain.ports.presets import PresetStore
from thai_chat.domain.ports.transfer import Transfer
from thai_chat.domain.presets import Preset
from thai_chat.domain.transfer import Imported, ImportLimits

logger = logging.getLogger(__name__)

FILE_NAME_CHARS = 80
GRACE_S = 2.0
"""How long a stop of the server waits for imports under way."""
_NO_FILE_NAME = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200b-\u200f\u2028-\u202e\u2066-\u2069]+')


@dataclass(frozen=True, slots=True)
class Export:
    file_name: str
    media_type: str
    pieces: AsyncGenerator[bytes]


class Transfers:
    """Finds nothing that belongs to somebody else."""

    def __init__(
        self,
        transfer: Callable[[], Transfer],
        presets: PresetStore,
        *,
        changes: Changes | None = None,
        limits: ImportLimits | None = None,
    ) -> None:
        self._transfer = transfer
        self._changes = changes or Changes()
        self._presets = presets
        self._limits = limits or ImportLimits()
        self._turn = asyncio.Lock()
        self._training: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """The turn of each person whose file for fine-tuning is made or counted."""
        self._runs: dict[asyncio.Task[Imported], ImportRun] = {}

    async def export(
        self,
        person: Person,
        format_: Format,
        *,
        chosen: Sequence[UUID] | None,
        words: Words,
        timezone: ZoneInfo,
        wanted: Lessons = EVERYTHING,
    ) -> Export:
        """Return `chosen` sessions as a file, or all of them: with the archived ones, and in JSON with those in the
        trash and the person's presets. `wanted` counts for the formats that models are fine-tuned with.

        Raises SessionNotFound when one of `chosen` is not there, HistoryUnavailable.
        """
        is_whole = format_ is Format.JSON
        found = await self._ids(person, chosen, with_trash=is_whole)
        transfer = self._transfer()
        presets = await self._own_presets(person) if is_whole and chosen is None else None
        writer = _writer(format_, words, timezone, presets, wanted)
        name = f"thai-chat-{datetime.now(timezone):%Y-%m-%d}"
        if chosen is not None and len(found) == 1:
            sessions = await transfer.sessions(person.user_id, found)
            name = file_name_of(sessions[0].session_name if sessions else "") or name
        pieces = export(transfer, writer, person.user_id, found)
        if format_ in OF_TRAINING:
            pieces = self._in_turn(person, pieces)
        return Export(f"{name}.{writer.extension}", writer.media_type, pieces)

    async def examples(self, person: Person, format_: Format, *, chosen: Sequence[UUID] | None, wanted: Lessons) -> int:
        """Return how many lines such a file for fine-tuning has now. Raises as `export` does."""
        found = await self._ids(person, chosen)
        writer = _training_writer(format_, wanted, only_counts=True)
        count = 0
        async with aclosing(self._in_turn(person, export(self._transfer(), writer, person.user_id, found))) as pieces:
            async for piece in pieces:
                count += piece.count(b"\n")
        return count

    async def _ids(self, person: Person, chosen: Sequence[UUID] | None, *, with_trash: bool = False) -> Sequence[UUID]:
        found = await self._transfer().session_ids(person.user_id, chosen=chosen, with_trash=with_trash)
        if chosen is not None and len(found) < len(set(chosen)):
            raise SessionNotFound
        return found

    async def _in_turn(self, person: Person, pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        """Yield the pieces as soon as no other file for fine-tuning is made or counted for the person."""
        turn = self._training.setdefault(person.user_id, asyncio.Lock())
        async with turn, aclosing(pieces):
            async for piece in pieces:
                yield piece

    def begin_import(self, person: Person, upload: Upload) -> ImportRun:
        """Return an import that runs already, for the caller to follow. It closes `upload`. Raises
        HistoryUnavailable."""
        try:
            transfer = self._transfer()
        except ThaiChatError:
            upload.close()
            raise
        run = ImportRun(transfer, person, upload, turn=self._turn, limits=self._limits)
        self._runs[run.task] = run
        run.task.add_done_callback(self._ended)
        run.task.add_done_callback(lambda _: self._changes.tell(person.user_id, ANEW))
        return run

    async def _own_presets(self, person: Person) -> Sequence[Preset]:
        """Return the person's presets without those that others share."""
        return [preset for preset in await self._presets.usable(person.user_id) if preset.user_id == person.user_id]

    async def close(self) -> None:
        """Let imports that are nearly done end, and take the others back."""
        if self._runs:
            await asyncio.wait(tuple(self._runs), timeout=GRACE_S)
        for run in self._runs.values():
            run.cancel()
        if self._runs:
            await asyncio.wait(tuple(self._runs))

    def _ended(self, task: asyncio.Task[Imported]) -> None:
        self._runs.pop(task, None)
        error = None if task.cancelled() else task.exception()
        if error and not isinstance(error, ThaiChatError):
            logger.error("an import failed: %s", type(error).__name__, exc_info=error)


def file_name_of(name: str) -> str:
    """Return a name that every system takes for a file, as close to `name` as it can be."""
    plain = " ".join(_NO_FILE_NAME.sub(" ", name).split()).strip(" .")
    return cut(plain, FILE_NAME_CHARS).rstrip(" .")


def _writer(
    format_: Format, words: Words, timezone: ZoneInfo, presets: Sequence[Preset] | None, wanted: Lessons
) -> Writer:
    match format_:
        case Format.JSON:
            return OwnWriter(presets)
        case Format.MARKDOWN:
            return MarkdownWriter(words, timezone)
        case Format.CSV:
            return CsvWriter(timezone)
        case Format.TRAINING | Format.SFT | Format.DPO:
            return _training_writer(format_, wanted)
        case _:
            assert_never(format_)


def _training_writer(format_: Format, wanted: Lessons, *, only_counts: bool = False) -> Writer:
    kind = DpoWriter if format_ is Format.DPO else SftWriter
    return kind(wanted, only_counts=only_counts)
