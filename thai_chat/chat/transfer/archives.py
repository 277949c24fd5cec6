"""Unpacks ZIP archives that people hand in: the files that may hold chats, one after the other into one file."""

from __future__ import annotations

import io
import lzma
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO

from thai_chat.chat.transfer.upload import GivenFile
from thai_chat.domain.errors import ImportRefused
from thai_chat.domain.transfer import ImportLimits

_CHUNK_BYTES = 1 << 20
_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06")
# ChatGPT's and Claude's. Numbered since 2026: conversations-000.json, conversations-001.json, ...
_CONVERSATIONS = re.compile(r"conversations(?:-\d+)?\.jsonl?", re.IGNORECASE)
_EXTENSIONS = (".json", ".jsonl", ".db")
_MOST_WITHIN = 3
"""Archives that stand in each other: exports of whole accounts have two."""
_NAME_CHARS = 300


def is_archive(file: IO[bytes], given: GivenFile) -> bool:
    return os.pread(file.fileno(), min(4, given.size), given.start) in _BEGINNINGS


def unpack(file: IO[bytes], given: GivenFile, into: IO[bytes], limits: ImportLimits) -> Iterator[GivenFile]:
    """Yield the files that may hold chats, each when it stands at the end of `into`. Raises ImportRefused.

    What an archive says of its sizes may be a lie, and its entries may share their packed bytes: what comes out is
    counted, and held against the size of the archive itself. So is what comes out of archives within it.
    """
    unpacking = _Unpacking(given, into, limits)
    found = False
    for one in unpacking.files(file, given, _MOST_WITHIN):
        found = True
        yield one
    if not found:
        raise _refused("import_zip_nothing", given.name)


class _Unpacking:
    """One archive that was handed in, with those in it."""

    def __init__(self, outer: GivenFile, into: IO[bytes], limits: ImportLimits) -> None:
        self._into = into
        self._limits = limits
        self._most_bytes = max(limits.ratio_from_bytes, outer.size * limits.ratio)
        self._begins_at = into.tell()
        self._members = 0

    def files(self, file: IO[bytes], given: GivenFile, depth: int) -> Iterator[GivenFile]:
        """Yield the files of an archive that may hold chats; `depth` archives may still be within each other."""
        within: list[GivenFile] = []
        try:
            with zipfile.ZipFile(io.BufferedReader(_Window(file, given))) as archive:
                for entry in _wanted(archive, is_last=depth == 0):
                    self._members += 1
                    if self._members > self._limits.members:
                        raise _refused("import_zip_many", given.name, limit=self._limits.members)
                    unpacked = self._unpacked(archive, entry, given.name)
                    if _is_archive_name(entry.filename):
                        within.append(unpacked)
                    else:
                        yield unpacked
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as exc:
            # RuntimeError is an archive with a password, ValueError one whose directory leads before its beginning.
            raise _refused("import_zip_broken", given.name) from exc
        self._into.flush()
        for one in within:
            if is_archive(self._into, one):
                yield from self.files(self._into, one, depth - 1)

    def _unpacked(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> GivenFile:
        into, start = self._into, self._into.tell()
        with archive.open(entry) as packed:
            while chunk := _read_packed(packed):
                end = into.tell() + len(chunk)
                if end > self._limits.unpacked_bytes or end - self._begins_at > self._most_bytes:
                    limit = min(self._most_bytes, self._limits.unpacked_bytes) // 1_000_000
                    raise _refused("import_zip_large", name, limit=limit)
                into.write(chunk)
        named = f"{name}: {PurePosixPath(entry.filename).name}"
        return GivenFile(named[-_NAME_CHARS:], start, into.tell() - start)


class _Window(io.RawIOBase):
    """A part of a file as a file, with a position of its own."""

    def __init__(self, file: IO[bytes], given: GivenFile) -> None:
        self._file = file
        self._given = given
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._given.size}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        wanted = max(0, min(len(buffer), self._given.size - self._position))
        found = os.pread(self._file.fileno(), wanted, self._given.start + self._position)
        buffer[: len(found)] = found
        self._position += len(found)
        return len(found)


def _read_packed(packed: IO[bytes]) -> bytes:
    """Return the next piece of an unpacked file.

    Raises BadZipFile for what each way of packing has its own errors for.
    """
    try:
        return packed.read(_CHUNK_BYTES)
    except (OSError, lzma.LZMAError) as exc:
        raise zipfile.BadZipFile from exc


def _wanted(archive: zipfile.ZipFile, *, is_last: bool) -> list[zipfile.ZipInfo]:
    """Return the entries to look into: conversations where there are files of that name (such archives hold much else),
    else every file that may hold some; and archives, but not in the last of those that stand in each other."""
    entries = [
        entry
        for entry in archive.infolist()
        if not entry.is_dir()
        and not PurePosixPath(entry.filename).name.startswith(".")
        and "__MACOSX" not in entry.filename
    ]
    held = [entry for entry in entries if entry.filename.lower().endswith(_EXTENSIONS)]
    conversations = [entry for entry in held if _CONVERSATIONS.fullmatch(PurePosixPath(entry.filename).name)]
    within = [] if is_last else [entry for entry in entries if _is_archive_name(entry.filename)]
    return sorted([*(conversations or held), *within], key=lambda entry: entry.filename)


def _is_archive_name(name: str) -> bool:
    return name.lower().endswith(".zip")


def _refused(reason: str, file: str, **params: str | int) -> ImportRefused:
    return ImportRefused("", why=reason, place="import_in_file", file=file, **params)
