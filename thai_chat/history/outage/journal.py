"""Files of writes that wait for PostgreSQL: one record after the other, synced to the disk before they count.

A file begins with a head of 32 bytes: eight that name the format, the offset up to which its records are stored, and
which of the database's generations they are for. Earlier versions wrote 16, without the last.
A record is its length and CRC-32 (four bytes each, little-endian), then that many bytes.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from uuid_utils.compat import uuid7

from thai_chat.domain import private_files
from thai_chat.domain.errors import JournalUnavailable
from thai_chat.history.outage.generation import UNKNOWN

logger = logging.getLogger(__name__)

SUFFIX = ".journal"
_FORMAT, _EARLIER = b"TCWRITE2", b"TCWRITE1"
_HEAD, _EARLIER_HEAD = struct.Struct("<8sQ16s"), struct.Struct("<8sQ")
_POSITION = struct.Struct("<Q")
_POSITION_AT = 8
_RECORD = struct.Struct("<II")
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_sync = getattr(os, "fdatasync", os.fsync)


class JournalEntry(NamedTuple):
    record: bytes
    end: int
    """Offset behind it in its file."""


class Journal:
    """One file, locked as long as this process has it open. Every method blocks on the disk; use it from one thread."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._end = 0
        self._torn = False
        self._is_damaged = False
        self._start = _HEAD.size
        self.position = 0
        self.generation = UNKNOWN

    @classmethod
    def create(cls, folder: Path, generation: UUID = UNKNOWN) -> Journal:
        """Make a new, empty one. Raises JournalUnavailable."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = folder / f"{_next_name(folder)}{SUFFIX}"
            # Under its name, for others to adopt, it appears locked and with its head.
            unborn = path.with_suffix(".new")
            descriptor = os.open(unborn, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise JournalUnavailable(f"no journal can be made: {exc.strerror}") from exc
        journal = cls(path, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write(descriptor, _HEAD.pack(_FORMAT, _HEAD.size, generation.bytes), 0)
            os.fsync(descriptor)
            unborn.rename(path)
            private_files.sync_folder(folder)
        except OSError as exc:
            unborn.unlink(missing_ok=True)
            journal.remove()
            raise JournalUnavailable(f"no journal can be written: {exc.strerror}") from exc
        journal.position = journal._end = _HEAD.size
        journal.generation = generation
        return journal

    @classmethod
    def adopt(cls, folder: Path) -> list[Journal]:
        """Open and return those that no living process has, oldest first."""
        found = []
        try:
            paths = sorted(folder.glob(f"*{SUFFIX}"))
        except OSError:
            return []
        for path in paths:
            try:
                journal = cls._open(path)
            except OSError as exc:
                logger.warning("journal %s can't be read: %s", path.name, exc.strerror)
                continue
            if journal:
                found.append(journal)
        return found

    @classmethod
    def _open(cls, path: Path) -> Journal | None:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if os.fstat(descriptor).st_nlink == 0:  # its owner finished with it while it was opened here
            os.close(descriptor)
            return None
        journal = cls(path, descriptor)
        if not journal._recover():
            logger.warning("journal %s is none of this version; it is left as it is", path.name)
            journal.close()
            return None
        if os.fstat(descriptor).st_size > journal._end:
            logger.warning("journal %s ends in a torn record, which its process never counted", path.name)
        return journal

    def is_in_place(self) -> bool:
        """Return False when the file was deleted or moved: no process after this one would find it."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), self.path.stat())
        except OSError:
            return False

    def append(self, records: Sequence[bytes]) -> list[int]:
        """Add the records, and return the offset behind each once all are on the disk.

        Raises JournalUnavailable; then none of them is in the file.
        """
        framed = [_framed(record) for record in records]
        try:
            if self._torn:
                os.ftruncate(self._descriptor, self._end)
            self._torn = True
            _write(self._descriptor, b"".join(framed), self._end)
            _sync(self._descriptor)
        except OSError as exc:
            raise JournalUnavailable(f"the journal can't be written: {exc.strerror}") from exc
        self._torn = False
        ends = list(accumulate(map(len, framed), initial=self._end))[1:]
        self._end = ends[-1]
        return ends

    def entries(self, start: int) -> Iterator[JournalEntry]:
        """Give the whole records from the offset `start` on; stop before a torn one, and where the file was cut."""
        offset = start
        while offset + _RECORD.size <= self._end:
            head = os.pread(self._descriptor, _RECORD.size, offset)
            if len(head) < _RECORD.size:
                return
            length, checksum = _RECORD.unpack(head)
            end = offset + _RECORD.size + length
            if end > self._end:
                return
            record = os.pread(self._descriptor, length, offset + _RECORD.size)
            if zlib.crc32(record) != checksum:
                self._is_damaged = True
                return
            offset = end
            yield JournalEntry(record, end)

    def stored(self, position: int) -> None:
        """Note that all up to `position` need not be replayed. Not synced: at the worst they are, without harm."""
        self.position = position
        try:
            _write(self._descriptor, _POSITION.pack(position), _POSITION_AT)
        except OSError as exc:
            logger.warning("the journal's position can't be noted: %s", exc.strerror)

    def remove(self, *, is_damaged: bool = False) -> None:
        """Delete the file, and let go of it; one of which some can't be read is only renamed. Safe to call twice."""
        if self._descriptor >= 0:
            try:
                if self._is_damaged or is_damaged:
                    self.path.rename(self.path.with_suffix(".damaged"))
                else:
                    self.path.unlink(missing_ok=True)
            except OSError as exc:
                logger.warning("journal %s can't be removed: %s", self.path.name, exc.strerror)
        self.close()

    def close(self) -> None:
        """Let go of the file, for another process to adopt. Safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _recover(self) -> bool:
        """Find the end of the whole records, and the noted position if it is the end of one.

        Return False for a file of another format.
        """
        head = os.pread(self._descriptor, _HEAD.size, 0)
        if head.startswith(_FORMAT) and len(head) == _HEAD.size:
            _, noted, stamp = _HEAD.unpack(head)
            self.generation = UUID(bytes=stamp)
        elif head.startswith(_EARLIER) and len(head) >= _EARLIER_HEAD.size:
            noted = _EARLIER_HEAD.unpack(head[: _EARLIER_HEAD.size])[1]
            self._start = _EARLIER_HEAD.size
        else:
            return False
        self._end = os.fstat(self._descriptor).st_size
        ends = {self._start, *(entry.end for entry in self.entries(self._start))}
        self._end = max(ends)
        self.position = noted if noted in ends else self._start
        return True


def _next_name(folder: Path) -> str:
    """Return a name behind all that are there, also when the clock was set back: their names are their order."""
    name = str(uuid7())
    newest = max((path.stem for path in folder.glob(f"*{SUFFIX}") if _UUID.fullmatch(path.stem)), default="")
    return name if name > newest else str(UUID(int=UUID(newest).int + 1))


def _write(descriptor: int, payload: bytes, offset: int) -> None:
    view = memoryview(payload)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def count_waiting(folder: Path) -> Counter[UUID]:
    """Return how many whole records are to be stored, by the generation that they are for, also of processes that live.

    Changes nothing.
    """
    total: Counter[UUID] = Counter()
    for path in folder.glob(f"*{SUFFIX}"):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            continue  # its owner has finished with it, or it is not for us
        journal = Journal(path, descriptor)
        try:
            if journal._recover():
                total[journal.generation] += sum(1 for _ in journal.entries(journal.position))
        finally:
            journal.close()
    return total


def stamp(folder: Path, generation: UUID, *, only: UUID | None = None) -> int:
    """Make what processes left that are gone wait for `generation`, where it waited for another, or for `only`.

    Return how many writes that are. Killed in the middle it leaves each file as it was or as it shall be. Raises
    JournalUnavailable.
    """
    total = 0
    for journal in Journal.adopt(folder):
        try:
            if journal.generation != generation and only in (None, journal.generation):
                total += _restamp(journal, generation)
        except OSError as exc:
            raise JournalUnavailable(f"{journal.path.name} can't be written: {exc.strerror}") from exc
        finally:
            journal.close()
    return total


def _restamp(journal: Journal, generation: UUID) -> int:
    records = [entry.record for entry in journal.entries(journal.position)]
    if journal._is_damaged:  # what can't be read is kept for a person, as when it is removed
        os.link(journal.path, journal.path.with_suffix(".damaged"))
    changed = journal.path.with_suffix(".new")
    with open(private_files.create(changed), "wb") as file:
        file.write(_HEAD.pack(_FORMAT, _HEAD.size, generation.bytes))
        for record in records:
            file.write(_framed(record))
        file.flush()
        os.fsync(file.fileno())
    changed.rename(journal.path)
    private_files.sync_folder(journal.path.parent)
    return len(records)


def _framed(record: bytes) -> bytes:
    return _RECORD.pack(len(record), zlib.crc32(record)) + record
